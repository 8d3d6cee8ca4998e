# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link with Jira: issues of commits and pull requests, commits of issues, issues from comments."""

from __future__ import annotations

from ..proof import API, READ, REPOSITORY, Scenario, Use, Uses
from .listings import PROJECT

_REST = "/rest/jira/{apiVersion}"
COMMITS = ("GET", f"{_REST}/issues/{{issueKey}}/commits")
ENTITY_LINK = ("GET", f"{_REST}/projects/{{projectKey}}/primary-enhanced-entitylink")
PULL_REQUEST = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/pull-requests/{{pullRequestId}}")
ISSUES = ("GET", f"{_REST}{REPOSITORY}/pull-requests/{{pullRequestId}}/issues")

# the pull request of the seed
REVIEW = {**API, "pull_request_id": 1}

SCENARIOS = [
    Scenario("jira_entity_link_info", "linked", {"project_key": "PLAT"}),
    Scenario("jira_entity_link_info", "not linked", {"project_key": "WEB"}),
    Scenario("jira_issue_commit_info", "of an issue", {"issue_key": "PLAT-7"}, reader=True),
    Scenario("jira_issue_commit_info", "cut short", {"issue_key": "PLAT-1", "max_changes": 1, "limit": 1}),
    Scenario("jira_issue_commit_info", "without changes", {"issue_key": "PLAT-1", "max_changes": 0}),
    Scenario("jira_issue_commit_info", "of an issue that no commit names", {"issue_key": "PLAT-999"}),
    Scenario("pull_request_issue_info", "of a pull request", REVIEW),
]

USES: Uses = {
    COMMITS: [Use("jira_issue_commit_info", {"issue_key": "PLAT-7"}, READ)],
    ENTITY_LINK: [Use("jira_entity_link_info", {"project_key": "PLAT"}, READ)],
    PROJECT: [Use("jira_entity_link_info", {"project_key": "WEB"}, READ)],
    PULL_REQUEST: [Use("pull_request_issue_info", REVIEW, READ)],
    ISSUES: [Use("pull_request_issue_info", REVIEW, READ)],
}
