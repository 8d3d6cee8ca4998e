# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils._commit import (
    COMMIT,
    contains,
    get,
    log,
    of_default_branch,
    required,
    resolve,
    tip,
    view,
    watch,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ContractError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    UnreachableError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.plugins.module_utils._schema import Schema
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving
from hypothesis import given
from hypothesis import strategies as st

REPOSITORY = Repository("PLAT", "api")
TIP, OTHER = "a" * 40, "b" * 40
UNKNOWN = refusal(404, "No such commit.", "commit.NoSuchCommitException")


def repository(**revisions):
    """A repository that knows these revisions, ``__`` being ``/``."""
    known = {name.replace("__", "/"): tip for name, tip in revisions.items()}

    def answer(request):
        tip = known.get(request.query["until"])
        return Answer(200, {"values": [{"id": tip}], "isLastPage": True}) if tip else UNKNOWN

    return answer


@pytest.mark.parametrize(
    ("revision", "known", "wanted", "requests"),
    [
        ("main", {"refs__heads__main": TIP, "main": OTHER}, TIP, 1),
        ("v1", {"v1": TIP}, TIP, 2),
        ("refs/tags/v1", {"refs__tags__v1": TIP}, TIP, 1),
        ("nowhere", {}, None, 2),
        (OTHER, {}, None, 1),
    ],
)
def test_a_revision_is_a_commit_or_known_to_be_none(revision, known, wanted, requests):
    with serving(repository(**known)) as (client, server):
        assert resolve(client, REPOSITORY, revision) == wanted
        assert len(server.received) == requests


def test_a_missing_repository_is_never_taken_for_a_missing_commit():
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="PLAT/api does not exist"):
        resolve(client, REPOSITORY, "main")


def test_an_empty_repository_says_so():
    empty = Answer(200, {"values": [], "isLastPage": True})
    with serving(empty) as (client, _server), pytest.raises(NotFoundError, match="push a first commit"):
        resolve(client, REPOSITORY, "main")


# -- options that must name a commit -----------------------------------------------------------------------------------


def test_what_an_option_names_is_a_commit():
    with serving(repository(refs__heads__main=TIP)) as (client, _server):
        assert required(client, REPOSITORY, "main", "until") == TIP


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("no/where", "since 'no/where' names no commit of PLAT/api; give an existing branch, tag or full commit id."),
        (OTHER, f"since {OTHER} is not in PLAT/api; check the id and the repository."),
    ],
)
def test_what_names_none_is_told_in_words_of_the_option(revision, message):
    with serving(repository()) as (client, _server), pytest.raises(NotFoundError) as caught:
        required(client, REPOSITORY, revision, "since")
    assert str(caught.value) == message


def test_what_cannot_be_a_revision_is_not_asked_for():
    with serving(repository()) as (client, server), pytest.raises(InputError, match="since 'main~1' is neither"):
        required(client, REPOSITORY, "main~1", "since")
    assert server.received == []


# both wordings of an empty repository, or of one without its default branch, have been seen
NO_DEFAULT = [
    refusal(404, words, "repository.NoDefaultBranchException")
    for words in (
        "No default branch is defined",
        "refs/heads/master is set as the default branch, but this branch does not exist",
    )
]


def without_default(refused, *branches):
    """A repository whose configured default branch does not exist."""

    def answer(request):
        if request.path.endswith("/default-branch"):
            return Answer(200, {"id": "refs/heads/master"})
        if request.path.endswith("/branches"):
            shown = [{"id": f"refs/heads/{name}", "displayId": name, "latestCommit": TIP} for name in branches]
            return Answer(200, {"values": shown, "isLastPage": True})
        return refused

    return answer


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Answer(200, {"values": [{"id": TIP}], "isLastPage": False, "nextPageStart": 1}), TIP),
        (Answer(200, {"values": [], "isLastPage": True}), None),
        *((without_default(refused), None) for refused in NO_DEFAULT),
    ],
)
def test_the_default_branch_has_a_tip_or_the_repository_is_empty(answer, wanted):
    with serving(answer) as (client, server):
        assert of_default_branch(client, REPOSITORY) == wanted
    assert server.received[0].query == {"limit": "1"}


@pytest.mark.parametrize("refused", NO_DEFAULT)
def test_a_default_branch_that_does_not_exist_is_not_taken_for_an_empty_repository(refused):
    with serving(without_default(refused, "main")) as (client, _server):
        for read in (
            lambda: of_default_branch(client, REPOSITORY),
            lambda: list(log(client, REPOSITORY, {"path": "docs"})),
            lambda: tip(client, REPOSITORY, "HEAD"),
        ):
            with pytest.raises(
                NotFoundError, match=r"default branch master does not exist.*default_branch\.$"
            ) as caught:
                read()
            assert "PLAT/api" in str(caught.value)


@pytest.mark.parametrize("refused", NO_DEFAULT)
def test_a_revision_of_an_empty_repository_says_so(refused):
    empty = pytest.raises(NotFoundError, match="push a first commit")
    with serving(without_default(refused)) as (client, _server), empty:
        tip(client, REPOSITORY, "HEAD")


def test_a_missing_repository_has_no_default_branch_to_speak_of():
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="PLAT/api does not exist"):
        of_default_branch(client, REPOSITORY)


# -- the view ----------------------------------------------------------------------------------------------------------

PERSON = {"name": "dora", "emailAddress": "dora@example.com"}
PLAIN = {"id": TIP, "message": "PLAT-7 One", "parents": [], "author": PERSON, "authorTimestamp": 1_790_775_619_000}


def commit(**more):
    return {**PLAIN, **more}


def test_a_commit_as_a_user_sees_it():
    dora = {"name": "dora", "displayName": "Dora Developer", "emailAddress": "dora@example.com"}
    shown = view(
        commit(
            message="PLAT-7 One\n\nTwo, WEB-1",
            parents=[{"id": OTHER, "displayId": "b"}, {"id": TIP}],
            author=dora,
            committer={"name": "Somebody"},
            committerTimestamp=1_790_775_700_999,
            properties={"jira-key": ["PLAT-7", "WEB-1"]},
        )
    )
    assert shown == {
        "id": TIP,
        "subject": "PLAT-7 One",
        "message": "PLAT-7 One\n\nTwo, WEB-1",
        "issue_keys": ["PLAT-7", "WEB-1"],
        "parents": [OTHER, TIP],
        "author_name": "Dora Developer",
        "author_email": "dora@example.com",
        "author_time": "2026-09-30T13:40:19Z",
        "author_timestamp": 1_790_775_619,
        "committer_name": "Somebody",
        "committer_email": None,
        "committer_time": "2026-09-30T13:41:40Z",
        "committer_timestamp": 1_790_775_700,
    }


def test_who_committed_it_may_be_left_out():
    shown = view(commit())
    assert {value for name, value in shown.items() if name.startswith("committer_")} == {None}


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ({"properties": {"jira-key": ["SERVER-1"]}}, ["SERVER-1"]),
        ({"attributes": {"jira-key": ["SERVER-1"]}}, ["SERVER-1"]),
        ({"properties": {}, "attributes": {"jira-key": ["SERVER-1"]}}, ["SERVER-1"]),
        ({"properties": {"jira-key": ["SERVER-1"]}, "attributes": {"jira-key": ["OLD-1"]}}, ["SERVER-1"]),
        ({"properties": {"change": 1}}, ["PLAT-7"]),
        ({"properties": {"jira-key": []}}, ["PLAT-7"]),
        ({}, ["PLAT-7"]),
        ({"message": "None of them"}, []),
    ],
)
def test_keys_are_those_of_the_server_else_those_of_the_message(more, keys):
    assert view(commit(**more))["issue_keys"] == keys


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("One", "One"),
        ("One\ntwo\n\nthree", "One"),
        ("\n  \n\n One\ntwo", "One"),
        ("One \r\n\r\nTwo", "One"),
        ("One\u2028two", "One\u2028two"),
        ("", ""),
        ("\n", ""),
    ],
)
def test_the_subject_is_the_first_line_that_says_something(message, subject):
    shown = view(commit(message=message))
    assert (shown["subject"], shown["message"]) == (subject, message)


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "time"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (999, 0, "1970-01-01T00:00:00Z"),
        (-1, -1, "1969-12-31T23:59:59Z"),
        (-62_135_596_800_000, -62_135_596_800, "0001-01-01T00:00:00Z"),
        (253_402_300_799_000, 253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800_000, 253_402_300_800, None),
        (-62_135_596_801_000, -62_135_596_801, None),
        (2**63 * 1000, 2**63, None),
    ],
)
def test_any_time_has_its_seconds_and_one_of_the_calendar_its_name(milliseconds, seconds, time):
    shown = view(commit(authorTimestamp=milliseconds, committer=PERSON, committerTimestamp=milliseconds))
    for role in ("author", "committer"):
        assert (shown[f"{role}_timestamp"], shown[f"{role}_time"]) == (seconds, time)


@pytest.mark.parametrize(
    "person", [{"name": "dora"}, {"displayName": "Dora"}, {"emailAddress": "dora@example.com"}, {}]
)
def test_a_person_may_be_known_by_little(person):
    shown = view(commit(author=person))
    assert shown["author_name"] == person.get("displayName", person.get("name"))
    assert shown["author_email"] == person.get("emailAddress")


PERSONS = st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "displayName", "emailAddress"), st.text()))
HOLDERS = st.fixed_dictionaries({}, optional={"jira-key": st.lists(st.text()), "other": st.integers()})
COMMITS = st.fixed_dictionaries(
    {
        "id": st.text(),
        "message": st.text(),
        "parents": st.lists(st.fixed_dictionaries({"id": st.text()})),
        "author": PERSONS,
        "authorTimestamp": st.integers(),
    },
    optional={
        "committer": PERSONS,
        "committerTimestamp": st.integers(),
        "properties": HOLDERS,
        "attributes": HOLDERS,
    },
)


@given(COMMITS)
def test_whatever_fits_the_schema_is_shown_with_the_same_names(document):
    assert Schema(COMMIT).faults(document) == []
    shown = view(document)
    assert shown.keys() == view(commit()).keys()
    assert "\n" not in shown["subject"] and shown["subject"] in document["message"]
    for role in ("author", "committer"):
        seconds, time = shown[f"{role}_timestamp"], shown[f"{role}_time"]
        if time is not None:
            assert dt.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() == seconds


# -- lists of them -----------------------------------------------------------------------------------------------------


def history(count, most=100):
    """So many commits, numbered by their ids, on pages of at most so many."""

    def answer(request):
        start, limit = int(request.query.get("start", 0)), min(int(request.query["limit"]), most)
        numbers = range(start, min(start + limit, count))
        values = [commit(id=str(number)) for number in numbers]
        last = start + limit >= count
        return Answer(200, {"values": values, "isLastPage": last, "nextPageStart": None if last else start + limit})

    return answer


def numbers(found):
    return [int(each["id"]) for each in found]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_log_goes_over_all_pages(count):
    with serving(history(count)) as (client, server):
        query = {"until": TIP, "since": OTHER, "merges": "exclude", "followRenames": True}
        assert numbers(log(client, REPOSITORY, query)) == list(range(count))
    asked = [request.query for request in server.received]
    assert [each.pop("start") for each in asked] == [str(start) for start in range(0, max(count, 1), 100)]
    sent = {"until": TIP, "since": OTHER, "merges": "exclude", "followRenames": "true", "limit": "1000"}
    assert asked == [sent] * len(asked)
    assert {request.path for request in server.received} == {"/context/rest/api/latest/projects/PLAT/repos/api/commits"}


@pytest.mark.parametrize(
    ("limit", "asked", "requests"),
    [
        (1, "1", 1),
        (25, "25", 1),
        (100, "100", 1),
        (101, "101", 2),
        (250, "250", 3),
        (1000, "1000", 3),
        (5000, "1000", 3),
    ],
)
def test_a_limit_ends_the_log_and_spares_pages(limit, asked, requests):
    with serving(history(300)) as (client, server):
        assert numbers(log(client, REPOSITORY, {"until": TIP}, limit)) == list(range(min(limit, 300)))
    assert [request.query["limit"] for request in server.received] == [asked] * requests


@pytest.mark.parametrize("query", [{}, {"since": OTHER}, {"path": "docs"}, {"merges": "only"}])
def test_a_log_of_the_default_branch_asks_where_it_is_and_stays_there(query):
    with serving(history(250)) as (client, server):
        list(log(client, REPOSITORY, query))
    first, *others = (request.query for request in server.received)
    assert first == {"limit": "1"}
    assert [each["until"] for each in others] == ["0"] * 3
    assert all(query.items() <= each.items() for each in others)


@pytest.mark.parametrize("query", [{}, {"path": "docs"}])
@pytest.mark.parametrize("answer", [Answer(200, {"values": [], "isLastPage": True}), *map(without_default, NO_DEFAULT)])
def test_a_log_of_an_empty_repository_is_empty(query, answer):
    with serving(answer) as (client, _server):
        assert list(log(client, REPOSITORY, query)) == []


@pytest.mark.parametrize(("commits", "contained", "requests"), [([], True, 1), ([OTHER], False, 1), ([OTHER], True, 0)])
def test_a_branch_contains_what_leads_to_nothing_else(commits, contained, requests):
    values = [commit(id=each) for each in commits]
    with serving(Answer(200, {"values": values, "isLastPage": True})) as (client, server):
        assert contains(client, REPOSITORY, TIP, OTHER if requests else TIP) is contained
    assert len(server.received) == requests
    assert all(request.query["since"] == TIP and request.query["until"] == OTHER for request in server.received)


@pytest.mark.parametrize("query", [{}, {"path": "docs"}, {"until": TIP}])
def test_a_log_of_a_repository_that_does_not_exist_is_an_error(query):
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="PLAT/api does not exist"):
        list(log(client, REPOSITORY, query))


def test_a_log_is_read_as_far_as_it_is_looked_at():
    with serving(history(300)) as (client, server):
        found = log(client, REPOSITORY, {"until": TIP})
        assert server.received == []
        assert next(found)["id"] == "0"
        assert len(server.received) == 1


@pytest.mark.parametrize("fault", [{"id": 1}, {"message": None}, {"parents": [{}]}, {"authorTimestamp": "now"}])
def test_what_is_no_commit_is_not_taken_for_one(fault):
    broken = Answer(200, {"values": [commit(**fault)], "isLastPage": True})
    with serving(broken) as (client, _server), pytest.raises(ContractError):
        list(log(client, REPOSITORY, {}))


# -- one of them -------------------------------------------------------------------------------------------------------


def test_one_commit_by_its_id():
    with serving(Answer(200, commit())) as (client, server):
        assert get(client, REPOSITORY, TIP.upper()) == view(commit())
    assert server.received[0].path == f"/context/rest/api/latest/projects/PLAT/repos/api/commits/{TIP}"


@pytest.mark.parametrize("value", ["", "main", "a" * 39, "../" + "a" * 40])
def test_one_commit_by_nothing_but_its_full_id(value):
    with serving(Answer(200, commit())) as (client, server), pytest.raises(InputError, match="is not a full commit id"):
        get(client, REPOSITORY, value)
    assert server.received == []


def test_a_commit_that_is_not_there_is_told_so():
    with serving(UNKNOWN) as (client, _server), pytest.raises(NotFoundError) as caught:
        get(client, REPOSITORY, TIP)
    assert str(caught.value) == f"commit {TIP} is not in PLAT/api; check the id and the repository."
    assert caught.value.status == 404


def test_a_repository_that_is_not_there_is_not_a_missing_commit():
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="Repository PLAT/api does not exist"):
        get(client, REPOSITORY, TIP)


# -- who watches -------------------------------------------------------------------------------------------------------

LOST = requests.ConnectionError("reset")
DONE = Answer(204)


def in_turn(*answers):
    left = list(answers)

    def handler(_request):
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


@pytest.mark.parametrize(("watched", "method"), [(True, "POST"), (False, "DELETE")])
def test_a_commit_is_watched_or_not_any_longer(watched, method):
    with serving(in_turn(DONE)) as (client, server):
        watch(client, REPOSITORY, TIP, watched=watched)
    (sent,) = server.received
    path = f"/context/rest/api/latest/projects/PLAT/repos/api/commits/{TIP}/watch"
    assert (sent.method, sent.path, sent.body) == (method, path, None)
    assert sent.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("lost", [LOST, Answer(502, "bad gateway"), Answer(200, "<html>")])
def test_what_is_not_answered_is_sent_once_more(watched, lost):
    with serving(in_turn(lost, DONE)) as (client, server):
        watch(client, REPOSITORY, TIP, watched=watched)
    assert len(server.received) == 2


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize(("lost", "error"), [(LOST, UnreachableError), (Answer(200, "<html>"), ContractError)])
def test_what_nobody_knows_is_said(watched, lost, error):
    with serving(in_turn(lost, lost)) as (client, _server), pytest.raises(error) as caught:
        watch(client, REPOSITORY, TIP, watched=watched)
    assert ", and whether it was carried out cannot be read from the server; " in str(caught.value)


def test_a_refusal_is_sure():
    refused = refusal(401, "You are not permitted to access this resource", "AuthorisationException")
    with serving(in_turn(refused)) as (client, server), pytest.raises(PermissionDeniedError) as caught:
        watch(client, REPOSITORY, TIP, watched=True)
    assert "cannot be read" not in str(caught.value) and len(server.received) == 1
