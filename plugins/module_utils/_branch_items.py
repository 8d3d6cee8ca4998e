# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The document that declares branches: its JSON Schema, and its meaning as a flat list."""

from __future__ import annotations

import typing as t

from ._branch_name import typed_name
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


def branch_items(document: t.Any, models: t.Mapping[str, t.Any] | None = None) -> list[dict[str, t.Any]]:
    """The declared branches in order, flat.

    Each is ``{project_key, repository, state, name, type, text, start_point}``; what is not given is None.
    ``models`` maps ``PROJECT/repository`` to its branch model (the view of ``_branch_model.read``) and has branches
    named by it. Raises InputError that lists every fault of the document, each with its path: also names that a
    model refuses, and a branch that is declared twice.
    """
    faults = _DOCUMENT.faults(document)
    items: list[dict[str, t.Any]] = []
    seen: dict[tuple[str, str, str], str] = {}
    for path, item in () if faults else _flat(document):
        try:
            _name_by(models, item)
        except InputError as error:
            faults.append(f"{path}: {error.cause}")
        if item["name"] is not None:
            first = seen.setdefault((item["project_key"].upper(), item["repository"].lower(), item["name"]), path)
            if first != path:
                faults.append(f"{path}: branch {item['name']} is declared already at {first}")
        items.append(item)
    if faults:
        raise InputError("The document is not valid: " + "; ".join(faults), "correct the document, nothing was changed")
    return items


def _flat(document: Json) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Each declared branch with its path in the document."""
    for number, repository in enumerate(document["repositories"]):
        for place, branch in enumerate(repository["branches"]):
            item = {
                "project_key": repository["project_key"],
                "repository": repository["repository"],
                "state": branch.get("state", "present"),
                **{field: branch.get(field) for field in ("name", "type", "text", "start_point")},
            }
            if item["name"] is not None:
                item["name"] = branch_name(item["name"])
            yield f"$.repositories[{number}].branches[{place}]", item


def _name_by(models: t.Mapping[str, t.Any] | None, item: dict[str, t.Any]) -> None:
    """Fill in the name of a branch that its repository's model names. Raises InputError."""
    if models is None or item["name"] is not None:
        return
    place = f"{item['project_key']}/{item['repository']}"
    if place not in models:
        raise InputError(f"the branch model of {place} is not given")
    item["name"] = typed_name(models[place], item["type"], item["text"])
