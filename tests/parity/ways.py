# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wish for one branch, by the module for one and by the module for many: the same words for what comes of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from .generators import spelled
from .world import Repo, World

#: Another repository of the pool, where a bulk task has something to do besides.
ELSEWHERE = "two"


@dataclasses.dataclass(frozen=True)
class Came:
    """What came of the wish: created, deleted, unchanged or failed, with the type of the error, and the tip."""

    outcome: str
    drift: bool | None = None
    commit: str | None = None
    type: str | None = None
    message: str | None = None
    #: The rows of the other wishes, where there were any.
    others: tuple[str, ...] = ()


def by_branch(world: World, repository: str, wish: dict[str, Any], **how: Any) -> Came:
    """Through `branch`; ``how`` are arguments of Bench.run."""
    key, slug = repository.split("/")
    options = spelled({"project_key": key, "repository": slug, **wish}, world)
    ended, result = world.bench.run("branch", options, **how)
    if ended != "success":
        return Came("failed", type=ended, message=result["msg"])
    commit = result["branch"] and result["branch"]["latest_commit"]
    outcome = "unchanged"
    if result["changed"]:
        outcome = "deleted" if result["branch"] is None else "created"
    return Came(outcome, result["drift"], commit)


def by_branches(world: World, repository: str, wish: dict[str, Any], **how: Any) -> Came:
    """Through `branches`, between two other wishes for the same repository, and one for another.

    What is said of those is held against git here, and then what they made is taken away again.
    """
    key, slug = repository.split("/")
    world.put([Repo(ELSEWHERE, {"main": 0})])
    before, after = ({"name": f"bystander/{number}", "start_point": "main"} for number in (1, 2))
    items = [{"project_key": key, "repository": slug, **each} for each in (before, wish, after)]
    items.append({"project_key": key, "repository": ELSEWHERE, **before})
    ended, result = world.bench.run("branches", {"branches": spelled(items, world)}, **how)
    if "branches" not in result:
        return Came("failed", type=ended, message=result["msg"])
    rows = result["branches"]
    assert (ended == "success") == all(row["outcome"] not in ("failed", "skipped") for row in rows)
    for row in (rows[0], *rows[2:]):
        place = f"{row['project_key']}/{row['repository']}"
        there = row["name"] in world.heads(place)
        assert there == (row["outcome"] == "created" and not how.get("check"))
        if there:
            world.drop(place, row["name"])
    return Came(
        rows[1]["outcome"],
        rows[1]["drift"],
        rows[1]["latest_commit"],
        None if ended == "success" else ended,
        rows[1]["message"],
        (rows[0]["outcome"], rows[2]["outcome"], rows[3]["outcome"]),
    )


WAYS = {"branch": by_branch, "branches": by_branches}
