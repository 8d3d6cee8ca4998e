# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits."""

from __future__ import annotations

from ..modules import Fleet
from ..proof import API, READ, REPOSITORY, UNREAD, Scenario, Use, Uses
from .branches import COMMITS, FIRST_COMMIT

COMMIT = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/commits/{{commitId}}")
WATCH = ("POST", f"{COMMIT[1]}/watch")
UNWATCH = ("DELETE", f"{COMMIT[1]}/watch")

_WATCH = f"/rest/api/latest/projects/PLAT/repos/api/commits/{FIRST_COMMIT}/watch"


def _watched(fleet: Fleet) -> None:
    fleet.api("POST", _WATCH)


def _not_watched(fleet: Fleet) -> None:
    fleet.api("DELETE", _WATCH)


SCENARIOS = [
    Scenario("commit_info", "all of the default branch", API),
    Scenario("commit_info", "some, which are not all", {**API, "until": "develop", "limit": 1, "merges": "exclude"}),
    Scenario("commit_info", "of a range that is empty", {**API, "until": "refs/tags/v1.0.0", "since": "main"}),
    Scenario(
        "commit_info",
        "of a file",
        {**API, "path": "README.md", "follow_renames": True, "since": FIRST_COMMIT, "until": "develop"},
    ),
    Scenario("commit_info", "one, by its id", {**API, "commit": FIRST_COMMIT}),
    Scenario("commit_info", "one, by a tag", {**API, "commit": "v1.0.0"}),
    Scenario(
        "commit_watch",
        "watch",
        {**API, "commit": FIRST_COMMIT.upper()},
        changes=True,
        prepare=_not_watched,
        # whoever may read may watch
        reader=True,
        unread=True,
    ),
    Scenario(
        "commit_watch",
        "watch no longer",
        {**API, "commit": FIRST_COMMIT, "state": "absent"},
        changes=True,
        prepare=_watched,
        unread=True,
    ),
]

USES: Uses = {
    COMMITS: [
        Use("commit_info", {**API, "since": "v1.0.0"}, READ),
        Use("commit_watch", {**API, "commit": "main"}, READ, check=True),
    ],
    COMMIT: [Use("commit_info", {**API, "commit": FIRST_COMMIT}, READ)],
    WATCH: [Use("commit_watch", {**API, "commit": FIRST_COMMIT}, UNREAD)],
    UNWATCH: [Use("commit_watch", {**API, "commit": FIRST_COMMIT, "state": "absent"}, UNREAD)],
}
