# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""A quick yes to what fits a JSON Schema; only what is doubtful costs the time of jsonschema, the judge.

Listings have thousands of items, and jsonschema needs many times as long for one as it takes to receive it.
"""

from __future__ import annotations

import re
import typing as t

Check = t.Callable[[t.Any], bool]

_PLAIN_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def surely(schema: t.Any) -> Check | None:
    """A check of instances, or None where the schema uses what is not known here.

    True says that the instance fits. False says nothing: jsonschema may still find that it fits.
    """
    if not isinstance(schema, dict) or not set(schema) <= set(_KEYWORDS):
        return None
    found = [_KEYWORDS[keyword](argument) for keyword, argument in schema.items()]
    checks = [check for check in found if check is not None]
    if len(checks) < len(found):
        return None
    if len(checks) == 1:
        return checks[0]

    def check(instance: t.Any) -> bool:
        for each in checks:  # noqa: SIM110 - all() over a generator takes twice as long
            if not each(instance):
                return False
        return True

    return check


def _type(names: str | list[str]) -> Check | None:
    if names == "integer":
        return _is_integer
    if isinstance(names, list):
        return _one_of([_type(name) for name in names])
    plain = _PLAIN_TYPES.get(names)
    return None if plain is None else lambda instance: isinstance(instance, plain)


def _one_of(checks: t.Sequence[Check | None]) -> Check | None:
    known = [check for check in checks if check is not None]
    return None if len(known) < len(checks) else lambda instance: any(check(instance) for check in known)


def _is_integer(instance: t.Any) -> bool:
    # true is an int of Python, no integer of JSON; 2.0 is one, which is left to jsonschema
    return isinstance(instance, int) and not isinstance(instance, bool)


def _required(names: t.Sequence[str]) -> Check:
    wanted = frozenset(names)
    return lambda instance: not isinstance(instance, dict) or wanted <= instance.keys()


def _properties(schemas: t.Mapping[str, t.Any]) -> Check | None:
    checks = {name: surely(schema) for name, schema in schemas.items()}
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


def _items(schema: t.Any) -> Check | None:
    each = surely(schema)
    return None if each is None else lambda instance: not isinstance(instance, list) or all(map(each, instance))


def _pattern(expression: str) -> Check:
    search = re.compile(expression).search
    return lambda instance: not isinstance(instance, str) or search(instance) is not None


def _min_length(least: int) -> Check:
    return lambda instance: not isinstance(instance, str) or len(instance) >= least


def _minimum(least: float) -> Check:
    return lambda instance: not isinstance(instance, (int, float)) or isinstance(instance, bool) or instance >= least


_KEYWORDS: dict[str, t.Callable[[t.Any], Check | None]] = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "items": _items,
    "pattern": _pattern,
    "minLength": _min_length,
    "minimum": _minimum,
}
