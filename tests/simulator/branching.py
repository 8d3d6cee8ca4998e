# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch models as they are stored: inherited from project to repository, read by resources and by the push hook."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from simulator.directory import Project, Repository
from simulator.store import Store

HEADS = "refs/heads/"
TYPES = {"BUGFIX": "Bugfix", "FEATURE": "Feature", "HOTFIX": "Hotfix", "RELEASE": "Release"}  # doc
ROLES = ("development", "production")

# assumed: a project that never configured its model has this one.
BUILT_IN: dict[str, Any] = {
    "development": {"refId": None, "useDefault": True},
    "types": [{"id": name, "enabled": True, "prefix": f"{name.lower()}/"} for name in TYPES],
}


def _stored(store: Store, scope: str, resource_id: int) -> dict[str, Any] | None:
    row = store.one("SELECT configuration FROM branch_model WHERE scope = ? AND resource_id = ?", scope, resource_id)
    return None if row is None else json.loads(row["configuration"])


def project_configuration(store: Store, project: Project) -> dict[str, Any]:
    """The API's configuration document, with its scope."""
    own = _stored(store, "PROJECT", project.id)
    return {**(BUILT_IN if own is None else own), "scope": {"type": "PROJECT", "resourceId": project.id}}


def configuration(store: Store, repository: Repository) -> dict[str, Any]:
    """seen: a repository's answer whose scope is PROJECT is inherited."""
    own = _stored(store, "REPOSITORY", repository.id)
    if own is None:
        return project_configuration(store, repository.project)
    return {**own, "scope": {"type": "REPOSITORY", "resourceId": repository.id}}


def save(store: Store, scope: str, resource_id: int, document: dict[str, Any]) -> None:
    store.execute("INSERT OR REPLACE INTO branch_model VALUES (?, ?, ?)", scope, resource_id, json.dumps(document))


def forget(store: Store, scope: str, resource_id: int) -> None:
    store.execute("DELETE FROM branch_model WHERE scope = ? AND resource_id = ?", scope, resource_id)


@dataclass(frozen=True)
class BranchModel:
    """One repository's effective model, for telling which branches play which part."""

    document: dict[str, Any]
    default_branch: str

    @property
    def defined(self) -> bool:
        return not self.document.get("none")

    def branch(self, role: str) -> str | None:
        """The name of the development or production branch, whether it exists or not; None when there is none."""
        configured = self.document.get(role)
        if configured is None:
            return None
        if configured.get("useDefault"):
            return self.default_branch
        return (configured.get("refId") or "").removeprefix(HEADS) or None

    def types(self) -> dict[str, str]:
        """Enabled type to prefix."""
        return {entry["id"]: entry["prefix"] for entry in self.document.get("types", []) if entry["enabled"]}
