# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cluster lists nodes that come, go and move: one story in order, on a cluster of three nodes of its own.

The evidence "seen 7.9" are the pictures of an upgrade from 7.9.0 to 7.9.1 in the vendor's documentation of its charts.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.nodes import Nodes, started, wait_until
from conformance.target import Target

claim = pytest.mark.claim
pytestmark = pytest.mark.needs("nodes")
FACTS = ("version", "buildNumber", "tasksTotal", "activeUserCount")
PLACE = ("ipAddress", "portNumber")


@pytest.fixture(scope="module")
def nodes(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with started(target, tmp_path_factory.mktemp("rows"), 3) as own:
        yield own


def restart(nodes: Nodes, name: str, *, at: str) -> None:
    nodes.script(name, "stop")
    nodes.script(name, "start")
    wait_until(lambda: nodes.states(at).get(name) == "ACTIVE")


def listed(nodes: Nodes, at: str) -> list[tuple[str | None, str | None]]:
    """State and version of all rows, however many a node has."""
    return sorted((row["state"], row["version"]) for row in nodes.cluster(at)["nodes"])


def row_of(nodes: Nodes, id_: str, at: str) -> dict[str, Any] | None:
    return next((row for row in nodes.cluster(at)["nodes"] if row["id"] == id_), None)


@claim("Without -Dcluster.node.name the name of every node is 'Not configured'", evidence="seen 7.9")
def test_no_names(target: Target, tmp_path_factory: pytest.TempPathFactory) -> None:
    with started(target, tmp_path_factory.mktemp("nameless"), 2, "--node-names", "none") as own:
        assert {row["name"] for row in own.cluster("node1")["nodes"]} == {"Not configured"}
        assert len({row["ipAddress"] for row in own.cluster("node1")["nodes"]}) == 2


@claim("Names that are configured are listed, and need not be unique", evidence="doc")
@claim("A configured name is listed while the node starts, too", evidence="assumed")
def test_configured_names(target: Target, tmp_path_factory: pytest.TempPathFactory) -> None:
    with started(target, tmp_path_factory.mktemp("named"), 2, "--node-names", "same") as own:
        own.script("node2", "stop")
        own.override("node2", next_start={"outcome": "STARTING"})
        own.script("node2", "start")
        wait_until(lambda: own.states("node1") == {"node1": "ACTIVE", "node2": "STARTING"})
        (name,) = {row["name"] for row in own.cluster("node1")["nodes"]}
        assert name != "Not configured"


@claim("A node that starts shows neither version nor address", evidence="seen 7.9")
@claim("It shows neither port, build, tasks nor users", evidence="assumed")
@claim("Meanwhile its old row is OFFLINE, with its address", evidence="seen 7.9")
@claim("A node that starts does not turn READY_TO_UPGRADE into MIXED", evidence="seen 7.9")
def test_two_rows_while_a_node_starts(nodes: Nodes) -> None:
    nodes.post("start", "node1")
    before = nodes.member("node3", "node1")
    nodes.script("node3", "stop")
    nodes.override("node3", next_start={"outcome": "STARTING"})
    nodes.script("node3", "start")
    wait_until(lambda: nodes.states("node1")["node3"] == "STARTING")
    cluster = nodes.cluster("node1")
    assert cluster["state"] == "READY_TO_UPGRADE"
    assert [row["state"] for row in cluster["nodes"]].count("ACTIVE") == 2
    starting = nodes.member("node3", "node1")
    assert [starting[key] for key in FACTS + PLACE] == [None] * 6
    offline = row_of(nodes, before["id"], "node1")
    assert offline is not None
    assert {**offline, "local": None} == {**before, **dict.fromkeys(FACTS), "state": "OFFLINE", "local": None}


@claim("A node that comes back at its address replaces its old row", evidence="likely")
def test_the_old_row_goes(nodes: Nodes) -> None:
    old = {row["id"] for row in nodes.cluster("node1")["nodes"]}
    restart(nodes, "node3", at="node1")
    rows = nodes.cluster("node1")["nodes"]
    assert [row["state"] for row in rows] == ["ACTIVE"] * 3
    assert len(old & {row["id"] for row in rows}) == 2


@claim("A node without state has no version either", evidence="likely")
@claim("Its missing version counts as one of its own: MIXED for a moment", evidence="likely")
@claim("It keeps its address, or has none", evidence="assumed")
def test_no_state(nodes: Nodes) -> None:
    known = nodes.member("node3", "node1")
    nodes.override("node3", silent=True)
    silent = nodes.member("node3", "node1")
    assert [silent[key] for key in ("state", *FACTS)] == [None] * 5
    assert [silent[key] for key in PLACE] == [known[key] for key in PLACE]
    assert nodes.cluster("node1")["state"] == "MIXED"
    nodes.post("cancel", "node1", status=409)
    nodes.override("node3", hide_address=True)
    assert [nodes.member("node3", "node1")[key] for key in PLACE] == [None, None]
    nodes.override("node3", silent=None, hide_address=None)
    assert nodes.cluster("node1")["state"] == "READY_TO_UPGRADE"


@claim("A node is without state when it joins, becomes ACTIVE and begins to stop", evidence="likely")
def test_no_state_for_a_moment(nodes: Nodes) -> None:
    nodes.target.control("PUT", "/server", {"null_state_seconds": 3})
    seen: list[str | None] = []

    def reached(state: str) -> bool:
        shown = nodes.states("node1")["node3"]
        if seen[-1:] != [shown]:
            seen.append(shown)
        return shown == state

    stopping = threading.Thread(target=nodes.script, args=("node3", "stop"))
    try:
        stopping.start()
        wait_until(lambda: reached("OFFLINE"))
        stopping.join()
        nodes.script("node3", "start")
        wait_until(lambda: reached("ACTIVE"))
    finally:
        nodes.target.control("DELETE", "/server")
    # it is STARTING for a moment only, and ACTIVE still where the first look came early
    without = [state for state in seen if state != "STARTING"]
    assert [state for state, _same in itertools.groupby(without[without[0] == "ACTIVE" :])] == [
        None, "OFFLINE", None, "ACTIVE"]  # fmt: skip


@claim("A node that comes back at another address is a new row; its old one stays OFFLINE", evidence="seen 7.9")
@claim("With every node at another address READY_TO_RUN_UPGRADE_TASKS has as many ghosts", evidence="seen 7.9")
def test_ghosts(nodes: Nodes) -> None:
    before = {row["id"]: row for row in nodes.cluster("node1")["nodes"]}
    for number in (1, 2, 3):
        other = "node1" if number > 1 else "node2"
        nodes.move(f"node{number}", advertised_address=f"10.20.0.3{number}")
        nodes.upgrade(f"node{number}", nodes.next, at=other)
    cluster = nodes.cluster("node1")
    assert cluster["state"] == "READY_TO_RUN_UPGRADE_TASKS"
    assert listed(nodes, "node1") == [("ACTIVE", nodes.next)] * 3 + [("OFFLINE", None)] * 3
    places = {row["ipAddress"]: row["state"] for row in cluster["nodes"]}
    assert places == {
        **{row["ipAddress"]: "OFFLINE" for row in before.values()},
        **{f"10.20.0.3{number}": "ACTIVE" for number in (1, 2, 3)},
    }


@claim("approve is not blocked by ghosts, and forgets them", evidence="seen 7.9, likely")
def test_approve_with_ghosts(nodes: Nodes) -> None:
    nodes.post("approve", "node1")
    assert nodes.cluster("node1")["state"] == "STABLE"
    assert listed(nodes, "node1") == [("ACTIVE", nodes.next)] * 3


@claim("cancel forgets the rows of nodes that are not there", evidence="likely")
def test_cancel_with_ghosts(nodes: Nodes) -> None:
    nodes.post("start", "node1")
    nodes.move("node2", advertised_address="10.20.0.42")
    restart(nodes, "node2", at="node1")
    assert len(nodes.cluster("node1")["nodes"]) == 4
    nodes.post("cancel", "node1")
    assert listed(nodes, "node1") == [("ACTIVE", nodes.next)] * 3


@claim("A node that joined after the start and stops is not listed", evidence="likely")
def test_joined_later(nodes: Nodes) -> None:
    nodes.script("node3", "stop")
    nodes.post("start", "node1")
    nodes.script("node3", "start")
    wait_until(lambda: nodes.states("node1").get("node3") == "ACTIVE")
    nodes.script("node3", "stop")
    assert nodes.states("node1") == {"node1": "ACTIVE", "node2": "ACTIVE"}
    nodes.script("node2", "stop")
    assert nodes.states("node1") == {"node1": "ACTIVE", "node2": "OFFLINE"}


@claim("A node whose git the release refuses logs that it has started, then parks in ERROR", evidence="seen 10.4")
@claim("So does one whose Java it refuses", evidence="assumed")
@claim("A node in ERROR is listed with address and version", evidence="assumed")
@pytest.mark.parametrize("program", ["git", "Java"])
def test_prerequisites(nodes: Nodes, program: str) -> None:
    nodes.override("node2", next_start={"outcome": f"REFUSED_{program.upper()}"})
    nodes.script("node2", "start")
    wait_until(lambda: nodes.states("node1").get("node2") == "ERROR")
    row = nodes.member("node2", "node1")
    assert (row["version"], row["ipAddress"]) == (nodes.next, "10.20.0.42")
    assert nodes.cluster("node1")["state"] == "MIXED"
    said = nodes.log("node2").rpartition("Starting Bitbucket")[2]
    assert "has started" in said.partition(program)[0]
    assert "is not supported" in said.partition(program)[2]
    nodes.script("node2", "stop")
    assert nodes.states("node1") == {"node1": "ACTIVE", "node2": "OFFLINE"}
