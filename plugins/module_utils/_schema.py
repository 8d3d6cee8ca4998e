# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""JSON Schemas as Python dicts (modules travel as Python files only), checked by jsonschema."""

from __future__ import annotations

import sys
import typing as t

from ._errors import InputError, MissingLibraryError

Json = dict[str, t.Any]
Rule = t.Callable[[t.Any], t.Any]


def missing_library(name: str) -> MissingLibraryError:
    """The error for a library that is not there, naming the interpreter that lacks it."""
    return MissingLibraryError(
        f"The Python library {name} is missing in {sys.executable}",
        f"install it there, for example with: {sys.executable} -m pip install {name}",
    )


class Schema:
    """A JSON Schema (draft 7) that is compiled when first used, and once.

    ``formats`` are rules beyond JSON Schema, used by ``format`` in the document: each takes an instance of any type
    and raises InputError.
    """

    def __init__(self, document: Json, formats: t.Mapping[str, Rule] | None = None) -> None:
        self.document = document
        self._formats = formats or {}
        self._validator: t.Any = None

    def faults(self, instance: t.Any) -> list[str]:
        """Every fault of the instance as ``path: what is wrong``, in document order; an empty list when it fits.

        Raises MissingLibraryError when jsonschema is not installed.
        """
        if self._validator is None:
            try:
                import jsonschema  # noqa: PLC0415 - costs a tenth of a second: only when it is needed
            except ImportError as error:
                raise missing_library("jsonschema") from error
            checker = jsonschema.FormatChecker(formats=())
            for name, rule in self._formats.items():
                checker.checks(name, raises=InputError)(_passes(rule))
            self._validator = jsonschema.Draft7Validator(self.document, format_checker=checker)
        found = sorted(self._validator.iter_errors(instance), key=_position)
        return [f"{_path(error.absolute_path)}: {_in_words(error)}" for error in found]


def _passes(rule: Rule) -> t.Callable[[t.Any], bool]:
    """The rule as jsonschema wants it: true, or the rule's own exception."""

    def check(instance: t.Any) -> bool:
        rule(instance)
        return True

    return check


def _in_words(error: t.Any) -> str:
    """What a rule of ours says, else what jsonschema says, shortened: it repeats the whole faulty value."""
    return error.cause.cause if isinstance(error.cause, InputError) else _shorten(error.message)


def _position(error: t.Any) -> list[tuple[bool, t.Any]]:
    """Where the fault is, to sort by: the tenth item of a list after the ninth."""
    return [(isinstance(part, str), part) for part in error.absolute_path]


def _path(parts: t.Iterable[t.Any]) -> str:
    """``$.values[0].id`` for the path of a fault; ``$`` is the whole document."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _shorten(message: str, limit: int = 200) -> str:
    """The message, cut."""
    return message if len(message) <= limit else message[: limit - 3] + "..."


def array(items: Json) -> Json:
    """The schema of a list of items."""
    return {"type": "array", "items": items}


def page(items: Json) -> Json:
    """The schema of one page of items; nextPageStart may be null or absent on the last page (documented)."""
    return {
        "type": "object",
        "required": ["values", "isLastPage"],
        "properties": {
            "values": array(items),
            "isLastPage": {"type": "boolean"},
            "nextPageStart": {"type": ["integer", "null"]},
        },
    }
