# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Commits: what a branch, tag or id stands for."""

from __future__ import annotations

from ._client import Client
from ._errors import NotFoundError
from ._repository import Repository
from ._schema import Schema, page

_COMMITS = Schema(page({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}))


def resolve(client: Client, repository: Repository, revision: str) -> str:
    """The commit id that a branch, tag, ref or commit id names now. Raises NotFoundError; any BitbucketError."""
    path = repository.path("api/latest", "commits")
    found = client.get(path, _COMMITS, {"until": revision, "limit": 1})["values"]
    if not found:
        raise NotFoundError(
            f"{revision} names no commit in {repository}",
            "push a first commit to the repository",
        )
    return str(found[0]["id"])
