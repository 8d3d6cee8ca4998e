# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _errors
from ansible_collections.bitbucket.datacenter.plugins.module_utils._account import Accounts
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

USERS = {"ada": "Ada", "robot_example.com": "robot@example.com", "ada.b": "Ada.B"}
GROUPS = ["Developers", "developers-of-web"]


def directory(request):
    part = request.query.get("filter", "").lower()
    rest = request.path.partition("/rest/api/latest/")[2]
    if rest.startswith("users/"):
        slug = rest.partition("/")[2]
        if slug in USERS:
            return Answer(200, {"name": USERS[slug], "slug": slug})
        return refusal(404, "Nobody", "user.NoSuchUserException")
    if rest == "users":
        found = [{"name": name, "slug": slug} for slug, name in USERS.items() if part in name.lower()]
    else:
        assert rest == "groups"
        found = [name for name in GROUPS if part in name.lower()]
    return Answer(200, {"values": found, "isLastPage": True})


def test_those_that_exist():
    with serving(directory, read_only=True) as (client, server):
        Accounts(client).refuse_missing(
            ["Ada", "ada", "ROBOT@example.com", "robot_example.com"], ["developers", "Developers-of-Web"]
        )
    # each name once
    assert [request.path.rpartition("/")[2] for request in server.received] == [
        *("ada", "users", "robot_example.com", "groups", "groups")
    ]


@pytest.mark.parametrize(
    ("users", "groups", "cause"),
    [
        (["ada", "ad"], [], "User 'ad', given in users, does not exist; correct the name, or create the user first"),
        (["a/b"], [], "User 'a/b'"),
        ([".."], [], "User '..'"),
        ([""], [], "User ''"),
        (["ghost"], ["ghosts"], "User 'ghost'"),
        ([], ["developer"], "Group 'developer', given in groups, does not exist; correct the name"),
        ([], [""], "Group ''"),
    ],
)
def test_those_that_do_not(users, groups, cause):
    with serving(directory, read_only=True) as (client, server), pytest.raises(_errors.ValidationError) as raised:
        Accounts(client).refuse_missing(users, groups)
    assert str(raised.value).startswith(cause)
    assert all("/users/.." not in request.url and "%2F" not in request.url.split("?")[0] for request in server.received)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "Not you", "AuthorisationException"),
        refusal(403, "Not you"),
        Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404}),
    ],
)
def test_who_may_not_look_them_up_finds_everybody(answer):
    with serving(answer, read_only=True) as (client, server):
        accounts = Accounts(client)
        accounts.refuse_missing(["ghost"], ["ghosts"])
        accounts.refuse_missing(["ghost"], ["ghosts"])
    assert len(server.received) == 2


@pytest.mark.parametrize("answer", [Answer(500, {}), Answer(200, {"values": [{}]}), Answer(200, "<html>")])
def test_a_failed_lookup_says_nothing(answer):
    with serving(answer, read_only=True) as (client, _server):
        for users, groups in (["ghost"], []), ([], ["ghosts"]):
            with pytest.raises((_errors.ServerError, _errors.ContractError)):
                Accounts(client).refuse_missing(users, groups)


def test_what_is_known_is_not_asked_for():
    known = {("user", "ghost"): True, ("group", "ghosts"): False}
    with serving(directory, read_only=True) as (client, server):
        accounts = Accounts(client, known)
        accounts.refuse_missing(["Ghost"], [])
        with pytest.raises(_errors.ValidationError, match="Group 'Ghosts'"):
            accounts.refuse_missing([], ["Ghosts"])
        accounts.refuse_missing(["ada"], [])
    assert len(server.received) == 1
    assert known["user", "ada"]
