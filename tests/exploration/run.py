# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of the playbooks in the model: asks the planner and follows it, step by step, as the role does.

Nothing befalls the cluster on the way but what the run itself waits for. How it is stopped at other places does not
matter here: each of them is the beginning of another run.
"""

from __future__ import annotations

from typing import Any, NoReturn

from . import deeds, world
from .planner import ANY, Planner
from .world import Node, World


class Ended(Exception):  # noqa: N818 - no error: each run ends in one
    """How a run came to its end: ``done``, ``blocked`` or ``failed`` at the nodes ``where``, None for the cluster."""

    def __init__(self, how: str, where: list[int | None]) -> None:
        super().__init__(how, where)
        self.how, self.where = how, where


class Run:
    """One run for a goal. ``steps`` counts looks and deeds."""

    def __init__(
        self, planner: Planner, begin: World, goal: str, busiest_first: bool = False, given_up: int | None = None
    ) -> None:
        self.world = begin
        self.goal = goal
        self.steps = 0
        self.stopped: list[int] = []
        self.passed: set[World] = set()
        self._planner = planner
        self._busiest_first = busiest_first
        self._given_up = given_up

    def to_the_end(self) -> Ended:
        """Begin, all nodes, finish, as the playbooks do one after the other."""
        try:
            if self.goal == "upgrade":
                self._tell("start")
            self._nodes()
            if self.goal != "restart":
                self._tell({"upgrade": "approve", "rollback": "cancel"}[self.goal])
                if self.world.state == "RUNNING_UPGRADE_TASKS":
                    self._become(world.ended(self.world))
                if self._look()["next"] != "none":
                    self._fail(None)
        except Ended as ended:
            return ended
        return Ended("done", [])

    def _become(self, following: World) -> None:
        self.steps += 1
        self.passed.add(following.sorted())
        self.world = following

    def _fail(self, where: int | None) -> NoReturn:
        raise Ended("failed", [where])

    def _look(self, only: int | None = None, wait: bool = True) -> dict[str, Any]:
        """The plan, by default once no node is waited for any more. A rollback waits for a while only."""
        stuck = False
        while True:
            self.steps += 1
            if not self.world.answers:
                self._fail(None)
            plan = self._planner.plan(
                self.world, self.goal, only, busiest_first=self._busiest_first, given_up=self._given_up, stuck=stuck
            )
            if plan["blockers"]:
                raise Ended("blocked", [blocker["index"] for blocker in plan["blockers"]])
            awaited = [step["index"] for step in plan["steps"] if step["action"] == "wait_for_node"]
            if not (awaited and wait):
                return plan
            if stuck:
                self._fail([node.state for node in self.world.nodes].index("HANGING"))
            stuck = not self._come_up(awaited)

    def _come_up(self, awaited: list[int]) -> bool:
        """Have the nodes that are waited for come up; False where one hangs, and only a rollback goes on."""
        waiting = ("STARTING", "MUTE", "HANGING")
        unknown = [index for index, node in enumerate(self.world.nodes) if node.state in waiting]
        indexes = unknown if ANY in awaited else awaited
        for index in indexes:
            node = self.world.nodes[index]
            if node.state != "HANGING":
                self._become(self.world.having(index, Node("ACTIVE", node.version)))
        hanging = [index for index in indexes if self.world.nodes[index].state == "HANGING"]
        if hanging and self.goal != "rollback":
            self._fail(hanging[0])
        return not hanging

    def _tell(self, action: str) -> None:
        """Have the module rolling_upgrade send an action, if that is what comes next."""
        if action == "start" and self._look(wait=False)["next"] != "start":
            return
        plan = self._look()
        phases = {"start": ["start"], "approve": ["none", "finalize", "wait"], "cancel": ["none", "cancel"]}
        if plan["next"] not in phases[action]:
            self._fail(None)
        if plan["next"] not in ("none", "wait"):
            if not self._planner.sends(self.world, action):
                self._fail(None)
            if action == "approve":
                deeds.check_approve(self.world, self._given_up)
            else:
                deeds.CHECKS[action](self.world)
            self._become(getattr(world, action)(self.world))

    def _nodes(self) -> None:
        """The queue: those with work in the order of the plan, then the others."""
        plan = self._look(wait=False)
        if plan["next"] == "start":
            self._fail(None)
        queue = [step["index"] for step in plan["steps"] if step["action"] == f"{self.goal}_node"]
        for index in dict.fromkeys([*queue, *range(len(self.world.nodes))]):
            if index != self._given_up:
                self._turn(index)

    def _turn(self, index: int) -> None:
        plan = self._look(index)
        if f"{self.goal}_node" not in [step["action"] for step in plan["steps"]]:
            return
        # here it is drained; then comes the look right before the stop
        steps = self._look(index)["steps"]
        if [(step["action"], step["index"]) for step in steps] != [(f"{self.goal}_node", index)]:
            self._fail(index)
        deeds.check_stop(self.world, index, self.goal, steps[0]["version"], self._given_up)
        self.stopped.append(index)
        self._restart(index, steps[0]["version"])
        self._wait(index, steps[0]["version"])

    def _restart(self, index: int, version: str) -> None:
        """Stop a node, switch it to the release unless it is only restarted, and start it."""
        node = self.world.nodes[index]
        if not node.is_down:
            node = Node("GONE" if self.world.base is None else "OFFLINE", node.version)
            self._become(self.world.having(index, node))
        if self.goal != "restart":
            node = Node(node.state, version)
            self._become(self.world.having(index, node))
        if _may_join(self.world, index):
            self._become(self.world.having(index, Node("STARTING", node.version)))

    def _wait(self, index: int, version: str | None) -> None:
        """Wait for a node: one that starts gets ACTIVE in the end, all else is hopeless, or a timeout."""
        node = self.world.nodes[index]
        if node.state == "STARTING":
            node = Node("ACTIVE", node.version)
            self._become(self.world.having(index, node))
        if not node.serves or version not in (None, node.version):
            self._fail(index)


def _may_join(seen: World, index: int) -> bool:
    """Whether the server lets a node in: in upgrade mode no lower version than the original one, else only equals.

    What the model does without where it looks for harm, it holds to here, where the way has to lead to the end.
    """
    version = seen.nodes[index].version
    others = {node.version for node in seen.live}
    return version >= seen.base if seen.base else not others or others == {version}
