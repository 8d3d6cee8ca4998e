# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects and repositories come, change their names and go: writes to the shared database and to git's directory."""

from __future__ import annotations

import re
import shutil
import sqlite3
from typing import Any

from simulator import errors
from simulator.directory import Directory, Project, Repository, User
from simulator.errors import ApiError
from simulator.gitrepo import GitRepository
from simulator.layout import SharedHome
from simulator.store import Store

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")  # doc
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")  # doc, but for the length: assumed


def slug_of(name: str) -> str:
    """assumed: lower case, whatever else is not allowed becomes a dash."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.")


class Registry:
    """Every change is one transaction over all nodes."""

    def __init__(self, store: Store, shared: SharedHome) -> None:
        self._store = store
        self._shared = shared
        self._directory = Directory(store)

    # --- projects ---

    def create_project(self, values: dict[str, Any], creator: User) -> Project:
        """doc: 409 for a key or name in use; whoever creates a project administers it."""
        key = _checked_key(values.get("key"))
        name = _text(values, "name", key)
        with self._store.write():
            self._check_project_is_new(key, name, None)
            project_id = self._store.execute(
                "INSERT INTO project (key, name, description, public) VALUES (?, ?, ?, ?)",
                key, name, values.get("description"), bool(values.get("public", False)),
            ).lastrowid  # fmt: skip
            self._store.execute("DELETE FROM moved WHERE key = ? AND slug = ''", key)
            self._store.execute(
                "INSERT INTO permission VALUES ('PROJECT', ?, ?, NULL, 'PROJECT_ADMIN')", project_id, creator.id
            )
        return self._project(key)

    def personal_project(self, owner: User) -> Project:
        """assumed: it comes into being when it is needed first."""
        key = "~" + owner.slug
        self._store.execute(
            "INSERT OR IGNORE INTO project (key, name, owner_id) VALUES (?, ?, ?)", key, owner.display_name, owner.id
        )
        return self._project(key)

    def update_project(self, project: Project, values: dict[str, Any]) -> Project:
        """doc: fields that are left out stay. The former key leads to the new one (seen 10.4)."""
        key = _checked_key(values["key"]) if "key" in values and values["key"] != project.key else project.key
        name = _text(values, "name", project.name)
        with self._store.write():
            self._check_project_is_new(key, name, project)
            self._store.execute(
                "UPDATE project SET key = ?, name = ?, description = ?, public = ? WHERE id = ?",
                key, name, values.get("description", project.description),
                bool(values.get("public", project.public)), project.id,
            )  # fmt: skip
            if key.lower() != project.key.lower():
                self._store.execute("DELETE FROM moved WHERE key = ? AND slug = ''", key)
                self._store.execute("INSERT OR REPLACE INTO moved VALUES (?, '', ?, NULL)", project.key, project.id)
        return self._project(key)

    def delete_project(self, project: Project) -> None:
        """doc: 409 while it holds repositories."""
        with self._store.write():
            if self._directory.repositories(project):
                raise ApiError(
                    409,
                    f"The project '{project.name}' cannot be deleted because it has repositories.",
                    "project.ProjectNotEmptyException",  # assumed
                )
            self._forget_settings("PROJECT", project.id)
            self._store.execute("DELETE FROM project WHERE id = ?", project.id)

    def _check_project_is_new(self, key: str, name: str, own: Project | None) -> None:
        for row in self._store.all(
            "SELECT id, key, name FROM project WHERE key = ? OR (name = ? COLLATE NOCASE AND owner_id IS NULL)",
            key,
            name,
        ):
            if own is None or row["id"] != own.id:
                field = "key" if row["key"].lower() == key.lower() else "name"
                raise ApiError(
                    409,
                    f"This project {field} is already in use.",
                    "project.DuplicateProjectException",  # assumed
                    context=field,
                )

    def _project(self, key: str) -> Project:
        project = self._directory.project(key)
        assert project is not None
        return project

    # --- repositories ---

    def create_repository(self, project: Project, values: dict[str, Any], creator: User | None = None) -> Repository:
        """doc: 409 for a name in use. A bare, empty git repository; `defaultBranch` is where its HEAD points."""
        if values.get("scmId", "git") != "git":
            raise errors.bad_request(f"'{values['scmId']}' is not a known SCM", "scmId")
        name = _text(values, "name", None)
        slug = _checked_slug(values.get("slug") or slug_of(name))
        # assumed: without a word about it HEAD points where git used to let it point.
        default = str(values.get("defaultBranch") or "master").removeprefix("refs/heads/")
        with self._store.write():
            repository_id = self._insert(
                "INSERT INTO repository (project_id, slug, name, description, public, forkable)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                project.id, slug, name, values.get("description"), bool(values.get("public", False)),
                bool(values.get("forkable", True)),
            )  # fmt: skip
            self._store.execute("DELETE FROM moved WHERE key = ? AND slug = ?", project.key, slug)
            GitRepository.create(self._shared.repository(repository_id), default)
        return self._repository(repository_id)

    def update_repository(self, repository: Repository, values: dict[str, Any], target: Project) -> Repository:
        """doc: fields that are left out stay; a new name gives a new slug, a new project moves it."""
        name = _text(values, "name", repository.name)
        slug = repository.slug if name == repository.name else _checked_slug(slug_of(name))
        with self._store.write():
            self._insert(
                "UPDATE repository SET project_id = ?, slug = ?, name = ?, description = ?, public = ?, archived = ?,"
                " forkable = ? WHERE id = ?",
                target.id, slug, name, values.get("description", repository.description),
                *(bool(values.get(field, getattr(repository, field))) for field in ("public", "archived", "forkable")),
                repository.id,
            )  # fmt: skip
            if (target.id, slug) != (repository.project.id, repository.slug):
                self._store.execute("DELETE FROM moved WHERE key = ? AND slug = ?", target.key, slug)
                self._store.execute(
                    "INSERT OR REPLACE INTO moved VALUES (?, ?, NULL, ?)",
                    repository.project.key, repository.slug, repository.id,
                )  # fmt: skip
        return self._repository(repository.id)

    def delete_repository(self, repository: Repository) -> None:
        path = self._shared.repository(repository.id)
        with self._store.write():
            self._forget_settings("REPOSITORY", repository.id)
            self._store.execute("DELETE FROM repository WHERE id = ?", repository.id)
        # Out of sight at once, whatever a reader has open.
        gone = path.with_suffix(".deleted")
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _insert(self, sql: str, *values: Any) -> int:
        try:
            return int(self._store.execute(sql, *values).lastrowid or 0)
        except sqlite3.IntegrityError:
            raise ApiError(
                409,
                "This repository URL is already taken.",
                "repository.RepositoryAlreadyExistsException",  # assumed
                context="name",
            ) from None

    def _repository(self, repository_id: int) -> Repository:
        repository = self._directory.repository_by_id(repository_id)
        assert repository is not None
        return repository

    def _forget_settings(self, scope: str, resource_id: int) -> None:
        for table in ("permission", "branch_model", "restriction"):
            self._store.execute(f"DELETE FROM {table} WHERE scope = ? AND resource_id = ?", scope, resource_id)


def _checked_key(key: Any) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise errors.bad_request("A project key must start with a letter and hold letters, digits and _ only.", "key")
    return key.upper()  # assumed


def _checked_slug(slug: Any) -> str:
    if not isinstance(slug, str) or not _SLUG.fullmatch(slug):
        raise errors.bad_request(f"'{slug}' cannot be the slug of a repository.", "name")
    return slug


def _text(values: dict[str, Any], name: str, default: str | None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise errors.bad_request(f"The {name} must not be empty.", name)
    return value
