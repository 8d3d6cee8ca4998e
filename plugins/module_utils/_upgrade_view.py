# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The report of a rolling upgrade as a page shows it: words for its facts, and where each stretch of time is drawn."""

from __future__ import annotations

import datetime as dt
import html
import typing as t

from ._upgrade_report import STOPPING, moment, seconds

View = dict[str, t.Any]
Known = t.Mapping[str, t.Any]

# a break between two runs, and all of them together, of the whole width at most
_BREAK = 4.0
_BREAKS = 24.0
# marks of the clock, at most; those with seconds are wider
_TICKS, _WIDE_TICKS = 6, 4
_CLOSE = 10.0
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
# the language of the page does not depend on the locale
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_TITLE = {"upgrade": "Rolling upgrade", "rollback": "Rollback of a rolling upgrade", "restart": "Rolling restart"}
_DONE = {"upgrade": "Upgraded", "rollback": "Rolled back", "restart": "Restarted"}
_NOT_DONE = {"failed": "Failed", "unfinished": "Not finished"}
_NODE = {"done_before": "was done before", "untouched": "not touched", "failed": "failed", "given_up": "given up"}
_ACTION = {
    "start": "Upgrade mode is switched on",
    "approve": "The upgrade is approved",
    "cancel": "The upgrade is cancelled",
}
# what the server calls its states, in words
_CLUSTER = {
    "STABLE": "The cluster is stable",
    "READY_TO_UPGRADE": "Upgrade mode is on, every node runs the original version",
    "MIXED": "The nodes are between two versions",
    "READY_TO_RUN_UPGRADE_TASKS": "Every node runs the target version, the approval is due",
    "RUNNING_UPGRADE_TASKS": "The upgrade tasks are running",
    "UPGRADE_TASKS_FAILED": "The upgrade tasks failed",
}


def view(report: Known) -> View:
    """What the page shows of a document of ``_upgrade_report.report``.

    Every text in it is escaped for HTML, for what is between tags and for attributes in quotes; lengths are in
    percent of the drawing.
    """
    scale = _Scale(report["runs"])
    kinds = _Kinds(report)
    rows = [_row(node, scale, kinds) for node in report["nodes"]]
    cluster = _stretches(report["cluster_timeline"], scale, lambda stretch: ("cluster", stretch["state"]))
    goal, outcome = report["goal"], report["outcome"]
    found: View = {
        "title": _TITLE[goal],
        "address": report["cluster"],
        "versions": [name for name in (report["original_version"], report["target_version"]) if name] or ["unknown"],
        "arrow": "←" if goal == "rollback" else "→",
        "outcome": {"kind": outcome, "text": _NOT_DONE.get(outcome) or _DONE[goal]},
        "message": report["message"],
        "next_steps": report["next_steps"],
        "when": _when(report["began"], report["ended"]),
        "figures": _figures(report),
        "ticks": scale.ticks(),
        "breaks": scale.breaks,
        "rows": rows,
        "cluster": cluster,
        "legend": kinds.legend([stretch["kind"] for row in rows for stretch in row["stretches"]]),
        "nodes": [_told(node) for node in report["nodes"]],
        "notes": _notes(report),
        "events": _events(report),
        "file": report["name"] + ".json",
    }
    return t.cast(View, _escaped(found))


def duration(spent: float) -> str:
    """Seconds as a person says them."""
    if spent < 9.95:
        return f"{spent:.1f} s"
    whole = round(spent)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _escaped(value: t.Any) -> t.Any:
    if isinstance(value, t.Mapping):
        return {name: _escaped(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(each) for each in value]
    return html.escape(value) if isinstance(value, str) else value


def _clock(at: str) -> str:
    return moment(at).strftime("%H:%M:%S")


def _when(began: str, ended: str) -> str:
    first, last = moment(began), moment(ended)
    until = "" if first.date() == last.date() else f"{_day(last)}, "
    return f"{_day(first)}, {first.strftime('%H:%M')} to {until}{last.strftime('%H:%M')} UTC"


def _day(when: dt.datetime) -> str:
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


class _Scale:
    """Where a moment is drawn: the runs side by side, what was between them as a narrow break."""

    def __init__(self, runs: t.Sequence[Known]) -> None:
        spans = [(moment(run["began"]), moment(run["ended"])) for run in runs]
        length = sum((ended - began).total_seconds() for began, ended in spans)
        gap = min(_BREAK, _BREAKS / max(len(spans) - 1, 1))
        shown = 100 - gap * (len(spans) - 1)
        self._spans: list[tuple[dt.datetime, dt.datetime, float, float]] = []
        self.breaks: list[View] = []
        left = 0.0
        for began, ended in spans:
            if self._spans:
                pause = duration((began - self._spans[-1][1]).total_seconds())
                self.breaks.append({"left": left, "width": gap, "text": pause})
                left += gap
            # a run that took no time at all, still has its place
            part = (ended - began).total_seconds() / length if length else 1 / len(spans)
            self._spans.append((began, ended, left, shown * part))
            left += shown * part
        self._seconds = length * 100 / shown

    def left(self, at: str) -> float:
        """The place of a moment, from 0 to 100; of one between two runs, the end of the first."""
        when, place = moment(at), 0.0
        for began, ended, left, width in self._spans:
            if when < began:
                return place
            spent = (ended - began).total_seconds()
            place = left + width * (min((when - began).total_seconds() / spent, 1) if spent else 1)
            if when <= ended:
                return place
        return place

    def ticks(self) -> list[View]:
        """Round times of day, a few of them, not too close to each other."""
        most = (_WIDE_TICKS if step < 60 else _TICKS for step in _STEPS)
        step = next((step for step, most in zip(_STEPS, most) if self._seconds / step <= most), _STEPS[-1])
        form = "%H:%M" if step >= 60 else "%H:%M:%S"
        found: list[View] = []
        for began, ended, _left, _width in self._spans:
            midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
            first = -(-(began - midnight).total_seconds() // step)
            at = midnight + dt.timedelta(seconds=first * step)
            while at <= ended:
                left = self.left(at.isoformat())
                if left <= 100 - _CLOSE and (not found or left - found[-1]["left"] >= _CLOSE):
                    found.append({"left": round(left, 3), "text": at.strftime(form)})
                at += dt.timedelta(seconds=step)
        return found


class _Kinds:
    """How stretches of time are drawn; a kind is a class of the page's style."""

    def __init__(self, report: Known) -> None:
        self._target = report["target_version"]
        self._text = {
            "old": f"serves at {report['original_version'] or 'its version'}",
            "stopping": "is being stopped",
            "offline": "OFFLINE",
            "starting": "STARTING",
            "error": "ERROR",
            "other": "another state",
            "new": f"serves at {self._target}",
        }

    def of(self, stretch: Known) -> str:
        """The kind of a stretch of a node's time."""
        if stretch["state"] == "ACTIVE":
            return "new" if stretch["version"] == self._target else "old"
        kind = "stopping" if stretch["state"] == STOPPING else str(stretch["state"]).lower()
        return kind if kind in self._text else "other"

    def legend(self, used: t.Collection[str]) -> list[View]:
        """Of the kinds that are used."""
        return [{"kind": kind, "text": text} for kind, text in self._text.items() if kind in used]


def _stretches(
    timeline: t.Sequence[Known], scale: _Scale, described: t.Callable[[Known], tuple[str, str]]
) -> list[View]:
    found = []
    for stretch in timeline:
        left, right = scale.left(stretch["began"]), scale.left(stretch["ended"])
        if right <= left:
            continue
        kind, text = described(stretch)
        spent = duration(stretch["duration_seconds"])
        title = f"{text}, {_clock(stretch['began'])} to {_clock(stretch['ended'])} ({spent})"
        place = {"left": round(left, 3), "width": round(right - left, 3)}
        found.append({"kind": kind, "text": text, "title": title, **place})
    return found


def _row(node: Known, scale: _Scale, kinds: _Kinds) -> View:
    def described(stretch: Known) -> tuple[str, str]:
        shown = stretch["version"] if stretch["state"] == "ACTIVE" else None
        state = "stopping" if stretch["state"] == STOPPING else stretch["state"]
        return kinds.of(stretch), f"{state} {shown}" if shown else str(state)

    stretches = _stretches(node["timeline"], scale, described)
    turns = [(scale.left(turn["began"]), scale.left(turn["ended"] or turn["began"])) for turn in node["turns"]]
    return {
        "name": node["name"],
        "described": f"{node['name']}: " + "; ".join(stretch["title"] for stretch in stretches),
        "stretches": stretches,
        "turns": [{"left": round(left, 3), "width": round(right - left, 3)} for left, right in turns],
        "failed": node["outcome"] == "failed",
        "note": _outcome(node),
    }


def _outcome(node: Known) -> str:
    return _NODE.get(node["outcome"]) or _DONE[node["goal"]].lower()


def _told(node: Known) -> View:
    """The node as a row of the table."""
    before, after = node["version_before"] or "unknown", node["version_after"] or "unknown"
    return {
        "name": node["name"],
        "host": node["host"] if node["host"] not in (None, node["name"]) else "",
        "before": before,
        "after": after,
        "state": node["state"],
        "outcome": _outcome(node),
        "kind": node["outcome"],
        "turn": duration(node["turn_seconds"]) if node["turns"] else "none",
        "out_of_service": duration(node["out_of_service_seconds"]) if node["out_of_service_seconds"] else "none",
    }


def _notes(report: Known) -> list[str]:
    """What is left to do, or to know, about nodes outside the time line."""
    version = report["target_version"]
    given_up = [
        f"{host} was given up. Install {version} on it before its node is started again." for host in report["given_up"]
    ]
    return given_up + [
        f"Node {label} was listed as OFFLINE at a former address. The server forgets it when the upgrade ends."
        for label in report["ghosts"]
    ]


def _figures(report: Known) -> list[View]:
    nodes = report["nodes"]
    worked = [node for node in nodes if node["outcome"] == "done" and node["goal"] == report["goal"]]
    longest = max(nodes, key=lambda node: node["out_of_service_seconds"])
    runs = len(report["runs"])
    return [
        {
            "name": "Whole time",
            "text": duration(report["duration_seconds"]),
            "note": "in one run" if runs == 1 else f"in {runs} runs",
        },
        {
            "name": _DONE[report["goal"]],
            "text": f"{len(worked)} of {len(nodes)}",
            "note": "nodes, one at a time",
        },
        {
            "name": "Longest out of service",
            "text": duration(longest["out_of_service_seconds"]),
            "note": longest["name"] if longest["out_of_service_seconds"] else "no node",
        },
        {
            "name": "The cluster is",
            "text": report["cluster_state"].replace("_", " "),
            "note": f"seen at {_clock(report['observations'][-1]['at'])}",
        },
    ]


def _events(report: Known) -> list[View]:
    """What happened, in the order of time."""
    found: list[tuple[str, str, str]] = []
    for number, run in enumerate(report["runs"]):
        begins = f"The {run['goal']} " + ("begins" if number == 0 else "goes on")
        if number and run["goal"] != report["runs"][number - 1]["goal"]:
            begins = f"The {run['goal']} begins"
        found.append((run["began"], "plain", begins))
    state = report["cluster_timeline"][0]["state"]
    for stretch in report["cluster_timeline"][1:]:
        if stretch["state"] != state:
            state = stretch["state"]
            found.append((stretch["began"], "plain", _CLUSTER.get(state) or f"The cluster is {state}"))
    found += [(each["at"], "plain", _ACTION.get(each["action"], each["action"])) for each in report["actions"]]
    for node in report["nodes"]:
        found += [(turn["ended"] or turn["began"], *_turn(node["name"], turn)) for turn in node["turns"]]
    found += [(run["ended"], "failed", run["message"]) for run in report["runs"] if run["message"]]
    found.sort(key=lambda event: event[0])
    return [{"at": _clock(at), "kind": kind, "text": text} for at, kind, text in found]


def _turn(name: str, turn: Known) -> tuple[str, str]:
    """Kind and words of what came of a node's turn; its message is the run's."""
    spent = f" after {duration(seconds(turn['began'], turn['ended']))}" if turn["ended"] else ""
    if turn["done"]:
        return "done", f"{name} is {_DONE[turn['goal']].lower()}{spent}"
    return "failed", f"{name} failed{spent}"
