# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Keys of Jira issues in texts."""

from __future__ import annotations

import re

from ._errors import InputError

#: Jira's default: a project key of two or more upper-case letters, digits and ``_``, a dash and a number (documented);
#: not as a part of a longer word.
PATTERN = r"(?<![A-Za-z0-9_-])[A-Z][A-Z0-9_]+-[1-9][0-9]*(?![A-Za-z0-9_])"
_DEFAULT = re.compile(PATTERN)
_KEY = re.compile(r"[A-Z][A-Z0-9_]+-[1-9][0-9]*\Z")


def compiled(pattern: str, option: str) -> re.Pattern[str]:
    """The regular expression of a user. Raises InputError with what is wrong with it."""
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"{option} {pattern!r} is no regular expression: {error}", "correct it") from None


def keys_in(text: str, pattern: re.Pattern[str] | None = None) -> list[str]:
    """Each key once, in the order of the text. What the whole pattern finds is a key, whatever groups it has."""
    return list(dict.fromkeys(found[0] for found in (pattern or _DEFAULT).finditer(text) if found[0]))


def is_issue_key(value: str) -> bool:
    """Whether the whole value can be the key of an issue in Jira."""
    return _KEY.match(value) is not None


def issue_key(value: str, option: str = "issue_key") -> str:
    """The key of an issue, returned as it is. Raises InputError."""
    if not is_issue_key(value):
        raise InputError(
            f"{option} {value!r} is no key of a Jira issue", "give the project's key in upper case, a dash and a number"
        )
    return value
