# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Options as they arrived, before Ansible converts them: ``name: 1.10`` is the number 1.1 by then, and no branch."""

from __future__ import annotations

import typing as t

from ._argspec import Spec
from ._errors import InputError

_KINDS = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a mapping"}


def check(spec: Spec, given: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for the first option of type ``str`` that is not a string.

    ``given`` are options as JSON carries them. What is missing, or of a shape that Ansible refuses, is left to Ansible,
    and so is null where an option is not required: there it means that the option is not set.
    """
    for path, option, value in _strings(spec, given, ""):
        if isinstance(value, str):
            continue
        if value is None:
            raise InputError(f"{path} is null, and a string is required", "give a string")
        kind = _KINDS.get(type(value), "another type")
        shown = "its value" if option.get("no_log") else repr(value)
        raise InputError(
            f"YAML reads {shown} of {path} as {kind}, not as a string",
            "quote it, or apply the filter string where it comes from a variable",
        )


def _strings(
    spec: Spec, given: t.Mapping[str, t.Any], prefix: str
) -> t.Iterator[tuple[str, t.Mapping[str, t.Any], t.Any]]:
    """Path, specification and value of what has to be a string, also in lists and mappings of options."""
    for name, option in spec.items():
        if name not in given:
            continue
        path, value = prefix + name, given[name]
        kind, elements = option.get("type", "str"), option.get("elements")
        if kind == "str":
            if value is not None or option.get("required"):
                yield path, option, value
        elif kind == "list" and elements == "str":
            # Ansible makes a list of a string, and of a single number too
            listed = value if isinstance(value, list) else [] if value is None else [value]
            for number, each in enumerate(listed):
                yield (f"{path}[{number}]" if isinstance(value, list) else path), option, each
        elif "options" in option:
            listed = value if isinstance(value, list) else [value]
            for number, each in enumerate(listed):
                if isinstance(each, dict):
                    inner = f"{path}[{number}]." if isinstance(value, list) else f"{path}."
                    yield from _strings(option["options"], each, inner)
