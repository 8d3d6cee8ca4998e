# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _branch_model, _errors
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_model import Configuration
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_name import typed_name
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Project, Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving
from hypothesis import assume, given
from hypothesis import strategies as st

HERE = Repository("PLAT", "api")
BUILT_IN = {
    "development": {"name": None, "use_default": True},
    "production": None,
    "types": [{"id": kind, "enabled": True, "prefix": f"{kind.lower()}/"} for kind in _branch_model.TYPES],
    "inherited": True,
}

NAMES = st.sampled_from(["main", "develop", "refs/heads/main", "release/1"])
PREFIXES = st.sampled_from(["f/", "feature/", "b-", "hotfix/", "x"])
VIEWS = st.fixed_dictionaries(
    {
        "development": st.builds(dict, name=st.just("main"), use_default=st.just(False))
        | st.just({"name": None, "use_default": True}),
        "production": st.none() | st.just({"name": "production", "use_default": False}),
        "types": st.lists(st.sampled_from(_branch_model.TYPES), unique=True).map(
            lambda kinds: [
                {"id": kind, "enabled": kind != "HOTFIX", "prefix": f"{kind.lower()}/"} for kind in sorted(kinds)
            ]
        ),
        "inherited": st.booleans(),
    }
)
ROLES = st.builds(dict, name=NAMES) | st.just({"name": None, "use_default": True})
TYPES = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from(_branch_model.TYPES)},
        optional={"enabled": st.booleans() | st.none(), "prefix": PREFIXES | st.none()},
    ),
    unique_by=lambda kind: kind["id"],
)
WANTED = st.fixed_dictionaries(
    {},
    optional={
        "development": ROLES | st.none(),
        "production": ROLES | st.none() | st.just({"use_default": False}),
        "types": TYPES | st.none(),
    },
)


def configured(before, wanted):
    """What comes of it, for what may be wanted."""
    try:
        return _branch_model.configured(before, wanted)
    except _errors.InputError:
        assume(False)


@given(VIEWS, WANTED)
def test_what_is_configured_needs_no_second_time(before, wanted):
    once = configured(before, wanted)
    assert _branch_model.configured(once, wanted) == once


@given(VIEWS, WANTED)
def test_what_is_not_mentioned_stays(before, wanted):
    after = configured(before, wanted)
    assert after["inherited"] is False
    for role in _branch_model.ROLES:
        if wanted.get(role) is None:
            assert after[role] == before[role]
    mentioned = {kind["id"] for kind in wanted.get("types") or ()}
    others = [[kind for kind in view["types"] if kind["id"] not in mentioned] for view in (before, after)]
    assert others[0] == others[1]
    assert mentioned <= {kind["id"] for kind in after["types"]}


@given(VIEWS, WANTED)
def test_what_is_mentioned_comes_about(before, wanted):
    after = {kind["id"]: kind for kind in configured(before, wanted)["types"]}
    for kind in wanted.get("types") or ():
        assert after[kind["id"]]["enabled"] is (kind.get("enabled") is not False)
        assert kind.get("prefix") in (None, after[kind["id"]]["prefix"])


@given(VIEWS, WANTED)
def test_no_two_enabled_types_have_one_prefix(before, wanted):
    prefixes = [kind["prefix"] for kind in configured(before, wanted)["types"] if kind["enabled"]]
    assert len(prefixes) == len(set(prefixes))


def test_the_roles():
    wanted = {"development": {"name": "refs/heads/develop"}, "production": {"use_default": True}}
    after = _branch_model.configured(BUILT_IN, wanted)
    assert after["development"] == {"name": "develop", "use_default": False}
    assert after["production"] == {"name": None, "use_default": True}
    assert _branch_model.configured(after, {"production": {"use_default": False}})["production"] is None


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        ({}, "Nothing is said of the branch model"),
        ({"state": "inherited", "types": [{"id": "BUGFIX"}]}, "types is given although the branch model shall be"),
        ({"development": {"use_default": False}}, "development names no branch"),
        ({"development": {}}, "development names no branch"),
        ({"production": {"name": None, "use_default": None}}, "production names no branch"),
        ({"production": {"name": "a", "use_default": True}}, "production has both a name and use_default"),
        ({"production": {"name": "a b"}}, "name of production 'a b' is not a valid branch name"),
        ({"types": [{"id": "BUGFIX"}, {"id": "BUGFIX"}]}, "Branch type BUGFIX is given twice"),
        ({"types": [{"id": "BUGFIX", "prefix": "bug fix/"}]}, "prefix 'bug fix/' of branch type BUGFIX cannot begin"),
        ({"types": [{"id": "BUGFIX", "prefix": ""}]}, "prefix '' of branch type BUGFIX cannot begin"),
    ],
)
def test_what_makes_no_sense_is_refused(wanted, cause):
    with pytest.raises(_errors.InputError, match=cause):
        _branch_model.checked(wanted, HERE)


def test_a_project_inherits_from_nowhere():
    with pytest.raises(_errors.InputError, match="Project PLAT has nothing to inherit"):
        _branch_model.checked({"state": "inherited"}, Project("PLAT"))
    assert _branch_model.checked({"state": "inherited"}, HERE)


def test_a_prefix_that_another_type_has_is_refused():
    with pytest.raises(_errors.InputError, match="BUGFIX and FEATURE would have the same prefix 'bugfix/'"):
        _branch_model.configured(BUILT_IN, {"types": [{"id": "FEATURE", "prefix": "bugfix/"}]})
    both = [{"id": "FEATURE", "prefix": "bugfix/"}, {"id": "BUGFIX", "enabled": False}]
    assert _branch_model.configured(BUILT_IN, {"types": both})


def test_names_follow_what_is_configured():
    view = _branch_model.configured(
        BUILT_IN, {"types": [{"id": "FEATURE", "prefix": "f/"}, {"id": "HOTFIX", "enabled": False}]}
    )
    types = _branch_model.effective_types(view)
    assert typed_name(types, "FEATURE", "ABC-1 Login") == "f/ABC-1-login"
    with pytest.raises(_errors.InputError, match="not enabled"):
        typed_name(types, "HOTFIX", "x")


# -- what travels ----------------------------------------------------------------------------------------------------


def answer(view, scope):
    """The view as the server says it."""
    roles = {
        role: {
            "refId": view[role]["name"] and "refs/heads/" + view[role]["name"],
            "useDefault": view[role]["use_default"],
        }
        for role in _branch_model.ROLES
        if view[role]
    }
    return {**roles, "types": view["types"], "scope": {"type": scope, "resourceId": 1}}


@given(VIEWS)
def test_what_is_saved_is_what_is_read(view):
    kept = {}

    def keep(request):
        kept.update(request.body)
        return Answer(200, {**kept, "scope": {"type": "REPOSITORY", "resourceId": 1}})

    with serving(keep) as (client, _server):
        assert Configuration(client, HERE).save(view) == {**view, "inherited": False}
    assert {**kept, "scope": {"type": "REPOSITORY", "resourceId": 1}} == answer(view, "REPOSITORY")


@pytest.mark.parametrize(
    ("place", "scope", "inherited"),
    [(HERE, "PROJECT", True), (HERE, "REPOSITORY", False), (Project("PLAT"), "PROJECT", False)],
)
def test_who_inherits(place, scope, inherited):
    with serving(Answer(200, answer(BUILT_IN, scope))) as (client, _server):
        assert Configuration(client, place).read() == {**BUILT_IN, "inherited": inherited}


def test_inheritance_that_may_not_be_looked_at_is_not_made_up():
    def server(request):
        if "/repos/" in request.path:
            return Answer(200, answer(BUILT_IN, "REPOSITORY"))
        return refusal(401, "You are not permitted to access this resource", "AuthorisationException")

    with serving(server, read_only=True) as (client, _server):
        outcome = Configuration(client, HERE).ensure({"state": "inherited"}, check=True)
    assert outcome.changed
    assert outcome.after == {"development": None, "production": None, "types": None, "inherited": True}
    with pytest.raises(_errors.PermissionDeniedError, match="are not known"):
        _branch_model.effective_types(outcome.after)
