# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    BitbucketError,
    RateLimitedError,
    ServerError,
    UnreachableError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._retry import NEVER, UPGRADE, Gate, Retry
from ansible_collections.bitbucket.datacenter.plugins.module_utils._schema import Schema
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, Clock, refusal, serving
from hypothesis import given
from hypothesis import strategies as st

ANY = Schema({})
POLICY = Retry(most=4, total=60, base=0.25, cap=8)
LOST = requests.ConnectionError(ConnectionResetError(104, "Connection reset by peer"))

policies = st.builds(
    Retry,
    most=st.integers(0, 8),
    total=st.floats(0, 200),
    base=st.floats(0.01, 5),
    cap=st.floats(0.01, 30),
    patience=st.one_of(st.just(0.0), st.floats(0, 300)),
)


@given(policies, st.integers(0, 10), st.floats(0, 300), st.one_of(st.none(), st.floats(0, 300)), st.floats(0, 1))
def test_a_pause_keeps_within_every_limit(policy, retries, elapsed, wanted, jitter):
    pause = policy.pause(retries, elapsed, wanted, jitter)
    if pause is None:
        return
    counted = retries < policy.most and elapsed + pause <= policy.total
    assert counted or elapsed + pause <= policy.patience
    if wanted is None:
        assert 0 < pause <= policy.cap
    else:
        assert wanted <= pause <= wanted + policy.base


@given(policies, st.floats(0, 1))
def test_pauses_do_not_shrink(policy, jitter):
    pauses = [policy.pause(retries, 0, None, jitter) for retries in range(policy.most)]
    told = [pause for pause in pauses if pause is not None]
    assert told == sorted(told)


@given(st.lists(st.floats(0, 1), min_size=100, max_size=100))
def test_an_upgrade_outlasts_half_a_minute_without_anybody_who_listens(jitters):
    elapsed = 0.0
    for retries, jitter in enumerate(jitters):
        pause = UPGRADE.pause(retries, elapsed, None, jitter)
        if pause is None:
            break
        elapsed += pause
    assert 30 < elapsed <= UPGRADE.patience


def test_never_is_never():
    assert NEVER.pause(0, 0, None, 0) is None


class Script:
    """Answers in turn; the last one for ever. An exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, _request):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def limited(seconds):
    answer = refusal(429, "Slow down.")
    answer.headers["Retry-After"] = seconds
    return answer


@pytest.mark.parametrize("passing", [LOST, Answer(502), Answer(503, "<html>"), refusal(504, "x"), Answer(200, "[")])
def test_a_read_outlasts_what_passes(passing):
    passing = passing if isinstance(passing, Exception) else _json(passing)
    with serving(Script(passing, passing, Answer(200, {"a": 1})), retry=POLICY) as (client, server):
        assert client.get("/rest/x", ANY) == {"a": 1}
    assert len(server.received) == 3


def _json(answer):
    """A body that is no JSON counts as broken only where it claims to be JSON."""
    if answer.status == 200:
        answer.headers["Content-Type"] = "application/json"
    return answer


def test_who_comes_again_by_himself_tries_once():
    with serving(Script(LOST), retry=POLICY) as (client, server):
        with pytest.raises(UnreachableError):
            client.get("/rest/x", ANY, once=True)
        assert len(server.received) == 1


@pytest.mark.parametrize("answer", [LOST, Answer(503), refusal(500, "x")])
def test_a_write_is_not_sent_blindly_again(answer):
    with serving(Script(answer), retry=POLICY) as (client, server):
        with pytest.raises(BitbucketError) as caught:
            client.post("/rest/x", ANY)
        assert len(server.received) == 1
    assert caught.value.in_doubt


@pytest.mark.parametrize(
    "answer", [refusal(400, "x"), refusal(401, "x"), refusal(403, "x"), refusal(404, "x"), refusal(409, "x")]
)
def test_a_refusal_is_final(answer):
    with serving(Script(answer), retry=POLICY) as (client, server):
        with pytest.raises(BitbucketError):
            client.get("/rest/x", ANY)
        assert len(server.received) == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_server_says_when_to_come_back(method):
    clock = Clock()
    script = Script(limited("7"), limited("3"), Answer(200, {}))
    with serving(script, retry=POLICY, clock=clock) as (client, server):
        assert getattr(client, method)("/rest/x", ANY) == {}
    assert len(server.received) == 3
    assert [int(slept) for slept in clock.slept] == [7, 3]


def test_a_rate_limit_is_waited_for_more_often_than_faults():
    clock = Clock()
    script = Script(*[limited("1")] * 12, Answer(200, {}))
    with serving(script, retry=POLICY, clock=clock) as (client, server):
        assert client.get("/rest/x", ANY) == {}
    assert len(server.received) == 13 > 1 + POLICY.most


def test_a_gate_opens_when_the_last_one_may():
    gate = Gate()
    gate.close(10)
    gate.close(7)
    assert [gate.remaining(now) for now in (4, 10, 11)] == [6, 0, 0]


def test_a_server_that_asks_for_too_much_is_not_waited_for():
    clock = Clock()
    with serving(Script(limited("3600")), retry=POLICY, clock=clock) as (client, server):
        with pytest.raises(RateLimitedError):
            client.get("/rest/x", ANY)
        assert len(server.received) == 1
    assert clock.slept == []


def test_tries_end():
    with serving(Script(Answer(503)), retry=POLICY) as (client, server):
        with pytest.raises(ServerError):
            client.get("/rest/x", ANY)
        assert len(server.received) == 1 + POLICY.most


def test_a_lost_write_is_read_back_and_counts_as_sent():
    with serving(Script(LOST), retry=POLICY) as (client, server):
        assert client.settle(lambda: client.post("/rest/x", ANY), lambda: "done", resend=True) == "done"
        assert len(server.received) == 1


@pytest.mark.parametrize(("resend", "sent"), [(True, 2), (False, 1)])
def test_a_lost_write_that_had_no_effect_is_sent_again_only_by_leave(resend, sent):
    with serving(Script(LOST), retry=POLICY) as (client, server):
        with pytest.raises(UnreachableError):
            client.settle(lambda: client.post("/rest/x", ANY), lambda: None, resend=resend)
        assert len(server.received) == sent


@pytest.mark.parametrize("found", ["done", None])
def test_what_is_called_invalid_may_have_been_carried_out(found):
    with serving(Answer(400, {"errors": [{"message": "Not serializable."}]})) as (client, server):
        if found:
            assert client.settle(lambda: client.post("/rest/x", ANY), lambda: found, resend=True) == found
        else:
            with pytest.raises(BitbucketError, match="Not serializable"):
                client.settle(lambda: client.post("/rest/x", ANY), lambda: found, resend=True)
    assert len(server.received) == 1


def test_where_nothing_can_be_read_back_the_doubt_is_told():
    def blind():
        raise UnreachableError("nobody answers")

    told = r"could not be read back \(nobody answers\): run again"
    with serving(Script(LOST), retry=POLICY) as (client, _server), pytest.raises(UnreachableError, match=told):
        client.settle(lambda: client.post("/rest/x", ANY), blind, resend=True)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        (Answer(401, {"errors": [{"message": "x"}]}, X_Authentication_Denied_Reason="CAPTCHA_CHALLENGE; login-url=y"),
         "solve the CAPTCHA"),
        (Answer(401, {"errors": [{"message": "x"}]}), "access tokens cannot administer"),
    ],
)  # fmt: skip
def test_a_denial_says_what_to_do(reason, hint):
    with serving(Script(reason), retry=POLICY, authorization="Bearer tk") as (client, server):
        with pytest.raises(BitbucketError, match=hint):
            client.get("/rest/zdu/cluster", ANY)
        assert len(server.received) == 1


def test_a_resource_that_is_not_there_says_what_it_needs():
    unrouted = Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404, "sub-code": -1})
    with serving(unrouted) as (client, _server), pytest.raises(BitbucketError, match="needs a Data Center licence"):
        client.get("/rest/zdu/cluster", ANY)
