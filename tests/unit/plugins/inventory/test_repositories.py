# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.bitbucket.datacenter.plugins.inventory.repositories import host_name
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _refs
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.plugin_utils._inventory import group_name
from hypothesis import given
from hypothesis import strategies as st


def valid(rule):
    def check(value):
        try:
            return bool(rule(value))
        except InputError:
            return False

    return check


KEYS = st.one_of(
    st.from_regex(r"[AB][AB_-]{0,3}", fullmatch=True), st.from_regex(r"~[ab_.@-]{1,5}", fullmatch=True)
).filter(valid(_refs.project_key))
SLUGS = st.from_regex(r"[ab_][ab_.-]{0,4}", fullmatch=True).filter(valid(_refs.repository_slug))


@given(st.tuples(KEYS, SLUGS), st.tuples(KEYS, SLUGS))
def test_each_repository_has_a_name_of_its_own(one, other):
    assert (host_name(*one) == host_name(*other)) is (one == other)


@given(KEYS, SLUGS)
def test_a_name_means_nothing_to_patterns_shells_and_files(key, slug):
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.@-]*", host_name(key, slug))
    assert re.fullmatch(r"project_[A-Za-z0-9_]+", group_name("project", key))
    assert host_name(key, slug) != group_name("project", key)


@pytest.mark.parametrize(
    ("key", "name", "group"),
    [
        ("PLAT", "PLAT.api.v2", "project_PLAT"),
        ("~jdoe", "_jdoe.api.v2", "project__jdoe"),
        ("~j.doe", "_j..doe.api.v2", "project__j_doe"),
    ],
)
def test_names(key, name, group):
    assert (host_name(key, "api.v2"), group_name("project", key)) == (name, group)
