# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rolling upgrade with nodes that stop and start: one story in order, on a cluster of two nodes of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from conformance.nodes import Nodes, started, wait_until
from conformance.target import Target

claim = pytest.mark.claim
pytestmark = pytest.mark.needs("nodes")
ZDU = "/rest/zdu"


@pytest.fixture(scope="module")
def nodes(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with started(target, tmp_path_factory.mktemp("nodes"), 2) as own:
        yield own


@claim("A node that is stopped refuses connections", evidence="doc")
@claim("Outside upgrade mode a stopped node is not listed", evidence="assumed")
def test_stop(nodes: Nodes) -> None:
    nodes.script("node2", "stop")
    with pytest.raises(requests.ConnectionError):
        nodes.api("node2", None).get("/status")
    assert nodes.states("node1") == {"node1": "ACTIVE"}


@claim("While a node starts, /status is 503 with STARTING", evidence="doc")
@claim("Everything else is an HTML page with 503 then", evidence="seen")
def test_starting(nodes: Nodes) -> None:
    nodes.target.control("PUT", "/nodes/node2/override", {"next_start": {"outcome": "STARTING"}})
    nodes.script("node2", "start")
    wait_until(lambda: nodes.listens("node2"))
    status = nodes.api("node2", None).get("/status", status=503, refusal="server_status")
    assert status.json["state"] == "STARTING"
    answer = nodes.api("node2").get("/rest/api/latest/projects", status=503)
    assert answer.media_type == "text/html"
    assert nodes.states("node1") == {"node1": "ACTIVE", "node2": "STARTING"}
    nodes.script("node2", "stop")


@claim("/status may say RUNNING before authenticated REST works", evidence="seen 7.21 to 10.2")
def test_rest_comes_later(nodes: Nodes) -> None:
    nodes.target.control("PUT", "/server", {"rest_delay_seconds": 2})
    try:
        nodes.script("node2", "start")
        wait_until(lambda: nodes.states("node1").get("node2") == "ACTIVE")
        assert nodes.api("node2", None).get("/status", schema="server_status").json["state"] == "RUNNING"
        nodes.api("node2").get("/rest/api/latest/projects", status=503)
        wait_until(lambda: nodes.api("node2").get("/rest/api/latest/projects", status=None).status == 200)
    finally:
        nodes.target.control("DELETE", "/server")
        nodes.script("node2", "stop")


@claim("A node's id is new at each restart", evidence="seen 7.9")
@claim("A node keeps its address, port and name over a restart", evidence="seen 7.9, assumed")
def test_restart(nodes: Nodes) -> None:
    nodes.script("node2", "start")
    wait_until(lambda: nodes.states("node1") == {"node1": "ACTIVE", "node2": "ACTIVE"})
    before = nodes.member("node2", "node1")
    nodes.script("node2", "stop")
    nodes.script("node2", "start")
    wait_until(lambda: nodes.states("node1") == {"node1": "ACTIVE", "node2": "ACTIVE"})
    after = nodes.member("node2", "node1")
    assert after["id"] != before["id"]
    assert all(after[key] == before[key] for key in ("name", "ipAddress", "portNumber"))


@claim("In upgrade mode a stopped node stays listed: OFFLINE, with id, name and address", evidence="seen 7.9")
@claim("An OFFLINE node has its port, and neither version nor counts", evidence="seen 7.9, assumed")
def test_offline(nodes: Nodes) -> None:
    started = nodes.api("node1").post(f"{ZDU}/start", status=200, schema="zdu_cluster").json
    assert started["originalVersion"] == nodes.original
    known = nodes.member("node2", "node1")
    nodes.script("node2", "stop")
    stopped = nodes.member("node2", "node1")
    assert stopped["state"] == "OFFLINE"
    assert all(stopped[key] == known[key] for key in ("id", "name", "ipAddress", "portNumber"))
    assert all(stopped[key] is None for key in ("version", "buildNumber", "tasksTotal", "activeUserCount"))


@claim("A node of a lower version cannot join", evidence="assumed")
@claim("A node of another feature release cannot join", evidence="doc")
def test_cannot_join(nodes: Nodes) -> None:
    for version in (nodes.lower, nodes.feature):
        refusals = nodes.log("node2").count("cannot join")
        nodes.install("node2", version)
        nodes.script("node2", "start")
        wait_until(lambda seen=refusals: nodes.log("node2").count("cannot join") > seen)
        nodes.script("node2", "stop")
    assert nodes.states("node1") == {"node1": "ACTIVE", "node2": "OFFLINE"}


@claim("The first upgraded node turns the cluster MIXED", evidence="doc")
@claim("Neither cancel nor approve is legal then: 409", evidence="doc")
def test_mixed(nodes: Nodes) -> None:
    nodes.upgrade("node2", nodes.next, at="node1")
    for at in ("node1", "node2"):
        cluster = nodes.cluster(at)
        assert (cluster["state"], cluster["originalVersion"]) == ("MIXED", nodes.original)
        assert {name: row["version"] for name, row in nodes.rows(at).items()} == {
            "node1": nodes.original, "node2": nodes.next}  # fmt: skip
    nodes.api("node1").post(f"{ZDU}/cancel", status=409)
    nodes.api("node2").post(f"{ZDU}/approve", status=409)
    assert nodes.api("node2").get(f"{ZDU}/state").json["buildInfo"]["version"] == nodes.next


@claim("A node that was killed is OFFLINE; with every live node on the new version: READY_TO_RUN_UPGRADE_TASKS",
       evidence="doc, assumed")  # fmt: skip
@claim("cancel is not legal then: 409", evidence="assumed")
def test_ready(nodes: Nodes) -> None:
    nodes.kill("node1")
    wait_until(lambda: nodes.states("node2") == {"node1": "OFFLINE", "node2": "ACTIVE"})
    assert nodes.cluster("node2")["state"] == "READY_TO_RUN_UPGRADE_TASKS"
    nodes.api("node2").post(f"{ZDU}/cancel", status=409)


@claim("A node in ERROR makes the cluster MIXED, and approve is refused", evidence="doc, assumed")
def test_error(nodes: Nodes) -> None:
    nodes.upgrade("node1", nodes.next, at="node2")
    assert nodes.cluster("node2")["state"] == "READY_TO_RUN_UPGRADE_TASKS"
    nodes.target.control("PUT", "/nodes/node1/override", {"state": "ERROR"})
    try:
        assert nodes.states("node2")["node1"] == "ERROR"
        assert nodes.cluster("node2")["state"] == "MIXED"
        nodes.api("node2").post(f"{ZDU}/approve", status=409)
    finally:
        nodes.target.control("DELETE", "/nodes/node1/override")
    assert nodes.cluster("node2")["state"] == "READY_TO_RUN_UPGRADE_TASKS"


@claim("RUNNING_UPGRADE_TASKS and UPGRADE_TASKS_FAILED can be reached", evidence="doc")
@claim("Nothing is legal then but to wait: start, cancel and approve answer 409", evidence="seen")
def test_tasks(nodes: Nodes) -> None:
    nodes.target.control("PUT", "/upgrade-tasks", {"seconds": 0.5, "fail": True})
    answered = nodes.api("node2").post(f"{ZDU}/approve", status=200, schema="zdu_cluster").json
    assert answered["state"] == "RUNNING_UPGRADE_TASKS"
    wait_until(lambda: nodes.cluster("node2")["state"] == "UPGRADE_TASKS_FAILED")
    for action in ("start", "cancel", "approve"):
        nodes.post(action, "node2", status=409)
    nodes.target.control("PUT", "/upgrade-tasks", {"seconds": 0})


@claim("approve answers 200; upgrade mode is off then and the cluster STABLE", evidence="doc")
@claim("OFFLINE nodes do not block approve", evidence="doc")
def test_approve(nodes: Nodes) -> None:
    nodes.script("node1", "stop")
    nodes.api("node2").post(f"{ZDU}/approve", status=200, schema="zdu_cluster")
    wait_until(lambda: nodes.cluster("node2")["state"] == "STABLE")
    cluster = nodes.cluster("node2")
    assert (cluster["upgradeModeEnabled"], list(nodes.rows("node2"))) == (False, ["node2"])
    assert cluster["nodes"][0]["version"] == nodes.next
    nodes.api("node2").post(f"{ZDU}/approve", status=409)


@claim("A rolling upgrade needs more than one node: start answers 409", evidence="doc")
def test_one_node(nodes: Nodes) -> None:
    assert nodes.states("node2") == {"node2": "ACTIVE"}
    nodes.api("node2").post(f"{ZDU}/start", status=409)
