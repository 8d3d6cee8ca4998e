# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The document that declares branches: its JSON Schema, and its meaning as a flat list."""

from __future__ import annotations

import typing as t

from ._errors import InputError
from ._refs import branch_name, project_key, repository_slug, revision
from ._schema import Json, Rule, Schema, array


def _text(rule: t.Callable[[str], t.Any]) -> Rule:
    """The rule for strings only: other types are the schema's own business."""
    return lambda value: rule(value) if isinstance(value, str) else None


def _one_way_to_name(branch: t.Any) -> None:
    """Raise InputError unless the branch is named either by itself or by the branch model."""
    if isinstance(branch, dict) and set(branch) & {"name", "type", "text"} not in ({"name"}, {"type", "text"}):
        raise InputError("a branch takes either name, or type and text")


_TEXT: Json = {"type": "string", "minLength": 1}
_BRANCH: Json = {
    "type": "object",
    "format": "named once",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "format": "branch name"},
        "type": _TEXT,
        "text": _TEXT,
        "start_point": {"type": "string", "format": "revision"},
        "state": {"enum": ["present", "absent"]},
    },
}
_REPOSITORY: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["project_key", "repository", "branches"],
    "properties": {
        "project_key": {"type": "string", "format": "project key"},
        "repository": {"type": "string", "format": "repository slug"},
        "branches": array(_BRANCH),
    },
}
_DOCUMENT = Schema(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["repositories"],
        "properties": {"repositories": array(_REPOSITORY)},
    },
    formats={
        "named once": _one_way_to_name,
        "branch name": _text(branch_name),
        "revision": _text(revision),
        "project key": _text(project_key),
        "repository slug": _text(repository_slug),
    },
)


def branch_items(document: t.Any) -> list[dict[str, t.Any]]:
    """The declared branches in order, flat.

    Each is ``{project_key, repository, state, name, type, text, start_point}``; what is not given is None.
    Raises InputError that lists every fault of the document, each with its path.
    """
    faults = _DOCUMENT.faults(document)
    if faults:
        raise InputError("The document is not valid: " + "; ".join(faults), "correct the document, nothing was changed")
    return [
        {
            "project_key": repository["project_key"],
            "repository": repository["repository"],
            "state": branch.get("state", "present"),
            **{field: branch.get(field) for field in ("name", "type", "text", "start_point")},
        }
        for repository in document["repositories"]
        for branch in repository["branches"]
    ]
