# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch permissions refuse REST writes and real pushes, each kind what it is for."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import JSON
from simulator.restrictions import pattern
from workbench import Workbench

ADVICE = "remote: Check your branch permissions configuration with the project administrator."


def restrict(bench: Workbench, kind: str, matcher: str, matcher_type: str = "BRANCH", **exempt: Any) -> dict[str, Any]:
    body = {"type": kind, "matcher": {"id": matcher, "type": {"id": matcher_type}}, **exempt}
    saved: dict[str, Any] = bench.ok("POST", bench.restrictions, json=body)
    return saved


def create(bench: Workbench, name: str, status: int, user: str = "developer") -> Any:
    body = {"name": name, "startPoint": "main"}
    return bench.ok("POST", bench.utils + "/branches", status, user=user, json=body)


def delete(bench: Workbench, name: str, status: int, **more: Any) -> Any:
    return bench.ok("DELETE", bench.utils + "/branches", status, user="developer", json={"name": name, **more})


def test_read_only(bench: Workbench) -> None:
    restrict(bench, "read-only", "refs/heads/main", users=["admin"])
    bench.commit("More")
    said = bench.pushed_by("developer", "main")
    assert said.returncode != 0
    assert "remote: Branch refs/heads/main is read-only." in said.stderr
    assert ADVICE in said.stderr
    assert "[remote rejected] main -> main (pre-receive hook declined)" in said.stderr
    assert bench.pushed_by("developer", "main:refs/heads/other").returncode == 0
    assert bench.pushed_by("admin", "main").returncode == 0
    assert bench.tip("main") == bench.git("rev-parse", "main")


def test_pull_request_only(bench: Workbench) -> None:
    restrict(bench, "pull-request-only", "refs/heads/main")
    bench.commit("More")
    said = bench.pushed_by("developer", "main")
    assert "remote: Branch refs/heads/main can only be modified through pull requests." in said.stderr
    assert bench.pushed_by("developer", "main:topic").returncode == 0
    body = {"title": "More", "fromRef": {"id": "topic"}, "toRef": {"id": "refs/heads/main"}}
    number = bench.ok("POST", bench.repo + "/pull-requests", 201, user="developer", json=body)["id"]
    merged = bench.ok("POST", f"{bench.repo}/pull-requests/{number}/merge?version=0", user="developer")
    assert bench.tip("main") == merged["properties"]["mergeCommit"]["id"]


def test_no_deletes(bench: Workbench) -> None:
    bench.push("main:release/1", "main:topic")
    restrict(bench, "no-deletes", "release/*", "PATTERN")
    error = delete(bench, "release/1", 401, dryRun=True)["errors"][0]
    assert error["exceptionName"] == "com.atlassian.bitbucket.AuthorisationException"
    delete(bench, "release/1", 401)
    delete(bench, "topic", 204)
    said = bench.pushed_by("developer", ":release/1")
    assert "remote: Branch refs/heads/release/1 cannot be deleted." in said.stderr
    assert bench.tip("release/1") is not None


def test_fast_forward_only(bench: Workbench) -> None:
    restrict(bench, "fast-forward-only", "*", "ANY_REF")
    bench.branch("topic")
    bench.git("commit", "-q", "--amend", "-m", "Rewritten")
    said = bench.pushed_by("developer", "+topic")
    assert "remote: Branch refs/heads/topic cannot have its history rewritten." in said.stderr
    bench.git("reset", "-q", "--hard", "origin/topic")
    bench.commit("Forward")
    assert bench.pushed_by("developer", "topic").returncode == 0


def test_no_creates_of_a_category(bench: Workbench) -> None:
    restrict(bench, "no-creates", "HOTFIX", "MODEL_CATEGORY", groups=[])
    create(bench, "hotfix/x", 401)
    create(bench, "feature/x", 201)
    said = bench.pushed_by("developer", "main:hotfix/y", "main:feature/y")
    assert "remote: Branch refs/heads/hotfix/y cannot be created." in said.stderr
    # The vendor's hook refuses a push as a whole.
    assert bench.tip("feature/y") is None
    restrict(bench, "no-creates", "HOTFIX", "MODEL_CATEGORY", groups=["developers"])
    create(bench, "hotfix/x", 201)


def test_model_branch(bench: Workbench) -> None:
    """The development branch is the default branch unless told otherwise."""
    restrict(bench, "read-only", "development", "MODEL_BRANCH")
    bench.commit("More")
    assert bench.pushed_by("developer", "main").returncode != 0


def test_project_level_is_inherited(bench: Workbench) -> None:
    project = bench.restrictions.replace(f"/repos/{bench.slug}", "")
    body = {"type": "no-deletes", "matcher": {"id": "refs/heads/topic", "type": {"id": "BRANCH"}}}
    made = bench.ok("POST", project, json=body)
    assert made["scope"]["type"] == "PROJECT"
    bench.push("main:topic")
    delete(bench, "topic", 401)
    assert [each["id"] for each in bench.ok("GET", bench.restrictions)["values"]] == [made["id"]]
    # Through the repository it is deleted from the project.
    bench.ok("DELETE", f"{bench.restrictions}/{made['id']}", 204)
    assert bench.ok("GET", project)["values"] == []
    error = bench.refused("DELETE", f"{project}/{made['id']}", 404)
    assert error["message"] == f"There is no restriction with ID {made['id']}"
    delete(bench, "topic", 204)


def test_listing_and_updating(bench: Workbench) -> None:
    first = restrict(bench, "read-only", "refs/heads/main", users=["developer"], accessKeys=[7])
    assert first["matcher"] == {
        "id": "refs/heads/main", "displayId": "main", "type": {"id": "BRANCH", "name": "Branch"}, "active": True,
    }  # fmt: skip
    assert [user["name"] for user in first["users"]] == ["developer"]
    again = restrict(bench, "read-only", "refs/heads/main", groups=["developers"])
    assert (again["id"], again["users"], again["groups"]) == (first["id"], [], ["developers"])
    releases = {"id": "release/*", "type": {"id": "PATTERN"}}
    bulk = [{"type": kind, "matcher": releases} for kind in ("no-deletes", "read-only")]
    headers = JSON | {"Content-Type": "application/vnd.atl.bitbucket.bulk+json"}
    assert len(bench.ok("POST", bench.restrictions, json=bulk, headers=headers)) == 2
    page = bench.ok("GET", bench.restrictions + "?limit=2")
    assert (page["size"], page["isLastPage"], page["nextPageStart"]) == (2, False, 2)
    assert bench.ok("GET", bench.restrictions + "?type=read-only")["size"] == 2
    assert bench.ok("GET", bench.restrictions + "?matcherType=PATTERN&matcherId=release/*")["size"] == 2
    assert bench.ok("GET", f"{bench.restrictions.replace('latest', '2.0')}/{first['id']}")["id"] == first["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "no-such-type"},
        {"matcher": {"id": "x", "type": {"id": "NOTHING"}}},
        {"matcher": {"id": "OTHER", "type": {"id": "MODEL_CATEGORY"}}},
        {"users": ["nobody"]},
        {"groups": ["nobodies"]},
        {"accessKeys": ["x"]},
    ],
)
def test_bad_restrictions(bench: Workbench, change: dict[str, Any]) -> None:
    body = {"type": "read-only", "matcher": {"id": "refs/heads/main", "type": {"id": "BRANCH"}}, **change}
    bench.refused("POST", bench.restrictions, 400, json=body)


def test_only_administrators_see_them(bench: Workbench) -> None:
    bench.refused("GET", bench.restrictions, 401, user="developer")


@pytest.mark.parametrize(
    ("text", "ref", "expected"),
    [
        ("*", "refs/heads/a/b", True),
        ("master", "refs/heads/hotfix/master", True),
        ("release/*", "refs/heads/release/1", True),
        ("release/*", "refs/heads/release/1/2", False),
        ("release/", "refs/heads/release/1/2", True),
        ("heads/**/master", "refs/heads/master", True),
        ("heads/**/master", "refs/heads/a/b/master", True),
        ("?.?", "refs/tags/1.2", True),
        ("tags/", "refs/heads/main", False),
        ("a.c", "refs/heads/abc", False),
    ],
)
def test_patterns(text: str, ref: str, expected: bool) -> None:
    assert (pattern(text).fullmatch(ref) is not None) == expected
