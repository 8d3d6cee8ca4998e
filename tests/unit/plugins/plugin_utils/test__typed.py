# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.bitbucket.datacenter.plugins.plugin_utils._typed import faults, typed
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
KEYS = st.text(min_size=1)
NESTED = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)


class Tagged(str):
    """As the texts of newer Ansible, which are a subclass."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("true", "True", "yes", "YES", "on", "1", "y", "t", 1, True)),
        *((text, False) for text in ("false", "False", "no", "No", "off", "0", "n", "f", 0, False)),
    ],
)
def test_booleans(text, value):
    assert typed(text, "bool") is value


@pytest.mark.parametrize(("kind", "text", "value"), [("int", "5", 5), ("int", 5, 5), ("float", "2.5", 2.5)])
def test_numbers(kind, text, value):
    assert typed(text, kind) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", []),
        (" ", []),
        ("a", ["a"]),
        ("a,b , c", ["a", "b", "c"]),
        ("release/*, *", ["release/*", "*"]),
        ("*", ["*"]),
        ("5", ["5"]),
        (5, ["5"]),
        ("--no-search", ["--no-search"]),
        ('["a", "b,c"]', ["a", "b,c"]),
        ("[a, b]", ["a", "b"]),
        ("- a\n- b\n", ["a", "b"]),
        ("[]", []),
        ("- project_key: PLAT\n", [{"project_key": "PLAT"}]),
        (["a"], ["a"]),
    ],
)
def test_lists(text, value):
    assert typed(text, "list") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("", {}), ("a: b", {"a": "b"}), ('{"a": null}', {"a": None}), ("{a: b}", {"a": "b"}), ({"a": 1}, {"a": 1})],
)
def test_mappings(text, value):
    assert typed(text, "dict") == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("bool", value) for value in ("maybe", "", None, 2, [], {})),
        *(("int", value) for value in ("x", "", None, [])),
        *(("list", value) for value in ({"a": 1}, None, True, "a: b", '{"a": 1}', '["a"', "[a]*")),
        *(("dict", value) for value in ("a", "a=b", "[1]", "- a", '{"a"', "a: [", None, 5, [["a", 1]])),
    ],
)
def test_what_does_not_fit_is_an_error_and_a_fault(kind, value):
    with pytest.raises((TypeError, ValueError)):
        typed(value, kind)
    (fault,) = faults(value, {"type": kind}, "app_x")
    assert fault.startswith("app_x is not ") and fault.endswith(".") and "\n" not in fault


@given(st.dictionaries(KEYS, NESTED))
def test_a_mapping_is_the_same_however_it_arrives(value):
    assert typed(value, "dict") is value
    assert typed(json.dumps(value), "dict") == value
    assert typed(Tagged(yaml.safe_dump(value)), "dict") == value


@given(st.lists(NESTED))
def test_a_list_is_the_same_however_it_arrives(value):
    assert typed(value, "list") is value
    assert typed(json.dumps(value), "list") == value
    assert typed(Tagged(yaml.safe_dump(value)), "list") == value


@given(st.sampled_from(["bool", "int", "float", "list", "dict"]), NESTED)
def test_a_value_fits_or_is_told_of(kind, value):
    said = faults(value, {"type": kind}, "x")
    if said:
        with pytest.raises((TypeError, ValueError)):
            typed(value, kind)
    else:
        typed(value, kind)


RULES = {
    "type": "list",
    "elements": "dict",
    "options": {
        "key": {"type": "str", "required": True},
        "exclude": {"type": "list", "elements": "str"},
        "kind": {"type": "str", "choices": ["a", "b"]},
    },
}


@pytest.mark.parametrize("value", [[{"key": "P", "exclude": "x,y", "kind": "a"}], '[{"key": "P"}]', "- key: P", "", []])
def test_what_fits_has_no_faults(value):
    assert faults(value, RULES, "app_rules") == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("P", "app_rules[0] is text and not a mapping: give its keys."),
        (["P"], "app_rules[0] is text and not a mapping: give its keys."),
        ([{}], "app_rules[0] has no key: set it."),
        ([{"key": None}], "app_rules[0] has no key: set it."),
        ("- kee: P\n  key: P", "app_rules[0] has the unknown key kee: use exclude, key, kind."),
        ([{"key": ["P"]}], "app_rules[0].key is not text: use text."),
        ([{"key": "P", "exclude": [{}]}], "app_rules[0].exclude[0] is not text: use text."),
        ([{"key": "P"}, {"key": "Q", "kind": "c"}], "app_rules[1].kind is 'c': use one of a, b."),
    ],
)
def test_what_does_not_fit_inside_is_named_by_its_place(value, said):
    assert faults(value, RULES, "app_rules") == [said]


def test_choices_count_for_each_element():
    assert faults("a, c", {"type": "list", "elements": "str", "choices": ["a", "b"]}, "x") == [
        "x[1] is 'c': use one of a, b."
    ]
