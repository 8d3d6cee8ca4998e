# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    BitbucketError,
    ConflictError,
    NotFoundError,
    ServerError,
    ValidationError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.plugins.module_utils._tag import Tags, view
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")
TIP = "a" * 40
# the 404 of a tag names no exception (seen); whether it has errors[] is not known
GONE = refusal(404, "Tag 'v1' does not exist.")
BARE = Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404, "sub-code": -1})
XML = Answer(404, "<status><status-code>404</status-code></status>", Content_Type="application/xml")
MISSING = [GONE, BARE, XML, refusal(404, "Tag 'v1' does not exist.", "repository.NoSuchTagException")]


class Server:
    """A repository with these tags; ``script`` are the answers to writes, each a status or an Answer."""

    def __init__(self, *names, script=()):
        self.names = list(names)
        self.script = list(script)

    def __call__(self, request):
        if request.method == "GET":
            values = [
                {"id": f"refs/tags/{name}", "displayId": name, "latestCommit": TIP, "hash": "b" * 40}
                for name in self.names
            ]
            return Answer(200, {"values": values, "isLastPage": True})
        answer, self.names = self.script.pop(0)
        return answer


def methods(server):
    return [request.method for request in server.received]


@pytest.mark.parametrize(
    ("message", "kind"), [(None, {"type": "LIGHTWEIGHT"}), ("One", {"type": "ANNOTATED", "message": "One"})]
)
def test_a_tag_is_made_at_a_commit_with_its_message(message, kind):
    ref = {"id": "refs/tags/v1", "displayId": "v1", "latestCommit": TIP, "hash": message and "b" * 40}
    with serving(Answer(201, ref)) as (client, server):
        outcome = Tags(client, REPOSITORY).create("v1", TIP, message)
    assert outcome.changed and outcome.after == view("v1", TIP, annotated=message is not None)
    (sent,) = server.received
    assert sent.body == {"name": "v1", "startPoint": TIP, **kind}


@pytest.mark.parametrize(
    "exists",
    [
        refusal(400, "Tag already exists.", "repository.DuplicateRefException"),
        refusal(400, "Tag already exists."),
        refusal(409, "Tag already exists.", "repository.DuplicateRefException"),
    ],
)
def test_a_tag_that_somebody_else_created_in_between_is_no_change(exists):
    with serving(Server(script=[(exists, ["v1"])])) as (client, server):
        outcome = Tags(client, REPOSITORY).create("v1", "c" * 40, "One")
        assert set(methods(server)) == {"POST", "GET"}
    assert not outcome.changed and outcome.after == view("v1", TIP, annotated=True)


def test_a_tag_that_is_there_as_asked_although_the_request_was_called_invalid_is_ours():
    with serving(Server(script=[(refusal(400, "Could not be serialized."), ["v1"])])) as (client, _server):
        outcome = Tags(client, REPOSITORY).create("v1", TIP, "One")
    assert outcome.changed and outcome.after == view("v1", TIP, annotated=True)


def test_a_tag_that_exists_after_a_lost_answer_is_ours():
    script = [(Answer(502, "<html>"), []), (refusal(400, "Tag already exists."), ["v1"])]
    with serving(Server(script=script)) as (client, _server):
        outcome = Tags(client, REPOSITORY).create("v1", TIP, "One")
    assert outcome.changed and outcome.before is None


def test_a_tag_that_is_refused_and_not_there_stays_an_error():
    invalid = refusal(400, "'v1' is not a valid tag name.", "repository.InvalidRefNameException")
    with serving(Server(script=[(invalid, [])])) as (client, _server), pytest.raises(ValidationError):
        Tags(client, REPOSITORY).create("v1", TIP, "One")


def test_a_conflict_with_another_tag_stays_an_error():
    exists = refusal(409, "It conflicts.", "repository.RefNameConflictException")
    with serving(Server("v1/x", script=[(exists, ["v1/x"])])) as (client, _server), pytest.raises(ConflictError):
        Tags(client, REPOSITORY).create("v1", TIP, "One")


@pytest.mark.parametrize("other", ["v1/x", "v1", "v1/x/y/z"])
def test_an_overlap_is_found_before(other):
    with serving(Server(other, "v10")) as (client, _server), pytest.raises(ConflictError, match=f"beside tag {other}"):
        Tags(client, REPOSITORY).refuse_overlap("v1/x/y" if other != "v1/x" else "v1")


def test_no_overlap_with_names_that_begin_alike():
    with serving(Server("v1-x", "v10/x", "v1")) as (client, _server):
        Tags(client, REPOSITORY).refuse_overlap("v1")


def test_the_name_is_quoted_part_by_part():
    with serving(Answer(204)) as (client, server):
        assert Tags(client, REPOSITORY).delete("a b/50%;ü")
    assert server.received[0].url.endswith("/rest/git/latest/projects/PLAT/repos/api/tags/a%20b/50%25%3B%C3%BC")


@pytest.mark.parametrize("missing", MISSING)
def test_a_tag_that_somebody_else_deleted_in_between_is_no_change(missing):
    with serving(Server("v1", script=[(missing, [])])) as (client, server):
        assert Tags(client, REPOSITORY).delete("v1") is False
        assert methods(server) == ["DELETE", "GET"]


@pytest.mark.parametrize("missing", MISSING)
def test_a_404_while_the_tag_is_there_stays_an_error(missing):
    answered = pytest.raises(BitbucketError, match=r"DELETE .* answered 404")
    with serving(Server("v1", script=[(missing, ["v1"])])) as (client, _server), answered:
        Tags(client, REPOSITORY).delete("v1")


@pytest.mark.parametrize("missing", MISSING)
def test_a_404_of_the_repository_is_no_absent_tag(missing):
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")

    def server(request):
        return gone if request.method == "GET" else missing

    with serving(server) as (client, _server):
        with pytest.raises(NotFoundError, match="Repository PLAT/api does not exist"):
            Tags(client, REPOSITORY).delete("v1")
        with pytest.raises(NotFoundError, match="Repository PLAT/api does not exist"):
            Tags(client, REPOSITORY).find("v1")


def test_a_lost_answer_is_read_back():
    with serving(Server("v1", script=[(Answer(502, "<html>"), [])])) as (client, server):
        assert Tags(client, REPOSITORY).delete("v1") is True
        assert methods(server) == ["DELETE", "GET"]


def test_a_first_try_that_ends_late_was_ours():
    with serving(Server("v1", script=[(Answer(502, "<html>"), ["v1"]), (GONE, [])])) as (client, server):
        assert Tags(client, REPOSITORY).delete("v1") is True
        assert methods(server) == ["DELETE", "GET", "DELETE", "GET"]


def test_a_deletion_that_fails_twice_is_an_error():
    failed = (Answer(500, "<html>"), ["v1"])
    with serving(Server("v1", script=[failed, failed])) as (client, _server), pytest.raises(ServerError):
        Tags(client, REPOSITORY).delete("v1")
