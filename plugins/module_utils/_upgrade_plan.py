# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The planner of rolling work: what the cluster says and what is wanted, in; steps or blockers, out.

There are three goals: to upgrade every node, to roll an upgrade back, to restart every node. Pure: check mode prints
the plan, the role follows it, a rerun computes it again, and every state can be explored.
"""

from __future__ import annotations

import typing as t

from ._errors import ConflictError
from ._node_identity import OFFLINE, References, address_of, find, is_anonymous, is_live, searched
from ._refs import version as parse_version
from ._text import counted

View = t.Mapping[str, t.Any]
Step = dict[str, t.Any]
Blocker = dict[str, t.Any]

# the reference names no way out of this state
TASKS_FAILED = "read the server's log and ask the vendor's support how to go on"
_UPGRADE = "bitbucket.datacenter.rolling_upgrade"
_ROLLBACK = "bitbucket.datacenter.rolling_upgrade_rollback"
_ON_OR_BACK = f"run {_UPGRADE} again, or bring all nodes back with {_ROLLBACK}"
_IN_UPGRADE_MODE = (
    "READY_TO_UPGRADE",
    "MIXED",
    "READY_TO_RUN_UPGRADE_TASKS",
    "RUNNING_UPGRADE_TASKS",
    "UPGRADE_TASKS_FAILED",
)
#: Every action, phase and state that a plan can name, and that roles decide by.
WORDS = frozenset(
    {
        *("start", "wait_for_node", "upgrade_node", "rollback_node", "restart_node", "wait_for_cluster"),
        *("approve", "cancel"),
        *("none", "nodes", "finalize", "wait", "blocked"),
        *("STABLE", *_IN_UPGRADE_MODE),
        *("ACTIVE", "STARTING", "DRAINING", "TERMINATING", "OFFLINE", "ERROR"),
    }
)
# what comes next, by the first step; all other steps are work at nodes
_PHASE_OF = {"start": "start", "approve": "finalize", "wait_for_cluster": "wait", "cancel": "cancel"}


def plan(
    cluster: View,
    hosts: t.Mapping[str, References],
    target_version: str | None,
    goal: str = "upgrade",
    only: str | None = None,
    *,
    given_up: t.Collection[str] = (),
    stuck: bool = False,
) -> dict[str, t.Any]:
    """The way from the present cluster to the goal: ``upgrade``, ``rollback`` or ``restart``.

    ``cluster`` is the view of ``_cluster.read``; ``hosts`` maps each inventory host to the references of its node, see
    ``_node_identity.find``; ``target_version`` is None for a restart only; ``only`` narrows the plan to one host and
    adds the guard against taking a second node down. ``given_up`` are hosts that an upgrade leaves out; ``stuck`` says
    that waiting for the nodes that start has timed out, which a rollback then stops.
    Returns ``{goal, target_version, original_version, cluster_state, next, steps, blockers, hosts, ghosts, given_up}``:
    either steps or blockers are empty. Raises InputError for a target that is not a release number.
    """
    # outside upgrade mode there is nothing to roll back
    stuck = stuck and cluster["upgrade_mode_enabled"]
    members = _Members(cluster, hosts, given_up, _GOALS[goal].starts_missing, stuck)
    wanted = _GOALS[goal](cluster, members, target_version, stuck)
    blockers = members.blockers or [*wanted.blockers(), *_too_many_given_up(wanted, members)]
    steps: list[Step] = []
    if not blockers:
        steps = _steps(wanted, members)
        if only is not None:
            steps, blockers = _narrow(wanted, members, steps, only)
    return {
        "goal": goal,
        "target_version": target_version,
        "original_version": cluster["original_version"],
        "cluster_state": cluster["state"],
        "next": "blocked" if blockers else _phase(steps),
        "steps": steps,
        "blockers": blockers,
        "hosts": members.mapping(),
        "ghosts": [_listed(node) for node in members.ghosts],
        "given_up": sorted(given_up),
    }


def _phase(steps: list[Step]) -> str:
    """The phase in which the steps begin: never past a start that is still to come, whatever is waited for first."""
    if any(step["action"] == "start" for step in steps):
        return "start"
    return _PHASE_OF.get(steps[0]["action"], "nodes") if steps else "none"


class _Members:
    """The cluster's nodes, matched one to one with inventory hosts.

    ``nodes`` has one node for each host, ``anonymous`` the live ones that may be of any host that has none,
    ``ghosts`` the OFFLINE ones of no host, which nodes leave behind that come back with another address (seen 7.9).
    """

    def __init__(
        self,
        cluster: View,
        hosts: t.Mapping[str, References],
        given_up: t.Collection[str],
        starts_missing: bool,
        stuck: bool,
    ) -> None:
        self.blockers: list[Blocker] = []
        self.given_up = given_up
        self._node_of: dict[str, View] = {}
        self._ambiguous: dict[str, list[View]] = {}
        # in upgrade mode a node that joined after the start and stopped is not listed (likely), outside it none is
        self._starts_missing = (starts_missing or cluster["upgrade_mode_enabled"]) and cluster["nodes"]
        listed: list[View] = list(cluster["nodes"])
        for host, references in hosts.items():
            self._match(host, find(listed, references))
        self._check_one_to_one()
        anonymous = self._eliminate([node for node in listed if is_anonymous(node)], hosts)
        self.anonymous = [node for node in anonymous if not (stuck and node["state"] == "STARTING")]
        for host, references in hosts.items():
            self._supply(host, references, listed)
        self._host_of = {node["id"]: host for host, node in self._node_of.items()}
        matched = {*self._host_of, *(node["id"] for nodes in self._ambiguous.values() for node in nodes)}
        self.blockers += [
            _stranger(node) for node in listed if is_live(node) and not is_anonymous(node) and node["id"] not in matched
        ]
        self.ghosts = [node for node in listed if not is_live(node) and node["id"] not in self._host_of]
        self.nodes = [
            {**node, "shown": _with_host(node["label"], host)}
            for host, node in self._node_of.items()
            if host not in given_up
        ]
        self.nodes.sort(key=lambda node: str(node["label"]))

    def _match(self, host: str, found: list[View]) -> None:
        """Give the host its node; more than one that is live is a blocker."""
        if len(found) > 1 and is_live(found[0]):
            labels = ", ".join(node["label"] for node in found)
            self._ambiguous[host] = found
            self.blockers.append(
                _blocker(
                    None,
                    f"inventory host {host} matches several nodes ({labels})",
                    f"set rolling_upgrade_node_name of {host} to one of them",
                )
            )
        elif found:
            self._node_of[host] = found[0]

    def _check_one_to_one(self) -> None:
        for node in {node["id"]: node for node in self._node_of.values()}.values():
            hosts = [host for host, each in self._node_of.items() if each["id"] == node["id"]]
            if len(hosts) > 1:
                self.blockers.append(
                    _blocker(
                        node,
                        f"inventory hosts {', '.join(hosts)} all match node {node['label']}",
                        "set rolling_upgrade_node_name of each host to the name or to address:port of its node",
                    )
                )

    def _eliminate(self, anonymous: list[View], hosts: t.Iterable[str]) -> list[View]:
        """Give the only node that nothing identifies to the only host without a live node; return the others.

        A host that is given up counts, since somebody may have started its node, and is given none.
        """
        without = [host for host in hosts if not (host in self._node_of and is_live(self._node_of[host]))]
        if len(anonymous) == len(without) == 1 and without[0] not in self.given_up:
            self._node_of[without[0]] = anonymous[0]
            return []
        return anonymous

    def _supply(self, host: str, references: References, listed: list[View]) -> None:
        """Decide what a host without a node means, and whether one that is given up may be."""
        node = self._node_of.get(host)
        if host in self.given_up:
            if node is not None and is_live(node):
                self.blockers.append(
                    _blocker(
                        node,
                        f"host {host} is given up, but its {_found(node)}",
                        "give up only hosts whose nodes are OFFLINE: stop the node, or remove the host from given_up",
                    )
                )
        elif node is None and not self.anonymous and host not in self._ambiguous:
            if references and self._starts_missing:
                self._node_of[host] = {
                    **dict.fromkeys(listed[0]),
                    "id": f"of {host}",
                    "label": host if host not in [node["label"] for node in listed] else f"node of {host}",
                    "state": OFFLINE,
                }
            else:
                self.blockers.append(
                    _blocker(
                        None,
                        f"inventory host {host} does not match any node of the cluster"
                        + (f" (searched for {searched(references)})" if references else ""),
                        f"start its node at the version of the others, or set rolling_upgrade_node_name of {host} to"
                        " the name or address of its node",
                    )
                )

    def mapping(self) -> list[dict[str, t.Any]]:
        """Which node each host is, for people to verify."""
        return [{"host": host, **_listed(node)} for host, node in self._node_of.items()]

    def step(self, action: str, node: View, version: str | None, reason: str) -> Step:
        """A step at one node; its host is None while that is not known."""
        return _step(action, reason, self._host_of.get(node["id"]), node["label"], version)


def _with_host(label: str, host: str) -> str:
    """How a node is called in sentences: by its label and its host, unless that says the same."""
    return label if label == host or label.startswith(f"{host}:") else f"{label} ({host})"


def _shown(node: View) -> str:
    return str(node.get("shown") or node["label"])


def _stranger(node: View) -> Blocker:
    return _blocker(
        node,
        f"node {node['label']} of the cluster is not a host of the inventory",
        "add it to the inventory, or set rolling_upgrade_node_name of its host: no node may be left out",
    )


def _listed(node: View) -> dict[str, t.Any]:
    """A node as the plan shows it; a node that is not listed has no id."""
    missing = node["name"] is None and not node["ip_address"] and not is_live(node)
    return {
        "node": node["label"],
        "id": None if missing else node["id"],
        "name": node["name"],
        "address": address_of(node),
        "state": node["state"],
        "version": node["version"],
    }


def _step(
    action: str, reason: str, host: str | None = None, node: str | None = None, version: str | None = None
) -> Step:
    return {"action": action, "host": host, "node": node, "version": version, "reason": reason}


def _found(node: View) -> str:
    """State and version of a node, in words."""
    return f"node {_shown(node)} is {_state(node)} at version {node['version'] or 'unknown'}"


def _state(node: View) -> str:
    """The state of a node in words; it has none while it does not answer the other nodes (likely)."""
    return "in ERROR" if node["state"] == "ERROR" else node["state"] or "not answering yet"


def _blocker(node: View | None, reason: str, remedy: str) -> Blocker:
    seen = node or {"label": None, "version": None, "state": None}
    return {
        "node": seen["label"],
        "version": seen["version"],
        "state": seen["state"],
        "reason": reason,
        "remedy": remedy,
    }


class _Goal:
    """What one goal asks of the present cluster. Each of the three says what is its own."""

    work = ""  # the action at a node
    participle = ""  # what was done to a node then
    starts_missing = False
    #: The version that every node shall run afterwards; None where that cannot be told.
    version: str | None

    def __init__(self, cluster: View, members: _Members, target: str | None, stuck: bool) -> None:
        self.stuck = stuck
        self.state: str = cluster["state"]
        self.enabled: bool = cluster["upgrade_mode_enabled"]
        self.original: str | None = cluster["original_version"]
        self.nodes = members.nodes
        self.single = len(members.nodes) + len(members.anonymous) < 2
        self.running: list[str] = sorted({node["version"] for node in self.nodes} - {None})
        self.target = target or ""
        self.version = next(iter(self.running), None)

    def is_done(self, node: View) -> bool:
        """Whether nothing is left to do at the node but, at most, to wait for it."""
        return node["version"] == self.version and node["state"] in ("ACTIVE", "STARTING")

    def is_awaited(self, node: View) -> bool:
        """Whether the node may come up without help, so that it is waited for before another one is stopped.

        A node without state or version does not answer the other nodes for a moment (likely).
        """
        return node["state"] in ("STARTING", None) or (node["state"] == "ACTIVE" and node["version"] is None)

    def is_down(self, node: View) -> bool:
        """Whether the node neither serves nor is about to."""
        return node["state"] != "ACTIVE" and not self.is_awaited(node)

    def pending(self) -> list[View]:
        """The nodes with work: what is down, what starts, what runs a strange version, then by tasks, users, name."""
        return sorted(
            (node for node in self.nodes if not self.is_done(node)),
            key=lambda node: (
                not self.is_down(node),
                node["state"] == "ACTIVE",
                node["version"] in (self.original, self.target),
                node["tasks_total"] or 0,
                node["active_user_count"] or 0,
                node["label"],
            ),
        )

    def is_undecided(self) -> bool:
        """Whether nothing can be planned before the nodes answer that are waited for."""
        return False

    def begin(self) -> list[Step]:
        """What comes before the first node that serves is stopped."""
        return []

    def end(self) -> list[Step]:
        """What comes after the last node."""
        return []

    def own_blockers(self) -> t.Iterator[Blocker]:
        """What forbids this goal only."""
        raise NotImplementedError

    def blockers(self) -> t.Iterator[Blocker]:
        """Everything that forbids going on, for a cluster whose nodes all have a host."""
        if self.state == "UPGRADE_TASKS_FAILED":
            yield _blocker(None, "the upgrade tasks failed", TASKS_FAILED)
        if self.state not in (_IN_UPGRADE_MODE if self.enabled else ("STABLE",)):
            yield _blocker(
                None,
                f"the cluster is {self.state} while upgrade mode is {'on' if self.enabled else 'off'}",
                "look at the server's log, then bring the cluster to STABLE with upgrade mode off",
            )
        if self.enabled and self.original is None:
            yield _blocker(None, "upgrade mode is on but the original version is unknown", "cancel, or finish by hand")
            return
        if not self.enabled and len(self.running) > 1:
            yield _blocker(
                None,
                f"nodes run different versions ({', '.join(self.running)}) outside upgrade mode",
                "bring all nodes to one version first",
            )
        if self.single and self.pending():
            yield _blocker(
                None,
                "the cluster has a single node",
                f"add a node: a single one cannot be {self.participle} while serving",
            )
        yield from self.own_blockers()

    def _not_this_upgrade(self) -> t.Iterator[Blocker]:
        """The upgrade that is under way is another one, of somebody else's."""
        if self.original is not None and not _is_bug_fix(self.original, self.target):
            yield _blocker(
                None,
                f"the upgrade began at {self.original}, and {self.target} is no later bug-fix release of it",
                "give the target that the upgrade was begun with",
            )

    def _not_ready(self) -> t.Iterator[Blocker]:
        """Nodes that keep upgrade mode from being switched on."""
        for node in self.nodes:
            if not self.enabled and node["state"] != "ACTIVE" and not self.is_awaited(node):
                yield _blocker(
                    node,
                    _found(node),
                    "read its log and bring it back to ACTIVE: as long as upgrade mode is off, every node has to be",
                )


class _Upgrade(_Goal):
    """Every node at a later bug-fix release, one at a time; then the approval."""

    work, participle = "upgrade_node", "upgraded"

    def __init__(self, cluster: View, members: _Members, target: str | None, stuck: bool) -> None:
        super().__init__(cluster, members, target, stuck)
        parse_version(self.target)
        self.version = self.target

    def is_undecided(self) -> bool:
        # whether to start follows from the versions that these nodes show
        return not self.enabled and set(self.running) <= {self.target}

    def begin(self) -> list[Step]:
        if self.enabled or not self.pending():
            return []
        return [_step("start", f"every node runs {self.running[0]}, {self.target} is a bug-fix release of it")]

    def end(self) -> list[Step]:
        if not self.enabled and not self.pending():
            return []
        return [_step("approve", f"every live node will then run {self.target}")]

    def own_blockers(self) -> t.Iterator[Blocker]:
        yield from self._not_this_upgrade()
        yield from self._not_ready()
        for node in self.nodes:
            name, version = _shown(node), node["version"]
            if self.enabled and node["state"] == "ERROR":
                yield _blocker(node, _found(node), f"read its log, put it right and {_ON_OR_BACK}")
            if version in (self.original, self.target, None):
                continue
            if self.enabled:
                yield _blocker(
                    node,
                    f"node {name} runs {version}, which is neither the original {self.original}"
                    f" nor the target {self.target}",
                    "give the target that the upgrade was begun with, or bring the node to one of the two;"
                    f" {_ON_OR_BACK}",
                )
            elif not _is_bug_fix(version, self.target):
                yield _blocker(node, *_not_a_bug_fix(name, version, self.target))


class _Rollback(_Goal):
    """Every node back at the original version, one at a time, whatever became of it; then the cancellation."""

    work, participle = "rollback_node", "rolled back"

    def __init__(self, cluster: View, members: _Members, target: str | None, stuck: bool) -> None:
        super().__init__(cluster, members, target, stuck)
        parse_version(self.target)
        self.version = self.original if self.enabled else self.version

    def is_awaited(self, node: View) -> bool:
        # at another version it would have to be stopped again, and may hang
        hangs = self.stuck and node["state"] == "STARTING"
        returns = node["state"] is None or node["version"] in (self.version, None)
        return super().is_awaited(node) and not hangs and returns

    def end(self) -> list[Step]:
        return [_step("cancel", f"every node will then run {self.original}")] if self.enabled else []

    def own_blockers(self) -> t.Iterator[Blocker]:
        yield from self._not_this_upgrade()
        no_way_back = "there is no way back but restoring a backup"
        if self.state == "RUNNING_UPGRADE_TASKS":
            yield _blocker(
                None,
                f"the upgrade is approved and its tasks are running, {no_way_back}",
                f"run {_UPGRADE}_finalize, which waits for their end",
            )
        if not self.enabled and self.running == [self.target]:
            yield _blocker(
                None,
                f"every node runs {self.target} and upgrade mode is off: the upgrade was approved, {no_way_back}",
                f"stay at {self.target}",
            )
        yield from self._not_ready()


class _Restart(_Goal):
    """Every node restarted at the version that all run, one at a time."""

    work, participle = "restart_node", "restarted"
    starts_missing = True

    def is_done(self, node: View) -> bool:
        # it has just been started
        return self.is_awaited(node)

    def own_blockers(self) -> t.Iterator[Blocker]:
        if self.enabled:
            yield _blocker(None, "upgrade mode is on", f"end the upgrade first: {_ON_OR_BACK}")


_GOALS: dict[str, type[_Goal]] = {"upgrade": _Upgrade, "rollback": _Rollback, "restart": _Restart}


def _is_bug_fix(present: str, target: str) -> bool:
    """Whether target is a higher bug-fix release of the same feature release (the only upgrade allowed, documented)."""
    here, there = parse_version(present, "version"), parse_version(target)
    return here[:2] == there[:2] and here < there


def _not_a_bug_fix(name: str, present: str, target: str) -> tuple[str, str]:
    major, minor, patch = parse_version(present, "version")
    return (
        f"node {name} runs {present}, and {target} is no later bug-fix release of it",
        f"choose a target {major}.{minor}.x with x above {patch}: other upgrades need the whole cluster stopped",
    )


def _too_many_given_up(wanted: _Goal, members: _Members) -> t.Iterator[Blocker]:
    """Why no host may be given up yet: what is left has to be a cluster in which the target is known to work."""
    if not members.given_up or not (wanted.enabled or wanted.pending()):
        return
    hosts = ", ".join(sorted(members.given_up))
    if wanted.single:
        yield _blocker(None, f"fewer than two nodes are left without {hosts}", f"bring one of them back: {_ON_OR_BACK}")
    elif not any(node["state"] == "ACTIVE" and node["version"] == wanted.version for node in members.nodes):
        yield _blocker(
            None,
            f"{hosts} cannot be given up before another node is ACTIVE at {wanted.version}",
            f"bring the node back, or return to the original version with {_ROLLBACK}",
        )


def _steps(wanted: _Goal, members: _Members) -> list[Step]:
    """The steps for a cluster without blockers.

    First what may be any node, then what is down, then what starts without help, then what serves.
    """
    if wanted.state == "RUNNING_UPGRADE_TASKS":
        return [_step("wait_for_cluster", "the upgrade tasks are running")]
    anonymous = [
        members.step("wait_for_node", node, None, f"node {node['label']} is {_state(node)} and has no address yet")
        for node in members.anonymous
    ]
    waits = [
        members.step("wait_for_node", node, node["version"], f"node {_shown(node)} is {_state(node)}")
        for node in members.nodes
        if wanted.is_awaited(node)
    ]
    if (anonymous or waits) and wanted.is_undecided():
        return anonymous + waits
    pending = wanted.pending()
    works = [members.step(wanted.work, node, wanted.version, _why(wanted, node)) for node in pending]
    # as long as no node shows the version to restart at, what is down waits as well
    down = sum(wanted.is_down(node) for node in pending) if wanted.version else 0
    return anonymous + works[:down] + waits + wanted.begin() + works[down:] + wanted.end()


def _why(wanted: _Goal, node: View) -> str:
    name, version = _shown(node), wanted.version
    if wanted.is_down(node):
        return f"node {name} is {_state(node)}: it comes first"
    seen = f"runs {node['version']}" if node["version"] else f"is {_state(node)}"
    change = "" if node["version"] == version else f", wanted is {version}"
    tasks, users = counted(node["tasks_total"] or 0, "task"), counted(node["active_user_count"] or 0, "user")
    return f"node {name} {seen}{change} ({tasks}, {users})"


def _narrow(wanted: _Goal, members: _Members, steps: list[Step], only: str) -> tuple[list[Step], list[Blocker]]:
    """The part of the steps that concerns one host, or why it may not be touched now."""
    # a node that is not identified yet may be the one of this host
    mine = [step for step in steps if step["host"] == only or (step["action"] == "wait_for_node" and not step["host"])]
    works = [step for step in mine if step["action"] == wanted.work]
    if not works:
        return mine, []
    node = next(node for node in members.nodes if node["label"] == works[0]["node"])
    waits_and_works = [step for step in steps if step["action"] in ("start", "wait_for_node")] + works
    # a node that is down already takes nobody else down by being started
    if wanted.is_down(node):
        return mine if wanted.version else waits_and_works, []
    others = [other for other in members.nodes if other is not node and wanted.is_down(other)]
    if members.anonymous:
        # they may be the others
        return waits_and_works, []
    blockers = [
        _blocker(
            other,
            f"node {_shown(other)} is {_state(other)}, stopping {_shown(node)} now would take a second node down",
            f"bring node {_shown(other)} back first: run the same playbook again, it begins with that node",
        )
        for other in others
    ]
    return ([], blockers) if blockers else (waits_and_works, [])


def obeyed(cluster: View, action: str) -> bool:
    """Whether ``start``, ``approve`` or ``cancel`` has nothing left to do in this cluster but, at most, to wait."""
    enabled = bool(cluster["upgrade_mode_enabled"])
    return enabled == (action == "start") or (action == "approve" and cluster["state"] == "RUNNING_UPGRADE_TASKS")


def is_settled(cluster: View) -> bool:
    """Whether every live node shows a version, without which no action can be judged."""
    return all(node["version"] for node in cluster["nodes"] if is_live(node))


def after(cluster: View, action: str) -> dict[str, t.Any]:
    """The cluster as it will be after ``start``, ``approve`` or ``cancel``; the same where that is obeyed already.

    Raises ConflictError where the action is not legal, or cannot be judged.
    """
    if obeyed(cluster, action):
        return dict(cluster)
    state, nodes = cluster["state"], cluster["nodes"]
    settled = is_settled(cluster)
    if action == "start":
        well = all(node["state"] in ("ACTIVE", "STARTING") for node in nodes)
        versions = {node["version"] for node in nodes}
        if state != "STABLE" or len(nodes) < 2 or not (well and settled) or len(versions) > 1:
            raise ConflictError(
                f"A rolling upgrade cannot start: {_situation(cluster)}",
                "bring the cluster to STABLE with two nodes or more, all of them ACTIVE at one version",
            )
        (original,) = versions
        return {**cluster, "state": "READY_TO_UPGRADE", "upgrade_mode_enabled": True, "original_version": original}
    legal, done, first = {
        "approve": ("READY_TO_RUN_UPGRADE_TASKS", "approved", "upgrade every node first"),
        # cancelling with every node at the target is not documented: 409 is assumed
        "cancel": (
            "READY_TO_UPGRADE",
            "cancelled",
            f"bring every node back to {cluster['original_version']} first, with the playbook {_ROLLBACK}",
        ),
    }[action]
    if state == "UPGRADE_TASKS_FAILED":
        first = TASKS_FAILED
    if state != legal or not settled or any(node["state"] == "ERROR" for node in nodes):
        raise ConflictError(f"The rolling upgrade cannot be {done}: {_situation(cluster)}", first)
    return {**cluster, "state": "STABLE", "upgrade_mode_enabled": False, "original_version": None}


def _situation(cluster: View) -> str:
    nodes = ", ".join(f"{node['label']} {node['version'] or '-'} {node['state'] or '-'}" for node in cluster["nodes"])
    return f"the cluster is {cluster['state']} ({nodes})"
