# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits."""

from __future__ import annotations

from ..proof import API, READ, REPOSITORY, Scenario, Use, Uses
from .branches import COMMITS, FIRST_COMMIT

COMMIT = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/commits/{{commitId}}")

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
]

USES: Uses = {
    COMMITS: [Use("commit_info", {**API, "since": "v1.0.0"}, READ)],
    COMMIT: [Use("commit_info", {**API, "commit": FIRST_COMMIT}, READ)],
}
