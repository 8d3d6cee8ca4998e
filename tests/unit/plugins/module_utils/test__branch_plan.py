# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_plan import Tips, Wish, in_order
from ansible_collections.bitbucket.datacenter.plugins.module_utils._refs import above
from hypothesis import given
from hypothesis import strategies as st

names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
wishes = st.builds(Wish, names, st.booleans(), st.none() | names)


def tips(*found):
    return Tips(dict.fromkeys(found, "1" * 40))


@pytest.mark.parametrize(
    ("found", "name", "other"),
    [
        ((), "a", None),
        (("a",), "a/b", "a"),
        (("a",), "a/b/c", "a"),
        (("a/b",), "a", "a/b"),
        (("a/b/c",), "a", "a/b/c"),
        (("a/b",), "a/c", None),
        (("ab",), "a", None),
        (("a",), "a", None),
    ],
)
def test_what_cannot_exist_beside_what(found, name, other):
    assert tips(*found).overlapping(name) == other


@given(st.lists(st.tuples(st.booleans(), names)), names)
def test_overlaps_are_known_whatever_happened_before(steps, name):
    here, model = tips(), set()
    for add, other in steps:
        if add:
            here.add(other, "2" * 40)
            model.add(other)
        elif not add and other in model:
            here.remove(other)
            model.discard(other)
    expected = {each for each in model if each in above(name) or name in above(each)}
    found = here.overlapping(name)
    assert (found in expected) if expected else found is None


@given(st.lists(wishes, unique_by=lambda wish: wish.name), st.sets(names), st.none() | names)
def test_everything_comes_once_and_in_time(wanted, found, default):
    order = in_order(wanted, tips(*found), default)
    sequence = [*order.for_default, *order.in_the_way, *order.present, *order.absent]
    assert sorted(sequence) == list(range(len(wanted)))
    rank = {wanted[number].name: position for position, number in enumerate(sequence)}
    new = {wish.name: wish for wish in wanted if wish.present and wish.name not in found}
    for name, wish in new.items():
        for gone in (each.name for each in wanted if not each.present and each.name in found):
            if gone in above(name) or name in above(gone):
                assert rank[gone] < rank[name]
        if wish.start in new and not in_circle(name, new):
            assert rank[wish.start] < rank[name]
    assert all(wanted[number].present for number in (*order.for_default, *order.present))
    if order.for_default:
        assert wanted[order.for_default[-1]].name == default


def in_circle(name, new):
    seen = set()
    while name in new and name not in seen:
        seen.add(name)
        name = new[name].start
    return name in seen


def test_what_is_in_the_way_goes_first_and_the_rest_last():
    wanted = [Wish("a/b", True, "new"), Wish("new", True, "main"), Wish("old", False), Wish("a", False)]
    assert in_order(wanted, tips("a", "old", "main")) == ([], [3], [1, 0], [2])


def test_the_branch_that_is_in_the_way_may_be_the_default_one_until_another_is():
    wanted = [Wish("main", False), Wish("main/a", True, "main"), Wish("new", True, "s"), Wish("s", True, "main")]
    assert in_order(wanted, tips("main"), "new") == ([3, 2], [0], [1], [])
    # in whose way it is itself, that can only come after it
    assert in_order(wanted, tips("main"), "main/a") == ([], [0], [1, 3, 2], [])
