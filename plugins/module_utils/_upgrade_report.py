# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The report of a rolling upgrade: what was seen of the cluster and done to its nodes in, one document out.

The observations are kept in the document, and everything else is computed from them; so two documents of one upgrade
are merged by putting their observations together.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import typing as t

View = dict[str, t.Any]
Known = t.Mapping[str, t.Any]
Point = tuple[str, str, t.Optional[str]]  # when, state, version

#: Of the document. It grows when a field changes its meaning or goes away.
SCHEMA_VERSION = 1
#: The state of a node between the look right before its stop and the look that saw it gone. No word of the server's.
STOPPING = "STOPPING"
#: The state of a node that the cluster lists without one. No word of the server's either.
SILENT = "NOT_ANSWERING"
_SERVING = "ACTIVE"
_WAY_BACK = ("READY_TO_UPGRADE", "MIXED", "READY_TO_RUN_UPGRADE_TASKS")
_PLAYBOOK = {
    "upgrade": ("rolling_upgrade", "goes on with what is left"),
    "rollback": ("rolling_upgrade_rollback", "goes on with the way back"),
    "restart": ("rolling_restart", "restarts the nodes, one that is down first"),
}


def report(told: Known, earlier: str = "") -> View:
    """The document of one run, merged with an earlier one of the same upgrade; empty where there is nothing to tell.

    ``told`` is ``{goal, target_version, message, results, turns}``: ``message`` is what the run failed of, ``results``
    are of modules that were called once for all nodes, ``turns`` one for each inventory host, ``{host, began, ended,
    message, first_look, last_look, gone, back}``, of which the last four are results of modules, too. What never came
    about is empty; ``began`` is empty for a host that had no turn. Which node a host is follows from the plans.
    ``earlier`` is the text of a document, which counts only where it is one of this upgrade, and not finished. Raises
    KeyError, ValueError, TypeError or AttributeError where ``told`` is not as described.
    """
    turns = list(told["turns"])
    results = [*told["results"], *(turn[name] for turn in turns for name in _RESULTS)]
    planned = [result for result in results if result.get("plan")]
    plans = [result["plan"] for result in sorted(planned, key=_last_seen)]
    hosts = _Hosts(plans, turns)
    looks = _looks(hosts.attribute(look) for result in results for look in result.get("observations") or ())
    if not looks:
        return {}
    clusters = [result["cluster"] for result in results if result.get("cluster")]
    run = {
        "goal": told["goal"],
        "cluster": next((str(result["address"]) for result in results if result.get("address")), None),
        "target_version": told["target_version"] or None,
        "original_version": _original_version(told, looks, clusters),
        "nodes": [{"host": turn["host"], "name": hosts.label(turn["host"])} for turn in turns],
        "given_up": sorted({host for plan in plans for host in plan["given_up"]}),
        "ghosts": _ghosts(ghost for plan in plans for ghost in plan["ghosts"]),
        "actions": _actions(result["acted"] for result in results if result.get("acted")),
        "turns": [_turn(turn, told["goal"]) for turn in turns if turn["began"]],
        "observations": looks,
    }
    message = told["message"] or None
    changed = any(result.get("changed") for result in told["results"]) or any(turn["touched"] for turn in run["turns"])
    # outside upgrade mode there is nothing that an earlier run could have left half done
    resumed = looks[0]["cluster_state"] != "STABLE"
    if not (message or changed or resumed):
        return {}
    moments = [look["at"] for look in looks] + [turn["ended"] for turn in run["turns"] if turn["ended"]]
    outcome = "failed" if message else "succeeded" if _reached(run) else "unfinished"
    span = {"began": looks[0]["at"], "ended": max(moments)}
    run["runs"] = [{"goal": told["goal"], **span, "outcome": outcome, "message": message, "changed": changed}]
    return _document(_merged(_read(earlier), run) if resumed else run)


_RESULTS = ("first_look", "last_look", "gone", "back")
_LISTS = ("given_up", "ghosts")
# what two runs of one upgrade have in common; two clusters may share a directory for their reports
_SAME = ("cluster", "target_version", "original_version")


def moment(text: str) -> dt.datetime:
    """A moment in ISO 8601, with an offset, Z or, for UTC, none. Raises ValueError."""
    read = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return read.replace(tzinfo=dt.timezone.utc) if read.tzinfo is None else read.astimezone(dt.timezone.utc)


def seconds(began: str, ended: str) -> float:
    """From one moment to another, to the millisecond. Raises ValueError."""
    return round((moment(ended) - moment(began)).total_seconds(), 3)


def _last_seen(result: Known) -> str:
    """When the cluster was seen last on which a result rests."""
    return max((_iso(look["at"]) for look in result.get("observations") or ()), default="")


def _iso(text: str) -> str:
    """A moment as all of them are written, so that they can be compared as texts."""
    return moment(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _looks(observations: t.Iterable[Known]) -> list[View]:
    """Observations in the order of time, each once."""
    found = {}
    for look in observations:
        nodes = [{name: node[name] for name in ("host", "name", "state", "version")} for node in look["nodes"]]
        seen = {"at": _iso(look["at"]), "cluster_state": look["cluster_state"], "nodes": nodes}
        found[seen["at"], json.dumps(seen, sort_keys=True)] = seen
    return [seen for _place, seen in sorted(found.items(), key=lambda item: item[0])]


def _key(node: Known) -> str:
    """What a node is known by over the whole report: its host, since id and address may change."""
    return str(node["host"] or node["name"])


class _Hosts:
    """Which host a node of an observation is, by all that the plans and the turns say of it."""

    def __init__(self, plans: t.Iterable[Known], turns: t.Iterable[Known]) -> None:
        self._host_of: dict[str, str] = {}
        self._label_of: dict[str, str] = {}
        for plan in plans:
            for listed in plan["hosts"]:
                self._host_of.update({key: listed["host"] for key in (listed["id"], listed["node"]) if key})
                # a node that starts has nothing but its id as a label
                if listed["node"] not in (listed["id"], listed["host"]):
                    self._label_of[listed["host"]] = listed["node"]
        for turn in turns:
            for look in (look for name in ("gone", "back") for look in turn[name].get("observations") or ()):
                # the only node that nothing identifies is the one whose turn it is
                unknown = [node["id"] for node in look["nodes"] if node["label"] == node["id"]]
                if len(unknown) == 1:
                    self._host_of.setdefault(unknown[0], turn["host"])

    def label(self, host: str) -> str:
        """The label of the host's node as it was seen last."""
        return self._label_of.get(host, host)

    def attribute(self, look: Known) -> View:
        """The observation, each node with its host; a live node wins over what is left of it at another address.

        An OFFLINE node of no host is left out.
        """
        found: dict[str, View] = {}
        for node in look["nodes"]:
            host = self._host_of.get(node["id"]) or self._host_of.get(node["label"])
            seen = {"host": host, "name": node["label"], "state": node["state"] or SILENT, "version": node["version"]}
            if host is None and seen["state"] == "OFFLINE":
                continue
            if found.get(_key(seen), {"state": "OFFLINE"})["state"] == "OFFLINE":
                found[_key(seen)] = seen
        return {**look, "nodes": list(found.values())}


def _ghosts(ghosts: t.Iterable[Known]) -> list[str]:
    """The labels of nodes that were left behind at a former address."""
    return sorted({str(ghost["node"]) for ghost in ghosts})


def _actions(acted: t.Iterable[Known]) -> list[View]:
    """What the server was asked to do, in the order of time, each once."""
    found = {(_iso(each["at"]), str(each["action"])) for each in acted}
    return [{"action": action, "at": at} for at, action in sorted(found)]


def _original_version(told: Known, looks: t.Sequence[Known], clusters: t.Sequence[Known]) -> str | None:
    """The version before the upgrade: as the server says in upgrade mode, else the one that all nodes ran at first."""
    said = [cluster["original_version"] for cluster in clusters if cluster["original_version"]]
    running = {node["version"] for node in looks[0]["nodes"] if node["version"]}
    if said and told["goal"] != "restart":
        return str(said[0])
    return str(running.pop()) if len(running) == 1 and told["target_version"] not in running else None


def _turn(turn: Known, goal: str) -> View:
    """What happened at one node. ``stopping`` is when it was seen last before its stop."""
    gone, back = (turn[name].get("observations") for name in ("gone", "back"))
    look = turn["last_look"].get("observations")
    return {
        "node": turn["host"],
        "goal": goal,
        "began": _iso(turn["began"]),
        "ended": _iso(turn["ended"]) if turn["ended"] else None,
        "stopping": _iso(look[0]["at"]) if look and gone else None,
        "touched": bool(gone or back),
        "done": bool(back) and not turn["message"],
        "message": turn["message"] or None,
    }


def _reached(run: Known) -> bool:
    """Whether the cluster is as it was wanted."""
    last = run["observations"][-1]
    wanted = {"upgrade": run["target_version"], "rollback": run["original_version"], "restart": None}[run["goal"]]
    restarted = {turn["node"] for turn in run["turns"] if turn["done"]}
    serving = {
        _key(node)
        for node in last["nodes"]
        if node["state"] == _SERVING and (node["version"] == wanted or (wanted is None and _key(node) in restarted))
    }
    expected = {_key(node) for node in [*run["nodes"], *last["nodes"]]} - set(run["given_up"])
    return last["cluster_state"] == "STABLE" and serving == expected


def _read(text: str) -> View | None:
    """An earlier document, or None where it cannot be gone on with."""
    try:
        found = json.loads(text)
        if found["schema_version"] != SCHEMA_VERSION or found["outcome"] == "succeeded":
            return None
        turns = [{**turn, "node": _key(node)} for node in found["nodes"] for turn in node["turns"]]
        kept = {name: found[name] for name in (*_SAME, "runs", "nodes", *_LISTS)}
        actions = _actions(found["actions"])
        read = {**kept, "actions": actions, "turns": turns, "observations": _looks(found["observations"])}
        _document({**read, "goal": found["goal"]})
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    return read


def _merged(earlier: View | None, run: View) -> View:
    """One upgrade of two runs, or the second alone where the first is none of the same upgrade."""
    if earlier is None or any(earlier[name] != run[name] for name in _SAME):
        return run
    (latest,) = run["runs"]
    # the plays of one process tell of themselves one by one: what overlaps is one run
    before = [each for each in earlier["runs"] if each["ended"] < latest["began"]]
    same = [each for each in earlier["runs"] if each["ended"] >= latest["began"]]
    whole = {
        **latest,
        "began": min(each["began"] for each in [*same, latest]),
        "ended": max(each["ended"] for each in [*same, latest]),
        "changed": any(each["changed"] for each in [*same, latest]),
    }
    turns = {(turn["node"], turn["began"]): turn for turn in [*earlier["turns"], *run["turns"]]}
    looks = _looks([*earlier["observations"], *run["observations"]])
    return {
        **run,
        "runs": [*before, whole],
        "turns": list(turns.values()),
        "actions": _actions([*earlier["actions"], *run["actions"]]),
        "ghosts": sorted({*earlier["ghosts"], *run["ghosts"]}),
        "observations": looks,
    }


def _document(told: View) -> View:
    """Everything that follows from runs, turns and observations."""
    looks, runs = told["observations"], told["runs"]
    latest = runs[-1]
    known = {_key(node): node for node in told["nodes"]}
    others = {_key(node): node for look in looks for node in look["nodes"] if _key(node) not in known}
    nodes = [_node(node, told) for node in [*known.values(), *(others[key] for key in sorted(others))]]
    # in the order in which they were worked at, which is what a reader looks for
    nodes.sort(key=lambda node: min((turn["began"] for turn in node["turns"]), default="~"))
    cluster: list[Point] = [(look["at"], look["cluster_state"], None) for look in looks]
    state = looks[-1]["cluster_state"]
    return {
        "schema_version": SCHEMA_VERSION,
        "name": _file_name(told),
        "goal": latest["goal"],
        "outcome": latest["outcome"],
        "message": latest["message"],
        "next_steps": _next_steps(latest, state, told["original_version"]),
        "cluster": told["cluster"],
        "original_version": told["original_version"],
        "target_version": told["target_version"],
        "cluster_state": state,
        "began": runs[0]["began"],
        "ended": latest["ended"],
        "duration_seconds": seconds(runs[0]["began"], latest["ended"]),
        "runs": runs,
        "nodes": nodes,
        "given_up": told["given_up"],
        "ghosts": told["ghosts"],
        "actions": told["actions"],
        "cluster_timeline": _timeline(cluster, runs),
        "observations": looks,
    }


def _file_name(told: Known) -> str:
    """A name without an ending, that no version and no address can turn into a path."""
    original, target = told["original_version"] or "unknown", told["target_version"]
    place = f"{told['cluster'].lower()}_" if told["cluster"] else ""
    name = f"rolling_restart_{place}{original}" if target is None else f"rolling_upgrade_{place}{original}_to_{target}"
    return re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)


def _next_steps(latest: Known, state: str, original: str | None) -> list[View]:
    if latest["outcome"] == "succeeded":
        return []
    steps = [_PLAYBOOK[latest["goal"]]]
    if latest["goal"] == "upgrade" and state in _WAY_BACK:
        steps.append(("rolling_upgrade_rollback", f"returns to {original}"))
    return [{"command": f"ansible-playbook bitbucket.datacenter.{name}", "purpose": purpose} for name, purpose in steps]


def _node(node: Known, told: Known) -> View:
    """What the report has of one node."""
    key = _key(node)
    turns = [turn for turn in told["turns"] if turn["node"] == key]
    turns.sort(key=lambda turn: str(turn["began"]))
    points = _stopping(_points(key, told["observations"]), turns)
    versions = [version for _at, _state, version in points if version is not None]
    _at, state, version = points[-1]
    at_target = state == _SERVING and version == told["target_version"]
    if key in told["given_up"]:
        outcome = "given_up"
    elif turns:
        outcome = "done" if turns[-1]["done"] else "failed"
    else:
        outcome = "done_before" if at_target and told["goal"] == "upgrade" else "untouched"
    return {
        "name": node["name"],
        "host": node["host"],
        "outcome": outcome,
        "goal": turns[-1]["goal"] if turns else None,
        "state": state,
        "version_before": versions[0] if versions else None,
        "version_after": versions[-1] if versions else None,
        "turn_seconds": round(sum(seconds(turn["began"], turn["ended"]) for turn in turns if turn["ended"]), 3),
        "out_of_service_seconds": _out_of_service(points, told["runs"][-1]["ended"]),
        "turns": [{key: value for key, value in turn.items() if key != "node"} for turn in turns],
        "timeline": _timeline(points, told["runs"]),
    }


def _points(key: str, looks: t.Sequence[Known]) -> list[Point]:
    """Every look at a node. One that the cluster does not list is down (assumed of a stopped one)."""
    absent: View = {"state": "OFFLINE", "version": None}
    points = []
    for look in looks:
        node = next((node for node in look["nodes"] if _key(node) == key), absent)
        points.append((look["at"], node["state"], node["version"]))
    return points


def _stopping(points: list[Point], turns: t.Sequence[Known]) -> list[Point]:
    """The same, with a node that is told to stop as STOPPING until it is seen gone."""
    for turn in turns:
        began = turn["stopping"]
        gone = next((at for at, state, _version in points if began and at > began and state != _SERVING), None)
        if gone is not None and (turn["ended"] is None or gone <= turn["ended"]):
            points = [
                (at, STOPPING if state == _SERVING and began <= at < gone else state, version)
                for at, state, version in points
            ]
    return points


def _out_of_service(points: t.Iterable[Point], ended: str) -> float:
    """How long a node did not serve, from one look to another, between runs, too."""
    spent, began = 0.0, None
    for at, state, _version in points:
        if state != _SERVING:
            began = began or at
        elif began is not None:
            spent, began = spent + seconds(began, at), None
    return round(spent + (seconds(began, ended) if began is not None else 0.0), 3)


def _timeline(points: t.Sequence[Point], runs: t.Sequence[Known]) -> list[View]:
    """Stretches of one state and version; between two runs nobody looked."""
    stretches = []
    for run in runs:
        seen = [point for point in points if run["began"] <= point[0] <= run["ended"]]
        changes = [next(same) for _what, same in itertools.groupby(seen, key=lambda point: point[1:])]
        ends = [at for at, _state, _version in changes[1:]] + [run["ended"]]
        for (began, state, version), ended in zip(changes, ends):
            stretch = {"state": state, "version": version, "began": began, "ended": ended}
            stretches.append({**stretch, "duration_seconds": seconds(began, ended)})
    return stretches
