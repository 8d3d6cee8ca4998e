# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors, paging, credentials and content types."""

from __future__ import annotations

import pytest
import requests
from conftest import JSON, Cluster

API = "/rest/api/latest"
REPO = API + "/projects/PLAT/repos/api"
UTILS = "/rest/branch-utils/latest/projects/PLAT/repos/api"


def test_application_properties_are_anonymous(cluster: Cluster) -> None:
    shown = cluster.get(API + "/application-properties", user=None)
    assert (shown["version"], shown["buildNumber"], shown["displayName"]) == ("9.4.21", "9004021", "Bitbucket")


def test_1_0_is_latest(cluster: Cluster) -> None:
    assert cluster.get("/rest/api/1.0/projects") == cluster.get(API + "/projects")


@pytest.mark.parametrize(
    ("user", "path", "status", "exception"),
    [
        ("admin", "/projects/NOPE", 404, "com.atlassian.bitbucket.project.NoSuchProjectException"),
        ("admin", "/projects/NOPE/repos/x", 404, "com.atlassian.bitbucket.project.NoSuchProjectException"),
        ("admin", "/projects/PLAT/repos/x", 404, "com.atlassian.bitbucket.repository.NoSuchRepositoryException"),
        ("admin", "/projects/PLAT/repos/api/commits?until=nope", 404,
         "com.atlassian.bitbucket.commit.NoSuchCommitException"),
        ("developer", "/admin/cluster", 401, "com.atlassian.bitbucket.AuthorisationException"),
        (None, "/projects/PLAT", 401, "com.atlassian.bitbucket.auth.AuthenticationRequiredException"),
    ],
)  # fmt: skip
def test_refusals(cluster: Cluster, user: str | None, path: str, status: int, exception: str) -> None:
    answer = cluster.call("GET", API + path, user=user)
    assert answer.status_code == status
    error = answer.json()["errors"][0]
    assert error["exceptionName"] == exception
    assert "context" not in error


def test_wrong_password(cluster: Cluster) -> None:
    answer = requests.get(cluster.base + API + "/projects", auth=("admin", "wrong"), timeout=30)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["exceptionName"].endswith("IncorrectPasswordAuthenticationException")


def test_unrouted(cluster: Cluster) -> None:
    """As 10.2.1 answers; the JSON of 10.4.2 is in test_around.py."""
    answer = cluster.call("GET", "/rest/nothing/1.0/here")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/xml")


def test_not_acceptable(cluster: Cluster) -> None:
    for accept, status in (("text/plain", 406), ("application/json", 200), ("text/html, */*;q=0.1", 200)):
        answer = cluster.call("GET", API + "/projects/PLAT", headers={"Accept": accept})
        assert answer.status_code == status
    assert cluster.call("GET", API + "/projects/PLAT", headers={"Accept": "text/plain"}).content == b""


def test_paging(cluster: Cluster) -> None:
    first = cluster.get(REPO + "/branches?limit=2&orderBy=ALPHABETICAL")
    assert (first["size"], first["isLastPage"], first["nextPageStart"]) == (2, False, 2)
    assert cluster.get(REPO + "/branches?limit=5000")["limit"] == 1000
    assert cluster.call("GET", REPO + "/branches?limit=x").status_code == 400


def test_xsrf_and_content_type(cluster: Cluster) -> None:
    body = '{"name": "x", "startPoint": "main"}'
    plain = {"Content-Type": "text/plain"}
    answer = cluster.call("POST", UTILS + "/branches", data=body, headers=plain)
    assert (answer.status_code, answer.text) == (403, "XSRF check failed")
    answer = cluster.call("POST", UTILS + "/branches", data=body, headers=plain | {"X-Atlassian-Token": "no-check"})
    assert answer.status_code == 415
    answer = cluster.call("DELETE", UTILS + "/branches", data='{"name": "x"}', headers={})
    assert answer.status_code == 415
    assert cluster.call("POST", "/rest/zdu/start", headers={}).status_code == 403
    assert cluster.call("POST", UTILS + "/branches", data="{", headers=JSON).status_code == 400


def test_zdu_is_for_system_administrators(cluster: Cluster) -> None:
    assert cluster.call("GET", "/rest/zdu/cluster", user="developer").status_code == 403
    assert cluster.call("GET", "/rest/zdu/cluster", user=None).status_code == 401
    assert cluster.call("GET", "/rest/zdu/nodes/nope").status_code == 404
    assert cluster.call("POST", "/rest/zdu/cancel").status_code == 409


def test_listings_show_what_the_caller_may_see(cluster: Cluster) -> None:
    keys = [project["key"] for project in cluster.get(API + "/projects", user="reader")["values"]]
    assert sorted(keys) == ["PLAT", "WEB"]
    assert cluster.get(API + "/projects", user=None)["values"] == []
    slugs = [repository["slug"] for repository in cluster.get(API + "/projects/PLAT/repos")["values"]]
    assert "api" in slugs


def test_requests_are_logged(cluster: Cluster) -> None:
    cluster.get(REPO + "/branches?filterText=logged")
    newest = [entry for entry in cluster.control("GET", "/requests").json()["requests"] if entry["query"]]
    entry = next(entry for entry in newest if entry["query"] == "filterText=logged")
    assert (entry["method"], entry["status"], entry["user"], entry["path"]) == (
        "GET", 200, "admin", REPO + "/branches")  # fmt: skip
