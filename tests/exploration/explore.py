# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes through all states of a cluster, and looks at what a run does there."""

from __future__ import annotations

import collections
import dataclasses
from typing import Any

from . import deeds, world
from .deeds import Harm
from .planner import Planner
from .run import Run
from .world import TARGET, World

GOALS = ("upgrade", "rollback", "restart")
#: No run of so many nodes may take more steps: a few for the cluster, and for each node.
LIMIT = {count: 12 + 12 * count for count in (1, 2, 3, 4)}
#: So many runs must be enough: the second one finds what the first has left behind, and one more finds the version that
#: a node did not show before. Where no node may join again, each run ends at one of them, and the last changes nothing.
RUNS = {count: max(4, count + 1) for count in LIMIT}


@dataclasses.dataclass
class Tally:
    """What was gone through."""

    nodes: int
    states: int = 0
    moves: int = 0
    looks: int = 0
    runs: int = 0
    reached: int = 0
    longest: int = 0
    without: int = 0

    def __str__(self) -> str:
        return (
            f"{self.nodes} node{'s' * (self.nodes > 1)}: {self.states:,} states, {self.moves:,} transitions, "
            f"{self.looks:,} looks of a run; {self.runs:,} runs, {self.reached:,} of them to the goal, all others to "
            f"what really forbids it, the longest of {self.longest} steps; {self.without:,} ended without a node that "
            f"was given up"
        )


def explore(planner: Planner, count: int) -> Tally:
    """Go through every state of a cluster of so many nodes. Raises Harm where something is not as it must be."""
    tally = Tally(count)
    reachable = _reachable(world.at_rest(count), tally)
    passed: set[World] = set()
    for seen in reachable:
        _check_module(planner, seen)
        for goal in GOALS:
            if seen.answers:
                _check_looks(planner, seen, goal, tally)
            for busiest_first in (False, True):
                passed |= _check_runs(planner, seen, goal, busiest_first, tally)
        for given_up, node in enumerate(seen.nodes):
            if given_up == 0 or node != seen.nodes[given_up - 1]:
                passed |= _check_without(planner, seen, given_up, tally)
    # wherever a run is killed, what it leaves behind was gone through, too
    assert passed <= reachable.keys()
    return tally


def _reachable(begin: World, tally: Tally) -> dict[World, None]:
    """Every state that the cluster can get into, breadth first."""
    visited, frontier = {begin: None}, collections.deque([begin])
    while frontier:
        for following in world.next_to(frontier.popleft()):
            tally.moves += 1
            if following not in visited:
                visited[following] = None
                frontier.append(following)
    tally.states = len(visited)
    return visited


def _check_module(planner: Planner, seen: World) -> None:
    """Whoever asks the module for an action at any time, it sends none that is not legal."""
    for action in deeds.CHECKS:
        if seen.answers and planner.sends(seen, action) and getattr(world, action)(seen) is None:
            raise Harm(f"{action} is sent, and refused", seen)


def _check_looks(planner: Planner, seen: World, goal: str, tally: Tally) -> None:
    """A run looks, for the whole cluster and for each node, and does at once what it is told to."""
    plan = planner.plan(seen, goal)
    tally.looks += 1 + len(seen.nodes)
    _check_blockers(plan, seen, goal, set())
    if plan["next"] == "none" and not deeds.is_reached(seen, goal):
        raise Harm(f"nothing is left to do for the {goal}", seen)
    waits = any(step["action"] == "wait_for_node" for step in plan["steps"])
    # what is sent is sent by a plan that waits for nothing
    action = None if waits else {"start": "start", "finalize": "approve", "cancel": "cancel"}.get(plan["next"])
    if action in ("approve", "cancel") and not all(node.serves for node in seen.nodes):
        raise Harm(f"{action} is planned before every node is back", seen)
    if action:
        # hooks may run between this look and the one of the module, so one thing may have happened
        for now in (seen, *world.next_to(seen)):
            if now.answers and planner.sends(now, action):
                deeds.CHECKS[action](now)
    for index, node in enumerate(seen.nodes):
        plan = planner.plan(seen, goal, index)
        # one that serves, or is about to, is left alone for the sake of those that do not
        guards = node.state in ("ACTIVE", "STARTING", "HANGING", "MUTE")
        others = {number for number, other in enumerate(seen.nodes) if number != index and not other.serves}
        _check_blockers(plan, seen, goal, others if guards else set())
        if [step["action"] for step in plan["steps"]] == [f"{goal}_node"]:
            deeds.check_stop(seen, index, goal, plan["steps"][0]["version"])


def _check_blockers(plan: dict[str, Any], seen: World, goal: str, others: set[int]) -> None:
    """Each blocker says why and what to do, and its cause is really there, or is one of the others."""
    excuses = others | set(deeds.excuses(seen, goal))
    for blocker in plan["blockers"]:
        if not (blocker["reason"] and blocker["remedy"]) or blocker["index"] not in excuses:
            raise Harm(f"the {goal} is blocked without an excuse: {blocker}", seen)


def _check_runs(planner: Planner, begin: World, goal: str, busiest_first: bool, tally: Tally) -> set[World]:
    """Start a run here, and again as long as something comes of it: it leads to the goal, or is excused.

    Returns what was passed on the way.
    """
    now, passed = begin, set()
    for _run in range(RUNS[len(begin.nodes)]):
        run = Run(planner, now, goal, busiest_first)
        ended = run.to_the_end()
        passed |= run.passed
        tally.runs += 1
        tally.longest = max(tally.longest, run.steps)
        if run.steps > LIMIT[len(now.nodes)] or len(set(run.stopped)) < len(run.stopped):
            raise Harm(f"the {goal} goes in circles", now)
        if ended.how == "done":
            if not deeds.is_reached(run.world, goal):
                raise Harm(f"the {goal} ends before its goal", run.world)
            tally.reached += 1
            return passed
        if run.world == now:
            break
        now = run.world
    else:
        raise Harm(f"the {goal} does not come to an end in {RUNS[len(begin.nodes)]} runs", begin)
    if ended.how == "failed" and ended.where == [None] and now.answers:
        raise Harm(f"the {goal} fails where it should be blocked", now)
    if not set(ended.where) <= set(deeds.excuses(now, goal)):
        raise Harm(f"the {goal} ended {ended.how} at {ended.where} without an excuse", now)
    return passed


def _check_without(planner: Planner, begin: World, given_up: int, tally: Tally) -> set[World]:
    """Start an upgrade that leaves a node out: it never touches that node, and ends without it where that is right.

    Returns what was passed on the way.
    """
    run = Run(planner, begin, "upgrade", given_up=given_up)
    ended = run.to_the_end()
    tally.runs += 1
    if given_up in run.stopped:
        raise Harm(f"node{given_up} is given up, and stopped", begin)
    if ended.how == "done":
        if not deeds.is_reached(run.world, "upgrade", given_up):
            raise Harm(f"the upgrade without node{given_up} ends before its goal", run.world)
        if begin.base is not None:
            tally.without += 1
    others = [node for index, node in enumerate(begin.nodes) if index != given_up]
    ready = begin.state == "READY_TO_RUN_UPGRADE_TASKS" and begin.nodes[given_up].is_down and len(others) > 1
    if ended.how != "done" and ready and all(node == ("ACTIVE", TARGET) for node in others) and begin.base < TARGET:
        raise Harm(f"the upgrade does not end without node{given_up}", begin)
    return run.passed
