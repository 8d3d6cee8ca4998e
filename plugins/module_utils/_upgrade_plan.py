# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The planner of a rolling upgrade: what the cluster says and what is wanted, in; steps or blockers, out.

Pure: check mode prints the plan, the role follows it, a rerun computes it again, and every state can be explored.
"""

from __future__ import annotations

import typing as t

from ._errors import ConflictError
from ._refs import version as parse_version

View = t.Mapping[str, t.Any]
Steps = list[dict[str, t.Any]]

# the reference names no way out of this state
_TASKS_FAILED = "read the server's log and ask the vendor's support how to go on"
_GOING_DOWN = ("OFFLINE", "DRAINING", "TERMINATING")
_IN_UPGRADE_MODE = (
    "READY_TO_UPGRADE",
    "MIXED",
    "READY_TO_RUN_UPGRADE_TASKS",
    "RUNNING_UPGRADE_TASKS",
    "UPGRADE_TASKS_FAILED",
)
_PHASE_OF = {
    "start": "start",
    "upgrade_node": "nodes",
    "wait_for_node": "nodes",
    "approve": "finalize",
    "wait_for_cluster": "wait",
}


def plan(cluster: View, hosts: t.Mapping[str, str], target_version: str, only: str | None = None) -> dict[str, t.Any]:
    """The way from the present cluster to STABLE at the target.

    ``cluster`` is the view of ``_cluster.read``; ``hosts`` maps each inventory host to its node's name or address;
    ``only`` narrows the plan to one host and adds the guard against taking a second node down. Returns
    ``{target_version, original_version, cluster_state, next, steps, blockers}``: either steps or blockers are empty.
    Raises InputError for a target that is no release number.
    """
    parse_version(target_version)
    nodes = _Nodes(cluster, hosts)
    blockers = nodes.mismatches() or list(_blockers(cluster, target_version))
    steps: Steps = []
    if not blockers:
        steps = _steps(cluster, nodes, target_version)
        if only is not None:
            steps, blockers = _narrow(steps, nodes, only)
    return {
        "target_version": target_version,
        "original_version": cluster["original_version"],
        "cluster_state": cluster["state"],
        "next": "blocked" if blockers else _phase(steps),
        "steps": steps,
        "blockers": blockers,
    }


def _phase(steps: Steps) -> str:
    """The phase in which the steps begin: never past a start that is still to come, whatever is waited for first."""
    if any(step["action"] == "start" for step in steps):
        return "start"
    return _PHASE_OF[steps[0]["action"]] if steps else "none"


class _Nodes:
    """The cluster's nodes, matched one to one with inventory hosts by name, then by address."""

    def __init__(self, cluster: View, hosts: t.Mapping[str, str]) -> None:
        self.all = list(cluster["nodes"])
        self.host_of: dict[str, str] = {}
        self._strangers: list[str] = []
        for host, wanted in hosts.items():
            found = next(
                (node for key in ("name", "ip_address") for node in self.all if node[key] == wanted and wanted), None
            )
            if found is None or found["name"] in self.host_of:
                self._strangers.append(host)
            else:
                self.host_of[found["name"]] = host

    def mismatches(self) -> list[dict[str, t.Any]]:
        """A blocker for each host without a node and each node without a host."""
        missing = [
            _blocker(
                None,
                f"inventory host {host} has no node of its own in the cluster",
                "start the node, or correct the node name of that host",
            )
            for host in self._strangers
        ]
        extra = [
            _blocker(
                node,
                f"node {node['name']} of the cluster is no host of the inventory",
                "add it to the inventory: every node must be upgraded before the upgrade can be approved",
            )
            for node in self.all
            if node["name"] not in self.host_of
        ]
        return missing + extra

    def step(self, action: str, node: View, reason: str) -> dict[str, t.Any]:
        """A step at one node."""
        return _step(action, reason, host=self.host_of[node["name"]], node=node["name"])


def _step(action: str, reason: str, host: str | None = None, node: str | None = None) -> dict[str, t.Any]:
    return {"action": action, "host": host, "node": node, "reason": reason}


def _blocker(node: View | None, reason: str, remedy: str) -> dict[str, t.Any]:
    seen = node or {"name": None, "version": None, "state": None}
    return {
        "node": seen["name"],
        "version": seen["version"],
        "state": seen["state"],
        "reason": reason,
        "remedy": remedy,
    }


def _blockers(cluster: View, target: str) -> t.Iterator[dict[str, t.Any]]:
    """Everything that forbids going on, for a cluster whose nodes all have a host."""
    if cluster["state"] == "UPGRADE_TASKS_FAILED":
        yield _blocker(None, "the upgrade tasks failed", _TASKS_FAILED)
    if len(cluster["nodes"]) < 2:
        yield _blocker(
            None, "the cluster has a single node", "add a node: a single one cannot be upgraded while serving"
        )
    enabled = cluster["upgrade_mode_enabled"]
    original = cluster["original_version"]
    if cluster["state"] not in (_IN_UPGRADE_MODE if enabled else ("STABLE",)):
        yield _blocker(
            None,
            f"the cluster is {cluster['state']} while upgrade mode is {'on' if enabled else 'off'}",
            "look at the server's log, then bring the cluster to STABLE with upgrade mode off",
        )
    if enabled and original is None:
        yield _blocker(None, "upgrade mode is on but the original version is unknown", "cancel, or finish by hand")
        return
    if enabled and not _is_bug_fix(original, target):
        yield _blocker(None, *_not_a_bug_fix("the upgrade began at", original, target))
    for node in cluster["nodes"]:
        yield from _node_blockers(node, target, [original, target] if enabled else None)
    running = {node["version"] for node in cluster["nodes"] if node["version"] is not None}
    if not enabled and len(running) > 1:
        yield _blocker(
            None,
            f"nodes run different versions ({', '.join(sorted(running))}) outside upgrade mode",
            "bring all nodes to one version first",
        )


def _node_blockers(node: View, target: str, allowed: list[str] | None) -> t.Iterator[dict[str, t.Any]]:
    """What forbids going on at one node; ``allowed`` versions only in upgrade mode."""
    name, version = node["name"], node["version"]
    if node["state"] == "ERROR":
        yield _blocker(node, f"node {name} is in ERROR", "read its log and restart it, or remove it from the cluster")
    if allowed is None and node["state"] in _GOING_DOWN:
        yield _blocker(node, f"node {name} is {node['state']}", "bring it back to ACTIVE before the upgrade begins")
    if version is None:
        # a node that goes down has none to tell; in upgrade mode one that starts is waited for
        if node["state"] == "ACTIVE" or (allowed is None and node["state"] not in _GOING_DOWN):
            yield _blocker(node, f"node {name} does not tell its version", "wait until it does, then run again")
        return
    if allowed is None:
        if version != target and not _is_bug_fix(version, target):
            yield _blocker(node, *_not_a_bug_fix(f"node {name} runs", version, target))
    elif version not in allowed:
        yield _blocker(
            node,
            f"node {name} runs {version}, which is neither the original {allowed[0]} nor the target {target}",
            "give the target that the upgrade was begun with, or bring the node to one of the two",
        )


def _is_bug_fix(present: str, target: str) -> bool:
    """Whether target is a higher bug-fix release of the same feature release (the only upgrade allowed, documented)."""
    here, there = parse_version(present, "version"), parse_version(target)
    return here[:2] == there[:2] and here < there


def _not_a_bug_fix(who: str, present: str, target: str) -> tuple[str, str]:
    major, minor, patch = parse_version(present, "version")
    return (
        f"{who} {present}, and {target} is no later bug-fix release of it",
        f"choose a target {major}.{minor}.x with x above {patch}: other upgrades need the whole cluster stopped",
    )


def _steps(cluster: View, nodes: _Nodes, target: str) -> Steps:
    """The steps for a cluster without blockers."""
    state = cluster["state"]
    if state == "RUNNING_UPGRADE_TASKS":
        return [_step("wait_for_cluster", "the upgrade tasks are running")]
    waits = [
        nodes.step("wait_for_node", node, f"node {node['name']} is {node['state']}")
        for node in nodes.all
        if node["state"] == "STARTING"
    ]
    pending = sorted((node for node in nodes.all if not _done(node, target)), key=_least_busy_first)
    if not cluster["upgrade_mode_enabled"]:
        if not pending:
            return waits
        begin = [_step("start", f"every node runs {pending[0]['version']}, {target} is a bug-fix release of it")]
    else:
        begin = []
    upgrades = [nodes.step("upgrade_node", node, _why(node, target)) for node in pending]
    return waits + begin + upgrades + [_step("approve", f"every live node will then run {target}")]


def _done(node: View, target: str) -> bool:
    """Whether nothing is left to do at the node but, at most, to wait for it."""
    return node["version"] == target and node["state"] in ("ACTIVE", "STARTING")


def _least_busy_first(node: View) -> tuple[t.Any, ...]:
    """The order of nodes: one that an aborted run left down, then by tasks, then by users, then by name."""
    return (node["state"] == "ACTIVE", node["tasks_total"] or 0, node["active_user_count"] or 0, node["name"])


def _why(node: View, target: str) -> str:
    if node["version"] is None or node["state"] in _GOING_DOWN:
        return f"node {node['name']} is {node['state']}: it comes first"
    load = f"{node['tasks_total'] or 0} tasks, {node['active_user_count'] or 0} users"
    return f"node {node['name']} runs {node['version']}, wanted is {target} ({load})"


def _narrow(steps: Steps, nodes: _Nodes, only: str) -> tuple[Steps, list[dict[str, t.Any]]]:
    """The part of the steps that concerns one host, or why it may not be touched now."""
    mine = [step for step in steps if step["host"] == only and step["action"] == "upgrade_node"]
    if not mine:
        return [step for step in steps if step["host"] == only], []
    node = next(node for node in nodes.all if node["name"] == mine[0]["node"])
    down = [other for other in nodes.all if other is not node and other["state"] in _GOING_DOWN]
    # a node that is down already takes nobody else down by being started
    if down and node["state"] not in _GOING_DOWN:
        return [], [
            _blocker(
                other,
                f"node {other['name']} is {other['state']}, stopping {node['name']} now would take a second node down",
                f"bring node {other['name']} back first: run the upgrade again, it begins with that node",
            )
            for other in down
        ]
    return [step for step in steps if step["action"] in ("start", "wait_for_node")] + mine, []


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
        if state != "STABLE" or len(nodes) < 2:
            raise ConflictError(
                f"A rolling upgrade cannot start: the cluster is {state} with {len(nodes)} node(s)",
                "bring the cluster to STABLE with two nodes or more",
            )
        original = nodes[0]["version"]
        return {**cluster, "state": "READY_TO_UPGRADE", "upgrade_mode_enabled": True, "original_version": original}
    legal, done, first = {
        "approve": ("READY_TO_RUN_UPGRADE_TASKS", "approved", "upgrade every node first"),
        # cancelling with every node at the target is not documented: 409 is assumed
        "cancel": ("READY_TO_UPGRADE", "cancelled", f"bring every node back to {cluster['original_version']} first"),
    }[action]
    if state == "UPGRADE_TASKS_FAILED":
        first = _TASKS_FAILED
    if state != legal or any(node["state"] == "ERROR" for node in nodes):
        raise ConflictError(f"The rolling upgrade cannot be {done}: {_situation(cluster)}", first)
    return {**cluster, "state": "STABLE", "upgrade_mode_enabled": False, "original_version": None}


def _situation(cluster: View) -> str:
    nodes = ", ".join(f"{node['name']} {node['version'] or '-'} {node['state']}" for node in cluster["nodes"])
    return f"the cluster is {cluster['state']} ({nodes})"
