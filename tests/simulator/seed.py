# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seed documents: read, check against the schema, and put into the database and into git."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from simulator.behaviour import change_behaviour
from simulator.directory import Directory
from simulator.gitseed import Author, build_repository
from simulator.layout import SharedHome
from simulator.schemas import control_schema, faults_in
from simulator.seed_more import MoreSeeder
from simulator.store import Store
from simulator.tokens import Tokens

_HERE = Path(__file__).resolve().parent
DEFAULT_SEED = _HERE / "default-seed.yml"

Document = dict[str, Any]


class SeedError(Exception):
    """The document is not a seed document; the text names every fault with its path."""


def read_seed(path: Path) -> Document:
    """YAML or JSON (which is YAML, too)."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SeedError(f"{path}: {error}") from None
    schema = yaml.safe_load((_HERE / "seed-schema.yml").read_text(encoding="utf-8"))
    faults = faults_in(document, schema)
    if not faults and "server" in document:
        found = faults_in(document["server"], control_schema("server"))
        faults = [f"$.server{fault.removeprefix('$')}" for fault in found]
    if not faults:
        faults = _unknown_names(document)
    if faults:
        raise SeedError(f"{path} is not a seed document:\n  " + "\n  ".join(faults))
    seed: Document = document
    return seed


def _unknown_names(document: Document) -> list[str]:
    users = {user["name"] for user in document["users"]}
    groups = {group["name"] for group in document.get("groups", [])}
    faults = [
        f"$.groups[{index}]: there is no user '{name}'"
        for index, group in enumerate(document.get("groups", []))
        for name in group["members"]
        if name not in users
    ]
    for index, project in enumerate(document["projects"]):
        for owner in (project, *project.get("repositories", [])):
            for grant in owner.get("permissions", []):
                if grant.get("user", next(iter(users))) not in users:
                    faults.append(f"$.projects[{index}]: there is no user '{grant['user']}'")
                if "group" in grant and grant["group"] not in groups:
                    faults.append(f"$.projects[{index}]: there is no group '{grant['group']}'")
        if project["key"].startswith("~") and project["key"][1:] not in {_slug(name) for name in users}:
            faults.append(f"$.projects[{index}]: {project['key']} has no owner among the users")
    return faults


def _slug(name: str) -> str:
    return name.lower().replace("@", "_")


class Seeder:
    """Puts a checked document into a new shared home."""

    def __init__(self, store: Store, shared: SharedHome) -> None:
        self._store = store
        self._shared = shared
        self._more = MoreSeeder(store)
        self._users: dict[str, int] = {}
        self._authors: dict[str, Author] = {}

    def apply(self, document: Document) -> None:
        with self._store.write():
            for user in document["users"]:
                self._add_user(user)
            for group in document.get("groups", []):
                self._store.execute("INSERT OR IGNORE INTO user_group VALUES (?)", group["name"])
                for member in group["members"]:
                    self._store.execute(
                        "INSERT OR IGNORE INTO membership VALUES (?, ?)", group["name"], self._users[member]
                    )
            self._more.server(document)
            for project in document["projects"]:
                self._add_project(project)
            for token in document.get("tokens", []):
                self._add_token(token)
        change_behaviour(self._store, document.get("server", {}))

    def _add_user(self, user: Document) -> None:
        name: str = user["name"]
        display_name: str = user.get("display_name", name)
        email: str = user.get("email", f"{_slug(name)}@example.com")
        cursor = self._store.execute(
            "INSERT INTO user (name, slug, display_name, email, password, permission, active)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            name, _slug(name), display_name, email, user["password"],
            user.get("permission", "LICENSED_USER"), user.get("active", True),
        )  # fmt: skip
        self._users[name] = int(cursor.lastrowid or 0)
        self._authors[name] = Author(display_name, email)

    def _add_project(self, project: Document) -> None:
        key = project["key"]
        owner = None
        if key.startswith("~"):
            owner = next(user_id for name, user_id in self._users.items() if _slug(name) == key[1:])
        cursor = self._store.execute(
            "INSERT INTO project (key, name, description, public, owner_id) VALUES (?, ?, ?, ?, ?)",
            key, project.get("name", key), project.get("description"), project.get("public", False), owner,
        )  # fmt: skip
        project_id = int(cursor.lastrowid or 0)
        self._grant("PROJECT", project_id, project)
        self._more.project(project_id, project)
        for repository in project.get("repositories", []):
            self._add_repository(project_id, repository)
        generate = project.get("generate")
        if generate is not None:
            for number in range(1, generate["repositories"] + 1):
                self._add_repository(project_id, _generated(key, generate, number))

    def _add_repository(self, project_id: int, repository: Document) -> None:
        slug = repository["slug"]
        cursor = self._store.execute(
            "INSERT INTO repository (project_id, slug, name, description, public, archived, forkable)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            project_id, slug, repository.get("name", slug), repository.get("description"),
            repository.get("public", False), repository.get("archived", False), repository.get("forkable", True),
        )  # fmt: skip
        repository_id = int(cursor.lastrowid or 0)
        self._grant("REPOSITORY", repository_id, repository)
        git = build_repository(self._shared.repository(repository_id), repository, self._authors)
        self._more.repository(repository_id, repository, git)

    def _add_token(self, token: Document) -> None:
        scope, resource_id = self._owner_of(token)
        Tokens(self._store).create(
            scope, resource_id, token.get("name", "seed"), token.get("permissions", []),
            days=token.get("expires_in_days"), secret=token["secret"],
        )  # fmt: skip

    def _owner_of(self, token: Document) -> tuple[str, int]:
        """KeyError with the name when there is no such user, project or repository."""
        for kind, scope in (("user", "USER"), ("oauth", "OAUTH")):
            if kind in token:
                return scope, self._users[token[kind]]
        directory = Directory(self._store)
        name = token.get("project") or token["repository"]
        key, _slash, slug = name.partition("/")
        found = directory.repository(key, slug) if slug else directory.project(key)
        if found is None:
            raise KeyError(name)
        return "REPOSITORY" if slug else "PROJECT", found.id

    def _grant(self, scope: str, resource_id: int, owner: Document) -> None:
        for grant in owner.get("permissions", []):
            self._store.execute(
                "INSERT INTO permission VALUES (?, ?, ?, ?, ?)",
                scope, resource_id, self._users.get(grant.get("user")), grant.get("group"), grant["permission"],
            )  # fmt: skip
        if "default_permission" in owner:
            self._store.execute(
                "INSERT INTO permission VALUES (?, ?, NULL, NULL, ?)", scope, resource_id, owner["default_permission"]
            )
        for key in owner.get("former_keys", []):
            self._store.execute("INSERT INTO moved VALUES (?, '', ?, NULL)", key, resource_id)
        for name in owner.get("former_names", []):
            self._store.execute("INSERT INTO moved VALUES (?, ?, NULL, ?)", *name.split("/"), resource_id)
        if "branch_model" in owner:
            self._store.execute(
                "INSERT INTO branch_model VALUES (?, ?, ?)",
                scope, resource_id, json.dumps(_model(owner["branch_model"])),
            )  # fmt: skip


def _model(given: Document | None) -> Document:
    """The seed's short form as the API's configuration."""
    if given is None:
        return {"none": True}
    configuration: Document = {"development": {"refId": None, "useDefault": True}}
    for role in ("development", "production"):
        if given.get(role):
            configuration[role] = {"refId": "refs/heads/" + given[role], "useDefault": False}
    types = given.get("types", {})
    configuration["types"] = [
        {
            "id": name,
            "displayName": name.capitalize(),
            "enabled": name in types,
            "prefix": types.get(name, f"{name.lower()}/"),
        }
        for name in ("BUGFIX", "FEATURE", "HOTFIX", "RELEASE")
    ]
    return configuration


def _generated(key: str, generate: Document, number: int) -> Document:
    branches: list[Document] = [
        {"name": "main", "commits": [{"message": f"{key}-{number} First commit", "files": {"README.md": "# One\n"}}]}
    ]
    branches += [{"name": f"feature/{count}"} for count in range(1, generate.get("branches", 1))]
    return {"slug": f"{generate.get('prefix', 'repo-')}{number}", "branches": branches}
