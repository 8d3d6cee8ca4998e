# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around the cluster: mirrors and Mesh nodes; and the answers of older and newer releases."""

from __future__ import annotations

from pathlib import Path

from conftest import Cluster, running, wait_until

MESH = "/rest/api/latest/admin/git/mesh/nodes"


def test_mirrors_have_their_own_switch(cluster: Cluster) -> None:
    for action, enabled in (("start", True), ("end", False)):
        answer = cluster.call("POST", f"/rest/mirroring/latest/zdu/{action}")
        assert answer.json() == {"rollingUpgradeEnabled": enabled, "version": "9.4.21"}
    assert cluster.zdu()["upgradeModeEnabled"] is False
    assert cluster.call("POST", "/rest/mirroring/latest/zdu/start", user="developer").status_code == 401
    assert {node["buildVersion"] for node in cluster.get("/rest/mirroring/latest/farmNodes")} == {"9.4.21"}


def test_mesh_nodes_drain_one_at_a_time(cluster: Cluster) -> None:
    nodes = cluster.get(MESH)
    assert {node["state"] for node in nodes} == {"AVAILABLE"}
    first, second = (f"{MESH}/{node['id']}" for node in nodes[:2])
    answer = cluster.call("PUT", first, json={"state": "DRAINING"})
    assert (answer.status_code, answer.json()["state"]) == (200, "DRAINING")
    assert cluster.call("PUT", second, json={"state": "DRAINING"}).status_code == 409
    wait_until(lambda: cluster.get(first)["state"] == "DISABLED")
    assert cluster.call("PUT", second, json={"state": "DISABLED"}).status_code == 409
    for state in ("DRAINING", "OFFLINE", "DELETING"):
        answer = cluster.call("PUT", first, json={"state": state})
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["exceptionName"].endswith(".mesh.InvalidMeshNodeStateException")
    assert cluster.call("PUT", first, json={"state": "ASLEEP"}).status_code == 400
    assert cluster.call("PUT", first, json={"state": "AVAILABLE"}).json()["state"] == "AVAILABLE"
    assert cluster.call("GET", MESH + "/99").status_code == 404
    assert cluster.call("GET", MESH, user="developer").status_code == 401


def test_a_mesh_node_that_is_down_comes_back_as_it_was(cluster: Cluster) -> None:
    nodes = cluster.get(MESH)
    first, second = (f"{MESH}/{node['id']}" for node in nodes[:2])
    cluster.call("PUT", first, json={"state": "DISABLED"})
    assert cluster.control("PUT", f"/mesh-nodes/{nodes[0]['name']}", json={"offline": True}).status_code == 200
    assert [cluster.get(first)[key] for key in ("state", "offline")] == ["OFFLINE", True]
    assert cluster.call("PUT", first, json={"state": "AVAILABLE"}).status_code == 409
    assert cluster.call("PUT", second, json={"state": "DRAINING"}).status_code == 409
    cluster.control("PUT", f"/mesh-nodes/{nodes[0]['name']}", json={"offline": False})
    assert [cluster.get(first)[key] for key in ("state", "offline")] == ["DISABLED", False]
    assert cluster.call("PUT", first, json={"state": "AVAILABLE"}).status_code == 200
    assert cluster.control("PUT", "/mesh-nodes/nobody", json={"offline": True}).status_code == 404
    assert cluster.control("PUT", f"/mesh-nodes/{nodes[0]['name']}", json={}).status_code == 400


DEFAULT_BRANCH = {"id": "#", "type": {"id": "DEFAULT_BRANCH"}}


def test_other_releases(tmp_path: Path) -> None:
    jira = "/rest/jira/latest/projects/{}/primary-enhanced-entitylink"
    commits = "/rest/branch-utils/latest/projects/PLAT/repos/api/branches/info/{}"
    with running(tmp_path / "old", "--nodes", "1", "--version", "8.19.3") as old:
        assert set(old.get(jira.format("PLAT"))) == {"applicationLinkId", "displayUrl", "projectId", "key", "name"}
        assert old.call("GET", jira.format("WEB")).status_code == 404
        restriction = {"type": "no-creates", "matcher": {"id": "x", "type": {"id": "PATTERN"}}}
        path = "/rest/branch-permissions/latest/projects/PLAT/repos/api/restrictions"
        answers = [
            old.call("POST", path, json=restriction),
            old.call("GET", path + "?type=no-creates"),
            old.call("POST", path, json={"type": "read-only", "matcher": DEFAULT_BRANCH}),
        ]
        assert [answer.status_code for answer in answers] == [400, 400, 400]
        assert [answer.json()["errors"][0]["message"] for answer in answers[:2]] == ["Invalid type", "Invalid type"]
        assert old.get(path + "?type=read-only")["values"] == []
        tip = old.get("/rest/api/latest/projects/PLAT/repos/api/branches/default")["latestCommit"]
        assert old.get(commits.format(tip))["size"] > 1
    with running(tmp_path / "new", "--nodes", "1", "--version", "10.4.0") as new:
        assert [ref["displayId"] for ref in new.get(commits.format(tip))["values"]] == ["main"]
        other = new.get("/rest/api/latest/projects/PLAT/repos/api/branches?filterText=develop")["values"][0]
        # develop and what is based on it have the commit
        assert new.get(commits.format(other["latestCommit"]))["size"] == 1
        shown = new.call("POST", path, json={"type": "read-only", "matcher": DEFAULT_BRANCH}).json()
        assert (shown["matcher"]["id"], shown["matcher"]["type"]["id"]) == ("#", "DEFAULT_BRANCH")
        assert new.call("GET", "/rest/no-such-plugin/latest/things").json()["status-code"] == 404
