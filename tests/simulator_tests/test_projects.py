# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects, repositories and permissions are made, changed, moved, archived and deleted."""

from __future__ import annotations

import pytest
from conftest import Cluster
from workbench import Workbench

API = "/rest/api/latest"


def test_a_project_from_start_to_end(bench: Workbench) -> None:
    key = bench.key + "X"
    made = bench.ok("POST", API + "/projects", 201, json={"key": key, "name": key, "description": "d"})
    assert (made["key"], made["type"], made["public"]) == (key, "NORMAL", False)
    for body in ({"key": key, "name": "Another"}, {"key": key + "Y", "name": key.lower()}):
        bench.refused("POST", API + "/projects", 409, json=body)
    bench.refused("POST", API + "/projects", 400, json={"key": "1 2", "name": "Bad"})
    bench.refused("POST", API + "/projects", 401, user="developer", json={"key": key + "Z", "name": "No"})
    changed = bench.ok("PUT", f"{API}/projects/{key}", json={"name": f"{key} named anew"})
    assert (changed["name"], changed["description"]) == (f"{key} named anew", "d")
    bench.ok("DELETE", f"{API}/projects/{key}", 204)
    bench.refused("GET", f"{API}/projects/{key}", 404)
    bench.refused("DELETE", bench.project, 409)


def test_former_names_lead_to_the_present_ones(bench: Workbench) -> None:
    renamed = bench.ok("PUT", bench.repo, 201, json={"name": "Work Bench"})
    assert (renamed["slug"], renamed["name"]) == ("work-bench", "Work Bench")
    assert bench.ok("GET", bench.repo)["id"] == renamed["id"]
    other = bench.key + "OTHER"
    bench.ok("POST", API + "/projects", 201, json={"key": other, "name": other})
    moved = bench.ok("PUT", f"{bench.project}/repos/work-bench", 201, json={"project": {"key": other}})
    assert moved["project"]["key"] == other
    assert bench.ok("GET", bench.repo)["id"] == moved["id"]
    bench.ok("PUT", f"{API}/projects/{other}", json={"key": other + "2"})
    assert bench.ok("GET", f"{API}/projects/{other}")["key"] == other + "2"
    assert bench.ok("GET", bench.repo)["project"]["key"] == other + "2"
    # A name that is taken again leads nowhere else.
    again = bench.ok("POST", bench.project + "/repos", 201, json={"name": bench.slug})
    assert bench.ok("GET", bench.repo)["id"] == again["id"]


def test_a_repository_from_start_to_end(bench: Workbench) -> None:
    repos = bench.project + "/repos"
    made = bench.ok("POST", repos, 201, json={"name": "New One", "forkable": False, "defaultBranch": "trunk"})
    assert (made["slug"], made["forkable"], made["archived"]) == ("new-one", False, False)
    assert bench.ok("GET", repos + "/new-one/default-branch")["displayId"] == "trunk"
    bench.refused("POST", repos, 409, json={"name": "new one"})
    bench.refused("POST", repos, 400, json={"name": ""})
    bench.refused("POST", repos, 401, user="developer", json={"name": "no"})
    bench.ok("DELETE", repos + "/new-one", 202)
    bench.ok("DELETE", repos + "/new-one", 204)
    bench.refused("GET", repos + "/new-one", 404)


def test_an_archived_repository_refuses_writes(bench: Workbench) -> None:
    bench.push("main:topic")
    assert bench.ok("PUT", bench.repo, 201, json={"archived": True})["archived"] is True
    body = {"name": "x", "startPoint": "main"}
    for path in (bench.utils + "/branches", bench.repo + "/branches", bench.repo + "/tags"):
        bench.refused("POST", path, 409, json=body)
    bench.refused("DELETE", bench.utils + "/branches", 409, json={"name": "topic"})
    bench.refused("PUT", bench.repo + "/default-branch", 409, json={"id": "refs/heads/topic"})
    said = bench.pushed_by("admin", "main:other")
    assert said.returncode != 0
    assert "403" in said.stderr
    slugs = [each["slug"] for each in bench.ok("GET", f"{API}/repos?projectkey={bench.key}")["values"]]
    assert slugs == []
    assert bench.ok("GET", f"{API}/repos?projectkey={bench.key}&archived=ALL")["size"] == 1
    bench.ok("PUT", bench.repo, 201, json={"archived": False})
    bench.ok("POST", bench.utils + "/branches", 201, json=body)


def test_permissions(bench: Workbench) -> None:
    users, groups = bench.repo + "/permissions/users", bench.project + "/permissions/groups"
    bench.ok("PUT", users + "?name=developer&permission=REPO_READ", 204)
    bench.ok("PUT", users + "?name=developer&permission=REPO_ADMIN", 204)
    shown = bench.ok("GET", users, user="developer")["values"]
    assert [(each["user"]["name"], each["permission"]) for each in shown] == [("developer", "REPO_ADMIN")]
    assert "reader" in {each["name"] for each in bench.ok("GET", users + "/none?filter=read")["values"]}
    # Nobody takes away what they have themselves.
    bench.refused("DELETE", users + "?name=developer", 409, user="developer")
    bench.ok("DELETE", users + "?name=developer", 204)
    bench.refused("GET", users, 401, user="developer")
    bench.refused("PUT", users + "?name=nobody&permission=REPO_READ", 404)
    bench.refused("PUT", users + "?name=developer&permission=PROJECT_READ", 400)
    bench.ok("PUT", groups + "?name=developers&permission=PROJECT_ADMIN", 204)
    assert bench.ok("GET", groups)["values"] == [{"group": {"name": "developers"}, "permission": "PROJECT_ADMIN"}]
    bench.ok("GET", bench.project + "/permissions/users", user="developer")
    bench.ok("DELETE", groups + "?name=developers", 204)


def test_default_permission(bench: Workbench) -> None:
    path = bench.project + "/permissions/PROJECT_READ/all"
    assert bench.ok("GET", path) == {"permitted": False}
    bench.refused("GET", bench.repo, 401, user="reader")
    bench.ok("POST", path + "?allow=true", 204)
    assert bench.ok("GET", path) == {"permitted": True}
    bench.ok("GET", bench.repo, user="reader")
    bench.ok("POST", path + "?allow=false", 204)
    bench.refused("GET", bench.repo, 401, user="reader")


@pytest.mark.parametrize("owner", ["projects/~developer", "users/~developer", "users/developer"])
def test_personal_repositories(bench: Workbench, owner: str) -> None:
    name = f"own-{owner.translate(str.maketrans('/~', '--'))}"
    repos = f"{API}/{owner}/repos"
    made = bench.ok("POST", repos, 201, user="developer", json={"name": name, "defaultBranch": "main"})
    assert (made["project"]["type"], made["project"]["owner"]["name"]) == ("PERSONAL", "developer")
    bench.run("push", bench.url("developer").replace(f"{bench.key.lower()}/bench", f"~developer/{name}"), "main")
    assert name in {each["slug"] for each in bench.ok("GET", repos, user="developer")["values"]}
    assert bench.ok("GET", f"{repos}/{name}/branches", user="developer")["size"] == 1
    utils = f"{repos}/{name}/branches".replace("/api/", "/branch-utils/")
    bench.ok("POST", utils, 201, user="developer", json={"name": "topic", "startPoint": "main"})
    bench.refused("GET", f"{repos}/{name}", 401, user="reader")
    bench.refused("POST", repos, 401, user="reader", json={"name": "not-mine"})
    bench.ok("DELETE", f"{repos}/{name}", 202, user="developer")


def test_users_and_groups(cluster: Cluster) -> None:
    found = cluster.get(API + "/users?filter=dora", user="reader")["values"]
    assert [user["name"] for user in found] == ["developer"]
    assert cluster.get(API + "/users/developer")["displayName"] == "Dora Developer"
    assert cluster.get(API + "/groups?filter=dev")["values"] == ["developers"]
    assert cluster.get(API + "/admin/groups")["values"][0]["name"] == "developers"
    members = cluster.get(API + "/admin/groups/more-members?context=developers")["values"]
    assert [user["name"] for user in members] == ["developer"]
    assert cluster.call("GET", API + "/users", user=None).status_code == 401
    new = "?name=temp&password=temp&displayName=Temp&emailAddress=temp@example.com"
    assert cluster.call("POST", API + "/admin/users" + new, user="developer").status_code == 401
    assert cluster.call("POST", API + "/admin/users" + new).status_code == 204
    assert cluster.call("POST", API + "/admin/users" + new).status_code == 409
    cluster.get(API + "/projects", user="temp")
