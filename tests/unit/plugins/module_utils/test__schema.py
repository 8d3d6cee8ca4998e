# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _schema
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, MissingLibraryError
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


def no_shouting(value):
    if isinstance(value, str) and value.isupper():
        raise InputError(f"{value} shouts")


QUIET = _schema.Schema(
    {
        "type": "object",
        "required": ["names"],
        "properties": {"names": _schema.array({"type": "string", "format": "quiet", "maxLength": 3})},
    },
    {"quiet": no_shouting},
)


def test_what_fits_has_no_faults():
    assert QUIET.faults({"names": ["a", "b"]}) == []


@pytest.mark.parametrize(
    ("instance", "fault"),
    [
        ({}, "$: 'names' is a required property"),
        ([], "$: [] is not of type 'object'"),
        ({"names": "a"}, "$.names: 'a' is not of type 'array'"),
        ({"names": ["a", 1]}, "$.names[1]: 1 is not of type 'string'"),
        ({"names": ["A"]}, "$.names[0]: A shouts"),
    ],
)
def test_a_fault_says_where_and_what(instance, fault):
    assert QUIET.faults(instance) == [fault]


def test_every_fault_is_found():
    faults = QUIET.faults({"names": ["A", 1, "b", "CCCC"]})
    assert [fault.split(":")[0] for fault in faults] == ["$.names[0]", "$.names[1]", "$.names[3]", "$.names[3]"]


def test_faults_come_in_the_order_of_the_document():
    faults = QUIET.faults({"names": ["A"] * 12})
    assert [fault.split(":")[0] for fault in faults] == [f"$.names[{index}]" for index in range(12)]


@given(st.text(min_size=500, max_size=900))
def test_a_fault_does_not_repeat_a_long_value(value):
    (fault,) = _schema.Schema({"type": "integer"}).faults(value)
    assert len(fault) < 250


def test_formats_of_jsonschema_itself_play_no_part():
    assert _schema.Schema({"format": "date"}).faults("never") == []


@given(JSON, JSON)
def test_a_page_is_a_list_of_values_and_whether_it_is_the_last(values, last):
    faults = _schema.Schema(_schema.page({})).faults({"values": values, "isLastPage": last})
    assert (not faults) == (isinstance(values, list) and isinstance(last, bool))


@pytest.mark.parametrize(
    ("following", "fits"), [(None, True), (25, True), ("25", False), (2.5, False), (True, False), ({}, False)]
)
def test_where_the_next_page_starts_is_a_number_or_null(following, fits):
    page = {"values": [], "isLastPage": False, "nextPageStart": following}
    assert (not _schema.Schema(_schema.page({})).faults(page)) == fits


def test_a_missing_library_is_named_with_the_interpreter_that_lacks_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingLibraryError) as caught:
        _schema.Schema({}).faults({})
    assert "jsonschema is missing in " + sys.executable in str(caught.value)
    assert f"{sys.executable} -m pip install jsonschema" in str(caught.value)


def test_all_missing_libraries_are_named_at_once(monkeypatch):
    for name in _schema.LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    for name in _schema.LIBRARIES:
        assert str(_schema.missing_library(name)) == (
            f"The Python libraries requests and jsonschema are missing in {sys.executable}; install them there, for"
            f" example with: {sys.executable} -m pip install requests jsonschema."
        )
