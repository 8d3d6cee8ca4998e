# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the summary may show of a server: only what this suite contains itself, small numbers, and HTTP statuses.

The summary is made to be published. So nothing is removed from the server's responses: instead only values from a
closed list are taken over, and everything else becomes `<text>`.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable
from typing import Any

import pytest
import requests
import yaml

from conformance.api import Answer, validator
from conformance.target import HERE

# Busy or restarting: the response says nothing about a claim.
UNAVAILABLE = (429, 502, 503, 504)
_EXCEPTION = re.compile(r"[A-Z][A-Za-z]*Exception")
_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,3}")
_MEDIA_TYPES = ("application/json", "application/xml", "text/html", "text/plain")
_MOST = 5


@functools.cache
def _words() -> frozenset[str]:
    """All keys and values of the schemas."""

    def collect(node: Any) -> Iterable[str]:
        if isinstance(node, dict):
            for key, each in node.items():
                yield str(key)
                yield from collect(each)
        elif isinstance(node, list):
            for each in node:
                yield from collect(each)
        elif isinstance(node, str):
            yield node

    return frozenset(collect(yaml.safe_load((HERE / "schemas.yml").read_text(encoding="utf-8"))))


@functools.cache
def _sentences() -> frozenset[str]:
    """All texts without placeholders in the sources of the suite."""
    found: set[str] = set()
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def value(thing: Any) -> str:
    """The representation of a value, with `<text>` and `<number>` for what is not ours."""
    if thing is None or isinstance(thing, bool):
        return repr(thing)
    if isinstance(thing, int):
        return str(thing) if abs(thing) < 1000 else "<number>"  # a larger one may be a port
    if isinstance(thing, str):
        return repr(thing) if _is_ours(thing) else "<text>"
    if isinstance(thing, dict):
        return "{" + _some(f"{value(key)}: {value(each)}" for key, each in thing.items()) + "}"
    if isinstance(thing, list | tuple | set | frozenset):
        return "[" + _some(value(each) for each in thing) + "]"
    return f"<{type(thing).__name__}>"


def _is_ours(text: str) -> bool:
    return not text or text in _words() or bool(_EXCEPTION.fullmatch(text) or _VERSION.fullmatch(text))


def _some(parts: Iterable[str]) -> str:
    found = list(parts)
    return ", ".join(found[:_MOST] + ["..."] * (len(found) > _MOST))


def reason(text: str) -> str:
    """Why a test was skipped, where the sources have exactly that sentence."""
    text = text.removeprefix("Skipped: ")
    return text if text in _sentences() else "skipped; the terminal shows the reason"


def response(answer: Answer) -> str:
    """Status, exception and media type."""
    try:
        named = answer.exception or ""
    except (KeyError, IndexError, TypeError, AttributeError):
        named = ""
    kind = answer.media_type if answer.media_type in _MEDIA_TYPES else "another media type"
    return " ".join(
        part
        for part in (str(answer.status), named if _EXCEPTION.fullmatch(named) else "", kind if answer.text else "empty")
        if part
    )


def answer_of(failure: pytest.ExceptionInfo[BaseException]) -> Answer | None:
    """The response that a failure is about: the innermost one; of several, one that the failing statement names."""
    for entry in reversed(failure.traceback):
        found = {name: each for name, each in entry.locals.items() if isinstance(each, Answer)}
        if found:
            named = [each for name, each in found.items() if re.search(rf"\b{name}\b", str(entry.statement))]
            return named[-1] if named else list(found.values())[-1]
    return None


def unavailable(failure: pytest.ExceptionInfo[BaseException]) -> str | None:
    """Why a failure says nothing about the claim: the server could not be reached or was busy. Else None."""
    if isinstance(failure.value, requests.RequestException):
        return f"the connection failed: {failure.typename}"
    answer = answer_of(failure)
    if answer is not None and answer.status in UNAVAILABLE:
        return f"the server was busy or unavailable: {answer.status}"
    return None


def failure(found: pytest.ExceptionInfo[BaseException], compared: str) -> str:
    """What the test expected and what it saw instead. ``compared`` is the comparison that failed last, or empty."""
    parts = [f"expected `{_statement(found)}`"]
    answer = answer_of(found)
    seen = [] if answer is None else [response(answer)]
    if not isinstance(found.value, AssertionError):
        seen.append(found.typename)
    seen += _faults(found) or ([compared] if compared else [])
    return "; seen ".join([*parts, ", ".join(seen) or "otherwise"])


def _statement(found: pytest.ExceptionInfo[BaseException]) -> str:
    """The statement of the test that failed, from its source."""
    ours = [each for each in found.traceback if str(each.path).startswith(str(HERE))]
    tests = [each for each in ours if each.path.name.startswith("test_")] or ours
    return " ".join(str(tests[-1].statement).split()) if tests else "no exception"


def _faults(found: pytest.ExceptionInfo[BaseException]) -> list[str]:
    """How a response differs from its schema: paths and keywords, both from the schema."""
    last = found.traceback[-1]
    subject, definition = last.locals.get("self"), last.locals.get("definition")
    if not isinstance(subject, Answer) or not isinstance(definition, str):
        return []
    shown = []
    for fault in list(validator(definition).iter_errors(subject.json))[:_MOST]:
        path = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step if step in _words() else '*'}"
            for step in fault.absolute_path
        )
        wanted: Any = fault.validator_value
        if fault.validator == "required" and isinstance(fault.instance, dict):
            wanted = [key for key in wanted if key not in fault.instance]
        rule = f" {value(wanted)}" if isinstance(wanted, str | int | list) else ""
        shown.append(f"${path} violates {fault.validator}{rule}")
    return shown
