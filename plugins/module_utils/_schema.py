# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""JSON Schemas as Python dicts (modules travel as Python files only), checked by jsonschema."""

from __future__ import annotations

import importlib.util
import sys
import typing as t

from ._errors import InputError, MissingLibraryError
from ._fits import surely

Json = dict[str, t.Any]
Rule = t.Callable[[t.Any], t.Any]


#: What the collection needs beside Ansible.
LIBRARIES = ("requests", "jsonschema")


def missing_library(name: str) -> MissingLibraryError:
    """The error for a library that cannot be imported. Names all that are missing, and the interpreter."""
    missing = [each for each in LIBRARIES if each == name or importlib.util.find_spec(each) is None]
    several = len(missing) > 1
    return MissingLibraryError(
        f"The Python {'libraries' if several else 'library'} {' and '.join(missing)} {'are' if several else 'is'}"
        f" missing in {sys.executable}",
        f"install {'them' if several else 'it'} there, for example with: {sys.executable} -m pip install"
        f" {' '.join(missing)}",
    )


class Schema:
    """A JSON Schema (draft 7) that is compiled when first used, and once.

    ``formats`` are rules beyond JSON Schema, used by ``format`` in the document: each takes an instance of any type
    and raises InputError. ``authored`` is for what people write: faults are told in their words, with advice.
    ``optional`` is for a response that may be 204 without content instead.
    """

    def __init__(
        self,
        document: Json,
        formats: t.Mapping[str, Rule] | None = None,
        *,
        authored: bool = False,
        optional: bool = False,
    ) -> None:
        self.document = document
        self.optional = optional
        self._formats = formats or {}
        self._words = _advice if authored else _in_words
        self._validator: t.Any = None
        self._surely = surely(document, self._formats)
        self._used = False

    def faults(self, instance: t.Any) -> list[str]:
        """Every fault of the instance as ``path: what is wrong``, in document order; an empty list when it fits.

        Raises MissingLibraryError when jsonschema is not installed.
        """
        if not self._used:
            # asked for at the first use, and not only by the first fault, when something else is to be said
            if importlib.util.find_spec("jsonschema") is None:
                raise missing_library("jsonschema")
            self._used = True
        if self._surely is not None and self._surely(instance):
            return []
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
        return [f"{_path(error.absolute_path)}: {self._words(error)}" for error in found]


def _passes(rule: Rule) -> t.Callable[[t.Any], bool]:
    """The rule as jsonschema wants it: true, or the rule's own exception."""

    def check(instance: t.Any) -> bool:
        rule(instance)
        return True

    return check


def _in_words(error: t.Any) -> str:
    """What a rule of ours says, else what jsonschema says, shortened: it repeats the whole faulty value."""
    return error.cause.cause if isinstance(error.cause, InputError) else _shorten(error.message)


def _advice(error: t.Any) -> str:
    """The same for people who write YAML by hand."""
    words: dict[str, t.Callable[[t.Any], str]] = {
        "required": _missing,
        "additionalProperties": _unknown,
        "enum": lambda error: f"{_shown(error)} is none of {', '.join(map(str, error.validator_value))}",
        "type": _another_type,
        "minLength": lambda _error: "this is empty",
    }
    return words.get(error.validator, _in_words)(error)


_KINDS = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
}


def _missing(error: t.Any) -> str:
    # jsonschema names one missing key in each of its errors, in its message only
    return f"{error.message.rsplit(' is a ', 1)[0]} is missing"


def _unknown(error: t.Any) -> str:
    import difflib  # noqa: PLC0415 - only when something is wrong

    known = error.schema["properties"]
    faults = []
    for key in error.instance:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            meant = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            faults.append(f"unknown key {_shorten(repr(key), 50)} ({meant})")
    return " and ".join(faults)


def _another_type(error: t.Any) -> str:
    kind = _KINDS[error.validator_value]
    if error.instance is None:
        return f"there is nothing here, but {kind} is needed"
    if error.validator_value == "string" and not isinstance(error.instance, (list, dict)):
        return f"{_shown(error)} is not a text for YAML: put it in quotes"
    return f"{_shown(error)} is not {kind}"


def _shown(error: t.Any) -> str:
    return _shorten(repr(error.instance), 80)


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
