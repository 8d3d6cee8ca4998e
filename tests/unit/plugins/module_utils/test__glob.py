# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _glob
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("glob", "name", "expected"),
    [
        ("*", "release/9.4", True),
        ("service-*", "service-api", True),
        ("service-*", "my-service-api", False),
        ("ap?", "api", True),
        ("ap?", "ap", False),
        ("[ab]pi", "bpi", True),
        ("[!ab]pi", "bpi", False),
        ("a.i", "api", False),
        ("API", "api", False),
    ],
)
def test_matches(glob, name, expected):
    assert _glob.matches(glob, name) is expected


def test_the_case_is_ignored_on_demand():
    assert _glob.matches("Service-*", "sERVICE-a", ignore_case=True)
    assert _glob.any_matches(["x", "API"], "api", ignore_case=True)
    assert not _glob.any_matches([], "api")


@given(NAMES, NAMES)
def test_a_plain_name_stands_for_itself_alone(name, other):
    assert _glob.matches(name, other) is (name == other)
    assert not _glob.is_glob(name)


@given(NAMES, NAMES)
def test_what_surrounds_a_star_is_kept(prefix, name):
    assert _glob.matches(f"{prefix}*", prefix + name) and _glob.matches(f"*{name}", prefix + name)
    assert _glob.is_glob(f"{prefix}*")


@pytest.mark.parametrize(
    ("glob", "key", "expected"),
    [
        ("*", "PLAT", True),
        ("*", "~jdoe", False),
        ("?jdoe", "~jdoe", False),
        ("~*", "~JDOE", True),
        ("~*", "PLAT", False),
        ("plat", "PLAT", True),
    ],
)
def test_personal_projects_are_meant_only_by_their_tilde(glob, key, expected):
    assert _glob.project_matches(glob, key) is expected


@pytest.mark.parametrize("value", ["PLAT", "~j.doe", "PLAT*", "~*", "[A-C]?", "[!A]*"])
def test_project_globs(value):
    assert _glob.project_glob(value) == value


@pytest.mark.parametrize("value", ["", "a/b", "a b", "*~", "PLAT\n", "ä*"])
def test_no_project_globs(value):
    with pytest.raises(InputError, match="neither a project key nor a glob"):
        _glob.project_glob(value)


@pytest.mark.parametrize("value", ["", "a/b", "~a", "api\n"])
def test_slug_globs(value):
    assert _glob.slug_glob("service-[0-9]*.x_?") == "service-[0-9]*.x_?"
    with pytest.raises(InputError, match="neither a repository slug nor a glob"):
        _glob.slug_glob(value)


@pytest.mark.parametrize(
    ("glob", "wanted"),
    [
        ("release/9.4", "release/9.4"),
        ("release/*", "release/"),
        ("*", ""),
        ("", ""),
        ("a?bc*d", "bc"),
        ("[ab]c", "c"),
        ("[!]x]long", "long"),
        ("[]x]y", "y"),
        ("ab[cde", "cde"),
        ("**/x", "/x"),
    ],
)
def test_the_literal_part_of_a_glob(glob, wanted):
    assert _glob.literal(glob) == wanted


@given(st.text("ab/*?[!]", max_size=8), st.text("ab/[!]*", max_size=8))
def test_the_literal_part_stands_in_every_name_that_matches(glob, name):
    assert bool(_glob.matcher(glob)(name)) == _glob.matches(glob, name)
    if _glob.matches(glob, name):
        assert _glob.literal(glob) in name
