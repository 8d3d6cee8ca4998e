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
from ._refs import version as parse_version

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
# what comes next, by the first step; all other steps are work at nodes
_PHASE_OF = {"start": "start", "approve": "finalize", "wait_for_cluster": "wait", "cancel": "cancel"}


def plan(
    cluster: View,
    hosts: t.Mapping[str, str],
    target_version: str | None,
    goal: str = "upgrade",
    only: str | None = None,
) -> dict[str, t.Any]:
    """The way from the present cluster to the goal: ``upgrade``, ``rollback`` or ``restart``.

    ``cluster`` is the view of ``_cluster.read``; ``hosts`` maps each inventory host to its node's name or address;
    ``target_version`` is None for a restart only; ``only`` narrows the plan to one host and adds the guard against
    taking a second node down. Returns ``{goal, target_version, original_version, cluster_state, next, steps,
    blockers}``: either steps or blockers are empty. Raises InputError for a target that is no release number.
    """
    nodes = _Nodes(cluster, hosts, _GOALS[goal].starts_missing)
    wanted = _GOALS[goal](cluster, nodes.all, target_version)
    blockers = nodes.mismatches() or list(wanted.blockers())
    steps: list[Step] = []
    if not blockers:
        steps = _steps(wanted, nodes)
        if only is not None:
            steps, blockers = _narrow(wanted, nodes, steps, only)
    return {
        "goal": goal,
        "target_version": target_version,
        "original_version": cluster["original_version"],
        "cluster_state": cluster["state"],
        "next": "blocked" if blockers else _phase(steps),
        "steps": steps,
        "blockers": blockers,
    }


def _phase(steps: list[Step]) -> str:
    """The phase in which the steps begin: never past a start that is still to come, whatever is waited for first."""
    if any(step["action"] == "start" for step in steps):
        return "start"
    return _PHASE_OF.get(steps[0]["action"], "nodes") if steps else "none"


def known_as(nodes: t.Sequence[View], wanted: str) -> list[View]:
    """The nodes of this name, else of this address, else of this id; several where an address is shared.

    The name is what a node keeps: its id may change when it restarts (documented for containers).
    """
    found = ([node for node in nodes if wanted and node[key] == wanted] for key in ("name", "ip_address", "id"))
    return next(filter(None, found), [])


class _Nodes:
    """The cluster's nodes, matched one to one with inventory hosts by name, then by address, then by id.

    With ``starts_missing``, a host whose node is not listed has one that is OFFLINE: outside upgrade mode the cluster
    forgets a node that is stopped (assumed).
    """

    def __init__(self, cluster: View, hosts: t.Mapping[str, str], starts_missing: bool) -> None:
        self.all = list(cluster["nodes"])
        self._host_of: dict[str, str] = {}
        self._strangers: list[str] = []
        for host, wanted in hosts.items():
            matching = known_as(cluster["nodes"], wanted)
            found = matching[0] if len(matching) == 1 else None
            if not matching and wanted and starts_missing and cluster["nodes"]:
                found = {**dict.fromkeys(cluster["nodes"][0]), "name": wanted, "state": "OFFLINE"}
                self.all.append(found)
            if found is None or found["name"] in self._host_of:
                self._strangers.append(host)
            else:
                self._host_of[found["name"]] = host
        self.all.sort(key=lambda node: str(node["name"]))

    def mismatches(self) -> list[Blocker]:
        """A blocker for each host without a node and each node without a host."""
        missing = [
            _blocker(
                None,
                f"inventory host {host} has no node of its own in the cluster",
                "start the node at the version of the others, or correct the node name of that host",
            )
            for host in self._strangers
        ]
        extra = [
            _blocker(
                node,
                f"node {node['name']} of the cluster is no host of the inventory",
                "add it to the inventory: no node may be left out",
            )
            for node in self.all
            if node["name"] not in self._host_of
        ]
        return missing + extra

    def step(self, action: str, node: View, version: str | None, reason: str) -> Step:
        """A step at one node."""
        return _step(action, reason, self._host_of[node["name"]], node["name"], version)


def _step(
    action: str, reason: str, host: str | None = None, node: str | None = None, version: str | None = None
) -> Step:
    return {"action": action, "host": host, "node": node, "version": version, "reason": reason}


def _found(node: View) -> str:
    """How a node is found, in words."""
    state = f"{'in ' if node['state'] == 'ERROR' else ''}{node['state']}"
    return f"node {node['name']} is {state} at version {node['version'] or 'unknown'}"


def _blocker(node: View | None, reason: str, remedy: str) -> Blocker:
    seen = node or {"name": None, "version": None, "state": None}
    return {
        "node": seen["name"],
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

    def __init__(self, cluster: View, nodes: list[View], target: str | None) -> None:
        self.state: str = cluster["state"]
        self.enabled: bool = cluster["upgrade_mode_enabled"]
        self.original: str | None = cluster["original_version"]
        self.nodes = nodes
        self.running: list[str] = sorted({node["version"] for node in nodes} - {None})
        self.target = target or ""
        self.version = next(iter(self.running), None)

    def is_done(self, node: View) -> bool:
        """Whether nothing is left to do at the node but, at most, to wait for it."""
        return node["version"] == self.version and node["state"] in ("ACTIVE", "STARTING")

    def is_awaited(self, node: View) -> bool:
        """Whether the node is on its way up by itself, so that it is waited for before another one is stopped."""
        return bool(node["state"] == "STARTING")

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
                node["name"],
            ),
        )

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
        if len(self.nodes) < 2 and self.pending():
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
        """Nodes of which it cannot be told what to do with them."""
        for node in self.nodes:
            name, state = node["name"], node["state"]
            if not self.enabled and state not in ("ACTIVE", "STARTING"):
                yield _blocker(
                    node,
                    _found(node),
                    "read its log and bring it back to ACTIVE: as long as upgrade mode is off, every node has to be",
                )
            # a node that goes down has none to tell; in upgrade mode one that starts is waited for
            elif node["version"] is None and (state == "ACTIVE" or not self.enabled):
                yield _blocker(node, f"node {name} does not tell its version", "wait until it does, then run again")


class _Upgrade(_Goal):
    """Every node at a later bug-fix release, one at a time; then the approval."""

    work, participle = "upgrade_node", "upgraded"

    def __init__(self, cluster: View, nodes: list[View], target: str | None) -> None:
        super().__init__(cluster, nodes, target)
        parse_version(self.target)
        self.version = self.target

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
            name, version = node["name"], node["version"]
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

    def __init__(self, cluster: View, nodes: list[View], target: str | None) -> None:
        super().__init__(cluster, nodes, target)
        parse_version(self.target)
        self.version = self.original if self.enabled else self.version

    def is_awaited(self, node: View) -> bool:
        # at another version it would have to be stopped again, and may hang
        return super().is_awaited(node) and self.is_done(node)

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


def _steps(wanted: _Goal, nodes: _Nodes) -> list[Step]:
    """The steps for a cluster without blockers: what is down first, then what starts by itself, then what serves."""
    if wanted.state == "RUNNING_UPGRADE_TASKS":
        return [_step("wait_for_cluster", "the upgrade tasks are running")]
    waits = [
        nodes.step("wait_for_node", node, node["version"], f"node {node['name']} is {node['state']}")
        for node in nodes.all
        if wanted.is_awaited(node)
    ]
    pending = wanted.pending()
    works = [nodes.step(wanted.work, node, wanted.version, _why(wanted, node)) for node in pending]
    down = sum(wanted.is_down(node) for node in pending)
    return works[:down] + waits + wanted.begin() + works[down:] + wanted.end()


def _why(wanted: _Goal, node: View) -> str:
    name, version = node["name"], wanted.version
    if wanted.is_down(node):
        return f"node {name} is {node['state']}: it comes first"
    seen = f"runs {node['version']}" if node["version"] else f"is {node['state']}"
    change = "" if node["version"] == version else f", wanted is {version}"
    return f"node {name} {seen}{change} ({node['tasks_total'] or 0} tasks, {node['active_user_count'] or 0} users)"


def _narrow(wanted: _Goal, nodes: _Nodes, steps: list[Step], only: str) -> tuple[list[Step], list[Blocker]]:
    """The part of the steps that concerns one host, or why it may not be touched now."""
    mine = [step for step in steps if step["host"] == only]
    works = [step for step in mine if step["action"] == wanted.work]
    if not works:
        return mine, []
    node = next(node for node in nodes.all if node["name"] == works[0]["node"])
    # a node that is down already takes nobody else down by being started
    if wanted.is_down(node):
        return mine, []
    others = [other for other in nodes.all if other is not node and wanted.is_down(other)]
    blockers = [
        _blocker(
            other,
            f"node {other['name']} is {other['state']}, stopping {node['name']} now would take a second node down",
            f"bring node {other['name']} back first: run the same playbook again, it begins with that node",
        )
        for other in others
    ]
    return ([], blockers) if blockers else ([s for s in steps if s["action"] in ("start", "wait_for_node")] + works, [])


def obeyed(cluster: View, action: str) -> bool:
    """Whether ``start``, ``approve`` or ``cancel`` has nothing left to do in this cluster but, at most, to wait."""
    enabled = bool(cluster["upgrade_mode_enabled"])
    return enabled == (action == "start") or (action == "approve" and cluster["state"] == "RUNNING_UPGRADE_TASKS")


def after(cluster: View, action: str) -> dict[str, t.Any]:
    """The cluster as it will be after ``start``, ``approve`` or ``cancel``; the same where that is obeyed already.

    Raises ConflictError where the action is not legal.
    """
    if obeyed(cluster, action):
        return dict(cluster)
    state, nodes = cluster["state"], cluster["nodes"]
    if action == "start":
        well = all(node["state"] in ("ACTIVE", "STARTING") for node in nodes)
        if state != "STABLE" or len(nodes) < 2 or not well or len({node["version"] for node in nodes}) > 1:
            raise ConflictError(
                f"A rolling upgrade cannot start: {_situation(cluster)}",
                "bring the cluster to STABLE with two nodes or more, all of them ACTIVE at one version",
            )
        original = nodes[0]["version"]
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
    if state != legal or any(node["state"] == "ERROR" for node in nodes):
        raise ConflictError(f"The rolling upgrade cannot be {done}: {_situation(cluster)}", first)
    return {**cluster, "state": "STABLE", "upgrade_mode_enabled": False, "original_version": None}


def _situation(cluster: View) -> str:
    nodes = ", ".join(f"{node['name']} {node['version'] or '-'} {node['state']}" for node in cluster["nodes"])
    return f"the cluster is {cluster['state']} ({nodes})"
