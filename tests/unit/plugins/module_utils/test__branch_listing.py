# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_listing import UNKNOWN, BranchListing
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import ContractError, NotFoundError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")
TIP = "a" * 40
SERVER = "com.atlassian.bitbucket.server."


def answer(*values, last=True):
    return Answer(200, {"values": list(values), "isLastPage": last, "nextPageStart": None if last else len(values)})


def ref(name="x", **metadata):
    names = {
        "distance": "bitbucket-branch:ahead-behind-metadata-provider",
        "commit": "bitbucket-branch:latest-commit-metadata",
        "requests": "bitbucket-ref-metadata:outgoing-pull-request-metadata",
        "builds": "bitbucket-build:build-status-metadata",
    }
    shown = {SERVER + names[key]: value for key, value in metadata.items()}
    return {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": TIP, "metadata": shown}


def detailed(**metadata):
    with serving(answer(ref(**metadata))) as (client, _server):
        (branch,) = BranchListing(client, REPOSITORY).detailed()
        return branch


def test_details_are_flat_and_in_our_words():
    branch = detailed(
        distance={"ahead": 1, "behind": 2},
        commit={
            "id": TIP,
            "author": {"name": "dora", "displayName": "Dora", "emailAddress": "dora@example.com"},
            "authorTimestamp": 1790000000999,
            "committerTimestamp": 1790776819000,
            "message": "First\n\nSecond",
        },
        requests={
            "pullRequest": {
                "id": 7,
                "state": "MERGED",
                "fromRef": {"id": "refs/heads/x", "latestCommit": TIP},
                "toRef": {"id": "refs/heads/main", "latestCommit": "b" * 40},
            }
        },
        builds={"successful": 1, "failed": 2, "inProgress": 3, "cancelled": 4, "unknown": 5},
    )
    assert branch == {
        "id": "refs/heads/x",
        "name": "x",
        "latest_commit": TIP,
        "is_default": False,
        "ahead": 1,
        "behind": 2,
        "latest_commit_author": "Dora",
        "latest_commit_author_email": "dora@example.com",
        "latest_commit_time": "2026-09-30T14:00:19Z",
        "latest_commit_timestamp": 1790776819,
        "latest_commit_message": "First",
        "pull_request_id": 7,
        "pull_request_state": "MERGED",
        "pull_request_target": "main",
        "pull_request_commit": TIP,
        "open_pull_requests": 0,
        "merged_pull_requests": 1,
        "declined_pull_requests": 0,
        "successful_builds": 1,
        "failed_builds": 2,
        "in_progress_builds": 3,
        "cancelled_builds": 4,
        "unknown_builds": 5,
    }


def test_what_the_server_leaves_out_is_null_or_none():
    branch = detailed()
    assert set(branch) == {"id", "name", "latest_commit", "is_default", *UNKNOWN}
    assert branch["ahead"] is None and branch["latest_commit_timestamp"] is None
    assert branch["open_pull_requests"] == 0 and branch["failed_builds"] == 0


def test_several_pull_requests_are_counts():
    branch = detailed(requests={"open": 1, "merged": 2, "declined": 3})
    assert branch["pull_request_id"] is None and branch["pull_request_state"] is None
    assert [branch[f"{name}_pull_requests"] for name in ("open", "merged", "declined")] == [1, 2, 3]


def test_the_author_s_time_serves_where_the_committer_s_is_not_told():
    assert detailed(commit={"authorTimestamp": 1790776819000})["latest_commit_timestamp"] == 1790776819


@pytest.mark.parametrize(
    "metadata",
    [{"distance": {"ahead": "1", "behind": 0}}, {"distance": {"ahead": 1}}, {"requests": {"open": -1}},
     {"commit": {"committerTimestamp": "now"}}, {"builds": [1]}, {"requests": {"pullRequest": {"id": 1}}}],
)  # fmt: skip
def test_details_of_another_shape_are_no_details(metadata):
    with pytest.raises(ContractError):
        detailed(**metadata)


def test_what_is_asked_for():
    with serving(answer()) as (client, server):
        listing = BranchListing(client, REPOSITORY)
        assert list(listing.detailed("x", "ALPHABETICAL", "refs/heads/main")) == []
        assert server.received[-1].query == {
            "filterText": "x",
            "orderBy": "ALPHABETICAL",
            "base": "refs/heads/main",
            "details": "true",
            "start": "0",
            "limit": "250",
        }
        assert list(listing.plain()) == []
        assert "details" not in server.received[-1].query


def test_a_plain_listing_has_the_same_keys():
    with serving(answer(ref())) as (client, _server):
        (branch,) = BranchListing(client, REPOSITORY).plain()
    assert branch == {**UNKNOWN, "id": "refs/heads/x", "name": "x", "latest_commit": TIP, "is_default": False}


NO_DEFAULT = refusal(404, "No default branch is defined", "repository.NoDefaultBranchException")


def without_default(*names):
    """A repository whose configured default branch does not exist: details are refused, the plain listing is not."""

    def server(request):
        if request.path.endswith("/default-branch"):
            return Answer(200, {"id": "refs/heads/master"})
        return NO_DEFAULT if request.query.get("details") else answer(*map(ref, names))

    return server


def test_details_without_a_default_branch_name_it():
    with serving(without_default("main")) as (client, _server), pytest.raises(NotFoundError) as caught:
        list(BranchListing(client, REPOSITORY).detailed())
    assert str(caught.value).startswith("The default branch master does not exist in PLAT/api")
    assert "bitbucket.datacenter.default_branch" in caught.value.next_step


def test_an_empty_repository_has_no_details():
    with serving(without_default()) as (client, _server):
        assert list(BranchListing(client, REPOSITORY).detailed()) == []


def test_a_plain_listing_needs_no_default_branch():
    with serving(without_default("main")) as (client, server):
        assert [branch["name"] for branch in BranchListing(client, REPOSITORY).plain()] == ["main"]
    assert len(server.received) == 1


@pytest.mark.parametrize("name", ["repository.NoSuchRepositoryException", "commit.NoSuchCommitException", None])
def test_another_refusal_of_details_is_no_empty_list(name):
    with serving(refusal(404, "Not here", name)) as (client, server), pytest.raises(NotFoundError, match="Not here"):
        list(BranchListing(client, REPOSITORY).detailed(base="nowhere"))
    assert len(server.received) == 1
