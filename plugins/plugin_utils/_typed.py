# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Role variables as they are declared, in whatever form they arrive.

Ansible passes ``-e name=value`` and the answers of a survey as text. The argument spec of a role accepts text that can
be converted, but the role still gets the text.
"""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_float,
    check_type_int,
    check_type_str,
)

Spec = t.Mapping[str, t.Any]

_SCALARS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "bool": check_type_bool,
    "int": check_type_int,
    "float": check_type_float,
    "str": check_type_str,
    "path": check_type_str,
}
_HINTS = {
    "bool": "use true or false",
    "int": "use a whole number",
    "float": "use a number",
    "str": "use text",
    "path": "use a path",
    "list": "use a list, its JSON or YAML text, or text with commas",
    "dict": "use a mapping, or its JSON or YAML text",
}
_WORDS = {
    "bool": "a boolean", "int": "a whole number", "float": "a number", "str": "text", "path": "a path",
    "list": "a list", "dict": "a mapping",
}  # fmt: skip


def typed(value: t.Any, kind: str) -> t.Any:
    """The value as bool, int, float, str, path, list or dict; one that is of the type already is returned as it is.

    Text of a list is JSON, YAML or has commas, text of a mapping is JSON or YAML; empty text is an empty one. Raises
    TypeError or ValueError for what does not fit.
    """
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if isinstance(value, str):
        value = _listed(value) if kind == "list" else _read(value, {})
    elif kind == "list" and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = [str(value)]
    if not isinstance(value, t.Mapping if kind == "dict" else (list, tuple)):
        raise TypeError(f"not {_WORDS[kind]}")
    return value


def faults(value: t.Any, spec: Spec, place: str) -> list[str]:
    """What does not fit an argument spec, one sentence each: cause, then what to do. No value is shown but a choice.

    Of the spec ``type``, ``elements``, ``options``, ``choices`` and ``required`` count. Only the outermost value may be
    text of a list or mapping.
    """
    kind = spec["type"]
    try:
        found = typed(value, kind)
    except (TypeError, ValueError):
        return [f"{place} is not {_WORDS[kind]}: {_HINTS[kind]}."]
    if kind == "list" and "elements" in spec:
        inner = {**spec, "type": spec["elements"]}
        return [fault for number, each in enumerate(found) for fault in _member(each, inner, f"{place}[{number}]")]
    if kind == "dict" and "options" in spec:
        return _keys(found, spec["options"], place)
    if found not in spec.get("choices", [found]):
        return [f"{place} is {found!r}: use one of {', '.join(map(str, spec['choices']))}."]
    return []


def _member(value: t.Any, spec: Spec, place: str) -> list[str]:
    """As faults, for what is inside; text is no mapping there."""
    kind = spec["type"]
    if isinstance(value, str) and kind == "dict":
        return [f"{place} is text and not {_WORDS[kind]}: give its keys."]
    if isinstance(value, (list, t.Mapping)) and kind in _SCALARS:
        return [f"{place} is not {_WORDS[kind]}: {_HINTS[kind]}."]
    return faults(value, spec, place)


def _keys(found: t.Mapping[t.Any, t.Any], options: t.Mapping[str, Spec], place: str) -> list[str]:
    known = ", ".join(sorted(options))
    said = [f"{place} has the unknown key {key}: use {known}." for key in found if key not in options]
    for name, option in options.items():
        if found.get(name) is not None:
            said += _member(found[name], option, f"{place}.{name}")
        elif option.get("required"):
            said.append(f"{place} has no {name}: set it.")
    return said


def _listed(text: str) -> t.Any:
    """Text of a list; what is neither JSON nor YAML of one is split at its commas, as Ansible does for modules."""
    try:
        found = _read(text, [])
    except ValueError:
        found = None
    if isinstance(found, list):
        return found
    if text.lstrip().startswith(("[", "{")) or isinstance(found, dict):
        raise ValueError("neither JSON nor YAML of a list")
    return [each.strip() for each in text.split(",")]


def _read(text: str, empty: t.Any) -> t.Any:
    """What JSON or YAML text holds. Raises ValueError."""
    if not text.strip():
        return empty
    try:
        return json.loads(text)
    except ValueError:
        # PyYAML has no annotations; it is slow to import, and most variables need none of it
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # str, because the faster loader refuses the subclasses that Ansible has
        return yaml.load(str(text), Loader=loader)  # noqa: S506 - one of the two safe ones
    except yaml.YAMLError:
        raise ValueError("neither JSON nor YAML") from None
