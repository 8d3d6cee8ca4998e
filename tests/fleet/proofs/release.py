# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a release."""

from __future__ import annotations

from ..proof import API, READ, Scenario, Use, Uses
from .branches import COMMITS, FIRST_COMMIT
from .jira import COMMITS as OF_ISSUE

RELEASE = {**API, "since": "v1.0.0", "until": "develop"}
WHOLE = {**API, "since": FIRST_COMMIT, "until": "feature/PLAT-7-tracing"}

SCENARIOS = [
    Scenario("release_gate", "which passes", {**RELEASE, "branches": ["develop", "refs/heads/develop"]}),
    Scenario(
        "release_gate",
        "which does not, and is reported",
        {
            **WHOLE,
            "issue_pattern": r"Describe|PLAT-[0-9]+(?= Limit)",
            "allowed_messages": ["^PLAT-7 "],
            "branches": ["main", "release/1.0"],
            "on_violations": "report",
        },
    ),
    Scenario(
        "release_gate",
        "which names no issue and needs none",
        {
            **WHOLE,
            "until": "main",
            "issue_pattern": "NONE-[0-9]+",
            "allowed_messages": ["(?m)^PLAT-2"],
            # commits made from the seed have the same ids each time
            "allowed_commits": ["13AB2C32F814696DE810382FA85B37E06489D33C"],
            "merges": "exclude",
            "linked": False,
        },
    ),
]

USES: Uses = {
    COMMITS: [Use("release_gate", RELEASE, READ)],
    OF_ISSUE: [Use("release_gate", RELEASE, READ)],
}
