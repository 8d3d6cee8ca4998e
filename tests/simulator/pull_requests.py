# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull requests and comments as rows of the shared database; times are in milliseconds since 1970."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from simulator.store import Store


def now() -> int:
    return int(time.time() * 1000)


@dataclass(frozen=True)
class PullRequest:
    repository_id: int
    id: int
    version: int
    title: str
    description: str | None
    state: str
    author_id: int
    reviewers: tuple[int, ...]
    from_ref: str
    from_commit: str
    to_ref: str
    to_commit: str
    merge_commit: str | None
    created: int
    updated: int
    closed: int | None


@dataclass(frozen=True)
class Comment:
    """On a pull request or on a commit; `path` is set when it is on a file."""

    id: int
    repository_id: int
    pull_request_id: int | None
    commit_id: str | None
    parent_id: int | None
    version: int
    text: str
    path: str | None
    author_id: int
    created: int
    updated: int


class PullRequests:
    """Reads and writes; the callers have checked what is allowed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(
        self, repository_id: int, *, from_ref: str | None = None, to_ref: str | None = None, state: str | None = None
    ) -> list[PullRequest]:
        """Newest first."""
        rows = self._store.all(
            "SELECT * FROM pull_request WHERE repository_id = ? AND (? IS NULL OR from_ref = ?)"
            " AND (? IS NULL OR to_ref = ?) AND (? IS NULL OR state = ?) ORDER BY updated DESC, id DESC",
            repository_id, from_ref, from_ref, to_ref, to_ref, state, state,
        )  # fmt: skip
        return [_pull_request(row) for row in rows]

    def get(self, repository_id: int, number: int) -> PullRequest | None:
        row = self._store.one(
            "SELECT * FROM pull_request WHERE repository_id = ? AND id = ?", repository_id, number
        )  # fmt: skip
        return None if row is None else _pull_request(row)

    def add(self, repository_id: int, values: dict[str, Any]) -> PullRequest:
        """With the next number of its repository; call it inside of a transaction."""
        row = self._store.one("SELECT max(id) AS newest FROM pull_request WHERE repository_id = ?", repository_id)
        number = 1 + ((row["newest"] if row is not None else None) or 0)
        values = {"created": now(), "updated": now(), **values, "repository_id": repository_id, "id": number}
        return _pull_request(_insert(self._store, "pull_request", values))

    def change(self, request: PullRequest, **values: Any) -> PullRequest:
        values["updated"] = now()
        settings = ", ".join(f"{name} = ?" for name in values)
        self._store.execute(
            f"UPDATE pull_request SET version = version + 1, {settings} WHERE repository_id = ? AND id = ?",
            *values.values(), request.repository_id, request.id,
        )  # fmt: skip
        changed = self.get(request.repository_id, request.id)
        assert changed is not None
        return changed

    def delete(self, request: PullRequest) -> None:
        for table, column in (("comment", "pull_request_id"), ("pull_request", "id")):
            self._store.execute(
                f"DELETE FROM {table} WHERE repository_id = ? AND {column} = ?", request.repository_id, request.id
            )


class Comments:
    """Comments are numbered over all repositories."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, number: int) -> Comment | None:
        row = self._store.one("SELECT * FROM comment WHERE id = ?", number)
        return None if row is None else Comment(**row)

    def on_pull_request(self, repository_id: int, number: int) -> list[Comment]:
        """Oldest first, replies among them."""
        rows = self._store.all(
            "SELECT * FROM comment WHERE repository_id = ? AND pull_request_id = ? ORDER BY id", repository_id, number
        )
        return [Comment(**row) for row in rows]

    def on_commit(self, repository_id: int, commit_id: str) -> list[Comment]:
        rows = self._store.all(
            "SELECT * FROM comment WHERE repository_id = ? AND commit_id = ? ORDER BY id", repository_id, commit_id
        )
        return [Comment(**row) for row in rows]

    def replies(self, comment: Comment) -> list[Comment]:
        rows = self._store.all("SELECT * FROM comment WHERE parent_id = ? ORDER BY id", comment.id)
        return [Comment(**row) for row in rows]

    def add(self, values: dict[str, Any]) -> Comment:
        return Comment(**_insert(self._store, "comment", {"created": now(), "updated": now(), **values}))

    def change(self, comment: Comment, text: str) -> Comment:
        row = self._store.one(
            "UPDATE comment SET version = version + 1, text = ?, updated = ? WHERE id = ? RETURNING *",
            text, now(), comment.id,
        )  # fmt: skip
        assert row is not None
        return Comment(**row)

    def delete(self, comment: Comment) -> None:
        self._store.execute("DELETE FROM comment WHERE id = ?", comment.id)


def _insert(store: Store, table: str, values: dict[str, Any]) -> sqlite3.Row:
    row = store.one(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))}) RETURNING *",
        *values.values(),
    )
    assert row is not None
    return row


def _pull_request(row: sqlite3.Row) -> PullRequest:
    return PullRequest(**{**row, "reviewers": tuple(json.loads(row["reviewers"]))})
