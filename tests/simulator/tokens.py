# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP access tokens of users, projects and repositories, and OAuth 2 tokens: how they are kept and what they may."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import time
from dataclasses import dataclass

from simulator.directory import ADMIN, READ, SERVICE_PREFIX, WRITE
from simulator.store import Store

# doc: no ADMIN and no SYS_ADMIN among them.
REPOSITORY_LEVELS = {"REPO_READ": READ, "REPO_WRITE": WRITE, "REPO_ADMIN": ADMIN}
PROJECT_LEVELS = {"PROJECT_READ": READ, "PROJECT_WRITE": WRITE, "PROJECT_ADMIN": ADMIN}
PERMISSIONS = (*REPOSITORY_LEVELS, *PROJECT_LEVELS)

_USED_EVERY = 60_000


@dataclass(frozen=True)
class Token:
    """`user_id` is who acts: the user, or the service user of a project's or repository's token."""

    id: str
    name: str
    scope: str
    resource_id: int
    user_id: int
    permissions: list[str]
    created: int
    expires: int | None
    last_used: int | None

    @property
    def project_level(self) -> int:
        return max((PROJECT_LEVELS.get(permission, 0) for permission in self.permissions), default=0)

    @property
    def repository_level(self) -> int:
        """doc: a project permission holds for the project's repositories, too."""
        own = max((REPOSITORY_LEVELS.get(permission, 0) for permission in self.permissions), default=0)
        return max(own, self.project_level)

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= now()


def now() -> int:
    """In milliseconds since 1970."""
    return int(time.time() * 1000)


class Tokens:
    """Secrets are kept as hashes only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, secret: str) -> Token | None:
        """The token behind the secret, unless it has expired; notes from time to time that it was used."""
        row = self._store.one("SELECT * FROM token WHERE secret_hash = ?", _hash(secret))
        if row is None:
            return None
        token = _token(row)
        if token.expired:
            return None
        if now() - (token.last_used or 0) > _USED_EVERY:
            self._store.execute("UPDATE token SET last_used = ? WHERE id = ?", now(), token.id)
        return token

    def create(
        self,
        scope: str,
        resource_id: int,
        name: str,
        permissions: list[str],
        *,
        days: float | None = None,
        secret: str | None = None,
    ) -> tuple[Token, str]:
        """Returns the token and its secret, which nobody can ask for later. Call it inside of a transaction."""
        token_id = str(secrets.randbelow(10**12))
        secret = secret or "BBDC-" + secrets.token_urlsafe(33)
        user_id = resource_id
        if scope in ("PROJECT", "REPOSITORY"):
            user_id = self._service_user(scope, resource_id, token_id)
        created = now()
        expires = None if days is None else created + int(days * 86_400_000)
        self._store.execute(
            "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            token_id, _hash(secret), name, scope, resource_id, user_id, json.dumps(permissions), created, expires,
        )  # fmt: skip
        return Token(token_id, name, scope, resource_id, user_id, permissions, created, expires, None), secret

    def change(self, token: Token, name: str, permissions: list[str]) -> None:
        self._store.execute(
            "UPDATE token SET name = ?, permissions = ? WHERE id = ?", name, json.dumps(permissions), token.id
        )

    def of(self, scope: str, resource_id: int) -> list[Token]:
        rows = self._store.all(
            "SELECT * FROM token WHERE scope = ? AND resource_id = ? ORDER BY created, id", scope, resource_id
        )
        return [_token(row) for row in rows]

    def delete(self, token: Token) -> None:
        """A service user stays, and may nothing any more: its work refers to it."""
        self._store.execute("DELETE FROM token WHERE id = ?", token.id)

    def _service_user(self, scope: str, resource_id: int, token_id: str) -> int:
        """seen: the tokens of projects and repositories act as users of their own, that nobody can log in as."""
        name = f"{SERVICE_PREFIX}{scope.lower()}/{resource_id}/{token_id}"
        cursor = self._store.execute(
            "INSERT INTO user (name, slug, display_name, email, password, permission) VALUES (?, ?, ?, ?, ?, ?)",
            name, name, f"{scope.capitalize()} access token", f"{token_id}@access-token.invalid",
            secrets.token_hex(16), "LICENSED_USER",
        )  # fmt: skip
        return int(cursor.lastrowid or 0)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: sqlite3.Row) -> Token:
    return Token(
        row["id"], row["name"], row["scope"], row["resource_id"], row["user_id"], json.loads(row["permissions"]),
        row["created"], row["expires"], row["last_used"],
    )  # fmt: skip
