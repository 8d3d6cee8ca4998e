# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's shared database: SQLite in WAL mode, opened by every node."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, slug TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE, password TEXT NOT NULL,
    permission TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1, failed_logins INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS membership (
    group_name TEXT NOT NULL COLLATE NOCASE, user_id INTEGER NOT NULL REFERENCES user (id),
    PRIMARY KEY (group_name, user_id));
CREATE TABLE IF NOT EXISTS user_group (name TEXT PRIMARY KEY COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS project (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL,
    description TEXT, public INTEGER NOT NULL DEFAULT 0, owner_id INTEGER REFERENCES user (id));
CREATE TABLE IF NOT EXISTS repository (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project (id),
    slug TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, description TEXT,
    public INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0, forkable INTEGER NOT NULL DEFAULT 1,
    UNIQUE (project_id, slug));
-- Names that projects and repositories had before: requests for them are redirected. slug is '' for a project.
CREATE TABLE IF NOT EXISTS moved (
    key TEXT NOT NULL COLLATE NOCASE, slug TEXT NOT NULL COLLATE NOCASE,
    project_id INTEGER REFERENCES project (id) ON DELETE CASCADE,
    repository_id INTEGER REFERENCES repository (id) ON DELETE CASCADE,
    PRIMARY KEY (key, slug));
CREATE TABLE IF NOT EXISTS permission (
    scope TEXT NOT NULL CHECK (scope IN ('PROJECT', 'REPOSITORY')), resource_id INTEGER NOT NULL,
    user_id INTEGER REFERENCES user (id), group_name TEXT COLLATE NOCASE, permission TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS permission_resource ON permission (scope, resource_id);
CREATE TABLE IF NOT EXISTS branch_model (
    scope TEXT NOT NULL CHECK (scope IN ('PROJECT', 'REPOSITORY')), resource_id INTEGER NOT NULL,
    configuration TEXT NOT NULL, PRIMARY KEY (scope, resource_id));
-- users (ids), groups (names) and access_keys (ids) are JSON lists.
CREATE TABLE IF NOT EXISTS restriction (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL CHECK (scope IN ('PROJECT', 'REPOSITORY')),
    resource_id INTEGER NOT NULL, type TEXT NOT NULL, matcher_type TEXT NOT NULL, matcher_id TEXT NOT NULL,
    users TEXT NOT NULL, groups TEXT NOT NULL, access_keys TEXT NOT NULL,
    UNIQUE (scope, resource_id, type, matcher_type, matcher_id));
-- Times are in milliseconds since 1970; reviewers is a JSON list of user ids.
CREATE TABLE IF NOT EXISTS pull_request (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE, id INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 0, title TEXT NOT NULL, description TEXT, state TEXT NOT NULL DEFAULT 'OPEN',
    author_id INTEGER NOT NULL REFERENCES user (id), reviewers TEXT NOT NULL DEFAULT '[]',
    from_ref TEXT NOT NULL, from_commit TEXT NOT NULL, to_ref TEXT NOT NULL, to_commit TEXT NOT NULL,
    merge_commit TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL, closed INTEGER,
    PRIMARY KEY (repository_id, id));
-- On a pull request or on a commit; ids are not given twice.
CREATE TABLE IF NOT EXISTS comment (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    pull_request_id INTEGER, commit_id TEXT, parent_id INTEGER REFERENCES comment (id) ON DELETE CASCADE,
    version INTEGER NOT NULL DEFAULT 0, text TEXT NOT NULL, path TEXT,
    author_id INTEGER NOT NULL REFERENCES user (id), created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS watch (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    commit_id TEXT NOT NULL, PRIMARY KEY (user_id, repository_id, commit_id));
CREATE TABLE IF NOT EXISTS build_status (
    commit_id TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, url TEXT NOT NULL, name TEXT, description TEXT,
    created INTEGER NOT NULL, PRIMARY KEY (commit_id, key));
-- Jira behind its application links: needs_authentication stands for users that have not granted access yet.
CREATE TABLE IF NOT EXISTS application_link (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, needs_authentication INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS jira_project (
    application_id TEXT NOT NULL REFERENCES application_link (id), key TEXT NOT NULL, id INTEGER NOT NULL,
    name TEXT NOT NULL, last_issue INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (application_id, key));
CREATE TABLE IF NOT EXISTS jira_issue (
    key TEXT PRIMARY KEY, application_id TEXT NOT NULL REFERENCES application_link (id), comment_id INTEGER,
    fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entity_link (
    project_id INTEGER PRIMARY KEY REFERENCES project (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES application_link (id), jira_key TEXT NOT NULL);
-- until: when a state that takes time ends, in seconds since 1970; offline: it is down, whatever its state.
CREATE TABLE IF NOT EXISTS mesh_node (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, rpc_url TEXT NOT NULL, state TEXT NOT NULL,
    until REAL, drain_seconds REAL NOT NULL, offline INTEGER NOT NULL DEFAULT 0);
-- An access token acts as user_id; scope and resource_id say where it belongs (USER: to that user, and OAUTH: an
-- OAuth 2 token of that user). permissions is a JSON list; times are in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS token (
    id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('USER', 'PROJECT', 'REPOSITORY', 'OAUTH')), resource_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE, permissions TEXT NOT NULL,
    created INTEGER NOT NULL, expires INTEGER, last_used INTEGER);
-- Faults on demand: the rule as JSON, the requests that it met and those that it acted on.
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
    hits INTEGER NOT NULL DEFAULT 0);
-- Members do not outlive a run. The name is null where none is configured; until silent_until the node is listed
-- without its state; url is where it listens, address and port are what it advertises.
DROP TABLE IF EXISTS node;
CREATE TABLE node (
    label TEXT PRIMARY KEY, id TEXT NOT NULL, name TEXT, version TEXT NOT NULL, address TEXT NOT NULL,
    port INTEGER NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL, heartbeat REAL NOT NULL,
    silent_until REAL NOT NULL DEFAULT 0, tasks INTEGER NOT NULL DEFAULT 0, users INTEGER NOT NULL DEFAULT 0);
"""


class Store:
    """One connection; use it in the thread that made it."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing this way, only a power cut could: right for a simulator.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA foreign_keys = ON")

    def create_tables(self) -> None:
        self.connection.executescript(_SCHEMA)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """A transaction over all nodes: whoever is inside is alone. Never await inside."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self.connection.execute(sql, values)

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.connection.execute(sql, values).fetchall()

    def data_version(self) -> int:
        """Another number when another connection has written since the last call."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def setting(self, name: str, default: Any = None) -> Any:
        row = self.one("SELECT value FROM setting WHERE name = ?", name)
        return default if row is None else json.loads(row["value"])

    def set_setting(self, name: str, value: Any) -> None:
        self.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, json.dumps(value))
