# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Around the cluster: Mesh nodes and mirror farms."""

from __future__ import annotations

from ..modules import Fleet
from ..proof import READ, REPEATED, UNREAD, Scenario, Use, Uses

MESH = "/rest/api/latest/admin/git/mesh/nodes"
NODES = ("GET", "/rest/api/{apiVersion}/admin/git/mesh/nodes")
NODE = ("PUT", "/rest/api/{apiVersion}/admin/git/mesh/nodes/{nodeId}")
FARM = ("GET", "/rest/mirroring/{apiVersion}/farmNodes")
START = ("POST", "/rest/mirroring/{apiVersion}/zdu/start")
SOON = {"wait_delay": 0.1, "wait_timeout": 20}


def state(fleet: Fleet) -> str:
    """Of the node mesh1."""
    states = {node["name"]: node["state"] for node in fleet.api("GET", MESH)}
    return str(states["mesh1"])


def _put(fleet: Fleet, wanted: str) -> None:
    if state(fleet) != wanted:
        (number,) = (node["id"] for node in fleet.api("GET", MESH) if node["name"] == "mesh1")
        fleet.api("PUT", f"{MESH}/{number}", {"state": wanted})


def available(fleet: Fleet) -> None:
    _put(fleet, "AVAILABLE")


def _disabled(fleet: Fleet) -> None:
    _put(fleet, "DISABLED")


def _mirrors_on(fleet: Fleet) -> None:
    fleet.api("POST", "/rest/mirroring/latest/zdu/start")


def _mirrors_off(fleet: Fleet) -> None:
    fleet.api("POST", "/rest/mirroring/latest/zdu/end")


MESH1 = {"name": "mesh1", **SOON}

SCENARIOS = [
    Scenario("mesh_node_info", "all of them", {}, prepare=available),
    Scenario("mesh_node_info", "one of them", {"name": "mesh2"}),
    Scenario("mesh_node", "drain", {**MESH1, "state": "drained"}, changes=True, prepare=available),
    Scenario("mesh_node", "enable", {**MESH1, "state": "available"}, changes=True, prepare=_disabled),
    Scenario("mesh_node", "disable", {**MESH1, "state": "disabled"}, changes=True, prepare=available),
    Scenario("mirror_upgrade", "start", {"state": "started"}, changes=True, prepare=_mirrors_off, unread=True),
    Scenario("mirror_upgrade", "end", {"state": "ended"}, changes=True, prepare=_mirrors_on, unread=True),
]

USES: Uses = {
    NODES: [Use("mesh_node_info", {}, READ)],
    NODE: [
        Use(
            "mesh_node",
            {"name": "mesh1", "state": "drained", "wait": False},
            REPEATED,
            available,
            lambda fleet: state(fleet) != "AVAILABLE",
        )
    ],
    FARM: [Use("mirror_upgrade", {"state": "started"}, READ, check=True)],
    START: [Use("mirror_upgrade", {"state": "started"}, UNREAD)],
}
