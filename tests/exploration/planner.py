# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner under test, asked once for each thing that can be seen."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from . import world
from .world import TARGET, Look, World

View = dict[str, Any]
DEFAULT = Look()
#: The index of a node that nothing identifies yet.
ANY = -1


class Planner:
    """The planner of the collection, looking at worlds; ``glasses`` may hide from it what is there."""

    def __init__(
        self,
        util: types.ModuleType,
        identity: types.ModuleType,
        look: Look = DEFAULT,
        glasses: Callable[[View], View] = lambda view: view,
    ) -> None:
        self._util = util
        self._identity = identity
        self.look = look
        self._glasses = glasses
        self._made: dict[Any, dict[str, Any]] = {}
        self._sent: dict[Any, bool] = {}

    def _view(self, seen: World, look: Look) -> View:
        """The cluster in the words of the collection."""
        return self._glasses(
            {
                "state": seen.state,
                "upgrade_mode_enabled": seen.base is not None,
                "original_version": seen.base,
                "nodes": self._identity.labelled(world.rows(seen, look)),
            }
        )

    def plan(
        self,
        seen: World,
        goal: str,
        only: int | None = None,
        *,
        busiest_first: bool = False,
        given_up: int | None = None,
        stuck: bool = False,
    ) -> dict[str, Any]:
        """The plan; each of its steps and blockers names the ``index`` of its node, None for the cluster."""
        key = (_shown(seen), goal, only, busiest_first, given_up, stuck)
        if key not in self._made:
            look = self.look._replace(busiest_first=busiest_first)
            view = self._view(seen, look)
            plan = self._util.plan(
                view,
                world.hosts(seen, look),
                None if goal == "restart" else TARGET,
                goal,
                None if only is None else f"host{only}",
                given_up=[] if given_up is None else [f"host{given_up}"],
                stuck=stuck,
            )
            index_of = {each["node"]: int(each["host"].removeprefix("host")) for each in plan["hosts"]}
            anonymous = {node["label"] for node in view["nodes"] if self._identity.is_anonymous(node)}
            for entry in (*plan["steps"], *plan["blockers"]):
                # a node that is not identified yet may be any of them
                entry["index"] = index_of.get(entry["node"], ANY if entry["node"] in anonymous else None)
            self._made[key] = plan
        return self._made[key]

    def sends(self, seen: World, action: str) -> bool:
        """Whether the module rolling_upgrade, asked for an action, sends it to this cluster."""
        key = (_shown(seen), action)
        if key not in self._sent:
            view = self._view(seen, self.look)
            try:
                self._sent[key] = self._util.after(view, action) != view
            except self._util.ConflictError:
                self._sent[key] = False
        return self._sent[key]


def _shown(seen: World) -> tuple[Any, ...]:
    """All that can be seen of a world."""
    return seen.base, seen.state, seen.ghost, tuple(node.listed for node in seen.nodes)
