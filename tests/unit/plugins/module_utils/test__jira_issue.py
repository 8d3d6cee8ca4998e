# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import itertools
import re
import threading

import pytest
import requests
import urllib3
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    AuthenticationError,
    BitbucketError,
    ConflictError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    UnreachableError,
    ValidationError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._jira import check_fields
from ansible_collections.bitbucket.datacenter.plugins.module_utils._jira_issue import create, known
from ansible_collections.bitbucket.datacenter.plugins.module_utils._pull_request_comment import Comment
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")
COMMENTS = "/context/rest/api/latest/projects/PLAT/repos/api/pull-requests/1/comments"
FIELDS = {"project": {"key": "PLAT"}, "summary": "Look at it"}
LINK = "6b5f0c0e"
GONE = refusal(404, "No comment exists with ID 42.", "comment.NoSuchCommentException")
STALE = refusal(409, "Out of date.", "comment.CommentOutOfDateException")


class Killed(BaseException):
    """The process ended."""


class World:
    """Comment 42 on pull request 1, its replies, and the issues that Jira has made of it."""

    def __init__(self, *replies):
        self.replies = {}
        self.issues = []
        self.numbers = itertools.count(43)
        for text in replies:
            self.add(text)

    def add(self, text):
        number = next(self.numbers)
        self.replies[number] = {"id": number, "version": 0, "text": text}
        return self.replies[number]

    @property
    def texts(self):
        return [reply["text"] for reply in self.replies.values()]

    def __call__(self, request):
        if request.path == "/context/rest/jira/latest/comments/42/issues":
            assert request.query == {"applicationId": LINK} and request.body == {"fields": FIELDS}
            self.issues.append(f"PLAT-{91 + len(self.issues)}")
            return Answer(201, {"commentId": 42, "issueKey": self.issues[-1]})
        assert request.path.startswith(COMMENTS), request.path
        number = int(request.path.rpartition("/")[2]) if request.path != COMMENTS else None
        if request.method == "POST":
            assert request.body["parent"] == {"id": 42}
            return Answer(201, self.add(request.body["text"]))
        if number == 42:
            return Answer(200, {"id": 42, "version": 0, "text": "Why?", "comments": list(self.replies.values())})
        return self.change(request, self.replies[number]) if number in self.replies else GONE

    def change(self, request, reply):
        if str((request.query or request.body)["version"]) != str(reply["version"]):
            return STALE
        if request.method == "PUT":
            reply.update(text=request.body["text"], version=reply["version"] + 1)
            return Answer(200, reply)
        del self.replies[reply["id"]]
        return Answer(204)


class Faulty:
    """A world that fails at some requests; ``happens`` is given the request's number from 0, and what it would do."""

    def __init__(self, world, happens):
        self.world, self.happens, self.count = world, happens, -1

    def __call__(self, request):
        self.count += 1
        return self.happens(self.count, request, lambda: self.world(request))


def lost_before(_act):
    raise requests.ConnectionError("reset")


def lost_after(act):
    act()
    raise requests.ConnectionError("reset")


def killed_before(_act):
    raise Killed


def killed_after(act):
    act()
    raise Killed


def failed_after(act):
    act()
    return Answer(502, "<html>")


def garbled(act):
    act()
    return Answer(200, {"what": "ever"})


def broken(act):
    act()
    return Answer(200, "<html>")


def not_sent(_act):
    raise requests.ConnectTimeout(urllib3.exceptions.ConnectTimeoutError())


def answers(answer):
    def act(_act):
        return answer

    return act


FAULTS = {
    "lost before": lost_before,
    "lost after": lost_after,
    "killed before": killed_before,
    "killed after": killed_after,
    "not sent": not_sent,
    "502 after": failed_after,
    "another shape": garbled,
    "a page": broken,
    "500": answers(Answer(500, "<html>")),
    "503": answers(Answer(503, "<html>")),
    "400": answers(refusal(400, "No.")),
    "401": answers(refusal(401, "No.")),
    "not permitted": answers(refusal(401, "No.", "AuthorisationException")),
    "403": answers(refusal(403, "No.")),
    "404": answers(refusal(404, "No.")),
    "409": answers(refusal(409, "No.")),
    "429": answers(refusal(429, "No.")),
}
# after which nobody can know whether the server has acted
DOUBT = {"lost before", "lost after", "502 after", "another shape", "a page", "500", "503"}


def ensure(client):
    """What a run of the module does."""
    comment = Comment(client, REPOSITORY, 1, 42)
    return known(comment) or create(client, comment, LINK, FIELDS)


def run(handler):
    """A run: the key, or the error, or None where the process was killed."""
    with serving(handler) as (client, _server), contextlib.suppress(Killed):
        try:
            return ensure(client)
        except BitbucketError as error:
            return error
    return None


def marks(world):
    return [text for text in world.texts if text.startswith("Jira issue:")]


BEING_CREATED = re.compile(r"Jira issue: being created \(run [0-9a-f]{8}\)\Z")
FIRST, MARK, LOOK, ISSUE, NAME = range(5)


# -- what a run does, and what it finds ------------------------------------------------------------------------------


def test_the_mark_is_there_before_the_issue_and_names_it_afterwards():
    world = World("I agree")
    seen = []

    def watched(request):
        seen.append((request.method, marks(world), list(world.issues)))
        return world(request)

    assert run(watched) == "PLAT-91"
    assert [method for method, *_rest in seen] == ["GET", "POST", "GET", "POST", "PUT"]
    (mark,) = seen[ISSUE][1]
    assert BEING_CREATED.match(mark) and seen[ISSUE][2] == []
    assert world.texts == ["I agree", "Jira issue: PLAT-91"]


@pytest.mark.parametrize("status", [200, 201])
def test_an_issue_is_created_with_200_and_with_201(status):
    world = World()
    created = Answer(status, {"commentId": 42, "issueKey": "PLAT-91"})
    assert run(lambda request: created if "/jira/" in request.path else world(request)) == "PLAT-91"


def test_a_second_run_finds_it_and_only_reads():
    world = World()
    assert run(world) == run(world) == "PLAT-91"
    with serving(world) as (client, server):
        assert known(Comment(client, REPOSITORY, 1, 42)) == "PLAT-91"
    assert [request.method for request in server.received] == ["GET"]


@pytest.mark.parametrize(
    "text", ["Jira issue: PLAT-7", "Jira issue:PLAT-7", "  Jira issue: PLAT-7 (by hand)\n", "Jira issue: PLAT-7, sorry"]
)
def test_whoever_says_so_is_believed(text):
    assert run(World("What?", text, "Jira issue: being created (run 12345678)", "Jira issue: OTHER-8")) == "PLAT-7"


@pytest.mark.parametrize("text", ["See PLAT-7", "No Jira issue: PLAT-7", "> Jira issue: PLAT-7", "jira issue: PLAT-7"])
def test_what_only_speaks_of_an_issue_is_no_mark(text):
    world = World(text)
    assert run(world) == "PLAT-91"
    assert world.texts[0] == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Jira issue: being created", "says that a Jira issue is being created"),
        ("Jira issue: being created (run 12345678)", "says that a Jira issue is being created"),
        ("Jira issue: none, please", "begins with 'Jira issue:' and names no issue"),
        ("Jira issue: plat-7", "begins with 'Jira issue:' and names no issue"),
    ],
)
def test_what_names_no_issue_needs_a_person(text, says):
    world = World("What?", text)
    error = run(world)
    assert isinstance(error, ConflictError) and error.cause.startswith(f"Reply 44 to comment 42 {says}")
    assert "edit reply 44 to 'Jira issue: KEY'" in error.next_step and "delete that reply" in error.next_step
    assert world.issues == [] and world.texts == ["What?", text]


def test_a_comment_elsewhere_is_told_so():
    error = run(answers(GONE))
    assert isinstance(error, NotFoundError)
    assert error.cause == "Comment 42 is not on pull request 1 of PLAT/api" and "on a commit" in error.next_step


@pytest.mark.parametrize("missing", ["pull.NoSuchPullRequest", "repository.NoSuchRepository", "project.NoSuchProject"])
def test_what_else_is_missing_keeps_the_server_s_words(missing):
    error = run(answers(refusal(404, "It is not there.", f"{missing}Exception")))
    assert isinstance(error, NotFoundError) and "It is not there" in error.cause


def test_a_comment_whose_replies_are_not_told_is_never_taken_for_one_without():
    world = World()
    error = run(lambda _request: Answer(200, {"id": 42, "version": 0, "text": "Why?"}))
    assert isinstance(error, BitbucketError) and error.type == "contract" and world.issues == []


@pytest.mark.parametrize("number", [0, -1])
def test_an_id_that_no_comment_can_have(number):
    with serving(World()) as (client, _server), pytest.raises(InputError, match="comment_id"):
        Comment(client, REPOSITORY, 1, number)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "no project"),
        ({"summary": "x"}, "no project"),
        ({"project": "PLAT", "summary": "x"}, "no project"),
        ({"project": {"name": "Platform"}, "summary": "x"}, "no project"),
        ({"project": {"key": "PLAT"}}, "no summary"),
        ({"project": {"id": "10000"}, "summary": " "}, "no summary"),
    ],
)
def test_fields_that_no_issue_can_do_without(fields, says):
    with pytest.raises(InputError, match=says):
        check_fields(fields)


def test_a_project_may_be_given_by_its_id():
    check_fields({"project": {"id": "10000"}, "summary": "x"})


# -- refusals of Jira, in words of their own -------------------------------------------------------------------------


def refused(answer):
    """The error of a run whose issue is refused; no mark is left."""
    world = World("I agree")
    error = run(lambda request: answer if "/jira/" in request.path else world(request))
    assert world.texts == ["I agree"] and not error.in_doubt
    return error


def jira_refuses(**told):
    return Answer(400, {"errors": [{"message": None, "exceptionName": None, "elementErrors": told}]})


@pytest.mark.parametrize(
    ("answer", "says", "do"),
    [
        (
            refusal(400, "No application link exists."),
            "application_id '6b5f0c0e' is no application link",
            "jira_entity",
        ),
        (refusal(400, "6B5F0C0E?"), "application_id '6b5f0c0e' is no application link", "jira_entity_link_info"),
        (refusal(400, "project: valid project is required"), "Jira has no project 'PLAT'", "project in fields"),
        (jira_refuses(errors={"project": "project is required"}), "Jira has no project 'PLAT'", "project in fields"),
        (
            jira_refuses(errors={"priority": "none"}),
            r"does not take the issue \(400: priority: none\)",
            "Jira's own API",
        ),
        (jira_refuses(errorMessages=["Not now."]), r"does not take the issue \(400: Not now\)", "Jira's own API"),
        (jira_refuses(errors=["?"], errorMessages={}), r"does not take the issue \(400\)", "Jira's own API"),
    ],
)
def test_what_jira_does_not_take_is_told_in_its_words(answer, says, do):
    error = refused(answer)
    assert isinstance(error, ValidationError)
    assert re.search(says, error.cause) and do in error.next_step


def jira_asks(**told):
    name = "com.atlassian.integration.jira.JiraAuthenticationRequiredException"
    return Answer(401, {"errors": [{"message": "Log in to Jira.", "exceptionName": name, **told}]})


@pytest.mark.parametrize("key", ["authenticationUri", "authenticationUrl"])
def test_jira_s_own_authentication_has_an_address(key):
    error = refused(jira_asks(**{key: "https://jira.example.com/dance"}))
    assert isinstance(error, AuthenticationError)
    assert error.cause == "Jira wants this account to authenticate there (401: Log in to Jira)"
    assert error.next_step.startswith("open https://jira.example.com/dance in a browser")
    assert error.facts == {"authentication_url": "https://jira.example.com/dance"}


@pytest.mark.parametrize(
    "answer", [jira_asks(), jira_asks(authenticationUri=None), refusal(401, "Log in."), Answer(401)]
)
def test_jira_s_own_authentication_never_reads_as_a_wrong_password(answer):
    error = refused(answer)
    assert error.cause.startswith("Jira wants this account to authenticate there (401")
    assert "in a browser, logged in to Bitbucket as this account" in error.next_step and "password" not in str(error)
    assert error.facts == {}


def test_bitbucket_s_own_refusals_stay_what_they_are():
    wrong = refused(refusal(401, "Wrong.", "auth.IncorrectPasswordAuthenticationException"))
    assert isinstance(wrong, AuthenticationError) and "password" in wrong.next_step
    locked = Answer(401, {"errors": []}, X_Authentication_Denied_Reason="CAPTCHA_CHALLENGE; login-url=x")
    assert "CAPTCHA" in refused(locked).next_step
    assert isinstance(refused(refusal(401, "No.", "AuthorisationException")), PermissionDeniedError)


# -- whatever is lost at whichever step ------------------------------------------------------------------------------


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("step", range(8))
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_ever_created_twice(fault, step, lasting):
    world = World("I agree")

    def happens(number, _request, act):
        return FAULTS[fault](act) if number == step or (lasting and number > step) else act()

    outcomes = [run(Faulty(world, happens)), run(world), run(world)]
    assert len(world.issues) <= 1
    for outcome in outcomes:
        if isinstance(outcome, str):
            assert world.issues == [outcome] and "Jira issue: PLAT-91" in world.texts
    # what came of it is the same for whoever comes later
    last, *_before = reversed(outcomes)
    if isinstance(last, str):
        assert last == outcomes[1]
    else:
        # somebody has to look, and is told where
        assert isinstance(last, ConflictError) and str(last) == str(outcomes[1])
        assert re.search(r"edit reply \d+ to 'Jira issue: KEY'", last.next_step)
        assert len(marks(world)) >= 1
    if world.issues == []:
        # a person has looked, and has deleted what the message names
        del world.replies[int(re.search(r"edit reply (\d+)", last.next_step)[1])]
        assert isinstance(run(world), str) or marks(world)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - DOUBT - {"killed before", "killed after"}))
@pytest.mark.parametrize("again", [None, *sorted(DOUBT)])
def test_a_sure_refusal_leaves_no_mark(fault, again):
    """Nor does it when deleting the mark meets a fault that passes."""
    world = World("I agree")
    deletions = itertools.count()

    def happens(number, request, act):
        if number == ISSUE:
            return FAULTS[fault](act)
        return FAULTS[again](act) if again and request.method == "DELETE" and next(deletions) == 0 else act()

    error = run(Faulty(world, happens))
    assert isinstance(error, BitbucketError) and not error.in_doubt and "deleted" not in str(error)
    assert world.texts == ["I agree"] and world.issues == []
    assert run(world) == "PLAT-91"


@pytest.mark.parametrize("fault", sorted(DOUBT))
def test_a_doubt_leaves_the_mark_and_says_what_to_do(fault):
    world = World("I agree")
    happens = {"happens": lambda number, _request, act: FAULTS[fault](act) if number == ISSUE else act()}
    error = run(Faulty(world, **happens))
    (mark,) = marks(world)
    assert BEING_CREATED.match(mark)
    assert "whether the Jira issue was created is not known" in error.cause
    assert error.next_step.startswith("look in Jira for an issue made from comment 42, then edit reply 44 to")
    assert error.in_doubt and not error.retryable and error.facts == {"changed": True}
    # a person has looked, and says so
    world.replies[44]["text"] = "Jira issue: PLAT-91"
    assert run(world) == "PLAT-91"


@pytest.mark.parametrize("fault", sorted(DOUBT))
@pytest.mark.parametrize("step", [MARK, NAME])
def test_a_lost_answer_to_the_reply_is_read_back(fault, step):
    world = World()
    happens = {"happens": lambda number, _request, act: FAULTS[fault](act) if number == step else act()}
    assert run(Faulty(world, **happens)) == "PLAT-91"
    assert world.issues == ["PLAT-91"] and world.texts == ["Jira issue: PLAT-91"]


def test_a_mark_of_ours_that_arrives_late_is_deleted():
    world, late = World(), []

    def happens(number, request, act):
        if number == MARK:
            late.append(request)
            raise requests.ConnectionError("reset")
        if number == LOOK + 2:
            # the second try is through, and now comes the first
            world(late[0])
        return act()

    assert run(Faulty(world, happens)) == "PLAT-91"
    assert world.texts == ["Jira issue: PLAT-91"]


@pytest.mark.parametrize("fault", ["409", "403", "404", "500"])
def test_an_issue_that_the_reply_cannot_name_is_told(fault):
    world = World()
    error = run(Faulty(world, lambda _number, request, act: FAULTS[fault](act) if request.method == "PUT" else act()))
    assert error.cause.startswith(
        "Jira issue PLAT-91 was created from comment 42, but reply 43 to it could not be made"
    )
    assert error.next_step == "edit that reply to 'Jira issue: PLAT-91', so that the next run knows"
    assert error.facts == {"changed": True, "jira_issue": {"comment_id": 42, "issue_key": "PLAT-91"}}
    assert isinstance(run(world), ConflictError) and world.issues == ["PLAT-91"]


def test_a_mark_that_cannot_be_deleted_is_told():
    world = World()

    def happens(number, request, act):
        if number == ISSUE:
            return refusal(400, "Not now.")
        return refusal(409, "Somebody has replied.") if request.method == "DELETE" else act()

    error = run(Faulty(world, happens))
    assert isinstance(error, ValidationError) and "Not now" in error.cause
    assert (
        "reply 43 to comment 42 could not be deleted (DELETE" in error.cause and "Somebody has replied" in error.cause
    )
    assert error.next_step.endswith("and delete that reply, which keeps the next run from creating an issue")
    assert error.facts == {"changed": True}


def test_a_comment_that_is_deleted_meanwhile_takes_the_mark_with_it():
    world = World()

    def happens(number, _request, act):
        return GONE if number >= ISSUE else act()

    error = run(Faulty(world, happens))
    assert isinstance(error, NotFoundError) and "deleted" not in str(error)


def test_a_mark_that_a_person_changes_meanwhile_is_theirs():
    for text in ("Jira issue: PLAT-7", "I would rather not"):
        world = World()

        def happens(number, _request, act, world=world, text=text):
            if number == LOOK:
                world.replies[43].update(text=text, version=1)
            return act()

        error = run(Faulty(world, happens))
        assert isinstance(error, ConflictError) and "came in between" in error.cause
        assert world.texts == [text] and world.issues == []


def test_a_mark_that_was_deleted_meanwhile_is_one_no_more():
    world = World()

    def happens(number, _request, act):
        if number == LOOK:
            world.replies.clear()
        return act()

    assert isinstance(run(Faulty(world, happens)), ConflictError) and world.issues == []


def test_a_server_that_cannot_be_reached_is_not_written_to():
    world = World()
    error = run(Faulty(world, lambda _number, _request, act: lost_before(act)))
    assert isinstance(error, UnreachableError) and error.method == "GET" and world.texts == []


# -- two runs at the same time ---------------------------------------------------------------------------------------


class Turns:
    """Lets two runs send their requests in a given order; who is done leaves the rest to the other."""

    def __init__(self, order):
        self.order, self.done, self.condition = list(order), set(), threading.Condition()

    def next(self):
        while self.order and self.order[0] in self.done:
            del self.order[0]
        return self.order[0] if self.order else None

    def request(self, who, act):
        with self.condition:
            assert self.condition.wait_for(lambda: self.next() in (who, None), timeout=30)
            if self.order:
                del self.order[0]
            answer = act()
            self.condition.notify_all()
            return answer

    def end(self, who):
        with self.condition:
            self.done.add(who)
            self.condition.notify_all()


def together(order):
    """A world in which two runs sent their requests in this order, and what came of each."""
    world, turns, outcomes = World(), Turns(order), {}

    def one(who):
        outcomes[who] = run(lambda request: turns.request(who, lambda: world(request)))
        turns.end(who)

    threads = [threading.Thread(target=one, args=(who,)) for who in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return world, list(outcomes.values())


@pytest.mark.parametrize("first", ["AA", "AB", "BA", "BB"])
def test_of_two_runs_at_the_same_time_at_most_one_creates(first):
    for places in itertools.combinations(range(10), 5):
        order = "".join("A" if place in places else "B" for place in range(10))
        if not order.startswith(first):
            continue
        world, outcomes = together(order)
        assert len(outcomes) == 2, order
        keys = [outcome for outcome in outcomes if isinstance(outcome, str)]
        assert len(world.issues) <= 1 and set(keys) == set(world.issues), order
        assert all(isinstance(outcome, (str, ConflictError)) for outcome in outcomes), order
        assert marks(world) == [f"Jira issue: {key}" for key in world.issues], order
        assert run(world) == "PLAT-91" and world.issues == ["PLAT-91"], order
