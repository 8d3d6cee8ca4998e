# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._pull_request import in_review
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.plugins.module_utils._stale import Rules
from ansible_collections.bitbucket.datacenter.plugins.module_utils._stale_branches import (
    Place,
    judge,
    judge_all,
    places,
)
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

API = Repository("PLAT", "api")
TIP = "a" * 40
DISTANCE = "com.atlassian.bitbucket.server.bitbucket-branch:ahead-behind-metadata-provider"
NO_MODEL = refusal(404, "No branch model.", "repository.NoSuchBranchModelException")


def listed(*values):
    return Answer(200, {"values": list(values), "isLastPage": True})


def ref(name, default=False):
    metadata = {} if default else {DISTANCE: {"ahead": 0, "behind": 1}}
    return {"id": f"refs/heads/{name}", "latestCommit": TIP, "isDefault": default, "metadata": metadata}


def server(request):
    """Every repository has main and x; none has a model, a restriction or a pull request."""
    if request.path.endswith("/branches"):
        return listed(ref("x"), ref("main", default=True))
    return NO_MODEL if request.path.endswith("/branchmodel") else listed()


def test_a_repository_without_a_model_is_judged_without_one():
    with serving(server) as (client, asked):
        rows = judge(client, Place(API), Rules(), 0)
    assert [(row["name"], row["base"], row["type"], row["reasons"]) for row in rows] == [
        ("main", "main", None, ["default", "base"]),
        ("x", "main", None, []),
    ]
    assert [request.path.rpartition("/")[2] for request in asked.received] == [
        "branches", "branchmodel", "restrictions", "pull-requests",
    ]  # fmt: skip
    assert "base" not in asked.received[0].query


def test_an_empty_repository_costs_one_request():
    with serving(listed()) as (client, asked):
        assert judge(client, Place(API, "develop"), Rules(), 0) == []
    assert len(asked.received) == 1
    assert asked.received[0].query["base"] == "refs/heads/develop"


@pytest.mark.parametrize("rules", [Rules(), Rules(merged=False), Rules(older_than=86400)])
@pytest.mark.parametrize("base", [None, "x"])
def test_without_a_default_branch_every_branch_is_kept_for_that(rules, base):
    def handler(request):
        if request.query.get("details"):
            return refusal(404, "No default branch is defined", "repository.NoDefaultBranchException")
        if request.path.endswith("/default-branch"):
            return Answer(200, {"id": "refs/heads/master"})
        if request.path.endswith("/branches"):
            return listed({**ref("x"), "displayId": "x"}, {**ref("y"), "displayId": "y"})
        return server(request)

    with serving(handler) as (client, _asked):
        rows = judge(client, Place(API, base), rules, 0)
    assert [row["name"] for row in rows] == ["x", "y"]
    assert all("no_default_branch" in row["reasons"] for row in rows)
    assert all(row["ahead"] is None and row["base"] == base for row in rows)


@pytest.mark.parametrize("name", ["repository.NoSuchRepositoryException", "commit.NoSuchCommitException", None])
def test_another_404_of_the_listing_is_an_error(name):
    with serving(refusal(404, "Not here", name)) as (client, _asked), pytest.raises(NotFoundError, match="Not here"):
        judge(client, Place(API), Rules(), 0)


def test_a_restriction_that_may_not_be_read_is_no_absence_of_one():
    def handler(request):
        if request.path.endswith("/restrictions"):
            return refusal(401, "You are not permitted to access this resource", "AuthorisationException")
        return server(request)

    with serving(handler) as (client, _asked), pytest.raises(PermissionDeniedError, match=r"PLAT/api: .*not permitted"):
        list(judge_all(client, [Place(API)], Rules(), 0, 4))


@pytest.mark.parametrize("concurrency", [1, 3, 64])
def test_many_are_judged_in_order(concurrency, monkeypatch):
    wanted = [Place(Repository("PLAT", f"r{number}")) for number in range(20)]
    with serving(server) as (client, asked):
        mounted = client._transport._session.adapters["https://"]

        def another():
            other = type(client)(client._connection, retry=client._retry)
            other._transport._session.mount("https://", mounted)
            return other

        monkeypatch.setattr(client, "another", another)
        rows = list(judge_all(client, wanted, Rules(), 0, concurrency))
    assert [row["repository"] for row in rows] == [f"r{number}" for number in range(20) for _each in range(2)]
    assert len(asked.received) == 20 * 4


def test_nothing_to_judge():
    with serving(server) as (client, asked):
        assert list(judge_all(client, [], Rules(), 0, 8)) == []
    assert asked.received == []


def test_refused_credentials_are_tried_once():
    wanted = [Place(Repository("PLAT", f"r{number}")) for number in range(20)]
    answer = refusal(401, "Authentication failed.", "auth.IncorrectPasswordAuthenticationException")
    with serving(answer) as (client, asked):
        with pytest.raises(AuthenticationError, match="PLAT/r0: "):
            list(judge_all(client, wanted, Rules(), 0, 8))
        assert len(asked.received) == 1


def test_places_by_globs_and_plainly():
    def repository(key, slug, archived=False):
        return {"slug": slug, "project": {"key": key}, "archived": archived}

    everything = listed(repository("PLAT", "api"), repository("PLAT", "old", True), repository("WEB", "api"))
    with serving(everything) as (client, asked):
        wanted = [
            {"project_key": "plat", "repository": "API", "base": "refs/heads/develop"},
            {"project_key": "*", "repository": "*", "exclude": ["x*"], "base": None},
        ]
        found = places(client, wanted)
        assert len(asked.received) == 1
    assert found == [Place(Repository("plat", "API"), "develop"), Place(Repository("WEB", "api"))]


def test_a_project_that_is_not_there_is_an_error():
    gone = refusal(404, "Project NOPE does not exist.", "project.NoSuchProjectException")
    with serving(gone) as (client, _asked), pytest.raises(NotFoundError):
        places(client, [{"project_key": "NOPE", "repository": "*"}])


def test_branches_in_review_are_those_of_this_repository():
    def end(name, slug="api", key="PLAT"):
        return {"id": f"refs/heads/{name}", "repository": {"slug": slug, "project": {"key": key}}}

    answer = listed(
        {"fromRef": end("feature/x"), "toRef": end("develop")},
        {"fromRef": end("feature/y", key="~dora"), "toRef": end("main")},
    )
    with serving(answer) as (client, asked):
        assert in_review(client, API) == {"feature/x", "develop", "main"}
        assert asked.received[0].query["state"] == "OPEN"
