# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One way or more to run each module for real; a module without one fails the suite.

A scenario brings the world to where the module has something to do (or to find), and names its options. What must
hold afterwards is in test_modules.py, the same for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from .modules import Fleet

API = {"project_key": "PLAT", "repository": "api"}
TARGET = "9.4.22"


def _nothing(_fleet: Fleet) -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Scenario:
    """``changes`` says whether the first real run has something to change."""

    module: str
    title: str
    options: dict[str, Any]
    changes: bool = False
    prepare: Callable[[Fleet], None] = _nothing

    def __str__(self) -> str:
        return f"{self.module}: {self.title}"


def _drifted(fleet: Fleet) -> None:
    fleet.create_branch("fleet/old", start_point="main")


def _two_below(fleet: Fleet) -> None:
    fleet.create_branch("fleet/a")
    fleet.create_branch("fleet/b")


def _started(fleet: Fleet) -> None:
    fleet.upgrade_mode(True)


def _not_started(fleet: Fleet) -> None:
    fleet.upgrade_mode(False)


def _upgraded(fleet: Fleet) -> None:
    fleet.upgrade_mode(True)
    fleet.upgrade_every_node(TARGET)


# In this order: the last ones upgrade the cluster.
SCENARIOS = [
    Scenario(
        "branch",
        "create",
        {**API, "name": "fleet/new", "start_point": "main"},
        changes=True,
        prepare=lambda fleet: fleet.delete_branch("fleet/new"),
    ),
    Scenario(
        "branch",
        "create at a tag, given by its full ref",
        {**API, "name": "refs/heads/fleet/tag", "start_point": "refs/tags/v1.0.0"},
        changes=True,
        prepare=lambda fleet: fleet.delete_branch("fleet/tag"),
    ),
    Scenario(
        "branch", "find one that is elsewhere", {**API, "name": "fleet/old", "start_point": "develop"}, prepare=_drifted
    ),
    Scenario("branch", "find one without a start point", {**API, "name": "main"}),
    Scenario(
        "branch",
        "delete",
        {**API, "name": "fleet/gone", "state": "absent"},
        changes=True,
        prepare=lambda fleet: fleet.create_branch("fleet/gone"),
    ),
    Scenario(
        "branch",
        "find none to delete",
        {**API, "name": "fleet/never", "state": "absent"},
        prepare=lambda fleet: fleet.delete_branch("fleet/never"),
    ),
    Scenario("branch_info", "all", API),
    Scenario("branch_info", "one", {**API, "name": "main"}),
    Scenario(
        "branch_info",
        "some, in order",
        {**API, "filter_text": "fleet/", "order_by": "alphabetical"},
        prepare=_two_below,
    ),
    Scenario("branch_model_info", "read", API),
    Scenario("cluster_info", "read", {}),
    Scenario("cluster_wait", "for the cluster", {"state": "STABLE"}),
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
    Scenario("rolling_upgrade", "start", {"state": "started"}, changes=True, prepare=_not_started),
    Scenario("rolling_upgrade", "cancel", {"state": "cancelled"}, changes=True, prepare=_started),
    Scenario("rolling_upgrade", "approve", {"state": "approved"}, changes=True, prepare=_upgraded),
]
