# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, NotFoundError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._release import Release
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")
UNKNOWN = refusal(404, "No such commit.", "commit.NoSuchCommitException")


def commit(number):
    return {
        "id": f"{number:040x}",
        "message": f"Change {number}",
        "parents": [],
        "author": {"name": "Dora"},
        "authorTimestamp": 0,
    }


def page(values, **query):
    """A page of one commit more than is asked for, so that whoever reads on is seen."""
    start = int(query.get("start", 0))
    last = start + 2 >= len(values)
    body = {"values": values[start : start + 2], "isLastPage": last}
    return Answer(200, body if last else {**body, "nextPageStart": start + 2})


class Server:
    """A repository whose commits are numbers in a row; branches and tags are at one of them, as full refs.

    ``issues`` are the numbers of commits that Jira's link lists under a key.
    """

    def __init__(self, refs, issues=None):
        self.refs = refs
        self.issues = issues or {}

    def _number(self, name):
        names = (name, f"refs/heads/{name}", f"refs/tags/{name}")
        return next((self.refs[each] for each in names if each in self.refs), None)

    def __call__(self, request):
        query = request.query
        if "/rest/jira/" in request.path:
            numbers = self.issues.get(request.path.split("/")[-2], [])
            changes = {"values": [], "isLastPage": True}
            place = {"slug": "api", "project": {"key": "PLAT"}}
            return page([{"toCommit": commit(n), "changes": changes, "repository": place} for n in numbers], **query)
        ends = []
        for name in (query["until"], query.get("since")):
            number = int(name, 16) if name and len(name) == 40 else name and self._number(name)
            if name and number is None:
                return UNKNOWN
            ends.append(number or 0)
        numbers = range(ends[0], ends[1], -1)
        if query.get("merges") == "exclude":
            numbers = [number for number in numbers if number % 10]
        return page([commit(number) for number in numbers], **query)


@contextlib.contextmanager
def release(since="v1", until="main", issues=None, **refs):
    known = {"refs/tags/v1": 3, "refs/heads/main": 8, "refs/heads/v2": 5, "refs/tags/v2": 99, "refs/tags/ten": 10}
    server = Server({**known, **{f"refs/heads/{name}": number for name, number in refs.items()}}, issues)
    with serving(server, read_only=True) as (client, memory):
        made = Release(client, REPOSITORY, since, until)
        memory.received.clear()
        yield made, memory.received


def test_the_ends_are_looked_up_once_and_a_branch_goes_before_a_tag():
    with release(until="v2") as (found, received):
        assert (found.since, found.until) == (f"{3:040x}", f"{5:040x}")
        assert [each["id"] for each in found.commits("include")] == [f"{number:040x}" for number in (5, 4)]
    assert [request.query["until"] for request in received] == [found.until]
    assert received[0].query["since"] == found.since


@pytest.mark.parametrize(
    ("ends", "kind", "words"),
    [
        ({"since": "nowhere"}, NotFoundError, "since 'nowhere' names no commit of PLAT/api; give an existing branch"),
        ({"until": "f" * 39}, NotFoundError, "until 'fff.*' names no commit of PLAT/api"),
        ({"until": "a..b"}, InputError, "until 'a..b' is neither a ref nor a commit"),
        ({"since": ""}, InputError, "since '' is neither a ref nor a commit"),
    ],
)
def test_ends_that_are_not_there(ends, kind, words):
    with pytest.raises(kind, match=words), release(**ends):
        pass


def test_what_no_request_is_made_for():
    with serving(UNKNOWN) as (client, server):
        with pytest.raises(InputError):
            Release(client, REPOSITORY, "main", "..")
        assert server.received == []


@pytest.mark.parametrize(
    ("since", "until", "merges", "words"),
    [
        ("main", "main", "include", r"The range since main until main of PLAT/api holds no commit; check that since"),
        ("main", "v1", "include", r"The range since main until v1 of PLAT/api holds no commit;"),
        (f"{9:040x}", "ten", "exclude", r"until ten of PLAT/api holds no commit but merges;"),
    ],
)
def test_a_range_without_commits_is_an_error(since, until, merges, words):
    with release(since, until) as (found, _received), pytest.raises(NotFoundError, match=words):
        found.commits(merges)


def test_an_issue_is_linked_when_a_commit_of_the_release_is_listed_under_it():
    issues = {"PLAT-1": [77, 8], "PLAT-2": [1, 2, 3, 99], "PLAT-3": [4, 70, 71, 72]}
    with release(issues=issues) as (found, received):
        commits = found.commits("include")
        received.clear()
        assert list(found.unlinked(["PLAT-1", "PLAT-2", "PLAT-3", "PLAT-4", "plat-1", "../x"], commits)) == [
            "PLAT-2",
            "PLAT-4",
            "plat-1",
            "../x",
        ]
    asked = [(request.path.split("/")[-2], request.query["start"]) for request in received]
    # no page is read after a commit was met, and nothing is asked for that is no key
    assert asked == [("PLAT-1", "0"), ("PLAT-2", "0"), ("PLAT-2", "2"), ("PLAT-3", "0"), ("PLAT-4", "0")]


def test_a_branch_contains_the_release_when_nothing_of_it_is_missing_there():
    with release(ahead=9, behind=7) as (found, received):
        assert list(found.elsewhere(["main", "ahead", "behind", "v2"])) == ["behind", "v2"]
    assert {request.query["limit"] for request in received} == {"1"}


def test_a_branch_that_is_not_there_is_an_error():
    with (
        release() as (found, _received),
        pytest.raises(NotFoundError, match="branches 'refs/heads/v1' names no commit"),
    ):
        list(found.elsewhere(["v1"]))
