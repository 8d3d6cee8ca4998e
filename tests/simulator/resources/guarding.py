# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch permissions in front of what REST does to refs."""

from __future__ import annotations

from simulator.call import Call
from simulator.errors import ApiError
from simulator.restrictions import ADVICE, Guard, RefChange


def refusal(call: Call, change: RefChange) -> str | None:
    """Why the caller may not make this change, None when nothing is in the way."""
    return Guard(call.node.store, call.repository, call.git.default_branch_name(), call.user).refusal(change)


def check_refs(call: Call, *changes: RefChange) -> None:
    """doc: 401 for whom a branch permission stops; the words are those of a refused push (assumed)."""
    for change in changes:
        sentence = refusal(call, change)
        if sentence is not None:
            raise ApiError(401, f"{sentence} {ADVICE}", "AuthorisationException")
