# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import pathlib

import jsonschema
import pytest
from ansible_collections.bitbucket.datacenter.plugins import module_utils
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _schema
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._fits import surely
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b"])
INSTANCES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.0, 1.5, 2.0]), st.text("ab", max_size=3)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=2)),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "boolean", "null", "integer"])
SCHEMAS = st.recursive(
    st.just({}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True)),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "additionalProperties": st.just(False),
            "items": inner,
            "enum": st.lists(st.text("ab", max_size=2), min_size=1, max_size=3, unique=True),
            "format": st.sampled_from(["quiet", "unknown"]),
            "pattern": st.sampled_from(["^a", "b$", "ab"]),
            "minLength": st.integers(0, 3),
            "minimum": st.integers(-1, 1),
        },
    ),
    max_leaves=4,
)


def no_bees(instance):
    if "b" in str(instance):
        raise InputError("a b")


def judged(schema):
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("quiet", raises=InputError)(lambda instance: no_bees(instance) is None)
    return jsonschema.Draft7Validator(schema, format_checker=checker)


@given(SCHEMAS, INSTANCES)
def test_what_surely_fits_fits_for_jsonschema_too(schema, instance):
    jsonschema.Draft7Validator.check_schema(schema)
    fits = judged(schema).is_valid(instance)
    check = surely(schema, {"quiet": no_bees})
    assert check is not None
    # only 1.0, which is an integer of JSON, may be left in doubt
    assert check(instance) == fits or (fits and "0" in str(instance))


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"enum": [1]},
        {"additionalProperties": True},
        {"additionalProperties": {"type": "string"}},
        {"type": "number"},
        {"type": ["string", "number"]},
        {"items": [{"type": "string"}]},
        {"items": {"maxLength": 1}},
        {"properties": {"a": {"type": "string", "const": "a"}}},
    ],
)
def test_what_is_not_known_is_left_to_jsonschema(schema):
    assert surely(schema, {}) is None


def schemas():
    directory = pathlib.Path(module_utils.__path__[0])
    for name in sorted(path.stem for path in directory.glob("_*.py") if path.stem != "__init__"):
        for variable, value in vars(importlib.import_module(f"{module_utils.__name__}.{name}")).items():
            if isinstance(value, _schema.Schema):
                yield pytest.param(value, id=f"{name}.{variable}")


@pytest.mark.parametrize("schema", list(schemas()))
def test_every_schema_of_this_collection_is_checked_quickly(schema):
    assert schema._surely is not None
