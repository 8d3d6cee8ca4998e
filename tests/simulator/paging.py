# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paged answers: {size, limit, isLastPage, values, start, nextPageStart}."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from simulator.errors import bad_request

T = TypeVar("T")

DEFAULT_LIMIT = 25  # doc
CAP = 1000  # doc: page.max.* for branches and repositories


@dataclass(frozen=True)
class PageRequest:
    """What the client asked for, after the server's silent cap."""

    start: int
    limit: int

    @classmethod
    def parse(cls, start: str | None, limit: str | None, cap: int = CAP) -> PageRequest:
        begin = _number("start", start, 0)
        count = _number("limit", limit, DEFAULT_LIMIT)
        if count == 0:
            raise bad_request("limit must be greater than 0", "limit")
        return cls(begin, min(count, cap))  # doc: a cap lowers `limit` without a word

    def of(self, items: Iterable[T], present: Callable[[T], Any]) -> dict[str, Any]:
        """One page of `items`; only the items on the page are presented."""
        window = list(islice(items, self.start, self.start + self.limit + 1))
        last = len(window) <= self.limit
        values = [present(item) for item in window[: self.limit]]
        return {
            "size": len(values),
            "limit": self.limit,
            "isLastPage": last,
            "values": values,
            "start": self.start,
            "nextPageStart": None if last else self.start + self.limit,
        }


def _number(name: str, text: str | None, default: int) -> int:
    if text is None or text == "":
        return default
    try:
        value = int(text)
    except ValueError:
        raise bad_request(f"'{text}' is not a valid number for {name}", name) from None
    if value < 0:
        raise bad_request(f"{name} must not be negative", name)
    return value
