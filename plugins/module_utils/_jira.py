# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What the server's link with Jira knows: the commits of an issue."""

from __future__ import annotations

import itertools
import typing as t

from ._client import Client, quote
from ._commit import COMMIT
from ._commit import view as commit_view
from ._schema import Json, Schema, page

_REST = "/rest/jira/latest"
_PATH: Json = {"type": "object", "required": ["toString"], "properties": {"toString": {"type": "string"}}}
_CHANGESETS = Schema(
    page(
        {
            "type": "object",
            "required": ["toCommit", "changes", "repository"],
            "properties": {
                "toCommit": COMMIT,
                "changes": page(
                    {
                        "type": "object",
                        "required": ["type", "path"],
                        "properties": {
                            "type": {"type": "string"},
                            "path": _PATH,
                            "srcPath": {**_PATH, "type": ["object", "null"]},
                        },
                    }
                ),
                "repository": {
                    "type": "object",
                    "required": ["slug", "project"],
                    "properties": {
                        "slug": {"type": "string"},
                        "project": {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}},
                    },
                },
            },
        }
    )
)
# changesets are large, and no more than a hundred come at once in any listing of commits (documented)
_MOST_AT_ONCE = 100

View = dict[str, t.Any]


def commits_of_issue(client: Client, issue_key: str, max_changes: int, limit: int | None = None) -> t.Iterator[View]:
    """The commits whose messages name the issue, over all repositories that the account may read; page by page.

    Each is a commit's view with ``project_key``, ``repository``, at most ``max_changes`` ``changes`` and whether these
    are all, ``changes_complete``. An issue that no commit names has none: the server knows no other issues
    (documented). Any BitbucketError.
    """
    # a page of nothing is refused (assumed), so that one is asked for where none is wanted
    query = {"maxChanges": max(max_changes, 1)}
    path = f"{_REST}/issues/{quote(issue_key)}/commits"
    found = client.items(path, _CHANGESETS, query, limit=min(limit or _MOST_AT_ONCE, _MOST_AT_ONCE))
    return (_changeset_view(each, max_changes) for each in itertools.islice(found, limit))


def _changeset_view(changeset: Json, max_changes: int) -> View:
    told, changes = changeset["changes"], changeset["changes"]["values"]
    return {
        **commit_view(changeset["toCommit"]),
        "project_key": changeset["repository"]["project"]["key"],
        "repository": changeset["repository"]["slug"],
        "changes": [_change_view(change) for change in changes[:max_changes]],
        "changes_complete": told["isLastPage"] and len(changes) <= max_changes,
    }


def _change_view(change: Json) -> View:
    """``source_path`` is where a file that was moved or copied comes from, else None."""
    source = change.get("srcPath")
    return {"type": change["type"], "path": change["path"]["toString"], "source_path": source and source["toString"]}
