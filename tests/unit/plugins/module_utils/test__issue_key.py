# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import string

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._issue_key import (
    PATTERN,
    compiled,
    issue_key,
    keys_in,
)
from hypothesis import given
from hypothesis import strategies as st

KEYS = st.from_regex(r"[A-Z][A-Z0-9_]{1,8}-[1-9][0-9]{0,5}", fullmatch=True)
#: What may stand between two keys, so that both are keys: anything but what a key or a word is made of.
BETWEEN = st.text(st.characters(exclude_characters=string.ascii_letters + string.digits + "_-"), min_size=1)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("PLAT-7 Trace requests", ["PLAT-7"]),
        ("Trace requests (PLAT-7)", ["PLAT-7"]),
        ("[PLAT-7][WEB-12]: both", ["PLAT-7", "WEB-12"]),
        ("PLAT-7,PLAT-8/PLAT-9", ["PLAT-7", "PLAT-8", "PLAT-9"]),
        ("First line\n\nRefs: PLAT-7\nCloses: WEB-1.", ["PLAT-7", "WEB-1"]),
        ("PLAT-7 and PLAT-7 again, after WEB-1: PLAT-7", ["PLAT-7", "WEB-1"]),
        ("feature/PLAT-7-login", ["PLAT-7"]),
        ("A2_B-10", ["A2_B-10"]),
        ("Für PLAT-7 ünd PLAT-8", ["PLAT-7", "PLAT-8"]),
        ("", []),
        ("plat-7 Plat-7 P-7 PLAT7 PLAT- -7 PLAT-0 PLAT-07", []),
        ("xPLAT-7 1PLAT-7 _PLAT-7 A-PLAT-7 PLAT-7x PLAT-7_", []),
        ("UTF-8 is one, too", ["UTF-8"]),
    ],
)
def test_keys_are_found_where_they_stand_alone(text, keys):
    assert keys_in(text) == keys


@given(st.lists(KEYS, max_size=6), st.lists(BETWEEN, min_size=7, max_size=7))
def test_what_is_put_in_is_found_once_and_in_order(keys, between):
    text = between[0] + "".join(key + other for key, other in zip(keys, between[1:]))
    assert keys_in(text) == list(dict.fromkeys(keys))


@given(st.text(st.sampled_from("AZ09_-a ./\nü"), max_size=60))
def test_what_is_found_is_a_key_and_is_found_again(text):
    found = keys_in(text)
    assert [issue_key(key) for key in found] == found
    assert keys_in(" ".join(found)) == found


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        (r"PLAT-\d+", ["PLAT-7", "PLAT-8"]),
        (r"(?:PLAT|WEB)-(\d+)", ["PLAT-7", "WEB-1", "PLAT-8"]),
        (r"#(\d+)", ["#12"]),
        (r"(?i)web-1", ["WEB-1"]),
        (r"NONE-\d+", []),
        # which finds nothing in every place
        (r"x*", []),
    ],
)
def test_a_pattern_of_the_user_finds_its_own(pattern, keys):
    assert keys_in("PLAT-7 WEB-1 PLAT-8 PLAT-7 #12", compiled(pattern, "issue_pattern")) == keys


def test_the_pattern_is_the_default():
    text = "PLAT-7, xWEB-1"
    assert keys_in(text, compiled(PATTERN, "issue_pattern")) == keys_in(text) == ["PLAT-7"]


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?P<a>x)(?P<a>y)", "a{99999999999999}", r"(?<=x*)y"])
def test_what_is_no_regular_expression_is_told_so(pattern):
    with pytest.raises(InputError, match=re.escape(f"issue_pattern {pattern!r} is no regular expression: ")):
        compiled(pattern, "issue_pattern")


@pytest.mark.parametrize("key", ["PLAT-7", "A1-1", "A_-99999"])
def test_a_key_is_returned_as_it_is(key):
    assert issue_key(key) == key


@pytest.mark.parametrize(
    "key", ["", "PLAT", "plat-7", "PLAT-0", "PLAT-07", "P-7", " PLAT-7", "PLAT-7\n", "../PLAT-7", "ÄB-1"]
)
def test_what_is_no_key_is_refused(key):
    with pytest.raises(InputError, match=r"issue_key .* is not the key of a Jira issue"):
        issue_key(key)
