# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _jira
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ContractError,
    NotFoundError,
    NotSupportedError,
    PermissionDeniedError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Project as Place
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")


def changeset(number, *paths, last=True, **commit):
    """A commit of PLAT/api with these changes; ``a>b`` is a file that was moved."""
    changes = []
    for path in paths:
        source, _moved, target = path.rpartition(">")
        change = {"type": "MOVE" if source else "MODIFY", "path": {"toString": target}}
        changes.append({**change, "srcPath": {"toString": source}} if source else change)
    return {
        "toCommit": {
            "id": f"{number:040x}",
            "message": f"PLAT-7 Commit {number}\n\nfor OTHER-8",
            "parents": [{"id": f"{number - 1:040x}"}],
            "author": {"name": "dora", "emailAddress": "dora@example.com"},
            "authorTimestamp": 1790775619000,
            **commit,
        },
        "changes": {"values": changes, "isLastPage": last},
        "repository": {"slug": "api", "project": {"key": "PLAT"}},
    }


class Issue:
    """An issue with these changesets, in pages of at most two."""

    def __init__(self, *changesets):
        self.changesets = changesets

    def __call__(self, request):
        start, limit = int(request.query["start"]), min(int(request.query["limit"]), 2)
        following = start + limit
        last = following >= len(self.changesets)
        page = {"values": self.changesets[start:following], "isLastPage": last}
        return Answer(200, page if last else {**page, "nextPageStart": following})


def found(*changesets, max_changes=10, limit=None):
    with serving(Issue(*changesets)) as (client, server):
        return list(_jira.commits_of_issue(client, "PLAT-7", max_changes, limit)), server.received


def test_a_commit_tells_where_it_is_and_what_it_changed():
    keys = {"properties": {"jira-key": ["PLAT-7"]}}
    (commit,), (request,) = found(changeset(5, "a.py", "old/b.py>new/b.py", **keys))
    assert request.path == "/context/rest/jira/latest/issues/PLAT-7/commits"
    assert request.query["maxChanges"] == "10"
    changes = [
        {"type": "MODIFY", "path": "a.py", "source_path": None},
        {"type": "MOVE", "path": "new/b.py", "source_path": "old/b.py"},
    ]
    told = {"id": f"{5:040x}", "subject": "PLAT-7 Commit 5", "issue_keys": ["PLAT-7"], "author_name": "dora"}
    where = {"project_key": "PLAT", "repository": "api", "changes": changes, "changes_complete": True}
    assert commit == {**commit, **told, **where}


def test_an_older_server_calls_the_properties_attributes():
    (commit,), _requests = found(changeset(5, attributes={"jira-key": ["PLAT-7"]}))
    assert commit["issue_keys"] == ["PLAT-7"]


def test_all_pages_are_read_and_no_more_than_is_needed():
    changesets = [changeset(number) for number in range(1, 6)]
    commits, requests = found(*changesets)
    assert [commit["id"] for commit in commits] == [each["toCommit"]["id"] for each in changesets]
    assert [request.query["start"] for request in requests] == ["0", "2", "4"]
    commits, requests = found(*changesets, limit=2)
    assert len(commits) == 2 and len(requests) == 1 and requests[0].query["limit"] == "2"


def test_it_ends_as_soon_as_nobody_asks_for_more():
    with serving(Issue(*(changeset(number) for number in range(1, 6)))) as (client, server):
        assert any(commit["id"] == f"{2:040x}" for commit in _jira.commits_of_issue(client, "PLAT-7", 0))
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("max_changes", "paths", "last", "wanted", "complete"),
    [
        (2, ["a", "b"], True, 2, True),
        (2, ["a", "b"], False, 2, False),
        (2, ["a", "b", "c"], True, 2, False),
        (0, ["a"], True, 0, False),
        (0, [], True, 0, True),
    ],
)
def test_changes_are_cut_and_it_is_told(max_changes, paths, last, wanted, complete):
    (commit,), (request,) = found(changeset(5, *paths, last=last), max_changes=max_changes)
    assert (len(commit["changes"]), commit["changes_complete"]) == (wanted, complete)
    assert request.query["maxChanges"] == str(max_changes or 1)


def test_an_issue_that_no_commit_names_has_none():
    assert found()[0] == []


def test_what_is_no_page_of_commits_is_never_taken_for_none():
    with serving(Answer(200, {"values": [{}], "isLastPage": True})) as (client, _server), pytest.raises(ContractError):
        list(_jira.commits_of_issue(client, "PLAT-7", 10))


def test_a_server_without_the_plugin_is_told_so():
    unrouted = Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404})
    with serving(unrouted) as (client, _server), pytest.raises(NotSupportedError, match="plugin Jira Integration"):
        list(_jira.commits_of_issue(client, "PLAT-7", 10))


# -- issues of a pull request ----------------------------------------------------------------------------------------


def test_issues_of_a_pull_request():
    issue = {"key": "PLAT-7", "url": "https://jira.example.com/browse/PLAT-7"}
    with serving(Answer(200, [issue])) as (client, server):
        found = _jira.issues_of_pull_request(client, REPOSITORY, 3)
    assert found == [{"issue_key": "PLAT-7", "url": issue["url"]}]
    assert server.received[0].path == "/context/rest/jira/latest/projects/PLAT/repos/api/pull-requests/3/issues"


@pytest.mark.parametrize("body", [{}, [{}], [{"key": None, "url": "x"}]])
def test_what_is_no_list_of_issues_is_never_taken_for_none(body):
    with serving(Answer(200, body)) as (client, _server), pytest.raises(ContractError):
        _jira.issues_of_pull_request(client, REPOSITORY, 3)


# -- the link with a project of Jira ---------------------------------------------------------------------------------

LINK = {"applicationLinkId": "6b5f", "displayUrl": "https://jira.example.com/browse/PLAT", "projectId": 10000}
NO_PROJECT = refusal(404, "Project PLAT does not exist.", "project.NoSuchProjectException")
UNROUTED = Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404})
NONE, THERE = Answer(200, {"values": [], "isLastPage": True}), Answer(200, {"key": "PLAT"})


class Project:
    """A project with this answer to the question for its link; ``there`` and ``plugin`` are what else is asked for."""

    def __init__(self, link, there=THERE, plugin=NONE):
        self.link, self.there, self.plugin = link, there, plugin

    def __call__(self, request):
        if request.path.endswith("/projects/PLAT/primary-enhanced-entitylink"):
            return self.link
        return self.there if request.path.endswith("/rest/api/latest/projects/PLAT") else self.plugin


def entity_link(*answers, **more):
    with serving(Project(*answers, **more)) as (client, server):
        return _jira.entity_link(client, Place("PLAT")), len(server.received)


@pytest.mark.parametrize("names", [("key", "name"), ("projectKey", "projectName")])
def test_a_link_in_both_dialects(names):
    link, requests = entity_link(Answer(200, {**LINK, **dict(zip(names, ("PLAT", "Platform")))}))
    assert requests == 1
    assert link == {
        "application_id": "6b5f",
        "url": "https://jira.example.com/browse/PLAT",
        "jira_project_id": 10000,
        "jira_project_key": "PLAT",
        "jira_project_name": "Platform",
    }


def test_a_link_that_tells_no_more_than_it_must():
    told = {name: LINK[name] for name in ("applicationLinkId", "displayUrl")}
    link, _requests = entity_link(Answer(200, {**told, "key": "PLAT"}))
    assert link["jira_project_id"] is None and link["jira_project_name"] is None


def test_a_link_without_a_project_is_no_link():
    with pytest.raises(ContractError):
        entity_link(Answer(200, LINK))


@pytest.mark.parametrize(
    ("answer", "requests"),
    [(Answer(204), 2), (refusal(404, "Not linked."), 2), (Answer(404), 3), (UNROUTED, 3)],
    ids=["204", "404", "empty 404", "unrouted 404"],
)
def test_no_link_is_an_answer_where_project_and_plugin_are_there(answer, requests):
    assert entity_link(answer) == (None, requests)


@pytest.mark.parametrize("answer", [Answer(204), refusal(404, "Not linked."), NO_PROJECT], ids=["204", "404", "named"])
@pytest.mark.parametrize(
    ("there", "error"),
    [(NO_PROJECT, NotFoundError), (refusal(401, "No.", "AuthorisationException"), PermissionDeniedError)],
)
def test_a_project_that_cannot_be_read_is_no_project_without_a_link(answer, there, error):
    with pytest.raises(error):
        entity_link(answer, there=there)


def test_a_server_without_the_plugin_has_no_answer():
    with pytest.raises(NotSupportedError, match="plugin Jira Integration"):
        entity_link(UNROUTED, plugin=UNROUTED)


def test_a_failure_is_never_taken_for_no_link():
    with pytest.raises(PermissionDeniedError):
        entity_link(refusal(401, "No.", "AuthorisationException"))
