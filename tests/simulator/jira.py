# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Jira behind the application links, and which commits speak of which of its issues."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

from simulator.gitrepo import GitRepository
from simulator.store import Store

# seen: upper-case project key, dash, number.
JIRA_KEY = re.compile(r"(?<![A-Za-z0-9_-])([A-Z][A-Z0-9_]+-[1-9][0-9]*)(?![A-Za-z0-9_])")


def jira_keys(message: str) -> list[str]:
    """Each key once, in the order of the message."""
    return list(dict.fromkeys(JIRA_KEY.findall(message)))


class Jira:
    """Application links and what Jira holds, in the shared database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def link(self, application_id: str) -> sqlite3.Row | None:
        return self._store.one("SELECT * FROM application_link WHERE id = ?", application_id)

    def primary_link(self) -> sqlite3.Row | None:
        """assumed: the one that was made first."""
        return self._store.one("SELECT * FROM application_link ORDER BY rowid LIMIT 1")

    def entity_link(self, project_id: int) -> sqlite3.Row | None:
        """The Jira project that a Bitbucket project is linked with, and the application it lives in."""
        return self._store.one(
            "SELECT l.id AS application_id, l.url, j.key, j.id, j.name FROM entity_link e"
            " JOIN application_link l ON l.id = e.application_id"
            " JOIN jira_project j ON j.application_id = e.application_id AND j.key = e.jira_key WHERE project_id = ?",
            project_id,
        )

    def create_issue(self, application_id: str, comment_id: int, fields: dict[str, Any]) -> str | None:
        """The new issue's key; None when Jira has no such project."""
        named = fields.get("project")
        project = named if isinstance(named, dict) else {}
        with self._store.write():
            row = self._store.one(
                "UPDATE jira_project SET last_issue = last_issue + 1 WHERE application_id = ?"
                " AND (key = ? OR CAST(id AS TEXT) = ?) RETURNING key, last_issue",
                application_id, project.get("key"), str(project.get("id")),
            )  # fmt: skip
            if row is None:
                return None
            key = f"{row['key']}-{row['last_issue']}"
            self._store.execute(
                "INSERT INTO jira_issue VALUES (?, ?, ?, ?)", key, application_id, comment_id, json.dumps(fields)
            )
        return key

    def issues(self) -> list[dict[str, Any]]:
        """What was created, oldest first."""
        rows = self._store.all("SELECT * FROM jira_issue ORDER BY rowid")
        return [{**row, "fields": json.loads(row["fields"])} for row in rows]


class CommitIndex:
    """Issue key to commits of one repository after the other; read again where a branch or tag has moved."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[frozenset[str], dict[str, list[str]]]] = {}

    def commits(self, git: GitRepository, key: str) -> list[str]:
        """Ids, newest first, of those that branches and tags lead to."""
        tips = frozenset([branch.tip for branch in git.branches()] + [tag[2] for tag in git.tags()])
        known = self._known.get(git.path)
        if known is None or known[0] != tips:
            known = self._known[git.path] = (tips, _read(git, tips))
        return known[1].get(key, [])


def _read(git: GitRepository, tips: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for commit in git.history(tips):
        for key in jira_keys(commit.message):
            found[key].append(str(commit.id))
    return dict(found)
