# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else acts between what a module reads and what it writes: what it says of it is what git has.

Nothing is left to luck: what the other does is done in this process, right before the module's own request is sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from .ways import WAYS
from .world import HEADS, Repo, World

NAME = "POOL/one"
#: The repository before; the wish is about `new`, or about `old`.
BRANCHES = {"main": 0, "develop": 1, "old": 2}
CREATE = {"name": "new", "start_point": "develop"}
DELETE = {"name": "old", "state": "absent"}
GUARDED = {**DELETE, "end_point": "@2"}


@dataclasses.dataclass(frozen=True)
class Race:
    """``meanwhile`` happens right before the first write; ``leaves`` is what it and the module change together."""

    title: str
    wish: dict[str, Any]
    meanwhile: Callable[[World], None]
    outcome: str
    type: str | None = None
    leaves: dict[str, int | None] = dataclasses.field(default_factory=dict)
    drift: bool | None = None

    def __str__(self) -> str:
        return self.title


RACES = (
    Race("created by another, at the same commit", CREATE, lambda world: world.point(NAME, "new", 1),
         "unchanged", leaves={"new": 1}, drift=False),
    Race("created by another, elsewhere", CREATE, lambda world: world.point(NAME, "new", 3),
         "unchanged", leaves={"new": 3}, drift=True),
    Race("a directory of that name comes", CREATE, lambda world: world.point(NAME, "new/x", 3),
         "failed", "conflict", leaves={"new/x": 3}),
    Race("the start point is moved", CREATE, lambda world: world.point(NAME, "develop", 3),
         "created", leaves={"new": 1, "develop": 3}, drift=False),
    Race("the start point is deleted", CREATE, lambda world: world.drop(NAME, "develop"),
         "created", leaves={"new": 1, "develop": None}, drift=False),
    Race("the permission is revoked before a creation", CREATE, lambda world: world.permit(NAME, "read"),
         "failed", "permission"),
    Race("all permissions are revoked before a creation", CREATE, lambda world: world.permit(NAME, "none"),
         "failed", "permission"),
    Race("archived before a creation", CREATE, lambda world: world.archive(NAME), "failed", "conflict"),
    Race("the repository vanishes before a creation", CREATE, lambda world: world.hide(NAME), "failed", "not_found"),
    # the server answers 204 for a branch that is not there: nobody can tell who has deleted it
    Race("deleted by another", DELETE, lambda world: world.drop(NAME, "old"), "deleted", leaves={"old": None}),
    Race("moved, and nothing asked of its tip", DELETE, lambda world: world.point(NAME, "old", 3),
         "deleted", leaves={"old": None}),
    Race("moved, so that it stays", GUARDED, lambda world: world.point(NAME, "old", 3),
         "failed", "validation", leaves={"old": 3}),
    Race("it becomes the default branch", DELETE, lambda world: world.set_head(NAME, "old"), "failed", "validation"),
    Race("the permission is revoked before a deletion", DELETE, lambda world: world.permit(NAME, "read"),
         "failed", "permission"),
    Race("archived before a deletion", DELETE, lambda world: world.archive(NAME), "failed", "conflict"),
    Race("the repository vanishes before a deletion", DELETE, lambda world: world.hide(NAME), "failed", "not_found"),
)  # fmt: skip


def expected(world: World, leaves: dict[str, int | None]) -> dict[str, str]:
    numbers = {**BRANCHES, **leaves}
    return {name: world.commits[number] for name, number in numbers.items() if number is not None}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("race", RACES, ids=str)
def test_another_comes_between_reading_and_writing(pool: World, way: str, race: Race) -> None:
    pool.put([Repo("one", BRANCHES)])
    came = during(pool, way, race.wish, race.meanwhile)
    assert (came.outcome, came.type) == (race.outcome, race.type), came.message
    assert pool.heads(NAME) == expected(pool, race.leaves)
    assert came.drift == race.drift
    if race.outcome in ("created", "unchanged"):
        assert came.commit == pool.heads(NAME)[race.wish["name"]]


def during(pool: World, way: str, wish: dict[str, Any], *meanwhile: Callable[[World], None]) -> Any:
    """What comes of the wish when these things happen, each right before one of the writes that concern it."""
    events = list(meanwhile)

    def seen(sent: Any) -> None:
        if events and sent.writes and sent.body["name"].removeprefix(HEADS) == wish["name"]:
            events.pop(0)(pool)

    with pool.bench.watched(seen):
        came = WAYS[way](pool, NAME, wish)
    assert not events, "no write came for this to come before"
    return came


# -- lost answers ----------------------------------------------------------------------------------------------------

CREATES = {"method": "POST", "path": "/branches$"}
DELETES = {"method": "DELETE", "path": "/branches$"}


@dataclasses.dataclass(frozen=True)
class Lost:
    """A write whose connection is reset before or after it is done."""

    wish: dict[str, Any]
    where: dict[str, str]
    kind: str
    outcome: str
    leaves: dict[str, int | None]

    def __str__(self) -> str:
        return f"{self.outcome} {self.kind}"


LOST = (
    Lost(CREATE, CREATES, "reset_before", "created", {"new": 1}),
    Lost(CREATE, CREATES, "reset_after", "created", {"new": 1}),
    Lost(DELETE, DELETES, "reset_before", "deleted", {"old": None}),
    Lost(DELETE, DELETES, "reset_after", "deleted", {"old": None}),
    Lost(GUARDED, DELETES, "reset_after", "deleted", {"old": None}),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lost", LOST, ids=str)
def test_a_lost_answer(pool: World, way: str, lost: Lost) -> None:
    pool.put([Repo("one", BRANCHES)])
    with pool.fault({**lost.where, "count": 1, "fault": {"kind": lost.kind}}):
        came = WAYS[way](pool, NAME, lost.wish)
    assert came.outcome == lost.outcome, came.message
    assert pool.heads(NAME) == expected(pool, lost.leaves)


@pytest.mark.parametrize("way", WAYS)
def test_a_lost_answer_and_somebody_makes_it_again(pool: World, way: str) -> None:
    """The deletion is done, its answer is lost, and before it is sent again another branch of that name is there."""
    pool.put([Repo("one", BRANCHES)])
    with pool.fault({**DELETES, "count": 1, "fault": {"kind": "reset_after"}}):
        came = during_read_back(pool, way, GUARDED, lambda world: world.point(NAME, "old", 4))
    assert (came.outcome, came.type) == ("failed", "validation")
    assert pool.heads(NAME) == expected(pool, {"old": 4})


@pytest.mark.parametrize("way", WAYS)
def test_a_lost_answer_and_somebody_moves_it(pool: World, way: str) -> None:
    """The branch is made, the answer is lost, and it is elsewhere before it is looked for: whose it is, is unknown."""
    pool.put([Repo("one", BRANCHES)])
    with pool.fault({**CREATES, "count": 1, "fault": {"kind": "reset_after"}}):
        came = during_read_back(pool, way, CREATE, lambda world: world.point(NAME, "new", 4))
    assert (came.outcome, came.drift, came.commit) == ("unchanged", True, pool.commits[4])
    assert pool.heads(NAME) == expected(pool, {"new": 4})


def during_read_back(pool: World, way: str, wish: dict[str, Any], meanwhile: Callable[[World], None]) -> Any:
    """What comes of the wish when this happens before the first read that follows a write."""
    written: list[bool] = []

    def seen(sent: Any) -> None:
        if sent.writes and not written:
            written.append(True)
        elif not sent.writes and written == [True]:
            written.append(True)
            meanwhile(pool)

    with pool.bench.watched(seen):
        came = WAYS[way](pool, NAME, wish)
    assert len(written) == 2, "nothing was read after the write"
    return came


# -- who is asking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("check", [True, False], ids=["check", "real"])
def test_a_wrong_password_is_tried_once(pool: World, way: str, check: bool) -> None:
    """A few failed logins bring a CAPTCHA, which locks the account out of everything."""
    pool.put([Repo("one", BRANCHES)])
    pool.simulator.forget_requests()
    came = WAYS[way](pool, NAME, CREATE, check=check, credentials=("other", "wrong"))
    assert (came.outcome, came.type) == ("failed", "authentication")
    assert pool.requests() == [("GET", 401)]
    assert pool.failed_logins("other") == 1
    assert pool.heads(NAME) == expected(pool, {})
