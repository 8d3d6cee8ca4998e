# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.bitbucket.datacenter.plugins.module_utils._outcome import Outcome
from hypothesis import given
from hypothesis import strategies as st

VIEWS = st.one_of(st.none(), st.dictionaries(st.sampled_from(["id", "name"]), st.sampled_from(["a", "b"]), min_size=1))


@given(VIEWS, VIEWS)
def test_changed_and_diff_say_the_same(before, after):
    result = Outcome(before, after).result("branch a of PLAT/api", branch=after)
    assert result["changed"] == (before != after)
    assert result["changed"] == (result["diff"]["before"] != result["diff"]["after"])
    assert result["branch"] == after


def test_what_is_absent_is_shown_as_nothing():
    result = Outcome(None, {"a": 1}).result("branch a of PLAT/api")
    assert (result["diff"]["before"], result["diff"]["after"]) == ({}, {"a": 1})


def test_a_diff_names_the_resource_on_both_sides():
    diff = Outcome(None, {"a": 1}).result("branch a of PLAT/api")["diff"]
    assert (diff["before_header"], diff["after_header"]) == ("branch a of PLAT/api", "branch a of PLAT/api")
