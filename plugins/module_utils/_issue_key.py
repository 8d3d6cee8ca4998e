# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Keys of Jira issues in texts."""

from __future__ import annotations

import re

from ._errors import InputError

#: A project key of a letter and one or more letters, digits and ``_``, all of ASCII and in upper case, a dash and a
#: number (documented for Jira's project keys; that they have two characters or more is Jira's default). Issues are
#: numbered from 1, and Jira does not find them by numbers with zeros in front (seen by other tools).
_KEY = r"[A-Z][A-Z0-9_]+-[1-9][0-9]*"
#: The only definition of a key in this collection. Here: not as a part of a longer word.
PATTERN = rf"(?<![A-Za-z0-9_-]){_KEY}(?![A-Za-z0-9_])"
_IN_TEXT = re.compile(PATTERN)


def compiled(pattern: str, option: str) -> re.Pattern[str]:
    """The regular expression of a user. Raises InputError with what is wrong with it."""
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"{option} {pattern!r} is no regular expression: {error}", "correct it") from None


def keys_in(text: str, pattern: re.Pattern[str] | None = None) -> list[str]:
    """Each key once, in the order of the text. What the whole pattern finds is a key, whatever groups it has."""
    return list(dict.fromkeys(found[0] for found in (pattern or _IN_TEXT).finditer(text) if found[0]))


def key_in_front(text: str) -> str | None:
    """The key that the text begins with, or None."""
    found = _IN_TEXT.match(text)
    return found[0] if found else None


def is_issue_key(value: str) -> bool:
    """Whether the whole value can be the key of an issue in Jira."""
    return key_in_front(value) == value


def issue_key(value: str, option: str = "issue_key") -> str:
    """The key of an issue, returned as it is. Raises InputError."""
    if not is_issue_key(value):
        raise InputError(
            f"{option} {value!r} is not the key of a Jira issue",
            "write the project key in upper case, a dash and the issue number without leading zeros, such as ABC-1",
        )
    return value
