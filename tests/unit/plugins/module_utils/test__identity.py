# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    AnonymousError,
    AuthenticationError,
    BitbucketError,
    CaptchaError,
    ConflictError,
    ContractError,
    NotFoundError,
    NotSupportedError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnlicensedError,
    UnreachableError,
    ValidationError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._identity import PROOF
from ansible_collections.bitbucket.datacenter.plugins.module_utils._retry import Retry
from ansible_collections.bitbucket.datacenter.plugins.module_utils._schema import Schema
from ansible_collections.bitbucket.datacenter.plugins.module_utils._transport import basic, bearer
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving
from hypothesis import given
from hypothesis import strategies as st

ANY = Schema({}, optional=True)
NAMED = Schema({"type": "object", "required": ["name"]})
TOKEN = bearer("a-token")
LOGIN = basic("jane", "a-password")
CREDENTIALS = pytest.mark.parametrize("authorization", [TOKEN, LOGIN], ids=["token", "password"])
PAGE = {"values": [], "isLastPage": True}


def anonymous(answer):
    """The answer as somebody else gets it."""
    answer.headers["X-AUSERNAME"] = ""
    return answer


class Server:
    """Gives one answer to everything but the request for proof, or answers in turn."""

    def __init__(self, *answers, proof=None):
        self.answers = list(answers)
        self.proof = proof

    def __call__(self, request):
        if request.path.endswith(PROOF):
            assert self.proof is not None, "the account was asked for"
            assert request.method == "GET" and request.query == {"limit": "1"}
            answer = self.proof
        else:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def paths(server):
    return [request.path.removeprefix("/context") for request in server.received]


def proofs(server):
    return paths(server).count(PROOF)


# -- the header ------------------------------------------------------------------------------------------------------


@CREDENTIALS
def test_an_answer_for_the_account_is_used_and_costs_no_request(authorization):
    with serving(Server(Answer(200, {"a": 1})), authorization=authorization) as (client, server):
        assert client.get("/rest/x", ANY) == {"a": 1}
        client.get("/rest/y", ANY)
    assert paths(server) == ["/rest/x", "/rest/y"]


def test_without_credentials_nothing_is_checked():
    with serving(Server(anonymous(Answer(200, {"a": 1})), anonymous(refusal(404, "x")))) as (client, server):
        assert client.get("/rest/x", ANY) == {"a": 1}
        with pytest.raises(NotFoundError):
            client.get("/rest/x", ANY)
    assert proofs(server) == 0


ANSWERS = {
    "200": lambda: Answer(200, {"values": [], "isLastPage": True}),
    "204": lambda: Answer(204),
    "404": lambda: refusal(404, "x", "repository.NoSuchRepositoryException"),
    "401": lambda: refusal(401, "x", "AuthorisationException"),
    "400": lambda: refusal(400, "x"),
    "403": lambda: refusal(403, "x"),
    "409": lambda: refusal(409, "x"),
}


@CREDENTIALS
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_an_anonymous_answer_is_an_error_of_the_credentials(answer, authorization, method):
    if (method, answer) == ("delete", "200"):
        answer = "204"  # the only success of a DELETE
    refused = refusal(401, "x", "auth.AuthenticationRequiredException")
    handler = Server(anonymous(ANSWERS[answer]()), proof=anonymous(refused))
    with serving(handler, authorization=authorization) as (client, server):
        with pytest.raises(AuthenticationError) as caught:
            send(client, method)
        assert paths(server) == ["/rest/x", PROOF]
    what = "token" if authorization is TOKEN else "username and password"
    hint = "create a new one" if authorization is TOKEN else "check username and password"
    assert f"/rest/x answered {answer} to an anonymous caller: Bitbucket did not accept the {what}; " in str(
        caught.value
    )
    assert hint in str(caught.value)
    assert caught.value.path == "/rest/x" and caught.value.status == int(answer)
    # a write that was answered with success has probably been carried out
    assert caught.value.in_doubt is (method != "get" and answer in ("200", "204"))


def send(client, method):
    if method == "delete":
        client.delete("/rest/x")
    elif method == "get":
        client.get("/rest/x", ANY)
    else:
        getattr(client, method)("/rest/x", ANY, {})


@CREDENTIALS
@pytest.mark.parametrize("answer", ANSWERS)
def test_once_the_account_was_named_an_answer_without_it_needs_no_proof(answer, authorization):
    handler = Server(Answer(200, {}), anonymous(ANSWERS[answer]()))
    with serving(handler, authorization=authorization) as (client, server):
        client.get("/rest/x", ANY)
        with pytest.raises(AnonymousError):
            client.get("/rest/x", ANY)
    assert len(server.received) == 2


def test_a_listing_ends_where_an_answer_becomes_anonymous():
    page = {"values": [1], "isLastPage": False, "nextPageStart": 1}
    last = {"values": [2], "isLastPage": True}
    schema = Schema({"type": "object", "required": ["values", "isLastPage"]})
    handler = Server(Answer(200, page), anonymous(Answer(200, last)))
    with serving(handler, authorization=TOKEN) as (client, _server), pytest.raises(AnonymousError):
        list(client.items("/rest/x", schema))


def test_a_write_whose_answer_was_anonymous_is_read_back():
    answers = [Answer(200, {}), anonymous(Answer(200, {})), Answer(200, {"there": True})]
    with serving(Server(*answers), authorization=TOKEN) as (client, _server):
        client.get("/rest/x", ANY)
        found = client.settle(
            lambda: client.post("/rest/x", ANY, {}), lambda: client.get("/rest/x", ANY) or None, resend=False
        )
    assert found == {"there": True}


@pytest.mark.parametrize("value", ["anonymous", "Anonymous", "  "])
def test_a_name_that_is_nobody_s_is_no_account(value):
    handler = Server(Answer(200, {}, X_AUSERNAME=value), proof=anonymous(Answer(401)))
    with serving(handler, authorization=TOKEN) as (client, _server), pytest.raises(AnonymousError):
        client.get("/rest/x", ANY)


# -- which account ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "named"),
    [
        ("jane", "jane"),
        ("Jane", "jANE"),
        ("jané doe", "jan%C3%A9%20doe"),
        ("jane doe", "jane+doe"),
        ("a+b/c", "a%2Bb%2Fc"),
        # logins by another name than the account's
        ("jane@example.com", "jane"),
        ("CORP\\jane", "jane"),
        ("x-token-auth", "access-token-user%2F2%2F11754"),
    ],
)
def test_a_login_is_answered_for_its_account(username, named):
    with serving(Server(Answer(200, {}, X_AUSERNAME=named)), authorization=basic(username, "p:w")) as (client, _server):
        client.get("/rest/x", ANY)
        client.get("/rest/x", ANY)


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_for_another_account_is_an_error(answer):
    other = ANSWERS[answer]()
    other.headers["X-AUSERNAME"] = "joe"
    with serving(Server(other), authorization=LOGIN) as (client, server):
        with pytest.raises(
            AuthenticationError, match=r"answered [0-9]+ for the account 'joe', not for 'jane'; set username"
        ):
            client.get("/rest/x", ANY)
        assert len(server.received) == 1


@pytest.mark.parametrize("authorization", [TOKEN, basic("jane@example.com", "pw")])
def test_the_account_stays_the_same_over_a_task(authorization):
    answers = [Answer(200, {}), Answer(200, {}, X_AUSERNAME="JANE"), Answer(200, {}, X_AUSERNAME="joe")]
    with serving(Server(*answers), authorization=authorization) as (client, server):
        client.get("/rest/x", ANY)
        client.get("/rest/x", ANY)
        with client.another() as second:
            second._transport._session.mount("https://", server)
            with pytest.raises(AuthenticationError, match="'joe', not for 'jane'"):
                second.get("/rest/x", ANY)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_username_is_an_answer_is_used_or_refused(username, named):
    handler = Server(Answer(200, {}, X_AUSERNAME=named.encode("utf-8").decode("latin-1", "replace")), proof=Answer(200))
    with serving(handler, authorization=basic(username.replace(":", ""), "pw")) as (client, _server):
        try:
            assert client.get("/rest/x", ANY) == {}
        except BitbucketError as error:
            assert error.type in ("authentication", "unreachable")


# -- a proxy that removes the header ---------------------------------------------------------------------------------


@CREDENTIALS
def test_behind_a_proxy_that_removes_the_header_one_request_proves_the_account(authorization):
    handler = Server(anonymous(Answer(200, {"name": "x"})), proof=anonymous(Answer(200, PAGE)))
    with serving(handler, authorization=authorization) as (client, server):
        for _time in range(3):
            assert client.get("/rest/x", NAMED) == {"name": "x"}
        handler.answers = [anonymous(refusal(404, "x"))]
        with pytest.raises(NotFoundError):
            client.get("/rest/x", NAMED)
        handler.answers = [anonymous(Answer(204))]
        client.delete("/rest/x")
    assert proofs(server) == 1 and len(server.received) == 6


def test_the_clients_of_other_threads_share_the_proof():
    handler = Server(anonymous(Answer(200, {})), proof=anonymous(Answer(200, PAGE)))
    with serving(handler, authorization=TOKEN) as (client, server):

        def work():
            with client.another() as mine:
                mine._transport._session.mount("https://", server)
                mine.get("/rest/x", ANY)

        threads = [threading.Thread(target=work) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.received) == 9 and proofs(server) == 1


@pytest.mark.parametrize(
    "proof",
    [
        refusal(404, "x"),
        Answer(404, "<html>"),
        Answer(200, "<html>"),
        refusal(403, "x"),
        refusal(400, "x"),
        Answer(204),
    ],
)
def test_where_the_account_cannot_be_proven_the_error_says_how_to_go_on(proof):
    handler = Server(anonymous(Answer(200, {})), proof=anonymous(proof))
    with serving(handler, authorization=TOKEN) as (client, server):
        with pytest.raises(AuthenticationError) as caught:
            client.get("/rest/x", ANY)
        assert len(server.received) == 2
    assert "pass the response header X-AUSERNAME." in str(caught.value)
    assert f"GET {PROOF}, which would confirm the account, returned {proof.status}" in caught.value.cause


def test_a_proof_with_the_header_shows_that_the_answer_was_anonymous():
    handler = Server(anonymous(Answer(200, {})), proof=Answer(200, PAGE))
    unaccepted = pytest.raises(AnonymousError, match="did not accept the token")
    with serving(handler, authorization=TOKEN) as (client, _server), unaccepted:
        client.get("/rest/x", ANY)


@pytest.mark.parametrize(
    ("proof", "kind"),
    [
        (refusal(500, "x"), ServerError),
        (Answer(503, "<html>"), ServerError),
        (refusal(429, "x"), RateLimitedError),
        (requests.ConnectionError("gone"), UnreachableError),
        (Answer(302, Location="https://sso.example.com/"), ContractError),
    ],
)
def test_a_proof_that_fails_for_another_reason_keeps_its_error(proof, kind):
    handler = Server(anonymous(Answer(200, {})), proof=proof)
    with serving(handler, authorization=TOKEN) as (client, _server), pytest.raises(kind):
        client.get("/rest/x", ANY)


def test_a_proof_is_tried_again_with_its_read():
    handler = Server(anonymous(Answer(200, {"a": 1})), proof=Answer(503, "<html>"))

    def recover(request):
        answer = handler(request)
        if request.path.endswith(PROOF):
            handler.proof = anonymous(Answer(200, PAGE))
        return answer

    with serving(recover, authorization=TOKEN, retry=Retry()) as (client, server):
        assert client.get("/rest/x", ANY) == {"a": 1}
    assert paths(server) == ["/rest/x", PROOF, "/rest/x", PROOF]


def test_a_write_is_not_sent_again_because_the_proof_failed():
    handler = Server(anonymous(Answer(200, {})), proof=requests.ConnectTimeout("no connection"))
    with serving(handler, authorization=TOKEN, retry=Retry()) as (client, server):
        with pytest.raises(UnreachableError) as caught:
            client.post("/rest/x", ANY, {})
        assert paths(server) == ["/rest/x", PROOF]
    assert caught.value.in_doubt


def test_each_address_is_judged_by_itself():
    stripping, naming = "https://proxy.example.com", "https://node.example.com"
    down = set()

    def handler(request):
        host = request.url.split("/rest/")[0]
        if host in down:
            return Answer(503, "<html>")
        answer = Answer(200, PAGE)
        return anonymous(answer) if host == stripping else answer

    with serving(handler, authorization=TOKEN, urls=(naming, stripping)) as (client, server):
        client.get("/rest/x", ANY)
        down.add(naming)
        client.get("/rest/x", ANY)
        client.get("/rest/x", ANY)
    asked = [request.url.split("?")[0] for request in server.received]
    assert asked.count(f"{stripping}{PROOF}") == 1 and f"{naming}{PROOF}" not in asked


@pytest.mark.parametrize("path", ["/rest/zdu/cluster", "/rest/mirroring/latest/x", "/rest/api/latest/admin/cluster"])
def test_what_anonymous_callers_never_get_proves_itself(path):
    handler = Server(anonymous(Answer(200, {})), anonymous(refusal(404, "x")), proof=anonymous(Answer(401)))
    with serving(handler, authorization=LOGIN) as (client, server):
        assert client.get(path, ANY) == {}
        assert len(server.received) == 1
        # a refusal may be anonymous there, too
        with pytest.raises(AnonymousError):
            client.get(path, ANY)
    assert proofs(server) == 1


# -- what keeps its error --------------------------------------------------------------------------------------------


@CREDENTIALS
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, "<html>Log in</html>"), ContractError),
        (Answer(200, {"no": "name"}), ContractError),
        (Answer(404, "<html>"), NotSupportedError),
        (Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404}), NotSupportedError),
        (Answer(403, "<html>"), PermissionDeniedError),
        (Answer(400, "<html>"), ValidationError),
        (Answer(409), ConflictError),
        (Answer(302, Location="https://elsewhere.example.com/rest/x"), ContractError),
        (refusal(429, "x"), RateLimitedError),
        (refusal(500, "x"), ServerError),
        (Answer(502, "<html>"), ServerError),
        (requests.ConnectionError("gone"), UnreachableError),
    ],
)
def test_what_bitbucket_did_not_make_keeps_its_error_and_needs_no_proof(answer, kind, authorization):
    answer = anonymous(answer) if isinstance(answer, Answer) else answer
    with serving(Server(answer), authorization=authorization) as (client, server):
        with pytest.raises(BitbucketError) as caught:
            client.get("/rest/x", NAMED)
        assert len(server.received) == 1
    assert caught.value.__class__ is kind


@pytest.mark.parametrize(
    "name", ["auth.IncorrectPasswordAuthenticationException", "auth.AuthenticationRequiredException", None]
)
@CREDENTIALS
def test_a_refused_login_is_not_repeated_and_the_advice_fits_it(name, authorization):
    with serving(Server(anonymous(refusal(401, "No.", name))), authorization=authorization) as (client, server):
        with pytest.raises(AuthenticationError) as caught:
            client.get("/rest/x", ANY)
        assert len(server.received) == 1
    bearer_used = authorization is TOKEN
    assert ("token" in caught.value.next_step) is bearer_used
    assert ("password" in str(caught.value)) is not bearer_used


def test_an_account_without_a_licence_is_told_from_wrong_credentials():
    # the line break is the server's (seen)
    message = "You are not currently licensed.\nPlease contact somebody."
    answer = anonymous(refusal(401, message, "auth.NoAccessAuthenticationException"))
    with serving(Server(answer), authorization=TOKEN) as (client, server):
        with pytest.raises(UnlicensedError, match="global permission Bitbucket User") as caught:
            client.get("/rest/x", ANY)
        assert len(server.received) == 1
    assert caught.value.type == "permission"
    assert str(caught.value) == (
        "GET /rest/x answered 401: You are not currently licensed. Please contact somebody; grant the account the"
        " global permission Bitbucket User, or use a licensed account."
    )
    assert "password" not in str(caught.value)


def test_a_captcha_is_said_as_such():
    answer = anonymous(Answer(401, {"errors": []}, X_Authentication_Denied_Reason="CAPTCHA_CHALLENGE; login-url=x"))
    with serving(Server(answer), authorization=LOGIN) as (client, _server), pytest.raises(CaptchaError, match="solve"):
        client.get("/rest/x", ANY)
