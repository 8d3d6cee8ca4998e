# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand reach the client through the entry address and from a node alike."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import JSON, Cluster

BRANCHES = "/rest/api/latest/projects/PLAT/repos/api/branches"
CREATE = "/rest/branch-utils/latest/projects/PLAT/repos/api/branches"
AT = pytest.mark.parametrize("at", [None, "node2"], ids=["entry", "node"])

Add = Callable[..., dict[str, Any]]


@pytest.fixture
def add(cluster: Cluster) -> Iterator[Add]:
    """Adds a rule; all are gone afterwards."""

    def added(kind: str, *, parameters: dict[str, Any] | None = None, **rule: Any) -> dict[str, Any]:
        answer = cluster.control("POST", "/faults", json={**rule, "fault": {"kind": kind, **(parameters or {})}})
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    yield added
    assert cluster.control("DELETE", "/faults").status_code == 204


def hits(cluster: Cluster, rule: dict[str, Any]) -> tuple[int, int]:
    shown = cluster.control("GET", f"/faults/{rule['id']}").json()
    return shown["seen"], shown["hits"]


def exists(cluster: Cluster, name: str) -> bool:
    return bool(cluster.get(f"{BRANCHES}?filterText={name}")["size"])


@AT
@pytest.mark.parametrize(("kind", "done"), [("reset_before", False), ("reset_after", True)])
def test_reset(cluster: Cluster, add: Add, at: str | None, kind: str, done: bool) -> None:
    rule = add(kind, method="POST", path="/branches$", count=1)
    name = cluster.branch_name()
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        cluster.call("POST", CREATE, at=at, json={"name": name, "startPoint": "main"})
    assert exists(cluster, name) is done
    assert hits(cluster, rule) == (1, 1)
    answer = cluster.call("POST", CREATE, at=at, json={"name": name, "startPoint": "main"})
    assert answer.status_code == (400 if done else 201)
    assert hits(cluster, rule) == (2, 1)
    entries = cluster.control("GET", "/requests?method=POST&limit=2").json()["requests"]
    assert [(entry["fault"], entry["status"]) for entry in entries] == [
        (kind, 201 if done else None), (None, answer.status_code)]  # fmt: skip


@AT
def test_truncated(cluster: Cluster, add: Add, at: str | None) -> None:
    add("truncate", parameters={"bytes": 10}, path="/branches$")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="10 bytes read"):
        cluster.call("GET", BRANCHES, at=at)


@AT
def test_slow_drip(cluster: Cluster, add: Add, at: str | None) -> None:
    add("slow_drip", parameters={"bytes": 50, "pause": 0.05}, path="/branches/default$")
    # Pieces that come alone are seen alone.
    with requests.get(
        (cluster.base if at is None else cluster.node(at)["url"]) + BRANCHES + "/default",
        auth=("admin", "admin"), stream=True, timeout=10,
    ) as answer:  # fmt: skip
        pieces = list(iter(lambda: answer.raw.read1(4096), b""))
    assert len(pieces) > 2
    assert b"".join(pieces) == cluster.call("GET", BRANCHES + "/default").content


@AT
def test_delay(cluster: Cluster, add: Add, at: str | None) -> None:
    add("delay", parameters={"seconds": 0.4}, path="/branches/default$", user="Reader")
    started = time.monotonic()
    cluster.get(BRANCHES + "/default", user="reader", at=at)
    assert time.monotonic() - started >= 0.4


def test_other_answers(cluster: Cluster, add: Add) -> None:
    def shown(**rule: Any) -> requests.Response:
        add(**rule, count=1, route="/rest/api/{apiVersion}/projects/{projectKey}/repos/{repositorySlug}/branches")
        answer: requests.Response = cluster.call("GET", BRANCHES, allow_redirects=False)
        return answer

    assert shown(kind="wrong_shape").json() == {"unexpected": ["shape"]}
    assert shown(kind="wrong_shape", parameters={"body": [1]}).json() == [1]
    page = shown(kind="html")
    assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    for status, kind in ((500, "application/json"), (502, "text/html"), (503, "text/html"), (504, "text/html")):
        page = shown(kind="status", parameters={"status": status})
        assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (status, kind)
    page = shown(kind="status", parameters={"status": 429, "retry_after": 2})
    assert (page.headers["Retry-After"], list(page.json())) == ("2", ["errors"])
    page = shown(kind="redirect", parameters={"to": "http://other.invalid"})
    assert (page.status_code, page.headers["Location"]) == (302, "http://other.invalid" + BRANCHES)
    assert cluster.call("GET", BRANCHES).status_code == 200


def test_an_answer_is_lost_after_the_action(cluster: Cluster, add: Add) -> None:
    add("status", parameters={"status": 502, "when": "after"}, method="POST", count=1)
    name = cluster.branch_name()
    assert cluster.call("POST", CREATE, json={"name": name, "startPoint": "main"}).status_code == 502
    assert exists(cluster, name)


def test_a_push_is_done_and_its_answer_lost(cluster: Cluster, add: Add, tmp_path: Path) -> None:
    add("reset_after", path="git-receive-pack$", method="POST", count=1)
    url = cluster.base.replace("http://", "http://developer:developer@") + "/scm/plat/worker.git"
    subprocess.run(["git", "clone", "-q", url, str(tmp_path / "clone")], check=True)
    push = ["git", "-C", str(tmp_path / "clone"), "push", "-q", "origin", "HEAD:refs/heads/feature/lost"]
    assert subprocess.run(push, check=False, capture_output=True).returncode != 0
    said = subprocess.run(["git", "ls-remote", url, "feature/lost"], check=True, capture_output=True, text=True)
    assert "refs/heads/feature/lost" in said.stdout


def test_skip_node_and_probability(cluster: Cluster, add: Add) -> None:
    rule = add("status", parameters={"status": 503}, path="/tags$", skip=1, count=1, node="node1")
    path = BRANCHES.replace("branches", "tags")
    assert cluster.call("GET", path, at="node2").status_code == 200
    statuses = [cluster.call("GET", path, at="node1").status_code for _attempt in range(3)]
    assert statuses == [200, 503, 200]
    assert hits(cluster, rule) == (3, 1)
    # Over all nodes together, and the same for the same seed.
    add("status", parameters={"status": 500}, path="/commits$", probability=0.5, seed=7)
    path = BRANCHES.replace("branches", "commits")
    statuses = [cluster.call("GET", path).status_code for _attempt in range(20)]
    assert {200, 500} == set(statuses)


def test_the_entry_address_goes_away_and_comes_back(cluster: Cluster) -> None:
    with requests.Session() as session:
        session.get(cluster.base + "/status", timeout=10)
        try:
            assert cluster.control("PUT", "/entry", json={"listening": False}).json() == {"listening": False}
            with pytest.raises(requests.ConnectionError, match="reset by peer"):
                session.get(cluster.base + "/status", timeout=10)
            with pytest.raises(requests.ConnectionError, match="refused"):
                session.get(cluster.base + "/status", timeout=10)
            assert cluster.call("GET", BRANCHES, at="node1").status_code == 200
        finally:
            assert cluster.control("PUT", "/entry", json={"listening": True}).json() == {"listening": True}
        assert session.get(cluster.base + "/status", timeout=10).status_code == 200
    assert cluster.control("PUT", "/entry", json={"listening": "no"}).status_code == 400
    assert cluster.control("GET", "/entry").json() == {"listening": True}


def test_a_password_is_revoked(cluster: Cluster) -> None:
    before = cluster.call("GET", BRANCHES, user="reader").status_code
    try:
        answer = cluster.control("PUT", "/users/reader", json={"password": "other"})
        assert answer.json() == {"name": "reader", "changed": ["password"]}
        assert (before, cluster.call("GET", BRANCHES, user="reader").status_code) == (200, 401)
    finally:
        cluster.control("PUT", "/users/reader", json={"password": "reader", "failed_logins": 0})
    assert cluster.call("GET", BRANCHES, user="reader").status_code == 200
    assert cluster.control("PUT", "/users/nobody", json={"password": "other"}).status_code == 404
    assert cluster.control("PUT", "/users/reader", json={}).status_code == 400


def test_health_checks_are_left_alone(cluster: Cluster, add: Add) -> None:
    rule = add("status", parameters={"status": 503})
    time.sleep(0.6)
    assert cluster.call("GET", BRANCHES).status_code == 503
    assert hits(cluster, rule) == (1, 1)
    cluster.control("DELETE", f"/faults/{rule['id']}")
    assert cluster.control("GET", "/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({}, "'fault' is a required property"),
        ({"fault": {"kind": "nonsense"}}, "$.fault"),
        ({"fault": {"kind": "delay"}}, "$.fault: 'seconds' is a required property"),
        ({"fault": {"kind": "status", "status": 200}}, "$.fault.status: 200 is less than the minimum"),
        ({"fault": {"kind": "html"}, "path": "("}, "$.path: '(' is not a 'regex'"),
        ({"fault": {"kind": "html"}, "sometimes": True}, "'sometimes' was unexpected"),
    ],
)
def test_bad_rules(cluster: Cluster, rule: dict[str, Any], fault: str) -> None:
    answer = cluster.control("POST", "/faults", json=rule)
    assert answer.status_code == 400
    assert fault in answer.json()["error"]


def test_what_was_sent_is_logged_without_secrets(cluster: Cluster) -> None:
    name = cluster.branch_name()
    cluster.call("DELETE", CREATE, json={"name": name, "dryRun": True, "password": "hidden", "x": [{"token": "t"}]})
    entry = cluster.control("GET", "/requests?method=DELETE&limit=1").json()["requests"][0]
    assert (entry["dry_run"], entry["status"]) == (True, 204)
    assert entry["body"] == {
        "name": name, "dryRun": True, "password": "(not shown)", "x": [{"token": "(not shown)"}]}  # fmt: skip
    cluster.call("POST", CREATE, data="{", headers=JSON)
    entry = cluster.control("GET", "/requests?method=POST&limit=1").json()["requests"][0]
    assert (entry["body"], entry["dry_run"]) == ("(1 bytes that are no JSON)", False)
    cluster.get(BRANCHES)
    assert "body" not in cluster.control("GET", "/requests?method=GET&limit=1").json()["requests"][0]
