# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Pull requests of a repository."""

from __future__ import annotations

from ._client import Client
from ._refs import HEADS
from ._repository import Repository
from ._schema import Json, Schema, page

_REF: Json = {
    "type": "object",
    "required": ["id", "repository"],
    "properties": {
        "id": {"type": "string"},
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
_PULL_REQUESTS = Schema(
    page({"type": "object", "required": ["fromRef", "toRef"], "properties": {"fromRef": _REF, "toRef": _REF}})
)


def in_review(client: Client, repository: Repository) -> set[str]:
    """The names of branches that an open pull request into this repository goes to, or comes from out of it.

    Pull requests out of it into others are not among them. Raises any BitbucketError.
    """
    query = {"state": "OPEN", "direction": "INCOMING"}
    names = set()
    for each in client.items(repository.path("api/latest", "pull-requests"), _PULL_REQUESTS, query):
        names.add(each["toRef"]["id"].removeprefix(HEADS))
        if _place(each["fromRef"]) == _place(each["toRef"]):
            names.add(each["fromRef"]["id"].removeprefix(HEADS))
    return names


def _place(ref: Json) -> tuple[str, str]:
    return ref["repository"]["project"]["key"], ref["repository"]["slug"]
