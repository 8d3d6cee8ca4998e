# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import subprocess
import unicodedata

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_name import (
    LONGEST,
    issue_text,
    type_of,
    typed_name,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._issue_key import issue_key
from ansible_collections.bitbucket.datacenter.plugins.module_utils._refs import branch_name
from hypothesis import example, given
from hypothesis import strategies as st

MODEL = {
    "development": None,
    "production": None,
    "types": [
        {"id": "FEATURE", "name": "Feature", "prefix": "feature/"},
        {"id": "HOTFIX", "name": "Hotfix", "prefix": "fix-"},
    ],
}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ABC-1 Login page", "feature/ABC-1-login-page"),
        ("ABC-1", "feature/ABC-1"),
        ("  ABC-1  Login   page ", "feature/ABC-1-login-page"),
        ("ABC-1: Login/page (new)", "feature/ABC-1-login-page-new"),
        ("A_B2-77_x", "feature/a_b2-77_x"),
        ("ABC-1x", "feature/abc-1x"),
        ("A-1 is no key", "feature/a-1-is-no-key"),
        ("ABC-0 Login page", "feature/abc-0-login-page"),
        ("ABC-01 Login page", "feature/abc-01-login-page"),
        ("ABC-1問題", "feature/ABC-1-問題"),
        ("login ABC-1", "feature/login-abc-1"),
        ("Version 2.0", "feature/version-2.0"),
        ("a..b...c", "feature/a-b-c"),
        (".hidden.", "feature/hidden"),
        ("Größe ändern", "feature/größe-ändern"),
        ("remove foo.lock", "feature/remove-foo-lock"),
        ("ABC-1.lock", "feature/ABC-1-lock"),
        ("x.lock.lock", "feature/x.lock-lock"),
    ],
)
def test_a_text_becomes_a_name(text, name):
    assert typed_name(MODEL, "FEATURE", text) == name


@given(st.sampled_from(["FEATURE", "HOTFIX", "feature"]), st.text(max_size=30))
@example("HOTFIX", ".lock")
@example("HOTFIX", "@{x}")
@example("FEATURE", "HEAD")
def test_every_text_with_a_letter_or_digit_becomes_a_valid_name(kind, text):
    try:
        name = typed_name(MODEL, kind, text)
    except InputError as error:
        assert not re.search(r"[^\W_]", text)
        assert "leaves nothing for a branch name" in error.cause
    else:
        assert branch_name(name) == name
        assert name.startswith({"feature": "feature/", "hotfix": "fix-"}[kind.lower()])


@given(st.from_regex(r"[A-Z][A-Z0-9_]+-[1-9][0-9]{0,4}", fullmatch=True), st.text(max_size=20))
def test_an_issue_key_in_front_stays_as_it_is(key, title):
    assert typed_name(MODEL, "FEATURE", f"{key} {title}").startswith("feature/" + key)


@given(st.from_regex(r"[A-Za-z][A-Z0-9_]{0,3}-[0-9]{1,3}[a-z1]?", fullmatch=True))
def test_the_filter_and_the_option_accept_the_same_keys(key):
    try:
        issue_key(key)
    except InputError:
        with pytest.raises(InputError):
            issue_text(key, None)
        assert typed_name(MODEL, "FEATURE", key) == f"feature/{key.lower()}"
    else:
        assert typed_name(MODEL, "FEATURE", issue_text(key, None)) == f"feature/{key}"


@pytest.mark.parametrize("text", ["", "   ", "...", "-", "///", "@{}"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(InputError, match="leaves nothing for a branch name; give letters or digits"):
        typed_name(MODEL, "FEATURE", text)


def test_a_type_that_is_off_is_refused_and_the_others_are_named():
    with pytest.raises(InputError) as caught:
        typed_name(MODEL, "BUGFIX", "x")
    assert "'BUGFIX' is not enabled in the branch model; use an enabled type (FEATURE, HOTFIX)" in str(caught.value)
    with pytest.raises(InputError, match=r"use an enabled type \(none\)"):
        typed_name({"types": []}, "FEATURE", "x")


def test_a_model_with_an_impossible_prefix_makes_no_invalid_name():
    with pytest.raises(InputError, match="is not a valid branch name"):
        typed_name({"types": [{"id": "FEATURE", "prefix": "-a b/"}]}, "FEATURE", "x")


# -- every script ----------------------------------------------------------------------------------------------------


def test_what_stands_above_and_below_letters_belongs_to_them():
    assert typed_name(MODEL, "FEATURE", "हिन्दी में") == "feature/हिन्दी-में"
    assert typed_name(MODEL, "FEATURE", unicodedata.normalize("NFD", "Größe ändern")) == "feature/größe-ändern"


# -- length ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length", "name"),
    [
        ("ABC-1 Log in at the first try", 30, "feature/ABC-1-log-in-at-the"),
        ("ABC-1 Log in at the first try", 13, "feature/ABC-1"),
        ("ABC-1 Größe", 20, "feature/ABC-1"),
        ("ABC-1 Größe", 21, "feature/ABC-1-größe"),
        ("internationalisation", 14, "feature/intern"),
        ("2.0.1", 10, "feature/2"),
        ("größe", 11, "feature/gr"),
        ("größe", 12, "feature/grö"),
        ("हिन्दी", 11, "feature/"),
        ("हिन्दी", 14, "feature/हि"),
        ("one x.lock two", 18, "feature/one-x-lock"),
    ],
)
def test_a_name_ends_where_a_word_ends(text, length, name):
    if name == "feature/":
        with pytest.raises(InputError, match="leaves nothing"):
            typed_name(MODEL, "FEATURE", text, length)
    else:
        assert typed_name(MODEL, "FEATURE", text, length) == name


def test_an_issue_key_is_never_cut():
    with pytest.raises(InputError, match="Issue key ABC-1 does not fit into a name of that length; give a greater"):
        typed_name(MODEL, "FEATURE", "ABC-1 x", 12)


@pytest.mark.parametrize("length", [0, -1, LONGEST + 1])
def test_a_length_that_no_name_can_have_is_refused(length):
    with pytest.raises(InputError, match=f"max_length {length} is not between 1 and 250"):
        typed_name(MODEL, "FEATURE", "x", length)


def test_the_longest_name_is_one_that_git_can_keep(tmp_path):
    """A part of a name is a file, and another one that ends with .lock while it is written."""
    model = {"types": [{"id": "FEATURE", "prefix": "x"}]}
    name = typed_name(model, "FEATURE", "ä" * LONGEST, LONGEST)
    assert len(name.encode()) in (LONGEST - 1, LONGEST)
    commit = ["commit", "-q", "--allow-empty", "-m", "x"]
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init", "-q"], [*who, *commit], ["branch", name]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)


# -- types -----------------------------------------------------------------------------------------------------------


def types(**prefixes):
    return {"types": [{"id": kind, "prefix": prefix} for kind, prefix in prefixes.items()]}


PREFIXES = st.lists(
    st.from_regex(r"[a-z]{1,3}[/-]?([a-z]{1,2}/)?", fullmatch=True), min_size=4, max_size=4, unique=True
).map(lambda found: types(**dict(zip(("BUGFIX", "FEATURE", "HOTFIX", "RELEASE"), found))))


@given(
    PREFIXES,
    st.sampled_from(["BUGFIX", "FEATURE", "HOTFIX", "RELEASE"]),
    st.text(max_size=60),
    st.integers(12, LONGEST),
)
@example(types(FEATURE="f", HOTFIX="fi"), "FEATURE", "ix", 20)
def test_a_name_is_valid_short_enough_and_tells_its_type(model, kind, text, length):
    prefix = next(each["prefix"] for each in model["types"] if each["id"] == kind)
    try:
        name = typed_name(model, kind, text, length)
    except InputError as error:
        assert re.search("leaves nothing|would be of type|does not fit|is not a valid branch name", error.cause)
        return
    assert name.startswith(prefix) and name != prefix
    assert len(name.encode()) <= length
    assert type_of(model, name) == kind
    assert type_of(model, f"refs/heads/{name}") == kind
    assert subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode == 0


def test_a_name_of_another_type_is_refused():
    with pytest.raises(InputError, match="Branch fix would be of type HOTFIX, whose prefix 'fi' is longer; choose"):
        typed_name(types(FEATURE="f", HOTFIX="fi"), "FEATURE", "ix")


def test_of_prefixes_that_begin_with_each_other_the_longest_counts():
    model = types(FEATURE="feature/", HOTFIX="feature/hot/", BUGFIX="fe")
    assert type_of(model, "feature/x") == "FEATURE"
    assert type_of(model, "feature/hot/x") == "HOTFIX"
    assert type_of(model, "feat") == "BUGFIX"
    assert type_of(model, "main") is None


def test_a_type_that_is_off_has_no_branches():
    model = {"types": [{"id": "FEATURE", "prefix": "feature/", "enabled": False}]}
    assert type_of(model, "feature/x") is None
    with pytest.raises(InputError, match="is not enabled"):
        typed_name(model, "FEATURE", "x")


def test_branches_that_play_a_part_in_the_model():
    model = {**MODEL, "development": {"name": "feature/next"}, "production": {"name": "main"}}
    assert type_of(model, "feature/next") == "FEATURE"
    assert type_of(model, "refs/heads/feature/next", model_branches=True) == "development"
    assert type_of(model, "main", model_branches=True) == "production"
    assert type_of({**model, "development": {"name": "main"}}, "main", model_branches=True) == "production"
    assert type_of(MODEL, "main", model_branches=True) is None


def test_an_issue():
    assert typed_name(MODEL, "FEATURE", issue_text("ABC-1", "Login page")) == "feature/ABC-1-login-page"
    assert typed_name(MODEL, "FEATURE", issue_text("ABC-1", None)) == "feature/ABC-1"


@pytest.mark.parametrize("key", ["", "abc-1", "A-1", "ABC1", "ABC-", "ABC-1x", " ABC-1", "ABC-0", "ABC-01", "ABC-1\n"])
def test_what_is_no_issue_key_is_refused(key):
    with pytest.raises(InputError, match="is not the key of a Jira issue; write the project key in upper case"):
        issue_text(key, "x")
