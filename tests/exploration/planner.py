# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner under test, asked once for each thing that can be seen."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from . import world
from .world import TARGET, World

View = dict[str, Any]


class Planner:
    """The planner of the collection, looking at worlds; ``glasses`` may hide from it what is there."""

    def __init__(self, util: types.ModuleType, glasses: Callable[[View], View] = lambda view: view) -> None:
        self._util = util
        self._glasses = glasses
        self._made: dict[Any, dict[str, Any]] = {}
        self._sent: dict[Any, bool] = {}

    def plan(self, seen: World, goal: str, only: int | None = None, busiest_first: bool = False) -> dict[str, Any]:
        key = (_shown(seen), goal, only, busiest_first)
        if key not in self._made:
            view = self._glasses(world.view(seen, busiest_first))
            host = None if only is None else f"host{only}"
            target = None if goal == "restart" else TARGET
            self._made[key] = self._util.plan(view, world.hosts(seen), target, goal, host)
        return self._made[key]

    def sends(self, seen: World, action: str) -> bool:
        """Whether the module rolling_upgrade, asked for an action, sends it to this cluster."""
        key = (_shown(seen), action)
        if key not in self._sent:
            view = self._glasses(world.view(seen))
            try:
                self._sent[key] = self._util.after(view, action) != view
            except self._util.ConflictError:
                self._sent[key] = False
        return self._sent[key]


def _shown(seen: World) -> tuple[Any, ...]:
    """All that can be seen of a world."""
    return seen.base, seen.state, tuple(node.seen for node in seen.nodes)
