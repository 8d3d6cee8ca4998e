# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch permissions: restrictions, and that they hold for REST and for git."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.api import Api
from conformance.sandbox import Repository, git

claim = pytest.mark.claim


def matcher(name: str, kind: str = "BRANCH") -> dict[str, Any]:
    return {"id": name, "type": {"id": kind}}


def restrict(repository: Repository, kind: str, match: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The restriction as the server answers it."""
    body = {"type": kind, "matcher": match, "users": [], "groups": [], "accessKeys": [], **more}
    made: dict[str, Any] = repository.api.post(repository.restrictions, body, status=200, schema="restriction").json
    return made


@pytest.fixture
def guarded(new_repository: Callable[..., Repository]) -> Repository:
    return new_repository()


@claim("A restriction is {id, type, matcher, users, groups, accessKeys}; listings are paged", evidence="doc")
@claim("A deleted restriction is gone: 204", evidence="doc")
def test_life(api: Api, guarded: Repository) -> None:
    assert api.values(guarded.restrictions, "restriction_page") == []
    made = restrict(guarded, "read-only", matcher(f"refs/heads/{guarded.topic}"))
    assert (made["type"], made["matcher"]["id"]) == ("read-only", f"refs/heads/{guarded.topic}")
    assert api.values(guarded.restrictions, "restriction_page") == [made]
    assert api.get(f"{guarded.restrictions}/{made['id']}", schema="restriction").json == made
    api.delete(f"{guarded.restrictions}/{made['id']}", status=204)
    api.get(f"{guarded.restrictions}/{made['id']}", status=404)


@claim("`2.0` and `latest` name the same version", evidence="doc")
def test_versions(api: Api, guarded: Repository) -> None:
    made = restrict(guarded, "no-deletes", matcher("release/*", "PATTERN"))
    latest = guarded.restrictions.replace("/2.0/", "/latest/")
    assert api.values(latest, "restriction_page") == [made]


@claim("POST with the same type and matcher updates in place", evidence="seen 10.4")
def test_update_in_place(api: Api, guarded: Repository) -> None:
    match = matcher(f"refs/heads/{guarded.topic}")
    made = restrict(guarded, "read-only", match)
    again = restrict(guarded, "read-only", match, users=[guarded.target.user.name])
    assert again["id"] == made["id"]
    assert [user["name"] for user in again["users"]] == [guarded.target.user.name]
    assert api.values(guarded.restrictions, "restriction_page") == [again]


@claim("Matchers are of the types BRANCH, PATTERN, MODEL_BRANCH and MODEL_CATEGORY", evidence="doc")
@pytest.mark.parametrize(
    "match",
    [
        matcher("refs/heads/main"), matcher("release/*", "PATTERN"), matcher("development", "MODEL_BRANCH"),
        matcher("RELEASE", "MODEL_CATEGORY"),
    ],
    ids=lambda match: match["type"]["id"],
)  # fmt: skip
def test_matchers(guarded: Repository, match: dict[str, Any]) -> None:
    shown = restrict(guarded, "fast-forward-only", match)["matcher"]
    assert (shown["id"], shown["type"]["id"]) == (match["id"], match["type"]["id"])


@claim("ANY_REF matches every branch; its id is ANY_REF_MATCHER_ID", evidence="assumed")
def test_any_ref(guarded: Repository) -> None:
    shown = restrict(guarded, "no-deletes", matcher("ANY_REF_MATCHER_ID", "ANY_REF"))["matcher"]
    assert (shown["id"], shown["type"]["id"]) == ("ANY_REF_MATCHER_ID", "ANY_REF")
    assert guarded.remove(guarded.topic).status in (401, 403, 409)


@claim("A repository lists its project's restrictions, too, with the scope PROJECT", evidence="seen")
@claim("What is deleted through the repository is deleted from the project", evidence="seen")
def test_inherited(api: Api, guarded: Repository) -> None:
    project = f"/rest/branch-permissions/2.0/projects/{guarded.key}/restrictions"
    answer = api.get(project, status=(200, 401))
    if answer.status == 401:
        pytest.skip("the user does not administer the project")
    body = {"type": "no-deletes", "matcher": matcher("conformance/inherited/*", "PATTERN")}
    made = api.post(project, body, status=200, schema="restriction").json
    try:
        shown = {each["id"]: each["scope"]["type"] for each in api.values(guarded.restrictions, "restriction_page")}
        assert shown == {made["id"]: "PROJECT"}
        own = restrict(guarded, "no-deletes", matcher("conformance/inherited/*", "PATTERN"))
        assert own["id"] != made["id"] and own["scope"]["type"] == "REPOSITORY"
        api.delete(f"{guarded.restrictions}/{made['id']}", status=204)
        assert made["id"] not in [each["id"] for each in api.values(project, "restriction_page")]
        assert api.values(guarded.restrictions, "restriction_page") == [own]
    finally:
        api.delete(f"{project}/{made['id']}", status=(204, 404))


@claim("Access keys come as {key: {id, label, text}}", evidence="seen")
@pytest.mark.needs("settings")
def test_access_keys(guarded: Repository) -> None:
    shown = restrict(guarded, "read-only", matcher("refs/heads/main"), accessKeys=[7])
    assert [set(each["key"]) for each in shown["accessKeys"]] == [{"id", "label", "text"}]


@claim("A restriction that does not exist is 404 NoSuchEntityException", evidence="seen 9.2 to 10.4")
def test_missing(api: Api, guarded: Repository) -> None:
    assert api.get(f"{guarded.restrictions}/2147483000", status=404).exception == "NoSuchEntityException"


@claim("DEFAULT_BRANCH with the id # is taken from 10.2 on, and refused with 400 before", evidence="assumed")
def test_default_branch_matcher(api: Api, guarded: Repository, version: tuple[int, ...]) -> None:
    body = {"type": "no-deletes", "matcher": matcher("#", "DEFAULT_BRANCH")}
    if version < (10, 2):
        api.post(guarded.restrictions, body, status=400)
        return
    shown = api.post(guarded.restrictions, body, status=200, schema="restriction").json["matcher"]
    assert (shown["id"], shown["type"]["id"]) == ("#", "DEFAULT_BRANCH")


@claim("An unknown type is refused with 400", evidence="doc")
def test_unknown_type(api: Api, guarded: Repository) -> None:
    api.post(guarded.restrictions, {"type": "no-fun", "matcher": matcher("refs/heads/main")}, status=400)


@claim("A user or a group that does not exist is refused with 400", evidence="assumed")
@pytest.mark.parametrize("who", [{"users": ["no-such-user"]}, {"groups": ["no-such-group"]}], ids=min)
def test_unknown_exempt(api: Api, guarded: Repository, who: dict[str, Any]) -> None:
    api.post(guarded.restrictions, {"type": "read-only", "matcher": matcher("refs/heads/main"), **who}, status=400)
    assert api.values(guarded.restrictions, "restriction_page") == []


@claim("A user is found by the slug; where there is none: 404", evidence="doc")
@claim("Users are listed by a part of the name, whatever the case", evidence="doc, assumed")
def test_users(api: Api, guarded: Repository) -> None:
    name = guarded.target.user.name
    # assumed: of a name like this one the slug is the name in lower case
    slug = name.lower()
    assert api.get(f"/rest/api/latest/users/{slug}", schema="user").json["name"] == name
    api.get("/rest/api/latest/users/no-such-user", status=404)
    listed = api.values("/rest/api/latest/users", "user_page", filter=name[1:].upper())
    assert name in [user["name"] for user in listed]
    assert api.values("/rest/api/latest/users", "user_page", filter="no-such-user") == []


@claim("Groups are listed by a part of the name, as names alone", evidence="doc")
@claim("The filter of groups does not look at the case", evidence="assumed")
def test_groups(api: Api) -> None:
    every = api.values("/rest/api/latest/groups", "page")
    if not every:
        pytest.skip("there is no group")
    assert every[0] in api.values("/rest/api/latest/groups", "page", filter=every[0][1:].upper())
    assert api.values("/rest/api/latest/groups", "page", filter="no-such-group") == []


@claim("read-only refuses pushes and deletions", evidence="doc")
def test_read_only(guarded: Repository) -> None:
    restrict(guarded, "read-only", matcher(f"refs/heads/{guarded.topic}"))
    git("checkout", "--quiet", "topic", cwd=guarded.work)
    guarded.commit("src/more.txt", "More")
    assert guarded.push(f"topic:refs/heads/{guarded.topic}", check=False).returncode != 0
    assert guarded.remove(guarded.topic).status in (401, 403, 409)
    assert guarded.remote_refs()[f"refs/heads/{guarded.topic}"] == guarded.topic_commit


@claim("Users that a restriction names are exempt from it", evidence="doc")
def test_exempt(guarded: Repository) -> None:
    restrict(guarded, "read-only", matcher(f"refs/heads/{guarded.topic}"), users=[guarded.target.user.name])
    git("checkout", "--quiet", "topic", cwd=guarded.work)
    commit = guarded.commit("src/more.txt", "More")
    guarded.push(f"topic:refs/heads/{guarded.topic}")
    assert guarded.remote_refs()[f"refs/heads/{guarded.topic}"] == commit


@claim("no-deletes refuses deletion by REST and by git", evidence="doc")
def test_no_deletes(guarded: Repository) -> None:
    restrict(guarded, "no-deletes", matcher(f"refs/heads/{guarded.topic}"))
    assert guarded.push(f":refs/heads/{guarded.topic}", check=False).returncode != 0
    assert guarded.remove(guarded.topic).status in (401, 403, 409)
    assert guarded.remote_refs()[f"refs/heads/{guarded.topic}"] == guarded.topic_commit


@claim("fast-forward-only refuses rewritten history and takes the rest", evidence="doc")
def test_fast_forward_only(guarded: Repository) -> None:
    restrict(guarded, "fast-forward-only", matcher(f"refs/heads/{guarded.topic}"))
    target = f"refs/heads/{guarded.topic}"
    assert guarded.push(f"+base:{target}", check=False).returncode != 0
    git("checkout", "--quiet", "topic", cwd=guarded.work)
    commit = guarded.commit("src/more.txt", "More")
    guarded.push(f"topic:{target}")
    assert guarded.remote_refs()[target] == commit


@claim("pull-request-only refuses pushes", evidence="doc")
def test_pull_request_only(guarded: Repository) -> None:
    restrict(guarded, "pull-request-only", matcher(f"refs/heads/{guarded.topic}"))
    git("checkout", "--quiet", "topic", cwd=guarded.work)
    guarded.commit("src/more.txt", "More")
    assert guarded.push(f"topic:refs/heads/{guarded.topic}", check=False).returncode != 0


@claim("no-creates, from 9.4 on, refuses new branches by REST and by git", evidence="doc")
def test_no_creates(guarded: Repository, version: tuple[int, ...]) -> None:
    if version < (9, 4):
        pytest.skip("from 9.4 on")
    restrict(guarded, "no-creates", matcher("release/*", "PATTERN"))
    assert guarded.create("release/1").status == 401
    assert guarded.push("base:refs/heads/release/2", check=False).returncode != 0
    assert guarded.create("feature/1").status == 201


@claim("Before 9.4 no-creates is refused with 400, Invalid type", evidence="seen 9.2.1, seen 9.3.2")
def test_no_creates_of_old(api: Api, guarded: Repository, version: tuple[int, ...]) -> None:
    if version >= (9, 4):
        pytest.skip("before 9.4 only")
    body = {"type": "no-creates", "matcher": matcher("release/*", "PATTERN")}
    assert "Invalid type" in api.post(guarded.restrictions, body, status=400).message


@claim("A branch that a permission keeps from being created: 401", evidence="doc")
def test_creation_refused(guarded: Repository) -> None:
    restrict(guarded, "read-only", matcher("release/*", "PATTERN"))
    assert guarded.create("release/1").status == 401
    assert "refs/heads/release/1" not in guarded.remote_refs()


@claim("Who does not administer the repository may neither read its restrictions nor restrict it: 401",
       evidence="doc, seen")  # fmt: skip
def test_not_permitted(reader: Api, guarded: Repository) -> None:
    reader.get(guarded.restrictions, status=401)
    body = {"type": "read-only", "matcher": matcher("refs/heads/main")}
    reader.post(guarded.restrictions, body, status=401)
