# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branches over REST agree with git, and git over HTTP agrees with both."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster

REPO = "/rest/api/latest/projects/PLAT/repos/api"
UTILS = "/rest/branch-utils/latest/projects/PLAT/repos/api"


def git(*arguments: str, cwd: str | Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


def tip(cluster: Cluster, branch: str, slug: str = "api") -> str | None:
    said = git("rev-parse", "--verify", "-q", f"refs/heads/{branch}", cwd=cluster.repository_path("PLAT", slug))
    return said.stdout.strip() or None


def create(cluster: Cluster, name: str, start_point: str = "main", **more: Any) -> Any:
    return cluster.call("POST", UTILS + "/branches", json={"name": name, "startPoint": start_point}, **more)


def delete(cluster: Cluster, **body: Any) -> Any:
    return cluster.call("DELETE", UTILS + "/branches", json=body)


@pytest.mark.parametrize("start_point", ["main", "refs/heads/main", "v1.0.0", "refs/tags/v1.0.0", "commit"])
def test_create_and_delete(cluster: Cluster, start_point: str) -> None:
    main = tip(cluster, "main")
    assert main is not None
    name = cluster.branch_name()
    answer = create(cluster, name, main if start_point == "commit" else start_point, user="developer")
    assert answer.status_code == 201
    assert answer.json() == {
        "id": f"refs/heads/{name}", "displayId": name, "type": "BRANCH",
        "latestCommit": main, "latestChangeset": main, "isDefault": False,
    }  # fmt: skip
    assert tip(cluster, name) == main
    assert delete(cluster, name=f"refs/heads/{name}", endPoint="0" * 40).status_code == 400
    assert delete(cluster, name=f"refs/heads/{name}", dryRun=True).status_code == 204
    assert tip(cluster, name) == main
    assert delete(cluster, name=f"refs/heads/{name}", endPoint=main).status_code == 204
    assert tip(cluster, name) is None
    assert delete(cluster, name=f"refs/heads/{name}").status_code == 204


def test_refused_creations(cluster: Cluster) -> None:
    answer = create(cluster, "main")
    assert answer.status_code == 400
    assert answer.json()["errors"][0] == {
        "message": "Branch 'main' already exists in repository 'api'.",
        "exceptionName": "com.atlassian.bitbucket.repository.DuplicateRefException",
    }
    assert create(cluster, "main/x").status_code == 409
    assert create(cluster, "release").status_code == 409
    assert create(cluster, "a..b").json()["errors"][0]["exceptionName"].endswith("InvalidRefNameException")
    assert create(cluster, "x1", "nowhere").status_code == 404
    assert create(cluster, "x1", user="reader").status_code == 401
    other = "/rest/branch-utils/latest/projects/PLAT/repos/{}/branches"
    for slug in ("empty", "attic"):
        answer = cluster.call("POST", other.format(slug), json={"name": "x1", "startPoint": "main"})
        assert answer.status_code == 409


def test_default_branch(cluster: Cluster) -> None:
    assert cluster.get(REPO + "/default-branch")["displayId"] == "main"
    assert cluster.get(REPO + "/branches/default")["isDefault"] is True
    assert delete(cluster, name="main").status_code == 400
    empty = "/rest/api/latest/projects/PLAT/repos/empty"
    assert cluster.call("GET", empty + "/branches/default").status_code == 204
    answer = cluster.call("GET", empty + "/commits")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["exceptionName"].endswith(".NoDefaultBranchException")
    assert cluster.call("PUT", empty + "/default-branch", json={"id": "refs/heads/nowhere"}).status_code == 204
    assert cluster.get(empty + "/default-branch") == {
        "id": "refs/heads/nowhere",
        "displayId": "nowhere",
        "type": "BRANCH",
    }


def test_default_branch_that_does_not_exist(cluster: Cluster) -> None:
    repository = "/rest/api/latest/projects/PLAT/repos/worker"
    before = cluster.get(repository + "/default-branch")["id"]
    assert cluster.call("PUT", repository + "/default-branch", json={"id": "refs/heads/nowhere"}).status_code == 204
    try:
        for resource in ("/branches/default", "/commits", "/branches?details=true"):
            answer = cluster.call("GET", repository + resource)
            assert answer.status_code == 404
            assert answer.json()["errors"][0]["exceptionName"].endswith(".NoDefaultBranchException")
        plain = cluster.get(repository + "/branches")["values"]
        compared = cluster.get(repository + f"/branches?details=true&base={before}")["values"]
        assert [branch["id"] for branch in plain] == [branch["id"] for branch in compared] != []
        assert not any(branch["isDefault"] for branch in plain)
    finally:
        cluster.call("PUT", repository + "/default-branch", json={"id": before})


def test_listing(cluster: Cluster) -> None:
    names = [branch["displayId"] for branch in cluster.get(REPO + "/branches?filterText=PLAT-7")["values"]]
    assert names == ["feature/PLAT-7-tracing"]
    shown = cluster.get(REPO + "/branches?filterText=PLAT-7&details=true&base=develop")["values"][0]["metadata"]
    key = "com.atlassian.bitbucket.server.bitbucket-branch:ahead-behind-metadata-provider"
    assert shown[key] == {"ahead": 1, "behind": 0}
    assert cluster.get(REPO + "/tags")["values"][0]["displayId"] == "v1.0.0"


def test_commits(cluster: Cluster) -> None:
    page = cluster.get(REPO + "/commits?until=develop&since=main&withCounts=true")
    assert [commit["message"] for commit in page["values"]] == ["PLAT-5 Limit requests per client"]
    assert (page["totalCount"], page["authorCount"]) == (1, 1)
    found = cluster.get(REPO + "/commits?path=README.md")["values"]
    assert [commit["properties"]["jira-key"] for commit in found] == [["PLAT-3", "PLAT-4"], ["PLAT-1"]]
    assert cluster.get(REPO + "/commits/" + found[0]["id"])["id"] == found[0]["id"]
    assert cluster.call("GET", REPO + "/commits/" + "0" * 40).status_code == 404


def test_refs_that_contain_a_commit(cluster: Cluster) -> None:
    start = tip(cluster, "develop")
    names = {ref["displayId"] for ref in cluster.get(f"{UTILS}/branches/info/{start}")["values"]}
    assert names == {"develop", "feature/PLAT-7-tracing"}
    answer = cluster.call("GET", UTILS + "/branches/info/garbage")
    assert answer.status_code == 500
    assert "malformed object name garbage" in answer.json()["errors"][0]["message"]


def test_branch_model(cluster: Cluster) -> None:
    model = cluster.get(UTILS + "/branchmodel", user="reader")
    assert model["development"]["displayId"] == "develop"
    assert model["production"]["displayId"] == "main"
    assert {kind["id"]: kind["prefix"] for kind in model["types"]} == {
        "BUGFIX": "bugfix/", "FEATURE": "feature/", "HOTFIX": "hotfix/", "RELEASE": "release/"}  # fmt: skip
    inherited = cluster.get("/rest/branch-utils/latest/projects/PLAT/repos/worker/branchmodel/configuration")
    assert inherited["scope"]["type"] == "PROJECT"
    assert cluster.get(UTILS + "/branchmodel/configuration")["scope"]["type"] == "REPOSITORY"
    empty = "/rest/branch-utils/latest/projects/PLAT/repos/empty/branchmodel"
    assert cluster.call("GET", empty).status_code == 409


def url(cluster: Cluster, user: str) -> str:
    return cluster.base.replace("http://", f"http://{user}:{user}@") + "/scm/plat/worker.git"


def test_clone_and_push(cluster: Cluster, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    said = git("clone", "-q", url(cluster, "developer"), str(clone))
    assert said.returncode == 0, said.stderr
    # Large enough for a chunked request.
    (clone / "large.bin").write_bytes(bytes(range(256)) * 20_000)
    git("add", ".", cwd=clone)
    git("commit", "-qm", "PLAT-23 Store much", cwd=clone)
    said = git("-c", "http.postBuffer=65536", "push", "-q", "origin", "HEAD:feature/PLAT-23", cwd=clone)
    assert said.returncode == 0, said.stderr
    head = git("rev-parse", "HEAD", cwd=clone).stdout.strip()
    listed = cluster.get("/rest/api/latest/projects/PLAT/repos/worker/branches?filterText=feature/PLAT-23")
    assert listed["values"][0]["latestCommit"] == head
    git("remote", "set-url", "origin", url(cluster, "reader"), cwd=clone)
    assert git("fetch", "-q", cwd=clone).returncode == 0
    assert git("push", "-q", "origin", "HEAD:feature/refused", cwd=clone).returncode != 0
    assert tip(cluster, "feature/refused", "worker") is None


def test_git_wants_credentials(cluster: Cluster) -> None:
    answer = cluster.call("GET", "/scm/plat/api.git/info/refs?service=git-upload-pack", user=None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
