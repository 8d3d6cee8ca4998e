# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wish for one branch, by the module for one and by the module for many: the same words for what comes of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from .generators import spelled
from .world import World


@dataclasses.dataclass(frozen=True)
class Came:
    """What came of the wish: created, deleted, unchanged or failed; ``type`` is that of the error, ``commit`` the tip."""

    outcome: str
    drift: bool | None = None
    commit: str | None = None
    type: str | None = None
    message: str | None = None
    #: The rows of the other wishes, where there were any.
    others: tuple[str, ...] = ()


def by_branch(world: World, repository: str, wish: dict[str, Any], *, check: bool = False, **_others: Any) -> Came:
    """Through `branch`."""
    key, slug = repository.split("/")
    options = spelled({"project_key": key, "repository": slug, **wish}, world)
    ended, result = world.bench.run("branch", options, check=check)
    if ended != "success":
        return Came("failed", type=ended, message=result["msg"])
    commit = result["branch"] and result["branch"]["latest_commit"]
    outcome = "unchanged"
    if result["changed"]:
        outcome = "deleted" if result["branch"] is None else "created"
    return Came(outcome, result["drift"], commit)


WAYS = {"branch": by_branch}
