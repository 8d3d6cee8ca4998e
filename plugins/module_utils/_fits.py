# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""A quick yes to what fits a JSON Schema; only what is doubtful costs the time of jsonschema, the judge.

Listings have thousands of items, and jsonschema needs many times as long for one as it takes to receive it.
"""

from __future__ import annotations

import re
import typing as t

from ._errors import InputError

Check = t.Callable[[t.Any], bool]
Rules = t.Mapping[str, t.Callable[[t.Any], t.Any]]

_PLAIN_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def surely(schema: t.Any, formats: Rules) -> Check | None:
    """A check of instances, or None where the schema uses what is not known here.

    True says that the instance fits. False says nothing: jsonschema may still find that it fits. ``formats`` are as
    for ``Schema``.
    """
    if not isinstance(schema, dict) or not set(schema) <= set(_KEYWORDS):
        return None
    return _all(_KEYWORDS[keyword](argument, schema, formats) for keyword, argument in schema.items())


def _all(found: t.Iterable[Check | None]) -> Check | None:
    """All of the checks in one, or None where one of them is None."""
    checks = list(found)
    known = [check for check in checks if check is not None]
    if len(known) < len(checks):
        return None
    if len(known) == 1:
        return known[0]

    def check(instance: t.Any) -> bool:
        for each in known:  # noqa: SIM110 - all() over a generator takes twice as long
            if not each(instance):
                return False
        return True

    return check


def _type(names: str | list[str], _schema: t.Any = None, _formats: t.Any = None) -> Check | None:
    if names == "integer":
        return _is_integer
    if isinstance(names, list):
        checks = [_type(name) for name in names]
        known = [check for check in checks if check is not None]
        return None if len(known) < len(checks) else lambda instance: any(check(instance) for check in known)
    plain = _PLAIN_TYPES.get(names)
    return None if plain is None else lambda instance: isinstance(instance, plain)


def _is_integer(instance: t.Any) -> bool:
    # true is an int of Python, no integer of JSON; 2.0 is one, which is left to jsonschema
    return isinstance(instance, int) and not isinstance(instance, bool)


def _enum(values: t.Sequence[t.Any], _schema: t.Any, _formats: t.Any) -> Check | None:
    # of numbers, some are equal to others and to booleans
    if not all(isinstance(value, str) for value in values):
        return None
    wanted = frozenset(values)
    return lambda instance: isinstance(instance, str) and instance in wanted


def _required(names: t.Sequence[str], _schema: t.Any, _formats: t.Any) -> Check:
    wanted = frozenset(names)
    return lambda instance: not isinstance(instance, dict) or wanted <= instance.keys()


def _properties(schemas: t.Mapping[str, t.Any], _schema: t.Any, formats: Rules) -> Check | None:
    checks = {name: surely(schema, formats) for name, schema in schemas.items()}
    known = [(name, check) for name, check in checks.items() if check is not None]
    if len(known) < len(checks):
        return None

    def check(instance: t.Any) -> bool:
        if isinstance(instance, dict):
            for name, each in known:
                if name in instance and not each(instance[name]):
                    return False
        return True

    return check


def _additional_properties(allowed: t.Any, schema: t.Mapping[str, t.Any], _formats: t.Any) -> Check | None:
    names = frozenset(schema.get("properties", ()))
    return None if allowed is not False else lambda instance: not isinstance(instance, dict) or names >= instance.keys()


def _items(schema: t.Any, _schema: t.Any, formats: Rules) -> Check | None:
    each = surely(schema, formats)
    return None if each is None else lambda instance: not isinstance(instance, list) or all(map(each, instance))


def _pattern(expression: str, _schema: t.Any, _formats: t.Any) -> Check:
    search = re.compile(expression).search
    return lambda instance: not isinstance(instance, str) or search(instance) is not None


def _min_length(least: int, _schema: t.Any, _formats: t.Any) -> Check:
    return lambda instance: not isinstance(instance, str) or len(instance) >= least


def _minimum(least: float, _schema: t.Any, _formats: t.Any) -> Check:
    return lambda instance: not isinstance(instance, (int, float)) or isinstance(instance, bool) or instance >= least


def _format(name: str, _schema: t.Any, formats: Rules) -> Check:
    rule = formats.get(name)

    def check(instance: t.Any) -> bool:
        if rule is not None:
            try:
                rule(instance)
            except InputError:
                return False
        return True

    return check


_KEYWORDS: dict[str, t.Callable[[t.Any, t.Any, t.Any], Check | None]] = {
    "type": _type,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "items": _items,
    "pattern": _pattern,
    "minLength": _min_length,
    "minimum": _minimum,
    "format": _format,
}
