# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Texts that others have written, made fit to be shown among ours."""

from __future__ import annotations

import re

# controls but white space, halves of surrogate pairs, and what turns the direction of the text around it
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_REPLACEMENT = "\ufffd"
# special in CommonMark, in one of its common extensions, or before one of our own brackets; "://" and "www." would
# become links, and "{%" is for template engines that pages of Markdown are put through
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>&~|#@!$^]|(?<=\{)%|:(?=//)|=(?==)|(?<=[Ww]{3})\.")
# begins a list, a line or a term where it stands first
_FIRST = re.compile(r"(\A\s*\d*)([-+=:.)])")


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line without space around it, cut where it is longer than ``limit``.

    What cannot be shown, or would change how the rest is shown, becomes the replacement character.
    """
    line = _NOT_SHOWN.sub(_REPLACEMENT, " ".join(text.split()))
    return line if limit is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """``1 commit``, ``2 commits``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def markdown(text: str) -> str:
    """The text for Markdown, where it shows as it is: no markup, no link of its own, and no new line."""
    line = _NOT_SHOWN.sub(_REPLACEMENT, re.sub(r"\s", " ", text))
    escaped = _SPECIAL.sub(r"\\\g<0>", line)
    return _FIRST.sub(r"\1\\\2", escaped)
