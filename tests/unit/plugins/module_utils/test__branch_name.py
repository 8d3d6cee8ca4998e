# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_name import typed_name
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
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


@given(st.from_regex(r"[A-Z][A-Z0-9_]+-[0-9]{1,5}", fullmatch=True), st.text(max_size=20))
def test_an_issue_key_in_front_stays_as_it_is(key, title):
    assert typed_name(MODEL, "FEATURE", f"{key} {title}").startswith("feature/" + key)


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
