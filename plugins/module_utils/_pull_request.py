# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Pull requests of a repository: which branches are in review, and whether one exists."""

from __future__ import annotations

from ._client import Client
from ._errors import InputError
from ._refs import HEADS
from ._repository import NAMED, Repository
from ._schema import Json, Schema, page

_REF: Json = {
    "type": "object",
    "required": ["id", "repository"],
    "properties": {"id": {"type": "string"}, "repository": NAMED},
}
_PULL_REQUESTS = Schema(
    page({"type": "object", "required": ["fromRef", "toRef"], "properties": {"fromRef": _REF, "toRef": _REF}})
)
_PULL_REQUEST = Schema({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}})


def path(repository: Repository, number: int, rest: str = "") -> str:
    """The path of a resource of a pull request, or of itself. Raises InputError."""
    if number < 1:
        raise InputError(f"pull_request_id {number} is less than 1", "give the number that its address ends with")
    return repository.path("api/latest", f"pull-requests/{number}" + (rest and f"/{rest}"))


def require(client: Client, repository: Repository, number: int) -> None:
    """Raise NotFoundError where there is no such pull request, open or not; InputError; any BitbucketError."""
    client.get(path(repository, number), _PULL_REQUEST)


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
