# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch permissions: how they are stored, which refs they match, and what they refuse. For REST and for pushes."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from simulator import branching
from simulator.branching import BranchModel
from simulator.directory import Directory, Repository, User
from simulator.store import Store

TYPES = ("read-only", "no-deletes", "fast-forward-only", "pull-request-only", "no-creates")  # doc
# Matcher type to its name. ANY_REF is the vendor's "any".
MATCHERS = {
    "BRANCH": "Branch",
    "PATTERN": "Pattern",
    "MODEL_BRANCH": "Branching model branch",
    "MODEL_CATEGORY": "Branching model category",
    "ANY_REF": "Any ref",
    # seen 10.2, for required builds and default reviewers; for restrictions: assumed
    "DEFAULT_BRANCH": "Default branch",
}
ANY_REF_ID = "ANY_REF_MATCHER_ID"
DEFAULT_BRANCH_ID = "#"

# seen in published push logs for pull-request-only; the words for the other types are assumed.
_SENTENCES = {
    "read-only": "{kind} {ref} is read-only.",
    "no-deletes": "{kind} {ref} cannot be deleted.",
    "fast-forward-only": "{kind} {ref} cannot have its history rewritten.",
    "pull-request-only": "{kind} {ref} can only be modified through pull requests.",
    "no-creates": "{kind} {ref} cannot be created.",
}
ADVICE = "Check your branch permissions configuration with the project administrator."  # seen


@dataclass(frozen=True)
class Restriction:
    id: int
    scope: str
    resource_id: int
    type: str
    matcher_type: str
    matcher_id: str
    users: tuple[int, ...]
    groups: tuple[str, ...]
    access_keys: tuple[int, ...]

    def exempts(self, user: User, groups: set[str]) -> bool:
        return user.id in self.users or any(group.lower() in groups for group in self.groups)


@dataclass(frozen=True)
class RefChange:
    """What somebody is about to do to one ref: `action` is create, update or delete."""

    ref: str
    action: str
    fast_forward: bool = True
    by_pull_request: bool = False


class Restrictions:
    """Reads and writes them in the shared database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, scope: str, resource_id: int) -> list[Restriction]:
        rows = self._store.all(
            "SELECT * FROM restriction WHERE scope = ? AND resource_id = ? ORDER BY id", scope, resource_id
        )
        return [_restriction(row) for row in rows]

    def effective(self, repository: Repository) -> list[Restriction]:
        """The repository's own and its project's: both apply (doc)."""
        return self.of("REPOSITORY", repository.id) + self.of("PROJECT", repository.project.id)

    def save(self, scope: str, resource_id: int, values: dict[str, Any]) -> Restriction:
        """seen 10.4: the same type and matcher is updated in place, with its id."""
        row = self._store.one(
            "INSERT INTO restriction (scope, resource_id, type, matcher_type, matcher_id, users, groups, access_keys)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (scope, resource_id, type, matcher_type, matcher_id)"
            " DO UPDATE SET users = excluded.users, groups = excluded.groups, access_keys = excluded.access_keys"
            " RETURNING *",
            scope, resource_id, values["type"], values["matcher_type"], values["matcher_id"],
            *(json.dumps(values.get(name, [])) for name in ("users", "groups", "access_keys")),
        )  # fmt: skip
        assert row is not None
        return _restriction(row)

    def delete(self, restriction: Restriction) -> None:
        self._store.execute("DELETE FROM restriction WHERE id = ?", restriction.id)


def _restriction(row: sqlite3.Row) -> Restriction:
    return Restriction(
        row["id"], row["scope"], row["resource_id"], row["type"], row["matcher_type"], row["matcher_id"],
        tuple(json.loads(row["users"])), tuple(json.loads(row["groups"])), tuple(json.loads(row["access_keys"])),
    )  # fmt: skip


class Guard:
    """What one user may do to the refs of one repository.

    assumed: nobody is above it, administrators need an exemption, too.
    """

    def __init__(self, store: Store, repository: Repository, default_branch: str, user: User) -> None:
        groups = Directory(store).groups_of(user)
        # assumed: a change has to pass all restrictions that match, each with its own exemptions.
        self._binding = [
            restriction
            for restriction in Restrictions(store).effective(repository)
            if not restriction.exempts(user, groups)
        ]
        self._model = BranchModel(branching.configuration(store, repository), default_branch)

    def refusal(self, change: RefChange) -> str | None:
        """The sentence that refuses the change; None when it is allowed."""
        for restriction in self._binding:
            if _forbids(restriction.type, change) and matches(restriction, change.ref, self._model):
                kind = "Tag" if change.ref.startswith("refs/tags/") else "Branch"
                return _SENTENCES[restriction.type].format(kind=kind, ref=change.ref)
        return None


def _forbids(kind: str, change: RefChange) -> bool:
    """doc: what each type is for.

    assumed: pull-request-only leaves creating and deleting alone, fast-forward-only leaves deleting alone.
    """
    return {
        "read-only": True,
        "no-deletes": change.action == "delete",
        "fast-forward-only": change.action == "update" and not change.fast_forward,
        "pull-request-only": change.action == "update" and not change.by_pull_request,
        "no-creates": change.action == "create",
    }[kind]


def matches(restriction: Restriction, ref: str, model: BranchModel) -> bool:
    wanted = restriction.matcher_id
    if restriction.matcher_type == "ANY_REF":
        return True
    if restriction.matcher_type in ("BRANCH", "DEFAULT_BRANCH"):
        return ref == (wanted if restriction.matcher_type == "BRANCH" else branching.HEADS + model.default_branch)
    if restriction.matcher_type == "PATTERN":
        return pattern(wanted).fullmatch(ref) is not None
    if not ref.startswith(branching.HEADS):
        return False
    name = ref.removeprefix(branching.HEADS)
    if restriction.matcher_type == "MODEL_BRANCH":
        return model.branch(wanted) == name
    prefix = model.types().get(wanted)
    return prefix is not None and name.startswith(prefix)


def pattern(text: str) -> re.Pattern[str]:
    """doc: Ant-style, matched against a suffix of the full ref; a slash at the end stands for `/**`."""
    if text.endswith("/"):
        text += "**"
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    translated = re.sub(
        r"\*\*/|\*\*|\*|\?|[^*?]+", lambda match: parts.get(match.group(), re.escape(match.group())), text
    )
    return re.compile("(?:.*/)?" + translated)
