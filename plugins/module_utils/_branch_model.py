# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The effective branch model of a repository."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._refs import HEADS
from ._repository import Repository
from ._schema import Json, Schema, array

_REF: Json = {
    "type": ["object", "null"],
    "required": ["id"],
    "properties": {"id": {"type": "string"}},
}
_MODEL = Schema(
    {
        "type": "object",
        "required": ["development", "types"],
        "properties": {
            "development": _REF,
            "production": _REF,
            "types": array(
                {
                    "type": "object",
                    "required": ["id", "prefix"],
                    "properties": {
                        "id": {"type": "string"},
                        "displayName": {"type": "string"},
                        "prefix": {"type": "string"},
                    },
                }
            ),
        },
    }
)


def read(client: Client, repository: Repository) -> dict[str, t.Any]:
    """The user's view ``{development, production, types}``: branches as ``{id, name}`` or None, enabled types only.

    Raises any BitbucketError; NotFoundError where the repository is missing or no model is defined, ConflictError
    where the repository is empty (documented).
    """
    answer = client.get(repository.path("branch-utils/latest", "branchmodel"), _MODEL)
    return {
        "development": _branch(answer["development"]),
        "production": _branch(answer.get("production")),
        "types": [
            {"id": kind["id"], "name": kind.get("displayName", kind["id"]), "prefix": kind["prefix"]}
            for kind in answer["types"]
        ],
    }


def _branch(ref: Json | None) -> dict[str, str] | None:
    if ref is None:
        return None
    return {"id": ref["id"], "name": ref["id"].removeprefix(HEADS)}
