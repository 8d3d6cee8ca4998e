# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._stale import (
    REASONS,
    Facts,
    Rules,
    is_protected,
    merged_by,
    pattern,
    reasons,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_800_000_000
DAY = 86400
TIP = "a" * 40
MODEL = {
    "development": {"name": "develop"},
    "production": {"name": "stable"},
    "types": [{"id": "FEATURE", "prefix": "feature/"}, {"id": "RELEASE", "prefix": "release/"}],
}
FACTS = Facts("main", MODEL, (), ())
RULES = Rules(older_than=30 * DAY)


@dataclasses.dataclass(frozen=True)
class Restriction:
    type: str
    matcher_type: str
    matcher_id: str


def branch(name="feature/x", **told):
    return {
        "name": name,
        "latest_commit": TIP,
        "is_default": False,
        "ahead": 0,
        "behind": 3,
        "latest_commit_timestamp": NOW - 31 * DAY,
        "pull_request_state": None,
        "pull_request_target": None,
        "pull_request_commit": None,
        "open_pull_requests": 0,
        **told,
    }


def through(target="main", commit=TIP, state="MERGED", **told):
    request = {"pull_request_state": state, "pull_request_target": target, "pull_request_commit": commit}
    return branch(ahead=2, **request, **told)


def test_what_is_merged_and_old_is_stale():
    assert reasons(branch(), FACTS, RULES, NOW) == []


@pytest.mark.parametrize(
    ("judged", "wanted"),
    [
        (branch("main", is_default=True), ["default", "base"]),
        (branch("develop"), ["development"]),
        (branch("stable"), ["production"]),
        (branch(open_pull_requests=1), ["open_pull_request"]),
        (branch(ahead=1), ["not_merged"]),
        (branch(behind=0), ["at_base"]),
        (branch(ahead=1, behind=0), ["not_merged"]),
        (branch(latest_commit_timestamp=NOW - 29 * DAY), ["recent"]),
        (branch(latest_commit_timestamp=NOW - 30 * DAY), []),
        (branch(latest_commit_timestamp=NOW + DAY), ["recent"]),
        # what is not known is no reason to delete
        (branch(ahead=None, behind=None), ["unknown"]),
        (branch(latest_commit_timestamp=None), ["unknown"]),
        # squashed by its pull request
        (through(), []),
        (through(target="develop"), ["not_merged"]),
        (through(commit="b" * 40), ["not_merged"]),
        (through(commit=None), ["not_merged"]),
        (through(state="DECLINED"), ["not_merged"]),
        (through(latest_commit_timestamp=NOW), ["recent"]),
    ],
)
def test_each_reason(judged, wanted):
    assert reasons(judged, FACTS, RULES, NOW) == wanted


@pytest.mark.parametrize(
    ("changes", "judged", "wanted"),
    [
        ({"merged": False}, branch(ahead=5), []),
        ({"merged": False}, branch(ahead=None), []),
        ({"merged": False}, branch(behind=0), []),
        ({"by_pull_request": False}, through(), ["not_merged"]),
        ({"by_pull_request": False}, branch(), []),
        ({"older_than": 0}, branch(latest_commit_timestamp=NOW + DAY), []),
        ({"older_than": 0}, branch(latest_commit_timestamp=None), []),
        ({"types": ["RELEASE"]}, branch(), ["other_type"]),
        ({"types": ["RELEASE"]}, branch("x"), ["other_type"]),
        ({"types": ["RELEASE", "FEATURE"]}, branch(), []),
        ({"globs": ["feature/*", "x"]}, branch("feature/a/b"), []),
        ({"globs": ["feature/*"]}, branch("bugfix/x"), ["other_name"]),
        ({"globs": []}, branch(), ["other_name"]),
        ({"keep": ["*/x"]}, branch(), ["keep_list"]),
        ({"keep": ["x"]}, branch(), []),
    ],
)
def test_each_rule(changes, judged, wanted):
    assert reasons(judged, FACTS, dataclasses.replace(RULES, **changes), NOW) == wanted


def test_a_branch_under_review_is_kept():
    assert reasons(branch(), dataclasses.replace(FACTS, in_review={"feature/x"}), RULES, NOW) == ["open_pull_request"]


def test_a_repository_without_a_default_branch_has_nothing_that_was_merged():
    facts = dataclasses.replace(FACTS, base=None)
    assert reasons(branch(ahead=None, behind=None), facts, RULES, NOW) == ["unknown"]
    assert merged_by(through(target=None), None) is None


@pytest.mark.parametrize("kind", ["read-only", "no-deletes"])
@pytest.mark.parametrize(
    ("matcher", "wanted", "protected"),
    [
        ("BRANCH", "refs/heads/feature/x", True),
        ("BRANCH", "refs/heads/feature/xy", False),
        ("PATTERN", "feature/*", True),
        ("PATTERN", "release/**", False),
        ("MODEL_CATEGORY", "FEATURE", True),
        ("MODEL_CATEGORY", "RELEASE", False),
        ("MODEL_CATEGORY", "HOTFIX", False),
        ("MODEL_BRANCH", "development", False),
        ("ANY_REF", "ANY_REF_MATCHER_ID", True),
        # whatever a later server may know
        ("SOMETHING_NEW", "x", True),
    ],
)
def test_restrictions(kind, matcher, wanted, protected):
    restriction = Restriction(kind, matcher, wanted)
    assert is_protected("feature/x", MODEL, [restriction]) is protected
    facts = dataclasses.replace(FACTS, restrictions=[restriction])
    assert reasons(branch(), facts, RULES, NOW) == (["protected"] if protected else [])


def test_the_part_in_the_model_protects():
    assert is_protected("develop", MODEL, [Restriction("no-deletes", "MODEL_BRANCH", "development")])
    none = {"development": None, "production": None, "types": []}
    assert not is_protected("develop", none, [Restriction("no-deletes", "MODEL_BRANCH", "development")])


@pytest.mark.parametrize("kind", ["fast-forward-only", "pull-request-only", "no-creates"])
def test_other_restrictions_leave_deleting_alone(kind):
    assert not is_protected("feature/x", MODEL, [Restriction(kind, "ANY_REF", "ANY_REF_MATCHER_ID")])


@pytest.mark.parametrize(
    ("text", "names", "others"),
    [
        ("*", ["main", "a/b/c"], []),
        ("PROJECT-*", ["PROJECT-1234", "stable/PROJECT-new"], ["PROJECT", "xPROJECT-1", "PROJECT-1/x"]),
        ("?.?", ["1.1", "stable/2.X"], ["1.10", "10.1"]),
        ("tags/", ["stable/tags/some", "tags/x", "tags"], ["mytags/x"]),
        ("tags/**", ["stable/tags/some", "tags/x/y"], ["mytags/x"]),
        ("heads/**/master", ["master", "stable/master"], ["mymaster", "master/x"]),
        ("refs/heads/main", ["main"], ["x/main"]),
        ("main", ["main", "x/main"], ["domain"]),
        ("release/*", ["release/1", "old/release/1"], ["release/1/2", "release"]),
        ("**", ["main", "a/b"], []),
        ("a.c+", ["a.c+"], ["abc"]),
    ],
)
def test_patterns_of_restrictions(text, names, others):
    assert [name for name in [*names, *others] if pattern(text).fullmatch(f"refs/heads/{name}")] == names


VIEWS = st.builds(
    branch,
    st.sampled_from(["main", "develop", "stable", "feature/x", "release/1", "other"]),
    is_default=st.booleans(),
    ahead=st.sampled_from([None, 0, 1]),
    behind=st.sampled_from([None, 0, 1]),
    latest_commit_timestamp=st.sampled_from([None, 0, NOW - 31 * DAY, NOW]),
    pull_request_state=st.sampled_from([None, "OPEN", "MERGED", "DECLINED"]),
    pull_request_target=st.sampled_from([None, "main", "develop"]),
    pull_request_commit=st.sampled_from([None, TIP, "b" * 40]),
    open_pull_requests=st.sampled_from([0, 1]),
)
RULE = st.builds(
    Rules,
    merged=st.booleans(),
    by_pull_request=st.booleans(),
    older_than=st.sampled_from([0, 30 * DAY]),
    types=st.sampled_from([(), ("FEATURE",), ("RELEASE",)]),
    globs=st.sampled_from([("*",), ("feature/*",), ()]),
    keep=st.sampled_from([(), ("release/*",), ("*",)]),
)
RESTRICTIONS = st.lists(
    st.builds(
        Restriction,
        st.sampled_from(["read-only", "no-deletes", "pull-request-only"]),
        st.sampled_from(["BRANCH", "PATTERN", "MODEL_BRANCH", "MODEL_CATEGORY"]),
        st.sampled_from(["refs/heads/feature/x", "release/*", "development", "FEATURE"]),
    ),
    max_size=2,
)


@given(VIEWS, RULE, RESTRICTIONS, st.sets(st.sampled_from(["feature/x", "other"])))
def test_what_must_never_be_deleted_never_is(view, rules, restrictions, in_review):
    facts = Facts("main", MODEL, restrictions, in_review)
    found = reasons(view, facts, rules, NOW)
    assert found == sorted(found, key=REASONS.index) and len(set(found)) == len(found)
    name, time = view["name"], view["latest_commit_timestamp"]
    never = (
        view["is_default"]
        or name in ("main", "develop", "stable")
        or is_protected(name, MODEL, restrictions)
        or name in in_review
        or view["open_pull_requests"] > 0
        or (rules.older_than > 0 and (time is None or time > NOW - rules.older_than))
        or (rules.merged and merged_by(view, "main") is None)
        or "*" in rules.keep
    )
    if never:
        assert found
    if not found:
        assert view["ahead"] == 0 or not rules.merged or rules.by_pull_request


def test_a_restriction_of_the_default_branch_concerns_no_other():
    restriction = Restriction("no-deletes", "DEFAULT_BRANCH", "#")
    assert is_protected("main", MODEL, [restriction], default=True)
    assert not is_protected("feature/x", MODEL, [restriction])
    facts = dataclasses.replace(FACTS, restrictions=[restriction])
    assert reasons(branch(), facts, RULES, NOW) == []
    assert "protected" in reasons(branch("main", is_default=True), facts, RULES, NOW)


def test_a_matcher_that_nobody_knows_protects_every_branch():
    assert is_protected("feature/x", MODEL, [Restriction("no-deletes", "LATER", "x")])
