# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Commits: what a branch, tag or id stands for."""

from __future__ import annotations

from ._client import Client
from ._errors import NotFoundError
from ._refs import HEADS, is_commit_id
from ._repository import Repository
from ._schema import Schema, page

_COMMITS = Schema(page({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}))
_NO_COMMIT = "com.atlassian.bitbucket.commit.NoSuchCommitException"


def resolve(client: Client, repository: Repository, revision: str) -> str | None:
    """The commit id that a branch, tag, full ref or commit id names now, or None where it names none.

    Of a branch and a tag of the same name the branch is meant. Raises NotFoundError for an empty repository, or one
    that is not there; any BitbucketError.
    """
    if not revision.startswith("refs/") and not is_commit_id(revision):
        found = tip(client, repository, HEADS + revision)
        if found is not None:
            return found
    return tip(client, repository, revision)


def start_of(client: Client, repository: Repository, start_point: str | None, *, exists: bool) -> str | None:
    """The commit of a start point, None where none is given or it names none.

    The full id of a commit is only looked for where it is needed: not for what ``exists`` already.
    """
    if start_point is None:
        return None
    if exists and is_commit_id(start_point):
        return start_point.lower()
    return resolve(client, repository, start_point)


def tip(client: Client, repository: Repository, revision: str) -> str | None:
    """The commit id that the server itself takes the revision for, or None where it names none; raises as above."""
    path = repository.path("api/latest", "commits")
    try:
        found = client.get(path, _COMMITS, {"until": revision, "limit": 1})["values"]
    except NotFoundError as error:
        if _NO_COMMIT in error.exception_names:
            return None
        raise
    if not found:
        raise NotFoundError(f"{revision} names no commit in {repository}", "push a first commit to the repository")
    return str(found[0]["id"])
