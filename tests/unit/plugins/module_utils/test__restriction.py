# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _errors, _restriction
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Project, Repository
from ansible_collections.bitbucket.datacenter.plugins.module_utils._restriction import Restriction, Restrictions
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.sampled_from(["ada", "Dora", "rolf"]), max_size=3)
RULES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(_restriction.TYPES[:3]),
        "matcher": st.sampled_from(
            [
                {"type": "BRANCH", "id": "main"},
                {"type": "PATTERN", "id": "release/*"},
                {"type": "MODEL_BRANCH", "id": "Development"},
                {"type": "MODEL_CATEGORY", "id": "feature"},
                {"type": "ANY_REF", "id": None},
            ]
        ),
    },
    optional={"users": NAMES, "groups": NAMES | st.none(), "access_keys": st.lists(st.integers(1, 3))},
).map(_restriction.rule)
WANTED = st.lists(RULES, unique_by=lambda each: each.key, max_size=5)
EXISTING = st.lists(st.tuples(RULES, st.booleans()), unique_by=lambda pair: (pair[0].key, pair[1]), max_size=8).map(
    lambda pairs: [
        dataclasses.replace(each, inherited=inherited, id=number) for number, (each, inherited) in enumerate(pairs)
    ]
)


@given(EXISTING, WANTED, st.booleans())
def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(existing, wanted, exact):
    after = _restriction.after(existing, *_restriction.plan(existing, wanted, exact))
    assert _restriction.plan(after, wanted, exact) == ([], [])
    assert _restriction.after(after, [], []) == after


@given(EXISTING, WANTED, st.booleans())
def test_what_is_inherited_is_left_alone(existing, wanted, exact):
    to_save, to_delete = _restriction.plan(existing, wanted, exact)
    assert not any(each.inherited for each in [*to_save, *to_delete])
    after = _restriction.after(existing, to_save, to_delete)
    inherited = [[each for each in some if each.inherited] for some in (existing, after)]
    assert sorted(inherited[0], key=lambda each: each.key) == inherited[1]


@given(EXISTING, WANTED)
def test_exactly_these(existing, wanted):
    after = _restriction.after(existing, *_restriction.plan(existing, wanted, exact=True))
    assert _restriction.own(after) == {each.key: each for each in wanted}


@given(EXISTING, WANTED)
def test_at_least_these_and_nobody_loses_an_exemption(existing, wanted):
    to_save, to_delete = _restriction.plan(existing, wanted, exact=False)
    assert to_delete == []
    after = _restriction.own(_restriction.after(existing, to_save, to_delete))
    for each in [*wanted, *_restriction.own(existing).values()]:
        for name in _restriction.LISTS:
            assert set(getattr(each, name)) <= set(getattr(after[each.key], name))


# what a later server may have: seen from 10.2 on, for other resources, and a type that nobody knows
UNKNOWN = [
    Restriction("no-deletes", "DEFAULT_BRANCH", "#", id=70),
    Restriction("no-force", "BRANCH", "refs/heads/main", id=71),
]


@given(EXISTING, WANTED, st.booleans())
def test_what_cannot_be_declared_is_left_alone(existing, wanted, exact):
    to_save, to_delete = _restriction.plan([*existing, *UNKNOWN], wanted, exact)
    assert not {each.key for each in UNKNOWN} & {each.key for each in [*to_save, *to_delete]}
    after = _restriction.after([*existing, *UNKNOWN], to_save, to_delete)
    assert all(each in after for each in UNKNOWN)


def test_a_matcher_that_is_not_offered_is_refused_before_any_request():
    matcher = {"type": "DEFAULT_BRANCH", "id": "#"}
    with pytest.raises(_errors.InputError, match="DEFAULT_BRANCH is none of BRANCH, PATTERN"):
        _restriction.rule({"type": "no-deletes", "matcher": matcher})


def test_one_restriction_twice_is_refused():
    rule = {"type": "read-only", "matcher": {"type": "BRANCH", "id": "main"}}
    other = {"type": "read-only", "matcher": {"type": "BRANCH", "id": "refs/heads/main"}, "users": ["ada"]}
    with pytest.raises(_errors.InputError, match="read-only for BRANCH refs/heads/main is given twice"):
        _restriction.plan([], map(_restriction.rule, [rule, other]), exact=False)


@pytest.mark.parametrize(
    ("matcher", "shown"),
    [
        ({"type": "BRANCH", "id": "main"}, "refs/heads/main"),
        ({"type": "BRANCH", "id": "refs/heads/main"}, "refs/heads/main"),
        ({"type": "PATTERN", "id": "Release/**"}, "Release/**"),
        ({"type": "MODEL_BRANCH", "id": "Production"}, "production"),
        ({"type": "MODEL_CATEGORY", "id": "hotfix"}, "HOTFIX"),
        ({"type": "ANY_REF"}, "ANY_REF_MATCHER_ID"),
        ({"type": "ANY_REF", "id": "ANY_REF_MATCHER_ID"}, "ANY_REF_MATCHER_ID"),
    ],
)
def test_matchers_have_one_form(matcher, shown):
    assert _restriction.rule({"type": "read-only", "matcher": matcher}).matcher_id == shown


@pytest.mark.parametrize(
    ("matcher", "cause"),
    [
        ({"type": "BRANCH", "id": "a b"}, "id of the matcher 'a b' is not a valid branch name"),
        ({"type": "BRANCH"}, "Matcher BRANCH has no id"),
        ({"type": "PATTERN", "id": ""}, "Matcher PATTERN has no id"),
        ({"type": "MODEL_BRANCH", "id": "staging"}, "'staging'; use one of development, production"),
        ({"type": "MODEL_CATEGORY", "id": "CHORE"}, "'CHORE'; use one of BUGFIX, FEATURE, HOTFIX, RELEASE"),
        ({"type": "ANY_REF", "id": "main"}, r"Matcher ANY_REF has an id \('main'\)"),
    ],
)
def test_a_matcher_that_matches_nothing_is_refused(matcher, cause):
    with pytest.raises(_errors.InputError, match=cause):
        _restriction.rule({"type": "read-only", "matcher": matcher})


def test_a_restriction_in_words():
    branch = _restriction.rule({"type": "no-deletes", "matcher": {"type": "BRANCH", "id": "main"}})
    assert str(branch) == "no-deletes for BRANCH refs/heads/main"
    assert str(_restriction.rule({"type": "no-deletes", "matcher": {"type": "ANY_REF"}})) == "no-deletes for ANY_REF"


# -- what travels ----------------------------------------------------------------------------------------------------

SHOWN = {
    "id": 7,
    "type": "read-only",
    "scope": {"type": "PROJECT", "resourceId": 1},
    "matcher": {"id": "refs/heads/main", "displayId": "main", "type": {"id": "BRANCH", "name": "Branch"}},
    "users": [{"name": "Rolf", "slug": "rolf"}, {"name": "ada", "slug": "ada"}],
    "groups": ["Developers"],
    # seen: with label and text
    "accessKeys": [{"key": {"id": 9, "label": "ci", "text": "ssh-ed25519 AAAA ci"}}, {"key": {"id": 3}}],
}


@pytest.mark.parametrize(("place", "inherited"), [(Repository("PLAT", "api"), True), (Project("PLAT"), False)])
def test_what_the_server_shows(place, inherited):
    with serving(Answer(200, {"values": [SHOWN], "isLastPage": True})) as (client, _server):
        (found,) = Restrictions(client, place).all()
    assert found == Restriction(
        "read-only", "BRANCH", "refs/heads/main", ("ada", "rolf"), ("developers",), (3, 9), inherited
    )
    assert found.id == 7


@given(RULES)
def test_what_is_saved_is_what_is_read(restriction):
    def keep(request):
        body = request.body
        return Answer(
            200,
            {
                **SHOWN,
                **body,
                "scope": {"type": "REPOSITORY", "resourceId": 1},
                "users": [{"name": name.capitalize()} for name in body["users"]],
                "accessKeys": [{"key": {"id": each}} for each in body["accessKeys"]],
            },
        )

    with serving(keep) as (client, _server):
        assert Restrictions(client, Repository("PLAT", "api")).save(restriction) == restriction


# -- what is foreseen ------------------------------------------------------------------------------------------------


def listing(request):
    """One restriction that exempts ada and developers; of others only rolf exists."""
    if "/restrictions" in request.path:
        shown = {**SHOWN, "scope": {"type": "REPOSITORY"}, "users": [{"name": "ada"}], "groups": ["developers"]}
        return Answer(200, {"values": [shown], "isLastPage": True})
    if request.path.endswith("/users/rolf"):
        return Answer(200, {"name": "rolf", "slug": "rolf"})
    if "/users/" in request.path:
        return refusal(404, "Nobody", "user.NoSuchUserException")
    return Answer(200, {"values": [], "isLastPage": True})


def wanted(**who):
    return {"type": "read-only", "matcher": {"type": "BRANCH", "id": "main"}, **who}


def test_only_those_who_are_new_are_looked_up():
    with serving(listing, read_only=True) as (client, server):
        here = Restrictions(client, Repository("PLAT", "api"))
        outcome = here.ensure([wanted(users=["Ada", "rolf"], groups=["Developers"])], exact=False, check=True)
    assert outcome.after["rules"][0]["users"] == ["ada", "rolf"]
    assert [request.path.rpartition("/")[2] for request in server.received] == ["restrictions", "rolf"]


def test_nobody_is_looked_up_where_nothing_would_be_saved():
    with serving(listing, read_only=True) as (client, server):
        here = Restrictions(client, Repository("PLAT", "api"))
        outcome = here.ensure([wanted(users=["ada"])], exact=False, check=True)
    assert not outcome.changed
    assert len(server.received) == 1


@pytest.mark.parametrize("who", [{"users": ["ghost"]}, {"groups": ["ghosts"]}])
def test_who_does_not_exist_is_refused_where_the_server_would(who):
    other = {"type": "no-deletes", "matcher": {"type": "ANY_REF"}}
    last = {**wanted(**who), "matcher": {"type": "PATTERN", "id": "a/*"}}
    with serving(listing, read_only=True) as (client, _server):
        here = Restrictions(client, Repository("PLAT", "api"))
        with pytest.raises(_errors.ValidationError, match=r"'ghosts?', given in \w+, does not exist") as raised:
            here.ensure([other, last], exact=True, check=True)
    # what a real run would have done before it came to that
    assert [rule["type"] for rule in raised.value.partly.before["rules"]] == ["read-only"]
    assert [rule["type"] for rule in raised.value.partly.after["rules"]] == ["no-deletes"]


# -- what is refused -------------------------------------------------------------------------------------------------

API = Repository("PLAT", "api")


def shown(number, scope, **more):
    return {**SHOWN, "id": number, "scope": {"type": scope, "resourceId": 1}, **more}


class Mixed:
    """Repository and project, which list the same restrictions; as on the server any of them can be deleted."""

    def __init__(self, *restrictions):
        self.restrictions = list(restrictions)

    def __call__(self, request):
        if request.method == "DELETE":
            number = int(request.path.rpartition("/")[2])
            self.restrictions = [each for each in self.restrictions if each["id"] != number]
            return Answer(204)
        return Answer(200, {"values": self.restrictions, "isLastPage": True})


@pytest.mark.parametrize("scope", ["PROJECT", "GLOBAL"])
def test_an_inherited_restriction_is_never_deleted(scope):
    server = Mixed(shown(1, scope), shown(2, "REPOSITORY", type="no-deletes"), shown(3, scope, type="no-deletes"))
    with serving(server) as (client, asked):
        here = Restrictions(client, API)
        for inherited in (each for each in here.all() if each.inherited):
            with pytest.raises(
                _errors.ConflictError, match="belongs to the project of PLAT/api; delete it in the project"
            ):
                here.delete(inherited)
        outcome = here.ensure([], exact=True, check=False)
        assert [request.path.rpartition("/")[2] for request in asked.received if request.method == "DELETE"] == ["2"]
    assert outcome.changed and [each["id"] for each in server.restrictions] == [1, 3]


def test_a_restriction_without_a_scope_is_not_taken_for_an_own_one():
    nameless = {key: value for key, value in SHOWN.items() if key != "scope"}
    with serving(Mixed(nameless)) as (client, asked), pytest.raises(_errors.ContractError, match="scope"):
        Restrictions(client, API).ensure([], exact=True, check=False)
    assert {request.method for request in asked.received} == {"GET"}


def test_a_restriction_of_a_later_server_is_read_and_left_alone():
    later = shown(1, "REPOSITORY", type="no-deletes", matcher={"id": "#", "type": {"id": "DEFAULT_BRANCH"}})
    with serving(Mixed(later, shown(2, "REPOSITORY"))) as (client, asked):
        here = Restrictions(client, API)
        assert next((each.matcher_type, each.matcher_id) for each in here.all()) == ("DEFAULT_BRANCH", "#")
        here.ensure([], exact=True, check=False)
        assert [request.path.rpartition("/")[2] for request in asked.received if request.method == "DELETE"] == ["2"]


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        ("no-creates", "Invalid type", "no-creates needs Bitbucket 9.4 or later"),
        ("no-creates", "User 'x' does not exist", "correct the value that the server names"),
        ("read-only", "Invalid type", "correct the value that the server names"),
    ],
)
def test_a_type_that_is_too_new_for_the_server_says_so(kind, message, hint):
    def server(request):
        if request.method == "GET":
            return Answer(200, {"values": [], "isLastPage": True})
        return refusal(400, message)

    rule = _restriction.rule({"type": kind, "matcher": {"type": "BRANCH", "id": "main"}})
    with serving(server) as (client, _asked), pytest.raises(_errors.ValidationError, match=message) as caught:
        Restrictions(client, API).save(rule)
    assert hint in caught.value.next_step
