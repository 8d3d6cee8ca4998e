# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""atlassian-python-api, unmodified, does with the simulator what it does with a server.

Left out is what needs a part of the product that is not simulated: avatars, webhooks, hooks, audit, search, forks.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from atlassian import Bitbucket
from atlassian.bitbucket.server import Server
from conftest import Cluster
from requests import HTTPError
from workbench import Workbench

_numbers = count(1)
# The library has no annotations.
BITBUCKET: Any = Bitbucket
SERVER: Any = Server


def client(cluster: Cluster, user: str = "admin") -> Any:
    return BITBUCKET(cluster.base, username=user, password=user)


@pytest.fixture
def key(cluster: Cluster) -> str:
    """A project of the test's own, made by the client."""
    name = f"CLIENT{next(_numbers)}"
    assert client(cluster).create_project(name, f"Client {name}", "By a client")["key"] == name
    return name


def test_projects(cluster: Cluster, key: str) -> None:
    api = client(cluster)
    assert {project["key"] for project in api.project_list(limit=1)} >= {"PLAT", "WEB", key}
    assert api.project(key)["description"] == "By a client"
    assert api.update_project(key, description="Changed")["description"] == "Changed"
    assert api.project_exists(key)
    assert not api.project_exists("NOPE")
    with pytest.raises(HTTPError, match="already in use"):
        api.create_project(key, "Again")


def test_permissions(cluster: Cluster, key: str) -> None:
    api = client(cluster)
    api.create_repo(key, "repo")
    api.project_grant_user_permissions(key, "developer", "PROJECT_ADMIN")
    assert [entry["permission"] for entry in api.project_users(key, filter_str="dev")] == ["PROJECT_ADMIN"]
    api.project_grant_group_permissions(key, "developers", "PROJECT_ADMIN")
    administrators = api.project_users_with_administrator_permissions(key)
    assert {user["name"] for user in administrators} == {"admin", "developer"}
    assert list(api.project_groups_with_administrator_permissions(key)) == ["developers"]
    api.repo_grant_user_permissions(key, "repo", "reader", "REPO_READ")
    assert [entry["user"]["name"] for entry in api.repo_users(key, "repo")] == ["reader"]
    assert client(cluster, "reader").repo_exists(key, "repo")
    api.repo_grant_group_permissions(key, "repo", "developers", "REPO_WRITE")
    assert api.repo_groups_with_administrator_permissions(key, "repo") == ["developers"]
    api.project_remove_group_permissions(key, "developers")
    api.project_remove_user_permissions(key, "developer")
    api.repo_remove_user_permissions(key, "repo", "reader")
    api.repo_remove_group_permissions(key, "repo", "developers", None)
    assert not client(cluster, "reader").repo_exists(key, "repo")
    assert api.project_default_permissions(key, "PROJECT_READ") == {"permitted": False}
    api.project_grant_default_permissions(key, "PROJECT_READ")
    assert client(cluster, "reader").repo_exists(key, "repo")
    api.project_remove_default_permissions(key, "PROJECT_READ")
    assert not client(cluster, "reader").repo_exists(key, "repo")


def test_repositories(cluster: Cluster, key: str) -> None:
    api = client(cluster)
    for number in range(3):
        api.create_repo(key, f"repo-{number}", forkable=True)
    assert [repo["slug"] for repo in api.repo_list(key, limit=2)] == ["repo-0", "repo-1", "repo-2"]
    assert len(list(api.repo_all_list(key))) == 3
    api.disable_repo_forking(key, "repo-1")
    assert api.get_repo_forkable(key, "repo-1") is False
    assert api.update_repo(key, "repo-1", description="Changed")["description"] == "Changed"
    assert api.update_repo(key, "repo-2", name="renamed")["slug"] == "renamed"
    # The former name is redirected, and the client follows.
    assert api.get_repo(key, "repo-2")["slug"] == "renamed"
    api.delete_repo(key, "repo-0")
    assert not api.repo_exists(key, "repo-0")


def test_personal_repositories(cluster: Cluster) -> None:
    api = client(cluster, "developer")
    api.create_repo("~developer", "by-client")
    assert api.get_repo("~developer", "by-client")["project"]["type"] == "PERSONAL"
    server = SERVER(cluster.base, username="developer", password="developer")
    assert "by-client" in {repo.slug for repo in server.personal_repositories("developer").each()}
    api.enable_branching_model("~developer", "by-client")
    api.delete_repo("~developer", "by-client")


def test_objects(cluster: Cluster) -> None:
    """The library's second interface, as far as it asks for addresses of the API."""
    server = SERVER(cluster.base, username="admin", password="admin")
    key = f"OBJECT{next(_numbers)}"
    assert server.projects.create(f"Object {key}", key, "d").type == "NORMAL"
    assert server.projects.get(key).description == "d"
    assert server.projects.get(f"Object {key}", by="name").key == key
    assert server.projects.exists(key)
    assert not server.projects.exists("NOPE")
    assert {"admin", "developer"} <= {user.name for user in server.users.each()}


def test_branches(bench: Workbench) -> None:
    api, at = client(bench.cluster), (bench.key, bench.slug)
    for number in range(4):
        api.create_branch(*at, f"feature/{number}", "main")
    assert bench.tip("feature/3") == bench.tip("main")
    assert len(list(api.get_branches(*at, filter="feature/", limit=3))) == 4
    shown = next(iter(api.get_branches(*at, filter="feature/1", base="main")))
    assert any(name.endswith("ahead-behind-metadata-provider") for name in shown["metadata"])
    api.delete_branch(*at, "feature/0", end_point=bench.tip("main"))
    assert bench.tip("feature/0") is None
    with pytest.raises(HTTPError, match="already exists"):
        api.create_branch(*at, "feature/1", "main")
    api.set_default_branch(*at, "refs/heads/feature/1")
    assert api.get_default_branch(*at)["displayId"] == "feature/1"


def test_branch_model(bench: Workbench) -> None:
    api, at = client(bench.cluster), (bench.key, bench.slug)
    assert api.get_branching_model(*at)["scope"]["type"] == "PROJECT"
    assert api.enable_branching_model(*at)["scope"]["type"] == "REPOSITORY"
    api.disable_branching_model(*at)
    assert api.get_branching_model(*at)["scope"]["type"] == "PROJECT"


def test_branch_permissions(bench: Workbench) -> None:
    api, at = client(bench.cluster), (bench.key, bench.slug)
    made = api.set_branches_permissions(
        bench.key, matcher_type="pattern", matcher_value="release/*", permission_type="no-deletes",
        repository_slug=bench.slug, except_users=["admin"],
    )  # fmt: skip
    assert [user["name"] for user in made["users"]] == ["admin"]
    several: list[Any] = [
        {"type": kind, "matcher": {"id": "refs/heads/main", "type": {"id": "BRANCH"}}, "users": [], "groups": []}
        for kind in ("no-deletes", "fast-forward-only")
    ]
    assert len(api.set_branches_permissions(bench.key, several, repository_slug=bench.slug)) == 2
    assert api.get_branches_permissions(bench.key, None, bench.slug)["size"] == 3
    assert len(list(api.all_branches_permissions(bench.key, None, bench.slug))) == 3
    bench.push("main:release/1")
    with pytest.raises(HTTPError, match="cannot be deleted"):
        client(bench.cluster, "developer").delete_branch(*at, "release/1")
    assert "cannot be deleted" in bench.pushed_by("developer", ":release/1").stderr
    api.delete_branch_permission(bench.key, made["id"], bench.slug)
    client(bench.cluster, "developer").delete_branch(*at, "release/1")


def test_commits_and_tags(bench: Workbench) -> None:
    api, at = client(bench.cluster), (bench.key, bench.slug)
    for number in range(5):
        bench.commit(f"{bench.key}-{number + 1} Work")
    bench.push("main")
    found = [commit["id"] for commit in api.get_commits(*at, limit=2)]
    assert found == bench.git("log", "--format=%H").split()
    assert len(list(api.get_commits(*at, hash_oldest=found[2], hash_newest="main"))) == 2
    assert api.get_commit_info(*at, found[0])["properties"]["jira-key"] == [f"{bench.key}-5"]
    assert api.get_commit_changes(*at, commit_id=found[0])["size"] == 1
    assert len(list(api.get_changelog(*at, found[0], found[3]))) == 3
    api.set_tag(*at, "v1", found[1], description="First")
    assert [tag["latestCommit"] for tag in api.get_tags(*at)] == [found[1]]
    assert api.get_project_tags(*at, "v1")["displayId"] == "v1"
    api.delete_tag(*at, "v1")
    assert list(api.get_tags(*at)) == []


def test_pull_requests(bench: Workbench) -> None:
    api, at = client(bench.cluster), (bench.key, bench.slug)
    bench.branch("one")
    bench.branch("two")
    one, two = (
        api.open_pull_request(*at, *at, name, "main", name, "d", reviewers=["developer"])["id"]
        for name in ("one", "two")
    )
    assert len(list(api.get_pull_requests(*at, limit=1))) == 2
    comment = api.add_pull_request_comment(*at, one, "Why?")
    api.add_pull_request_comment(*at, one, "Because.", parent_id=comment["id"])
    assert len(api.get_pull_request_comment(*at, one, comment["id"])["comments"]) == 1
    assert api.is_pull_request_can_be_merged(*at, one)["canMerge"] is True
    assert api.merge_pull_request(*at, one, "Merge it", pr_version=0)["state"] == "MERGED"
    assert len(list(api.get_pull_requests_commits(*at, two))) == 1
    assert len(list(api.get_pull_requests_activities(*at, one))) == 3
    assert api.decline_pull_request(*at, two, 0)["state"] == "DECLINED"


def test_users(cluster: Cluster) -> None:
    api = client(cluster)
    assert [user["name"] for user in api.get_users("dora")["values"]] == ["developer"]
    assert list(api.get_groups("dev")) == ["developers"]
    assert [user["name"] for user in api.group_members("developers")] == ["developer"]
    assert api.get_cluster_info()["running"] is True
