# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull requests and comments, as far as branches, restrictions and Jira need them; users."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.api import Api
from conformance.sandbox import Repository
from conformance.target import Target

claim = pytest.mark.claim
PULL_REQUEST = "com.atlassian.bitbucket.server.bitbucket-ref-metadata:outgoing-pull-request-metadata"
BUILD_STATUS = "com.atlassian.bitbucket.server.bitbucket-build:build-status-metadata"


def body(repository: Repository) -> dict[str, object]:
    return {
        "title": "Try",
        "fromRef": {"id": f"refs/heads/{repository.topic}"},
        "toRef": {"id": f"refs/heads/{repository.base}"},
    }


@claim("A pull request is made with 201, listed, and refused a second time with 409", evidence="doc")
@claim("details=true of branches adds the pull requests that go out", evidence="seen 9.2 to 10.4")
def test_open(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    path = f"{repository.rest}/pull-requests"
    made = api.post(path, body(repository), status=201, schema="pull_request").json
    assert (made["state"], made["fromRef"]["latestCommit"]) == ("OPEN", repository.topic_commit)
    assert [each["id"] for each in api.values(path, "pull_request_page")] == [made["id"]]
    assert api.get(f"{path}/{made['id']}", schema="pull_request").json["id"] == made["id"]
    api.post(path, body(repository), status=409)
    listed = api.values(f"{repository.rest}/branches", "branch_page", details="true", filterText=repository.topic)
    assert PULL_REQUEST in listed[0]["metadata"]


@claim("Other keys may stand beside those of an error, such as currentVersion", evidence="doc")
@claim("A merge moves the target branch, and needs the present version: else 409", evidence="doc")
def test_merge(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    path = f"{repository.rest}/pull-requests"
    made = api.post(path, body(repository), status=201, schema="pull_request").json
    stale = api.post(f"{path}/{made['id']}/merge?version={made['version'] + 7}", status=409)
    assert stale.exception == "PullRequestOutOfDateException"
    assert any("currentVersion" in place for place in (stale.json, stale.json["errors"][0]))
    merged = api.post(f"{path}/{made['id']}/merge?version={made['version']}", status=200, schema="pull_request").json
    assert merged["state"] == "MERGED"
    commits = {commit["id"] for commit in api.values(f"{repository.rest}/commits", "commit_page", until="main")}
    assert repository.topic_commit in commits
    assert repository.remote_refs()["refs/heads/main"] != repository.tip


@claim("A comment on a pull request is made with 201", evidence="doc")
def test_comment(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    number = api.post(f"{repository.rest}/pull-requests", body(repository), status=201).json["id"]
    path = f"{repository.rest}/pull-requests/{number}/comments"
    made = api.post(path, {"text": "Well done"}, status=201, schema="comment").json
    assert made["text"] == "Well done"
    assert api.get(f"{path}/{made['id']}", schema="comment").json["id"] == made["id"]


@claim("A comment that is read shows the replies to it, and each with its version", evidence="doc")
@claim("A reply is edited and deleted with the version that it has, else 409", evidence="doc")
def test_replies(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    number = api.post(f"{repository.rest}/pull-requests", body(repository), status=201).json["id"]
    path = f"{repository.rest}/pull-requests/{number}/comments"
    comment = api.post(path, {"text": "Well done"}, status=201, schema="comment").json["id"]
    answers = [
        api.post(path, {"text": text, "parent": {"id": comment}}, status=201, schema="comment").json
        for text in ("Thanks", "Jira issue: CONFORM-1")
    ]

    def shown() -> list[tuple[int, int, str]]:
        replies = api.get(f"{path}/{comment}", schema="comment").json["comments"]
        return sorted((reply["id"], reply["version"], reply["text"]) for reply in replies)

    first, second = (answer["id"] for answer in answers)
    assert shown() == [(first, 0, "Thanks"), (second, 0, "Jira issue: CONFORM-1")]
    edited = {"text": "Jira issue: CONFORM-2", "version": 0}
    assert api.put(f"{path}/{second}", edited, status=200, schema="comment").json["version"] == 1
    api.put(f"{path}/{second}", {"text": "Too late", "version": 0}, status=409)
    api.delete(f"{path}/{second}?version=0", status=409)
    assert shown() == [(first, 0, "Thanks"), (second, 1, "Jira issue: CONFORM-2")]
    api.delete(f"{path}/{second}?version=1", status=204)
    assert shown() == [(first, 0, "Thanks")]


@claim("details=true of branches adds the status of builds", evidence="seen 9.2 to 10.4")
def test_build_status(api: Api, repository: Repository) -> None:
    build = {"key": "CONFORM", "state": "SUCCESSFUL", "url": "http://builds.example.com/1"}
    path = f"/rest/build-status/latest/commits/{repository.topic_commit}"
    api.post(path, build, status=204)
    listed = api.values(f"{repository.rest}/branches", "branch_page", details="true", filterText=repository.topic)
    branch = next(branch for branch in listed if branch["displayId"] == repository.topic)
    assert branch["metadata"][BUILD_STATUS]["successful"] == 1


@claim("A user is {name, slug, displayName, active, type, ...}; users are listed by pages", evidence="doc")
def test_users(api: Api, target: Target) -> None:
    shown = api.get(f"/rest/api/latest/users/{target.user.name}", schema="user").json
    assert shown["name"] == target.user.name
    found = api.values("/rest/api/latest/users", "user_page", filter=target.user.name)
    assert target.user.name in {user["name"] for user in found}
