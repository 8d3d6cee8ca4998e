# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Secrets that are part of what a result is read for: Ansible would mask them there, and roles would read the mask."""

from __future__ import annotations

import typing as t

from ._errors import InputError


def check(secrets: t.Iterable[str], words: t.Iterable[str | None], what: str) -> None:
    """Raise InputError where a secret is part of one of the words, which ``what`` says in general.

    Ansible replaces each secret wherever it occurs in the strings of a result, even one of a single character. The word
    is not shown, since it would be masked in the message too.
    """
    known = [str(secret) for secret in secrets if secret]
    if any(secret in word for word in words if word for secret in known):
        raise InputError(
            f"A secret of the connection is part of {what}, and Ansible would mask it there",
            "change that password or token to one that does not occur in names",
        )
