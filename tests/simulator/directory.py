# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, projects, repositories and who may do what: reads from the shared database."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from simulator.store import Store

READ, WRITE, ADMIN = 1, 2, 3
# The users that the tokens of projects and repositories act as; nobody can log in as one of them.
SERVICE_PREFIX = "access-token-user/"

LEVELS = {
    "PROJECT_VIEW": 0,
    "REPO_READ": READ,
    "REPO_WRITE": WRITE,
    "REPO_ADMIN": ADMIN,
    "PROJECT_READ": READ,
    "PROJECT_WRITE": WRITE,
    "PROJECT_ADMIN": ADMIN,
}
# Of an account that may log in and nothing else.
UNLICENSED = "UNLICENSED"
GLOBAL_PERMISSIONS = ("LICENSED_USER", "PROJECT_CREATE", "ADMIN", "SYS_ADMIN")


@dataclass(frozen=True)
class User:
    id: int
    name: str
    slug: str
    display_name: str
    email: str
    password: str
    permission: str
    active: bool

    @property
    def service(self) -> bool:
        return self.name.startswith(SERVICE_PREFIX)

    @property
    def licensed(self) -> bool:
        return self.permission != UNLICENSED

    def is_at_least(self, permission: str) -> bool:
        return self.licensed and GLOBAL_PERMISSIONS.index(self.permission) >= GLOBAL_PERMISSIONS.index(permission)


@dataclass(frozen=True)
class Project:
    id: int
    key: str
    name: str
    description: str | None
    public: bool
    owner_id: int | None


@dataclass(frozen=True)
class Repository:
    id: int
    project: Project
    slug: str
    name: str
    description: str | None
    public: bool
    archived: bool
    forkable: bool


_REPOSITORY_COLUMNS = (
    "r.id, r.slug, r.name, r.description, r.public, r.archived, r.forkable, p.id AS p_id, p.key AS p_key,"
    " p.name AS p_name, p.description AS p_description, p.public AS p_public, p.owner_id AS p_owner_id"
    " FROM repository r JOIN project p ON p.id = r.project_id"
)


class Directory:
    """Lookups by the names that clients use."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def user(self, name: str) -> User | None:
        return _user(self._store.one("SELECT * FROM user WHERE name = ?", name))

    def user_by_slug(self, slug: str) -> User | None:
        return _user(self._store.one("SELECT * FROM user WHERE slug = ?", slug))

    def user_by_id(self, user_id: int) -> User | None:
        return _user(self._store.one("SELECT * FROM user WHERE id = ?", user_id))

    def user_by_email(self, email: str) -> User | None:
        return _user(self._store.one("SELECT * FROM user WHERE email = ?", email))

    def users(self) -> list[User]:
        """Those of people, not those of tokens."""
        rows = self._store.all("SELECT * FROM user ORDER BY name")
        return [user for row in rows if (user := _user(row)) and not user.service]

    def project(self, key: str) -> Project | None:
        row = self._store.one("SELECT * FROM project WHERE key = ?", key)
        return None if row is None else _project(row, "")

    def projects(self) -> list[Project]:
        return [_project(row, "") for row in self._store.all("SELECT * FROM project ORDER BY name COLLATE NOCASE")]

    def repository(self, key: str, slug: str) -> Repository | None:
        row = self._store.one(f"SELECT {_REPOSITORY_COLUMNS} WHERE p.key = ? AND r.slug = ?", key, slug)
        return None if row is None else _repository(row)

    def repositories(self, project: Project | None = None) -> list[Repository]:
        if project is None:
            rows = self._store.all(f"SELECT {_REPOSITORY_COLUMNS} ORDER BY p.key, r.name COLLATE NOCASE")
        else:
            rows = self._store.all(
                f"SELECT {_REPOSITORY_COLUMNS} WHERE p.id = ? ORDER BY r.name COLLATE NOCASE", project.id
            )
        return [_repository(row) for row in rows]

    def repository_by_id(self, repository_id: int) -> Repository | None:
        row = self._store.one(f"SELECT {_REPOSITORY_COLUMNS} WHERE r.id = ?", repository_id)
        return None if row is None else _repository(row)

    def moved_project(self, key: str) -> Project | None:
        """The project that had this key before."""
        row = self._store.one(
            "SELECT p.* FROM project p JOIN moved m ON m.project_id = p.id WHERE m.key = ? AND m.slug = ''", key
        )
        return None if row is None else _project(row, "")

    def moved_repository(self, key: str, slug: str) -> Repository | None:
        """The repository that had this name before, or whose project had this key."""
        row = self._store.one("SELECT repository_id FROM moved WHERE key = ? AND slug = ? AND slug <> ''", key, slug)
        if row is not None:
            return self.repository_by_id(row["repository_id"])
        project = self.project(key) or self.moved_project(key)
        if project is None or project.key.lower() == key.lower():
            return None
        return self.repository(project.key, slug) or self.moved_repository(project.key, slug)

    def groups(self) -> list[str]:
        return [row["name"] for row in self._store.all("SELECT name FROM user_group ORDER BY name")]

    def members(self, group: str) -> list[User]:
        rows = self._store.all(
            "SELECT u.* FROM user u JOIN membership m ON m.user_id = u.id WHERE m.group_name = ? ORDER BY u.name", group
        )
        return [user for row in rows if (user := _user(row))]

    def groups_of(self, user: User) -> set[str]:
        rows = self._store.all("SELECT group_name FROM membership WHERE user_id = ?", user.id)
        return {row["group_name"].lower() for row in rows}

    def _granted(self, user: User, scope: str, resource_id: int) -> int:
        if user.service:
            row = self._store.one(
                "SELECT permissions FROM token WHERE user_id = ? AND scope = ? AND resource_id = ?",
                user.id, scope, resource_id,
            )  # fmt: skip
            return 0 if row is None else max(LEVELS[permission] for permission in json.loads(row["permissions"]))
        rows = self._store.all(
            # A row without user and group is the default permission of everybody who is licensed.
            "SELECT permission FROM permission WHERE scope = ? AND resource_id = ? AND (user_id = ?"
            " OR group_name IN (SELECT group_name FROM membership WHERE user_id = ?)"
            " OR (user_id IS NULL AND group_name IS NULL))",
            scope, resource_id, user.id, user.id,
        )  # fmt: skip
        return max((LEVELS[row["permission"]] for row in rows), default=0)

    def project_level(self, user: User | None, project: Project) -> int:
        """0 none, READ, WRITE or ADMIN: by global permission, ownership, grants, and public access."""
        public = READ if project.public else 0
        if user is None:
            return public
        if user.is_at_least("ADMIN") or project.owner_id == user.id:
            return ADMIN
        return max(public, self._granted(user, "PROJECT", project.id))

    def repository_level(self, user: User | None, repository: Repository) -> int:
        level = self.project_level(user, repository.project)
        if repository.public:
            level = max(level, READ)
        if user is None or level == ADMIN:
            return level
        return max(level, self._granted(user, "REPOSITORY", repository.id))

    def project_visible(self, user: User | None, project: Project) -> bool:
        """doc: PROJECT_VIEW is implied by a permission on any repository inside."""
        if self.project_level(user, project) >= READ:
            return True
        return any(self.repository_level(user, repository) >= READ for repository in self.repositories(project))


def _user(row: sqlite3.Row | None) -> User | None:
    if row is None:
        return None
    return User(
        row["id"], row["name"], row["slug"], row["display_name"], row["email"], row["password"],
        row["permission"], bool(row["active"]),
    )  # fmt: skip


def _project(row: sqlite3.Row, prefix: str) -> Project:
    return Project(
        row[prefix + "id"], row[prefix + "key"], row[prefix + "name"], row[prefix + "description"],
        bool(row[prefix + "public"]), row[prefix + "owner_id"],
    )  # fmt: skip


def _repository(row: sqlite3.Row) -> Repository:
    return Repository(
        row["id"], _project(row, "p_"), row["slug"], row["name"], row["description"],
        bool(row["public"]), bool(row["archived"]), bool(row["forkable"]),
    )  # fmt: skip
