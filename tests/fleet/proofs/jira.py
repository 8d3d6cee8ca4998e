# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link with Jira: issues of commits and pull requests, commits of issues, issues from comments."""

from __future__ import annotations

from typing import Any

from ..modules import Fleet
from ..proof import ALONE, API, FAULTS, READ, REPEATED, REPOSITORY, Scenario, Use, Uses
from .listings import ONE, PROJECT

_REST = "/rest/jira/{apiVersion}"
COMMITS = ("GET", f"{_REST}/issues/{{issueKey}}/commits")
ENTITY_LINK = ("GET", f"{_REST}/projects/{{projectKey}}/primary-enhanced-entitylink")
PULL_REQUEST = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/pull-requests/{{pullRequestId}}")
ISSUES = ("GET", f"{_REST}{REPOSITORY}/pull-requests/{{pullRequestId}}/issues")

_COMMENTS = f"/rest/api/{{apiVersion}}{REPOSITORY}/pull-requests/{{pullRequestId}}/comments"
COMMENT = ("GET", f"{_COMMENTS}/{{commentId}}")
REPLY = ("POST", _COMMENTS)
EDIT = ("PUT", f"{_COMMENTS}/{{commentId}}")
DELETE = ("DELETE", f"{_COMMENTS}/{{commentId}}")
CREATE = ("POST", f"{_REST}/comments/{{commentId}}/issues")

# the pull request of the seed, the comment on it, and the application links
REVIEW = {**API, "pull_request_id": 1}
HERE = {**REVIEW, "comment_id": 2}
LINK, OF_CUSTOMERS = "6b5f0c0e-4f3b-3d0c-9f0e-0d9c3a1b2c3d", "1f0e9d8c-7b6a-3c5d-8e4f-3a2b1c0d9e8f"
FIELDS = {"project": {"key": "PLAT"}, "issuetype": {"name": "Task"}, "summary": "Switch it off in tests"}
ISSUE = {"application_id": LINK, "fields": FIELDS}
_PATH = "/rest/api/latest/projects/PLAT/repos/api/pull-requests/1/comments"


def marks(fleet: Fleet) -> list[dict[str, Any]]:
    """The replies to the comment that speak of its issue, by the raw API."""
    return [each for each in fleet.api("GET", f"{_PATH}/2")["comments"] if each["text"].startswith("Jira issue:")]


def issues(fleet: Fleet) -> list[str]:
    """The keys of the issues that Jira has made of the comment."""
    listed = fleet.simulator.at_control("GET", "/jira/issues")["issues"]
    return [issue["key"] for issue in listed if issue["comment_id"] == HERE["comment_id"]]


def unmarked(fleet: Fleet) -> None:
    """Have a comment that nobody has made an issue of, as far as one can see."""
    for mark in marks(fleet):
        fleet.api("DELETE", f"{_PATH}/{mark['id']}?version={mark['version']}")


def named(fleet: Fleet, key: str = "PLAT-7") -> None:
    """Have a comment whose issue somebody has created by hand."""
    unmarked(fleet)
    fleet.api("POST", _PATH, {"text": f"Jira issue: {key}", "parent": {"id": 2}})


def _names_one(fleet: Fleet) -> bool:
    """Whether the comment has one mark, which names the newest issue."""
    return [mark["text"] for mark in marks(fleet)] == [f"Jira issue: {key}" for key in issues(fleet)[-1:] or ["none"]]


SCENARIOS = [
    Scenario("jira_entity_link_info", "linked", {"project_key": "PLAT"}),
    Scenario("jira_entity_link_info", "not linked", {"project_key": "WEB"}),
    Scenario(
        "jira_issue", "create", {**HERE, **ISSUE}, changes=True, prepare=unmarked, reader=True, given=("issue_key",)
    ),
    Scenario("jira_issue", "find one that was created by hand", {**HERE, **ISSUE}, prepare=named),
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
    COMMENT: [Use("jira_issue", {**HERE, **ISSUE}, READ, unmarked)],
    REPLY: [Use("jira_issue", {**HERE, **ISSUE}, REPEATED, unmarked, _names_one)],
    CREATE: [Use("jira_issue", {**HERE, **ISSUE}, ALONE, unmarked)],
    EDIT: [Use("jira_issue", {**HERE, **ISSUE}, REPEATED, unmarked, _names_one)],
    # of an issue that is refused; what is left of the mark, test_issues_from_comments looks at
    DELETE: [Use("jira_issue", {**HERE, **ISSUE, "application_id": "none"},
                 dict.fromkeys(FAULTS, ("validation", "validation")), unmarked)],
    ONE: [Use("jira_issue", {**HERE, **ISSUE}, READ, unmarked, check=True)],
}  # fmt: skip
