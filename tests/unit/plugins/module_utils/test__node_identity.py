# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._node_identity import (
    address_of,
    find,
    is_anonymous,
    is_live,
    labelled,
)
from hypothesis import example, given
from hypothesis import strategies as st

STATES = ("STARTING", "ACTIVE", "DRAINING", "TERMINATING", "OFFLINE", "ERROR", None)
_IDS = itertools.count(1)


def row(address=None, port=7990, name=None, state="ACTIVE", identifier=None):
    return {
        "id": identifier or f"id-{next(_IDS)}",
        "name": name,
        "ip_address": address,
        "port_number": port if address else None,
        "state": state,
    }


def labels(*rows):
    return [each["label"] for each in labelled(rows)]


def found(rows, *references):
    return [each["id"] for each in find(labelled(rows), references)]


# -- address and port ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "port", "expected"),
    [
        ("10.20.0.11", 7990, "10.20.0.11:7990"),
        ("10.20.0.11", None, "10.20.0.11"),
        ("10.20.0.11", 0, "10.20.0.11"),
        ("2001:db8::11", 7990, "[2001:db8::11]:7990"),
        ("2001:db8::11", None, "2001:db8::11"),
        (None, 7990, None),
        ("", 7990, None),
        (None, None, None),
    ],
)
def test_an_address_has_its_port_and_brackets_where_it_needs_them(address, port, expected):
    assert address_of({"ip_address": address, "port_number": port}) == expected


# -- labels ----------------------------------------------------------------------------------------------------------


def test_a_label_is_the_name_where_one_is_set_and_unique():
    assert labels(row("10.20.0.11", name="b"), row("10.20.0.12", name="a")) == ["a", "b"]


def test_a_label_is_address_and_port_where_no_name_is_set():
    assert labels(row("10.20.0.12"), row("2001:db8::1"), row("10.20.0.11", None)) == [
        "10.20.0.11",
        "10.20.0.12:7990",
        "[2001:db8::1]:7990",
    ]


def test_nodes_that_share_an_address_differ_by_their_ports():
    assert labels(row("10.20.0.1", 7992), row("10.20.0.1", 7990)) == ["10.20.0.1:7990", "10.20.0.1:7992"]


def test_a_name_that_several_live_nodes_have_identifies_none_of_them():
    same = [row("10.20.0.11", name="bitbucket"), row("10.20.0.12", name="bitbucket"), row("10.20.0.13", name="other")]
    assert labels(*same) == ["other", "10.20.0.11:7990", "10.20.0.12:7990"]


@pytest.mark.parametrize("state", [state for state in STATES if state != "OFFLINE"])
def test_a_name_that_is_unique_among_live_nodes_identifies_the_live_one(state):
    stale, live = row("10.20.0.11", name="n1", state="OFFLINE"), row("10.20.0.31", name="n1", state=state)
    assert labels(stale, live) == ["n1", "10.20.0.11:7990"]
    assert found([stale, live], "n1") == [live["id"]]


def test_an_address_that_is_unique_among_live_nodes_identifies_the_live_one():
    stale, live = row("10.20.0.11", state="OFFLINE", identifier="old"), row("10.20.0.11", identifier="new")
    assert labels(stale, live) == ["old", "10.20.0.11:7990"]


def test_a_label_is_the_id_where_nothing_else_is_unique():
    twins = [row("10.20.0.11", identifier="one"), row("10.20.0.11", identifier="two")]
    assert labels(*twins) == ["one", "two"]
    assert labels(row(identifier="starts", state="STARTING")) == ["starts"]
    gone = [row("10.20.0.11", name="n1", state="OFFLINE", identifier=each) for each in ("one", "two")]
    assert labels(*gone) == ["one", "two"]


def test_names_are_sorted_by_letters_and_addresses_by_their_numbers():
    addresses = ["10.20.0.9", "10.20.0.10", "10.20.0.100", "10.20.1.2", "2001:db8::9", "2001:db8::10"]
    rows = [row(each) for each in reversed(addresses)] + [row("10.20.0.9", 7991), row("10.20.0.9", 17990)]
    assert labels(*rows, row("10.20.9.9", name="n10"), row("10.20.9.8", name="n9")) == [
        "n10",
        "n9",
        "10.20.0.9:7990",
        "10.20.0.9:7991",
        "10.20.0.9:17990",
        "10.20.0.10:7990",
        "10.20.0.100:7990",
        "10.20.1.2:7990",
        "[2001:db8::9]:7990",
        "[2001:db8::10]:7990",
    ]


def test_a_row_keeps_its_facts_and_the_list_that_was_given_its_rows():
    given_rows = [row("10.20.0.12"), row("10.20.0.11")]
    before = [dict(each) for each in given_rows]
    made = labelled(iter(given_rows))
    assert given_rows == before
    assert [{name: value for name, value in each.items() if name != "label"} for each in made] == before[::-1]


# -- live and anonymous ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_only_offline_is_not_live(state):
    assert is_live(row(state=state)) is (state != "OFFLINE")


@pytest.mark.parametrize(
    ("rows", "anonymous"),
    [
        ([row(state="STARTING")], True),
        ([row(state=None)], True),
        ([row(state="ACTIVE")], True),
        ([row(state="OFFLINE")], False),
        ([row("10.20.0.11", state="STARTING")], False),
        ([row(state="STARTING", name="n1")], False),
        # a name that another node has too identifies nobody
        ([row(state="STARTING", name="n1"), row("10.20.0.12", name="n1")], True),
        ([row(state="STARTING", name="n1"), row("10.20.0.12", name="n1", state="OFFLINE")], False),
        # its own address is one that another live node has: it is known, although its label is its id
        ([row("10.20.0.11"), row("10.20.0.11")], False),
    ],
)
def test_a_live_node_is_anonymous_without_address_and_unique_name(rows, anonymous):
    first = next(each for each in labelled(rows) if each["id"] == rows[0]["id"])
    assert is_anonymous(first) is anonymous


# -- references ------------------------------------------------------------------------------------------------------

CLUSTER = [
    row("10.20.0.11", 7990, identifier="id-1"),
    row("10.20.0.12", 7990, "n2", identifier="id-2"),
    row("10.20.0.1", 7990, identifier="port-0"),
    row("10.20.0.1", 7991, identifier="port-1"),
    row("2001:db8:0:0:0:0:0:13", 7990, identifier="id-6"),
    row("10.20.0.14", None, identifier="id-no-port"),
    row(name="n9", state="STARTING", identifier="id-9"),
]


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (["10.20.0.11"], ["id-1"]),
        (["10.20.0.11:7990"], ["id-1"]),
        (["10.20.0.11:7991"], []),
        (["10.20.0.12"], ["id-2"]),
        (["n2"], ["id-2"]),
        (["N2"], []),
        (["id-2"], ["id-2"]),
        (["10.20.0.1"], ["port-0", "port-1"]),
        (["10.20.0.1:7990"], ["port-0"]),
        (["10.20.0.1:7991"], ["port-1"]),
        (["2001:db8::13"], ["id-6"]),
        (["2001:DB8::13"], ["id-6"]),
        (["[2001:db8::13]"], ["id-6"]),
        (["[2001:db8::13]:7990"], ["id-6"]),
        (["[2001:db8::13]:7991"], []),
        (["10.20.0.14"], ["id-no-port"]),
        (["n9"], ["id-9"]),
        # any of several
        (["10.20.0.99", "n2"], ["id-2"]),
        # an address is better than a name
        (["n2", "10.20.0.11"], ["id-1"]),
        (["n9", "id-1", "10.20.0.12"], ["id-2"]),
        # none of these is an address
        (["10.20.0.11:"], []),
        (["10.20.0.11:http"], []),
        (["10.20.0.11:\u0667\u0669\u0669\u0660"], []),
        (["10.20.0"], []),
        (["[2001:db8::13"], []),
        ([""], []),
        ([], []),
    ],
)
def test_a_reference_is_an_address_with_or_without_port_a_name_or_an_id(references, expected):
    assert found(CLUSTER, *references) == expected


def test_a_single_reference_is_not_taken_letter_by_letter():
    rows = labelled([row("10.20.0.11", name="n"), row("10.20.0.12", name="n2")])
    assert [each["name"] for each in find(rows, "n2")] == ["n2"]


def test_every_node_is_found_by_its_label_its_id_and_its_address():
    rows = labelled(CLUSTER)
    for each in rows:
        for reference in filter(None, (each["label"], each["id"], address_of(each))):
            assert find(rows, reference) == [each]


def test_a_live_node_by_name_comes_before_an_offline_one_by_address():
    rows = [row("10.20.0.11", state="OFFLINE"), row("10.20.0.31", name="n1")]
    assert found(rows, "10.20.0.11", "n1") == [rows[1]["id"]]
    assert found(rows, "10.20.0.11") == [rows[0]["id"]]


def test_all_offline_nodes_that_match_are_found():
    rows = [row("10.20.0.11", state="OFFLINE", identifier=each) for each in ("one", "two")]
    assert found(rows, "10.20.0.11") == ["one", "two"]


# -- whatever is listed, and whatever is asked for -------------------------------------------------------------------

_ADDRESSES = st.sampled_from(["10.20.0.9", "10.20.0.10", "2001:db8::9", "fe80::1", "", "no address", None])
_PORTS = st.sampled_from([7990, 7991, 0, None])
_NAMES = st.sampled_from(["n1", "n2", "10.20.0.99", "", None])
_ROWS = st.lists(
    st.tuples(_ADDRESSES, _PORTS, _NAMES, st.sampled_from(STATES)).map(lambda facts: row(*facts)), max_size=6
)
# what almost is an address is worse than what is none
_ALMOST = st.text("0129.:[]%afx \u0661", max_size=24)
_REFERENCES = st.one_of(
    st.text(),
    _ALMOST,
    st.lists(st.one_of(st.text(), _ALMOST, st.sampled_from(["n1", "10.20.0.9", "[2001:db8::9]:7990"])), max_size=3),
)


@given(_ROWS)
def test_labels_are_unique_sorted_and_independent_of_the_order_of_the_list(rows):
    made = labelled(rows)
    assert len({each["label"] for each in made}) == len(made) == len(rows)
    assert labelled(reversed(rows)) == made
    for each in made:
        assert each["label"] in (each["name"], address_of(each), each["id"])
        assert each["label"]


@given(_ROWS, _REFERENCES)
@example([row("10.20.0.9", state="OFFLINE"), row("10.20.0.9")], "10.20.0.9")
def test_whatever_is_asked_for_only_rows_of_the_list_are_found_live_ones_first(rows, references):
    listed = labelled(rows)
    matching = find(listed, references)
    assert all(any(each is row_ for row_ in listed) for each in matching)
    assert len({each["id"] for each in matching}) == len(matching)
    # never a mixture, and what is OFFLINE only where nothing live matches
    assert len({is_live(each) for each in matching}) <= 1
    if matching and not is_live(matching[0]):
        assert find([each for each in listed if is_live(each)], references) == []


@given(_ROWS, _REFERENCES)
def test_more_references_find_no_less(rows, references):
    listed = labelled(rows)
    wanted = [references] if isinstance(references, str) else references
    for each in wanted:
        if find(listed, each):
            assert find(listed, wanted)
