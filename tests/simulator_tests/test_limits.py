# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Caps, rate limits, and nodes that show or do what they are told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import JSON, Cluster, wait_until

API = "/rest/api/latest"
REPO = API + "/projects/PLAT/repos/api"


@pytest.fixture
def settings(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, whose settings are put back afterwards."""
    yield cluster
    assert cluster.control("DELETE", "/server").status_code == 200


def change(cluster: Cluster, **settings: Any) -> None:
    answer = cluster.control("PUT", "/server", json=settings)
    assert answer.status_code == 200, answer.text


def test_page_caps(settings: Cluster) -> None:
    assert settings.get(REPO + "/commits?limit=1000")["limit"] == 100
    assert settings.get(API + "/projects?limit=5000")["limit"] == 1000
    change(settings, page_max={"branches": 2})
    page = settings.get(REPO + "/branches?limit=1000")
    assert (page["limit"], page["size"], page["nextPageStart"]) == (2, 2, 2)
    assert settings.get(API + "/projects?limit=5000")["limit"] == 1000


def test_rate_limit_by_user_and_node(settings: Cluster) -> None:
    change(settings, rate_limit={"enabled": True, "capacity": 3, "refill": 0.5, "exempt": ["admin"]})

    def statuses(user: str | None, at: str, path: str = REPO) -> list[int]:
        return [settings.call("GET", path, user=user, at=at).status_code for _attempt in range(5)]

    assert statuses("reader", "node1") == [200, 200, 200, 429, 429]
    answer = settings.call("GET", REPO, user="reader", at="node1")
    assert int(answer.headers["Retry-After"]) == 2
    assert answer.json()["errors"][0]["exceptionName"] is None
    assert statuses("reader", "node2") == [200, 200, 200, 429, 429]
    assert statuses("developer", "node1") == [200, 200, 200, 429, 429]
    assert statuses("admin", "node1") == [200] * 5
    assert statuses(None, "node1", API + "/application-properties") == [200] * 5
    git = settings.call("GET", "/scm/plat/api.git/info/refs?service=git-upload-pack", user="reader", at="node1")
    assert git.status_code == 429
    change(settings, rate_limit={"enabled": False})
    assert statuses("reader", "node1") == [200] * 5


def test_license_limit(settings: Cluster) -> None:
    change(settings, license_limit_exceeded=True)
    answer = settings.call("PUT", REPO + "/default-branch", json={"id": "refs/heads/main"})
    assert answer.status_code == 403
    assert settings.call("GET", REPO).status_code == 200


def test_foreign_origins(cluster: Cluster) -> None:
    path, body = REPO + "/default-branch", {"id": "refs/heads/main"}
    foreign = {"Content-Type": "application/json", "Origin": "http://evil.invalid"}
    answer = cluster.call("PUT", path, json=body, headers=foreign)
    assert (answer.status_code, answer.text) == (403, "XSRF check failed")
    assert cluster.call("PUT", path, json=body, headers={**JSON, **foreign}).status_code == 204
    assert cluster.call("PUT", path, json=body, headers={**foreign, "Origin": cluster.base}).status_code == 204
    assert cluster.call("GET", path, headers=foreign).status_code == 200


def test_conflicts_of_the_upgrade_have_two_bodies(settings: Cluster) -> None:
    answer = settings.call("POST", "/rest/zdu/cancel")
    assert (answer.status_code, answer.content) == (409, b"")
    change(settings, zdu_conflict_body="errors")
    assert settings.call("POST", "/rest/zdu/cancel").json()["errors"]


def test_nodes_show_what_they_are_told_to(cluster: Cluster) -> None:
    assert cluster.control("PUT", "/nodes/nope/override", json={}).status_code == 404
    assert cluster.control("PUT", "/nodes/node3/override", json={"state": "ACTIVE"}).status_code == 400
    shown = {"tasks_total": 7, "active_user_count": 42, "state": "ERROR"}
    assert cluster.control("PUT", "/nodes/node3/override", json=shown).json() == {
        **shown, "silent": None, "hide_address": None, "next_start": None}  # fmt: skip
    try:
        node = cluster.rows("node1")["node3"]
        assert (node["tasksTotal"], node["activeUserCount"], node["state"]) == (7, 42, "ERROR")
        answer = cluster.call("GET", "/status", at="node3", user=None)
        assert (answer.status_code, answer.json()) == (500, {"state": "ERROR"})
        assert cluster.call("GET", REPO, at="node3").status_code == 503
        cluster.control("PUT", "/nodes/node3/override", json={"state": None})
        node = cluster.rows("node3")["node3"]
        assert (node["tasksTotal"], node["activeUserCount"], node["state"]) == (7, 42, "ACTIVE")
    finally:
        cluster.control("DELETE", "/nodes/node3/override")
    assert cluster.rows("node1")["node3"]["activeUserCount"] != 42
    wait_until(lambda: all(node["running"] for node in cluster.control("GET", "/nodes").json()["nodes"]))


def test_starts_that_go_wrong_and_rest_that_is_late(settings: Cluster) -> None:
    def restart(outcome: str | None) -> None:
        plan = None if outcome is None else {"outcome": outcome}
        settings.control("PUT", "/nodes/node3/override", json={"next_start": plan})
        assert settings.script("node3", "stop").returncode == 0
        assert settings.script("node3", "start").returncode == 0

    restart("ERROR")
    wait_until(lambda: settings.states("node1").get("node3") == "ERROR")
    assert settings.call("GET", "/status", at="node3", user=None).json() == {"state": "ERROR"}
    restart("EXIT")
    wait_until(lambda: "told to end" in settings.log("node3"))
    assert "node3" not in settings.states("node1")
    restart("STARTING")
    wait_until(lambda: "told to stay in state STARTING" in settings.log("node3"))
    assert settings.states("node1")["node3"] == "STARTING"
    change(settings, rest_delay_seconds=30)
    restart(None)
    wait_until(lambda: settings.states("node1").get("node3") == "ACTIVE")
    assert settings.call("GET", "/status", at="node3", user=None).json() == {"state": "RUNNING"}
    answer = settings.call("GET", REPO, at="node3")
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (503, "text/html")
    assert settings.call("GET", API + "/application-properties", at="node3", user=None).status_code == 200
    change(settings, rest_delay_seconds=0)
    assert settings.call("GET", REPO, at="node3").status_code == 200
    wait_until(lambda: all(node["running"] for node in settings.control("GET", "/nodes").json()["nodes"]))
