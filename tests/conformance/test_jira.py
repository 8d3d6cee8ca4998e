# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jira: issues from comments, commits of issues, the linked project, issues of a pull request."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.api import Api
from conformance.sandbox import ISSUE, Repository, git
from conformance.target import Target

claim = pytest.mark.claim
pytestmark = pytest.mark.needs("jira")
JIRA = "/rest/jira/latest"


@pytest.fixture
def pull_request(new_repository: Callable[..., Repository]) -> tuple[Repository, int]:
    """A repository and the pull request from its topic to its base."""
    repository = new_repository()
    return repository, open_pull_request(repository)


def open_pull_request(repository: Repository) -> int:
    body = {
        "title": "Try",
        "fromRef": {"id": f"refs/heads/{repository.topic}"},
        "toRef": {"id": f"refs/heads/{repository.base}"},
    }
    number: int = repository.api.post(f"{repository.rest}/pull-requests", body, status=201, schema="pull_request").json[
        "id"
    ]
    return number


def issue(target: Target) -> dict[str, object]:
    """As Jira wants it."""
    assert target.jira is not None
    return {"fields": {"project": {"key": target.jira[1]}, "issuetype": {"name": "Task"}, "summary": "Conformance"}}


def comment_on(pull_request: tuple[Repository, int]) -> int:
    repository, number = pull_request
    path = f"{repository.rest}/pull-requests/{number}/comments"
    made: int = repository.api.post(path, {"text": "To do"}, status=201, schema="comment").json["id"]
    return made


@claim("POST comments/{id}/issues makes an issue: {commentId, issueKey}; 201, or 200 in 9.x", evidence="doc")
def test_create_issue(api: Api, target: Target, pull_request: tuple[Repository, int]) -> None:
    assert target.jira is not None
    comment = comment_on(pull_request)
    path = f"{JIRA}/comments/{comment}/issues?applicationId={target.jira[0]}"
    made = api.post(path, issue(target), status=(200, 201), schema="jira_comment_issue").json
    assert made["commentId"] == comment
    assert made["issueKey"].startswith(f"{target.jira[1]}-")


@claim("An unknown application link is refused with 400", evidence="doc")
def test_unknown_link(api: Api, target: Target, pull_request: tuple[Repository, int]) -> None:
    path = f"{JIRA}/comments/{comment_on(pull_request)}/issues?applicationId=00000000-0000-0000-0000-000000000000"
    api.post(path, issue(target), status=400)


@claim("Where Jira wants its own authentication: 401", evidence="doc")
@pytest.mark.needs("settings")
def test_jira_authentication(api: Api, target: Target, pull_request: tuple[Repository, int]) -> None:
    link = "0b8d2c5d-7a35-4f1e-8d55-f2a1b2f4d9c2"
    api.post(f"{JIRA}/comments/{comment_on(pull_request)}/issues?applicationId={link}", issue(target), status=401)


@claim("Only comments on pull requests take issues", evidence="doc")
def test_comment_on_commit(api: Api, target: Target, repository: Repository) -> None:
    assert target.jira is not None
    path = f"{repository.rest}/commits/{repository.tip}/comments"
    comment = api.post(path, {"text": "To do"}, status=201, schema="comment").json["id"]
    answer = api.post(f"{JIRA}/comments/{comment}/issues?applicationId={target.jira[0]}", issue(target))
    assert 400 <= answer.status < 500, answer.said


@claim("GET issues/{key}/commits is a page of {fromCommit, toCommit, changes, repository, links}", evidence="doc")
def test_commits_of_issue(api: Api, repository: Repository) -> None:
    found = api.values(f"{JIRA}/issues/{ISSUE}/commits", "jira_changeset_page")
    here = {
        each["toCommit"]["id"]: each for each in found if each["repository"]["slug"] == repository.slug
    }  # fmt: skip
    assert set(here) == {repository.commits[0], repository.commits[2]}
    assert here[repository.tip]["fromCommit"]["id"] == repository.commits[1]
    assert [change["path"]["toString"] for change in here[repository.tip]["changes"]["values"]] == ["README.md"]


@claim("maxChanges is how many changes of each commit come, 10 by default", evidence="doc")
def test_max_changes(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    for number in range(12):
        (repository.work / f"file-{number}.txt").write_text("x\n", encoding="utf-8")
    git("add", ".", cwd=repository.work)
    repository.commit("README.md", "CONFORM-77 Much")
    repository.push(f"topic:refs/heads/{repository.topic}")
    path = f"{JIRA}/issues/CONFORM-77/commits"
    for query, count in (("", 10), ("?maxChanges=2", 2)):
        found = api.get(path + query, schema="jira_changeset_page").json["values"]
        (mine,) = [each for each in found if each["repository"]["slug"] == repository.slug]
        assert (mine["changes"]["size"], mine["changes"]["isLastPage"]) == (count, False)


@claim("primary-enhanced-entitylink is {applicationLinkId, displayUrl, key or projectKey, ...}", evidence="doc")
def test_entity_link(api: Api, target: Target) -> None:
    assert target.jira is not None
    path = f"{JIRA}/projects/{target.project_key}/primary-enhanced-entitylink"
    shown = api.get(path, schema="entity_link").json
    assert shown["applicationLinkId"] == target.jira[0]
    assert shown.get("projectKey", shown.get("key")) == target.jira[1]


@claim("A project that is not linked has no entity link: 404 or 204", evidence="assumed")
@pytest.mark.needs("settings")
def test_no_entity_link(admin: Api) -> None:
    admin.get(f"{JIRA}/projects/HIDDEN/primary-enhanced-entitylink", status=(204, 404))


@claim("The entity link is for PROJECT_READ: others get 401", evidence="doc")
@pytest.mark.needs("settings")
def test_entity_link_refused(api: Api) -> None:
    api.get(f"{JIRA}/projects/HIDDEN/primary-enhanced-entitylink", status=401)


@claim("A pull request's issues are a list of {key, url}, from its commits", evidence="doc")
@claim("A missing pull request gives 200 and an empty list", evidence="seen 10.4")
def test_issues_of_pull_request(api: Api, pull_request: tuple[Repository, int]) -> None:
    repository, number = pull_request
    path = f"{JIRA}{repository.path}/pull-requests/{{}}/issues"
    found = api.get(path.format(number), schema="jira_issue_list").json
    assert [issue["key"] for issue in found] == ["CONFORM-3"]
    assert api.get(path.format(999_999), schema="jira_issue_list").json == []


@claim("For the issues of a pull request at most 100 commits are read", evidence="doc")
def test_at_most_100_commits(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    # Written by one git program: 105 of them by themselves would take long.
    person = "committer C <c@example.com> 1700000000 +0000\n"
    lines = [
        f"commit refs/heads/many\n{person}data <<END\nCONFORM-{number} One of many\nEND\n" for number in range(100, 205)
    ]
    lines[0] += f"from {repository.tip}\n"
    git("fast-import", "--quiet", cwd=repository.work, stdin="".join(lines))
    repository.push(f"+many:refs/heads/{repository.topic}")
    number = open_pull_request(repository)
    found = api.get(f"{JIRA}{repository.path}/pull-requests/{number}/issues", schema="jira_issue_list").json
    assert len(found) == 100
