# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Branch names under a branch model: a type and a text become a name."""

from __future__ import annotations

import re
import typing as t

from ._errors import InputError
from ._refs import branch_name

_ISSUE_KEY = re.compile(r"\s*([A-Z][A-Z0-9_]+-[0-9]+)(?!\w)")
_BETWEEN_WORDS = re.compile(r"[^\w.]+|\.{2,}")


def typed_name(model: t.Mapping[str, t.Any], kind: str, text: str) -> str:
    """The name for ``text`` (an issue key and a title, say) with the prefix of the type ``kind`` (FEATURE, ...).

    ``model`` is the view of ``_branch_model.read``. Raises InputError where the model has no such type or has it
    switched off, or where nothing usable is left of the text.
    """
    prefixes = {entry["id"]: entry["prefix"] for entry in model["types"]}
    if kind.upper() not in prefixes:
        enabled = ", ".join(sorted(prefixes)) or "none"
        raise InputError(
            f"Branch type {kind!r} is not enabled in the branch model", f"use an enabled type ({enabled}) or enable it"
        )
    slug = _slug(text)
    if not slug:
        raise InputError(f"Text {text!r} leaves nothing for a branch name", "give letters or digits")
    return branch_name(prefixes[kind.upper()] + slug, "text")


def _slug(text: str) -> str:
    """Words in lower case joined by ``-``; an issue key in front keeps its capitals, since Jira looks for it."""
    key = _ISSUE_KEY.match(text)
    rest = text[key.end() :] if key else text
    words = [word.strip(".") for word in _BETWEEN_WORDS.split(rest.lower())]
    # git keeps names that end with .lock for itself
    return re.sub(r"\.(?=lock\Z)", "-", "-".join(filter(None, [key[1] if key else "", *words])))
