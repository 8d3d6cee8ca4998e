# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_guard import Guard
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    PermissionDeniedError,
    ServerError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import ACCOUNT, Answer, refusal, serving

CONFIGURATION = {
    "development": {"refId": "refs/heads/develop", "useDefault": False},
    "production": {"refId": None, "useDefault": True},
    "types": [
        {"id": "RELEASE", "enabled": True, "prefix": "release/"},
        {"id": "HOTFIX", "enabled": False, "prefix": "hotfix/"},
    ],
    "scope": {"type": "PROJECT", "resourceId": 1},
}
MAIN = ("BRANCH", "refs/heads/main")


def restriction(kind, matcher, *, scope="REPOSITORY", users=(), groups=(), keys=()):
    return {
        "id": 1,
        "type": kind,
        "matcher": {"id": matcher[1], "type": {"id": matcher[0]}},
        "scope": {"type": scope, "resourceId": 1},
        "users": [{"name": name} for name in users],
        "groups": list(groups),
        "accessKeys": [{"key": {"id": key}} for key in keys],
    }


def server(*restrictions):
    def answer(request):
        if request.path.endswith("/restrictions"):
            return Answer(200, {"values": list(restrictions), "isLastPage": True})
        if request.path.endswith("/default-branch"):
            return Answer(200, {"id": "refs/heads/trunk"})
        assert request.path.endswith("/branchmodel/configuration")
        return Answer(200, CONFIGURATION)

    return answer


def refused(name, *restrictions, action="create", settled=True, authorization="Bearer secret"):
    """The message of the refusal that is foreseen, or None; and how many requests that took."""
    with serving(server(*restrictions), read_only=True, authorization=authorization) as (client, memory):
        guard = Guard(client, Repository("PLAT", "api"), settled=settled)
        found = [_message(guard, action, name) for _again in range(2)]
        assert found[0] == found[1]
        return found[0], len(memory.received)


def _message(guard, action, name):
    try:
        guard.refuse(action, name)
    except PermissionDeniedError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("kind", "create", "delete"),
    [
        ("read-only", True, True),
        ("no-creates", True, False),
        ("no-deletes", False, True),
        ("fast-forward-only", False, False),
        ("pull-request-only", False, False),
        ("of-a-later-server", False, False),
    ],
)
def test_what_each_type_refuses(kind, create, delete):
    for action, expected in (("create", create), ("delete", delete)):
        assert bool(refused("main", restriction(kind, MAIN), action=action)[0]) is expected


def test_the_restriction_its_owner_and_the_account_are_named():
    assert refused("main", restriction("read-only", MAIN, scope="PROJECT"))[0] == (
        "Branch main must not be created in PLAT/api: restriction read-only for BRANCH refs/heads/main of project PLAT"
        f" does not exempt the account {ACCOUNT}; choose another name, use an exempted account, or change the"
        " restriction."
    )
    assert "of PLAT/api does not" in refused("main", restriction("no-creates", MAIN))[0]


@pytest.mark.parametrize(
    ("exempted", "expected"),
    [
        ({"users": ["other"]}, True),
        ({"users": ["other", ACCOUNT.upper()]}, False),
        # whether the account is in it cannot be read
        ({"groups": ["release-managers"]}, False),
        # keys are for SSH
        ({"keys": [7]}, True),
    ],
)
def test_only_a_restriction_that_surely_binds_the_account_is_foreseen(exempted, expected):
    assert bool(refused("main", restriction("read-only", MAIN, **exempted))[0]) is expected


def test_without_the_name_of_the_account_exempted_users_may_be_it():
    assert refused("main", restriction("read-only", MAIN, users=["other"]), authorization=None)[0] is None
    assert refused("main", restriction("read-only", MAIN), authorization=None)[0]


@pytest.mark.parametrize(
    ("matcher", "names", "others"),
    [
        (MAIN, ["main"], ["main2", "x/main"]),
        (("PATTERN", "release/**"), ["release/1", "x/release/1/2"], ["release", "prerelease/1"]),
        (("PATTERN", "release/"), ["release/1"], ["release"]),
        (("PATTERN", "v?"), ["v1", "x/v1"], ["v10"]),
        (("ANY_REF", "ANY_REF_MATCHER_ID"), ["x"], []),
        (("MODEL_BRANCH", "development"), ["develop"], ["trunk"]),
        (("MODEL_BRANCH", "production"), ["trunk"], ["develop"]),
        (("MODEL_CATEGORY", "RELEASE"), ["release/1"], ["hotfix/1"]),
        (("MODEL_CATEGORY", "HOTFIX"), [], ["hotfix/1"]),
        (("DEFAULT_BRANCH", "#"), ["trunk"], ["main"]),
        (("OF_A_LATER_SERVER", "x"), [], ["x"]),
    ],
)
def test_which_branches_a_matcher_surely_takes_in(matcher, names, others):
    assert [name for name in [*names, *others] if refused(name, restriction("read-only", matcher))[0]] == names
    if matcher[0].startswith(("MODEL", "DEFAULT")):
        for name in [*names, *others]:
            assert refused(name, restriction("read-only", matcher), settled=False) == (None, 1)


def test_only_what_is_needed_is_read_and_once():
    assert refused("main")[1] == 1
    assert refused("main", restriction("no-deletes", ("MODEL_CATEGORY", "RELEASE")))[1] == 1
    assert refused("main", restriction("no-creates", ("MODEL_CATEGORY", "RELEASE")))[1] == 3


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "You are not permitted to access this resource", "AuthorisationException"),
        refusal(403, "No.", "AuthorisationException"),
        Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404}),
    ],
    ids=["401", "403", "no such resource"],
)
def test_restrictions_that_may_not_be_read_refuse_nothing(answer):
    with serving(answer, read_only=True) as (client, _memory):
        Guard(client, Repository("PLAT", "api")).refuse("create", "main")


def test_a_failure_is_never_a_permission():
    with serving(refusal(500, "No."), read_only=True) as (client, _memory), pytest.raises(ServerError):
        Guard(client, Repository("PLAT", "api")).refuse("create", "main")
