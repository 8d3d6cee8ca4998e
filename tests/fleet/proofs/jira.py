# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link with Jira: issues of commits and pull requests, commits of issues, issues from comments."""

from __future__ import annotations

from ..proof import READ, Scenario, Use, Uses

_REST = "/rest/jira/{apiVersion}"
COMMITS = ("GET", f"{_REST}/issues/{{issueKey}}/commits")

SCENARIOS = [
    Scenario("jira_issue_commit_info", "of an issue", {"issue_key": "PLAT-7"}, reader=True),
    Scenario("jira_issue_commit_info", "cut short", {"issue_key": "PLAT-1", "max_changes": 1, "limit": 1}),
    Scenario("jira_issue_commit_info", "without changes", {"issue_key": "PLAT-1", "max_changes": 0}),
    Scenario("jira_issue_commit_info", "of an issue that no commit names", {"issue_key": "PLAT-999"}),
]

USES: Uses = {
    COMMITS: [Use("jira_issue_commit_info", {"issue_key": "PLAT-7"}, READ)],
}
