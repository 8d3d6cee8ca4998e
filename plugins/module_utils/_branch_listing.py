# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Listings of branches with what the server tells of each: distance to a base, latest commit, pull requests, builds."""

from __future__ import annotations

import typing as t

from ._branch import Branches, view
from ._client import Client, Query
from ._commit import PERSON, name_of
from ._default_branch import refuse_missing_default
from ._errors import NotFoundError
from ._refs import HEADS
from ._repository import Repository
from ._schema import Json, Schema, page
from ._time import iso_time

View = dict[str, t.Any]

# What a listing is asked for with details: each branch costs the server a walk over the history.
_DETAILED_PAGE = 250

# seen 9.2, 10.4: the details are keyed by the part of the server that provides them
_AHEAD_BEHIND = "com.atlassian.bitbucket.server.bitbucket-branch:ahead-behind-metadata-provider"
_LATEST_COMMIT = "com.atlassian.bitbucket.server.bitbucket-branch:latest-commit-metadata"
_PULL_REQUESTS = "com.atlassian.bitbucket.server.bitbucket-ref-metadata:outgoing-pull-request-metadata"
_BUILDS = "com.atlassian.bitbucket.server.bitbucket-build:build-status-metadata"

_COUNT: Json = {"type": "integer", "minimum": 0}
_TIME: Json = {"type": "integer"}


def _counts(*names: str) -> Json:
    return {"type": "object", "properties": dict.fromkeys(names, _COUNT)}


_PULL_REQUEST: Json = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string"},
        "fromRef": {"type": "object", "properties": {"latestCommit": {"type": "string"}}},
        "toRef": {"type": "object", "properties": {"id": {"type": "string"}}},
    },
}
_BRANCHES = Schema(
    page(
        {
            "type": "object",
            "required": ["id", "latestCommit"],
            "properties": {
                "id": {"type": "string", "pattern": "^refs/heads/."},
                "latestCommit": {"type": "string"},
                "isDefault": {"type": "boolean"},
                "metadata": {
                    "type": "object",
                    "properties": {
                        _AHEAD_BEHIND: {**_counts("ahead", "behind"), "required": ["ahead", "behind"]},
                        _LATEST_COMMIT: {
                            "type": "object",
                            "properties": {
                                "author": PERSON,
                                "authorTimestamp": _TIME,
                                "committerTimestamp": _TIME,
                                "message": {"type": "string"},
                            },
                        },
                        _PULL_REQUESTS: {
                            "type": "object",
                            "properties": {
                                **_counts("open", "merged", "declined")["properties"],
                                "pullRequest": _PULL_REQUEST,
                            },
                        },
                        _BUILDS: _counts("successful", "failed", "inProgress", "cancelled", "unknown"),
                    },
                },
            },
        }
    )
)

# the details of a listing that was not asked for them
UNKNOWN: View = dict.fromkeys(
    (
        "ahead",
        "behind",
        "latest_commit_author",
        "latest_commit_author_email",
        "latest_commit_time",
        "latest_commit_timestamp",
        "latest_commit_message",
        "pull_request_id",
        "pull_request_state",
        "pull_request_target",
        "pull_request_commit",
        "open_pull_requests",
        "merged_pull_requests",
        "declined_pull_requests",
        "successful_builds",
        "failed_builds",
        "in_progress_builds",
        "cancelled_builds",
        "unknown_builds",
    )
)


def _distance(metadata: Json) -> View:
    """Null on the base itself (seen 9.2, 10.4), and wherever the server leaves it out."""
    found = metadata.get(_AHEAD_BEHIND, {})
    return {"ahead": found.get("ahead"), "behind": found.get("behind")}


def _commit(metadata: Json) -> View:
    found = metadata.get(_LATEST_COMMIT, {})
    author = found.get("author", {})
    # only the author's time is sure to be there (seen 10.4)
    time = found.get("committerTimestamp", found.get("authorTimestamp"))
    seconds = None if time is None else time // 1000
    message = found.get("message")
    return {
        "latest_commit_author": name_of(author),
        "latest_commit_author_email": author.get("emailAddress"),
        "latest_commit_time": iso_time(seconds),
        "latest_commit_timestamp": seconds,
        "latest_commit_message": None if message is None else message.partition("\n")[0],
    }


def _pull_requests(metadata: Json) -> View:
    """One pull request comes as such, several as counts by state, none not at all (seen 9.2 to 10.4)."""
    found = metadata.get(_PULL_REQUESTS, {})
    only = found.get("pullRequest", {})
    state = only.get("state")
    target = only.get("toRef", {}).get("id")
    return {
        "pull_request_id": only.get("id"),
        "pull_request_state": state,
        "pull_request_target": None if target is None else target.removeprefix(HEADS),
        # once it is closed: where the branch was then (assumed)
        "pull_request_commit": only.get("fromRef", {}).get("latestCommit"),
        **{
            f"{name}_pull_requests": int(state == name.upper()) if only else found.get(name, 0)
            for name in ("open", "merged", "declined")
        },
    }


def _builds(metadata: Json) -> View:
    """Counts by state; a commit without builds has no entry (seen 9.2 to 10.4)."""
    found = metadata.get(_BUILDS, {})
    names = {"successful": "successful", "failed": "failed", "inProgress": "in_progress",
             "cancelled": "cancelled", "unknown": "unknown"}  # fmt: skip
    return {f"{ours}_builds": found.get(theirs, 0) for theirs, ours in names.items()}


def _detailed(ref: Json) -> View:
    metadata = ref.get("metadata", {})
    return {
        **view(ref["id"].removeprefix(HEADS), ref["latestCommit"], ref.get("isDefault", False)),
        **_distance(metadata),
        **_commit(metadata),
        **_pull_requests(metadata),
        **_builds(metadata),
    }


class BranchListing:
    """The branches of one repository, each with all keys of ``UNKNOWN``. Methods may raise any BitbucketError."""

    def __init__(self, client: Client, repository: Repository) -> None:
        self._client = client
        self._repository = repository

    def plain(self, filter_text: str | None = None, order_by: str | None = None) -> t.Iterator[View]:
        """Branches whose name contains ``filter_text``, without details: all of them are None."""
        for branch in Branches(self._client, self._repository).all(filter_text, order_by):
            yield {**branch, **UNKNOWN}

    def detailed(
        self, filter_text: str | None = None, order_by: str | None = None, base: str | None = None
    ) -> t.Iterator[View]:
        """The same with details; ``base`` is what they are compared with, the default branch unless given (seen).

        Raises NotFoundError if the server cannot compare them because the default branch does not exist (seen 10.4).
        """
        query = {"filterText": filter_text, "orderBy": order_by, "base": base, "details": True}
        given: Query = {key: value for key, value in query.items() if value is not None}
        path = self._repository.path("api/latest", "branches")
        try:
            yield from map(_detailed, self._client.items(path, _BRANCHES, given, limit=_DETAILED_PAGE))
        except NotFoundError as error:
            # an empty repository has no branches to compare
            refuse_missing_default(self._client, self._repository, error)
