# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stale branches."""

from __future__ import annotations

from ..proof import READ, REPOSITORY, Scenario, Use, Uses
from .branches import BRANCHES

PULL_REQUESTS = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/pull-requests")
RESTRICTIONS = ("GET", f"/rest/branch-permissions/{{apiVersion}}{REPOSITORY}/restrictions")

API = {"project_key": "PLAT", "repository": "api"}
WORKER = {"repositories": [{"project_key": "PLAT", "repository": "worker"}]}


SCENARIOS = [
    Scenario("stale_branch_info", "of one repository", {"repositories": [API]}),
    Scenario(
        "stale_branch_info",
        "of what globs stand for, and what is kept",
        {
            "repositories": [
                {**API, "base": "develop"},
                {"project_key": "pl*", "repository": "*", "exclude": ["inf*"]},
            ],
            "kept": True,
            "older_than_days": 0.5,
            "types": ["FEATURE", "RELEASE"],
            "globs": ["feature/*", "release/*"],
            "keep": ["*/never"],
        },
    ),
    Scenario(
        "stale_branch_info",
        "of any age, merged or not",
        {**WORKER, "merged": False, "older_than_days": 0, "concurrency": 1},
    ),
]

USES: Uses = {
    BRANCHES: [Use("stale_branch_info", WORKER, READ)],
    PULL_REQUESTS: [Use("stale_branch_info", WORKER, READ)],
    RESTRICTIONS: [Use("stale_branch_info", WORKER, READ)],
}
