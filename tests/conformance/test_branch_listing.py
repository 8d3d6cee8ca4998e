# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listing of branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.api import Api
from conformance.sandbox import Repository

claim = pytest.mark.claim
PROVIDER = "com.atlassian.bitbucket.server."
AHEAD_BEHIND = f"{PROVIDER}bitbucket-branch:ahead-behind-metadata-provider"
LATEST_COMMIT = f"{PROVIDER}bitbucket-branch:latest-commit-metadata"
PULL_REQUEST = f"{PROVIDER}bitbucket-ref-metadata:outgoing-pull-request-metadata"
BUILD_STATUS = f"{PROVIDER}bitbucket-build:build-status-metadata"


def names(listed: list[Any]) -> list[str]:
    return [branch["displayId"] for branch in listed]


@claim("filterText is a substring, so that more than the wanted branch may come", evidence="doc")
def test_filter(api: Api, repository: Repository) -> None:
    name = repository.name()
    repository.create(name)
    repository.create(f"{name}-more")
    listed = names(api.values(f"{repository.rest}/branches", "branch_page", filterText=name))
    assert set(listed) == {name, f"{name}-more"}
    part = name[1:]
    assert set(names(api.values(f"{repository.rest}/branches", "branch_page", filterText=part))) >= set(listed)


@claim("orderBy=ALPHABETICAL sorts by name", evidence="doc")
def test_alphabetical(api: Api, repository: Repository) -> None:
    listed = names(api.values(f"{repository.rest}/branches", "branch_page", orderBy="ALPHABETICAL"))
    assert listed == sorted(listed, key=str.lower)


@claim("orderBy=MODIFICATION shows the newest first", evidence="doc")
def test_by_modification(api: Api, repository: Repository) -> None:
    older, newer = repository.name(), repository.name()
    repository.create(older, repository.commits[0])
    repository.create(newer, repository.topic_commit)
    listed = names(api.values(f"{repository.rest}/branches", "branch_page", orderBy="MODIFICATION"))
    # Commits of one second may come in either order.
    times = {each: api.get(f"{repository.rest}/commits/{commit}").json["committerTimestamp"]
             for each, commit in ((older, repository.commits[0]), (newer, repository.topic_commit))}  # fmt: skip
    assert times[newer] >= times[older]
    assert times[newer] == times[older] or listed.index(newer) < listed.index(older)


@claim("boostMatches brings exact matches first", evidence="doc")
def test_boost(api: Api, repository: Repository) -> None:
    name = repository.name()
    repository.create(f"{name}-a")
    repository.create(name)
    path = f"{repository.rest}/branches"
    assert names(api.values(path, "branch_page", filterText=name, boostMatches="true"))[0] == name


@claim(
    "details=true adds metadata keyed by provider: ahead and behind, absent on the base", evidence="seen 9.2 to 10.4"
)
@claim("`base` is what branches are compared with", evidence="doc")
def test_ahead_behind(api: Api, repository: Repository) -> None:
    old = repository.name()
    repository.create(old, repository.commits[0])
    path = f"{repository.rest}/branches"
    listed = api.values(path, "branch_page", details="true", base=f"refs/heads/{repository.base}")
    metadata = {branch["displayId"]: branch["metadata"] for branch in listed}
    assert metadata[repository.topic][AHEAD_BEHIND] == {"ahead": 1, "behind": 0}
    assert metadata[old][AHEAD_BEHIND] == {"ahead": 0, "behind": 2}
    assert AHEAD_BEHIND not in metadata[repository.base]


@claim("A base that names nothing is refused with 404", evidence="seen 9.2 to 10.4")
def test_unknown_base(api: Api, repository: Repository) -> None:
    api.get(f"{repository.rest}/branches?details=true&base=no-such-branch", status=404)


@claim("Without builds or pull requests there is no such key among the details", evidence="seen 9.2 to 10.4")
@claim("One pull request from a branch is named, several are counted by state", evidence="seen 9.2 to 10.4")
def test_pull_requests(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()

    def details() -> Any:
        listed = api.values(f"{repository.rest}/branches", "branch_page", details="true")
        return {branch["displayId"]: branch["metadata"] for branch in listed}

    assert not {PULL_REQUEST, BUILD_STATUS} & {key for metadata in details().values() for key in metadata}
    path, ends = f"{repository.rest}/pull-requests", {"fromRef": repository.topic, "toRef": repository.base}
    body = {"title": "One", **{end: {"id": f"refs/heads/{name}"} for end, name in ends.items()}}
    made = api.post(path, body, status=201).json
    named = details()
    assert (named[repository.topic][PULL_REQUEST]["pullRequest"]["id"]) == made["id"]
    assert PULL_REQUEST not in named[repository.base]
    api.post(f"{path}/{made['id']}/decline?version={made['version']}", status=200)
    api.post(path, body, status=201)
    counted = details()[repository.topic][PULL_REQUEST]
    assert "pullRequest" not in counted
    assert {state: counted.get(state, 0) for state in ("open", "merged", "declined")} == {
        "open": 1, "merged": 0, "declined": 1,
    }  # fmt: skip


@claim("With details a listing is 404 NoDefaultBranchException where the default branch does not exist",
       evidence="seen 10.4")  # fmt: skip
@claim("Without details it is listed all the same", evidence="seen 10.4")
def test_details_need_a_default_branch(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    api.put(f"{repository.rest}/default-branch", {"id": "refs/heads/nowhere"}, status=204)
    answer = api.get(f"{repository.rest}/branches?details=true", status=404)
    assert answer.exception == "NoDefaultBranchException"
    listed = api.values(f"{repository.rest}/branches", "branch_page")
    assert set(names(listed)) == {repository.base, repository.topic}
    assert not any(branch["isDefault"] for branch in listed)


@claim("With a base that is there, the details do not need the default branch", evidence="assumed")
def test_details_with_a_base(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    api.put(f"{repository.rest}/default-branch", {"id": "refs/heads/nowhere"}, status=204)
    base = f"refs/heads/{repository.base}"
    listed = api.values(f"{repository.rest}/branches", "branch_page", details="true", base=base)
    assert {branch["displayId"]: AHEAD_BEHIND in branch["metadata"] for branch in listed} == {
        repository.base: False, repository.topic: True,
    }  # fmt: skip


@claim("An empty repository's listing with details is 404 NoDefaultBranchException, too", evidence="assumed")
def test_details_of_an_empty_repository(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository(empty=True)
    assert api.values(f"{repository.rest}/branches", "branch_page") == []
    answer = api.get(f"{repository.rest}/branches?details=true", status=404)
    assert answer.exception == "NoDefaultBranchException"


@claim("details=true adds the latest commit", evidence="seen 9.2 to 10.4")
def test_latest_commit(api: Api, repository: Repository) -> None:
    listed = api.values(f"{repository.rest}/branches", "branch_page", details="true", filterText=repository.topic)
    branch = next(branch for branch in listed if branch["displayId"] == repository.topic)
    assert branch["metadata"][LATEST_COMMIT]["id"] == repository.topic_commit
    assert branch["metadata"][LATEST_COMMIT]["message"].startswith("CONFORM-3")


@claim("Without details a branch has no metadata", evidence="doc")
def test_no_details(api: Api, repository: Repository) -> None:
    assert all("metadata" not in branch for branch in api.values(f"{repository.rest}/branches", "branch_page"))
