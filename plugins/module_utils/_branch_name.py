# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Branch names under a branch model: a type and a text become a name, and a name tells its type."""

from __future__ import annotations

import re
import typing as t
import unicodedata

from ._errors import InputError
from ._issue_key import issue_key, key_in_front
from ._refs import HEADS, branch_name

Model = t.Mapping[str, t.Any]

#: Bytes of UTF-8 that a name has at most, unless something else is asked for.
MAX_LENGTH = 100
#: More than that git cannot keep: a part of a ref is the name of a file, 255 bytes, and is locked by a file that has
#: five more, ``.lock``.
LONGEST = 250

_DOTS = re.compile(r"\.{2,}")


def typed_name(model: Model, kind: str, text: str, max_length: int = MAX_LENGTH) -> str:
    """The name for ``text`` (an issue key and a title, say) with the prefix of the type ``kind`` (FEATURE, ...).

    ``model`` is the view of ``_branch_model.read``. The name has at most ``max_length`` bytes of UTF-8 and ends with
    a whole word where one fits. Raises InputError where the model has no such type or has it switched off, where
    nothing usable is left of the text, and where the name would be one of another type.
    """
    prefixes = _prefixes(model)
    if kind.upper() not in prefixes:
        enabled = ", ".join(sorted(prefixes)) or "none"
        raise InputError(
            f"Branch type {kind!r} is not enabled in the branch model", f"use an enabled type ({enabled}) or enable it"
        )
    if not 1 <= max_length <= LONGEST:
        raise InputError(f"max_length {max_length} is not between 1 and {LONGEST}", "correct the length")
    prefix = prefixes[kind.upper()]
    name = branch_name(prefix + _slug(text, max_length - len(prefix.encode())), "text")
    found = type_of(model, name)
    if found is not None and len(prefixes[found]) > len(prefix):
        raise InputError(
            f"Branch {name} would be of type {found}, whose prefix {prefixes[found]!r} is longer",
            "choose another text, or prefixes that do not begin with each other",
        )
    return name


def issue_text(key: str, title: str | None) -> str:
    """The text for an issue. Raises InputError where the key is none."""
    return f"{issue_key(key)} {title or ''}"


def type_of(model: Model, name: str, *, model_branches: bool = False) -> str | None:
    """The type whose prefix the name begins with, or None.

    Of prefixes that begin with each other the longest counts; the server allows none such (documented). With
    ``model_branches`` the branches that play a part in the model are ``development`` and ``production``.
    """
    name = name.removeprefix(HEADS)
    if model_branches:
        # where one branch plays both, it is the one that is released from
        for role in ("production", "development"):
            if (model.get(role) or {}).get("name") == name:
                return role
    fitting = {kind: len(prefix) for kind, prefix in _prefixes(model).items() if name.startswith(prefix)}
    return max(fitting, key=fitting.__getitem__) if fitting else None


def refuse_other(model: t.Any, **texts: t.Any) -> None:
    """Raise InputError for what is no branch model, and for a text that is none.

    For users who write both by hand, where the two are easily swapped.
    """
    swapped = isinstance(model, str) and any(isinstance(text, dict) for text in texts.values())
    if swapped:
        raise InputError("The branch model and the name are swapped", "write the branch model in front of the filter")
    if not isinstance(model, dict) or not isinstance(model.get("types"), list):
        what = "has no list of types" if isinstance(model, dict) else f"is not a mapping but {_kind(model)}"
        raise InputError(f"The branch model {what}", "give branch_model as branch_model_info returns it")
    for name, text in texts.items():
        if not isinstance(text, str):
            raise InputError(f"{name} is not a text but {_kind(text)}", "give a text")


def _kind(value: t.Any) -> str:
    """The type of a value in words. An undefined variable of Jinja raises its own error here."""
    if value is None:
        return "null"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a mapping"}
    return next((kind for each, kind in kinds.items() if isinstance(value, each)), None) or str(value)


def _prefixes(model: Model) -> dict[str, str]:
    """Enabled type to its prefix. In the model in effect every type is enabled."""
    return {kind["id"]: kind["prefix"] for kind in model["types"] if kind.get("enabled", True)}


def _slug(text: str, room: int) -> str:
    """Words in lower case joined by ``-``; an issue key in front keeps its capitals, since Jira looks for it.

    Raises InputError where no letter or digit is left.
    """
    text = unicodedata.normalize("NFC", text).strip()
    key = key_in_front(text)
    rest = text.removeprefix(key or "")
    spaced = "".join(char if _in_word(char) else " " for char in _DOTS.sub(" ", rest.lower()))
    words = [word.strip(".") for word in spaced.split()]
    slug = _fit([*([key] if key else []), *filter(None, words)], room, bool(key))
    if not any(char.isalnum() for char in slug):
        raise InputError(f"Text {text!r} leaves nothing for a branch name", "give letters or digits, or more room")
    # git keeps names that end with .lock for itself
    return re.sub(r"\.(?=lock\Z)", "-", slug)


def _in_word(char: str) -> bool:
    """Letters, digits, what stands above or below them in many scripts, and what keeps versions together."""
    return char.isalnum() or char in "_." or unicodedata.category(char).startswith("M")


def _fit(words: list[str], room: int, whole: bool) -> str:
    """As many words as the room, in bytes, has; of a first word that is too long its beginning, unless ``whole``."""
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if len(longer.encode()) > room:
            break
        slug = longer
    if slug or not words:
        return slug
    if whole:
        raise InputError(f"Issue key {words[0]} does not fit into a name of that length", "give a greater max_length")
    return _cut(words[0], room)


def _cut(word: str, room: int) -> str:
    """The beginning of a word, with no letter and nothing above or below a letter cut off from it."""
    kept = word.encode()[: max(room, 0)].decode(errors="ignore")
    if len(kept) < len(word) and unicodedata.category(word[len(kept)]).startswith("M"):
        kept = kept.rstrip("".join(char for char in set(kept) if unicodedata.category(char).startswith("M")))[:-1]
    return kept.rstrip(".")
