# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rolling upgrade."""

from __future__ import annotations

from ..modules import Fleet
from ..proof import ONCE, READ, Scenario, Use, Uses

TARGET = "9.4.22"
CLUSTER = ("GET", "/rest/zdu/cluster")
START, APPROVE, CANCEL = (("POST", f"/rest/zdu/{action}") for action in ("start", "approve", "cancel"))


def _started(fleet: Fleet) -> None:
    fleet.upgrade_mode(True)


def _not_started(fleet: Fleet) -> None:
    fleet.upgrade_mode(False)


def _upgraded(fleet: Fleet) -> None:
    fleet.upgrade_mode(True)
    fleet.upgrade_every_node(TARGET)


def upgraded(fleet: Fleet) -> None:
    """Have upgrade mode on, and every node at a later version than the original one."""
    fleet.upgrade_mode(True)
    if fleet.simulator.cluster()["state"] == "READY_TO_UPGRADE":
        major, minor, patch = next(iter(fleet.simulator.cluster()["nodes"].values()))[1].split(".")
        fleet.upgrade_every_node(f"{major}.{minor}.{int(patch) + 1}")


def upgrade_mode_off(fleet: Fleet) -> None:
    if fleet.simulator.cluster()["state"] == "READY_TO_RUN_UPGRADE_TASKS":
        fleet.api("POST", "/rest/zdu/approve")
    fleet.upgrade_mode(False)


def upgrade_mode_on(fleet: Fleet) -> None:
    upgrade_mode_off(fleet)
    fleet.upgrade_mode(True)


def is_on(fleet: Fleet) -> bool:
    return bool(fleet.simulator.cluster()["upgrade_mode"])


# of a change, what was seen of the cluster before and after it
SEEN = ("observations",)
# besides that, what the server was asked and when, which check mode does not do
ACTED = (*SEEN, "acted")

# In this order: the last one upgrades the cluster.
SCENARIOS = [
    Scenario("cluster_info", "read", {}),
    Scenario("cluster_info", "read one node", {"node": "node1"}),
    Scenario("cluster_wait", "for the cluster", {"state": "STABLE"}),
    Scenario("cluster_wait", "for all nodes", {"state": "STABLE", "version": "9.4.21"}),
    Scenario("cluster_wait", "for a node", {"node": "node1", "state": "ACTIVE", "version": "9.4.21"}),
    Scenario(
        "rolling_upgrade_plan",
        "of all nodes",
        {"target_version": TARGET, "nodes": {"one": "node1", "two": "node2"}},
        prepare=_not_started,
    ),
    Scenario(
        "rolling_upgrade_plan",
        "of one node",
        {"target_version": TARGET, "nodes": {"one": "node1", "two": "node2"}, "node": "two"},
        prepare=_started,
    ),
    Scenario(
        "rolling_upgrade_plan",
        "blocked",
        {"target_version": "9.5.0", "nodes": {"one": "node1", "two": "node2"}, "on_blockers": "report"},
    ),
    Scenario(
        "rolling_upgrade_plan",
        "of the way back",
        {"goal": "rollback", "target_version": TARGET, "nodes": {"one": "node1", "two": "node2"}},
        prepare=_started,
    ),
    Scenario(
        "rolling_upgrade_plan",
        "of a restart",
        {"goal": "restart", "nodes": {"one": "node1", "two": "node2"}, "node": "one"},
        prepare=_not_started,
    ),
    Scenario("rolling_upgrade", "start", {"state": "started"}, changes=True, prepare=_not_started, witnesses=ACTED),
    Scenario("rolling_upgrade", "cancel", {"state": "cancelled"}, changes=True, prepare=_started, witnesses=ACTED),
    Scenario("rolling_upgrade", "approve", {"state": "approved"}, changes=True, prepare=_upgraded, witnesses=ACTED),
]

PLAN = {"target_version": "9.4.99", "nodes": {"a": "node1", "b": "node2"}, "on_blockers": "report"}
WAIT = {"wait_timeout": 20, "wait_delay": 0.1}

USES: Uses = {
    CLUSTER: [Use("cluster_info", {}, READ), Use("rolling_upgrade_plan", PLAN, READ)],
    START: [Use("rolling_upgrade", {"state": "started", **WAIT}, ONCE, upgrade_mode_off, is_on)],
    CANCEL: [Use("rolling_upgrade", {"state": "cancelled", **WAIT}, ONCE, upgrade_mode_on, lambda f: not is_on(f))],
    APPROVE: [Use("rolling_upgrade", {"state": "approved", **WAIT}, ONCE, upgraded, lambda f: not is_on(f))],
}
