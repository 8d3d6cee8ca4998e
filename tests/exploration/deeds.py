# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold when something is done to the cluster, and what excuses that nothing is done."""

from __future__ import annotations

from collections.abc import Iterator

from .world import TARGET, Node, World


class Harm(AssertionError):  # noqa: N818 - it is an assertion, not an error
    """Something was done that must not be done, or was not done without an excuse."""

    def __init__(self, what: str, world: World) -> None:
        nodes = ", ".join(f"{node.state} {node.version}" for node in world.nodes)
        began = f"upgrade mode on since {world.base}" if world.base else "upgrade mode off"
        super().__init__(f"{what}: {world.state}, {began}, {nodes}")


def check_stop(world: World, index: int, goal: str, version: str | None, given_up: int | None = None) -> None:
    """A node is about to be stopped, and to be started again at a version."""
    node = world.nodes[index]
    others = [other for number, other in enumerate(world.nodes) if number not in (index, given_up)]
    may_serve = node.serves or node.state == "MUTE"
    if index == given_up:
        raise Harm(f"the {goal} stops node{index}, which is given up", world)
    if may_serve and not all(other.serves for other in others):
        raise Harm(f"the {goal} stops node{index} while another node does not serve", world)
    if may_serve and not others:
        raise Harm(f"the {goal} stops the only node", world)
    if given_up is not None:
        _check_given_up(world, given_up)
    if (world.base is None) != (goal == "restart"):
        raise Harm(f"the {goal} stops node{index}", world)
    if world.state in ("RUNNING_UPGRADE_TASKS", "UPGRADE_TASKS_FAILED"):
        raise Harm(f"the {goal} stops node{index} while upgrade tasks are not done", world)
    _check_version(world, node, goal, version)
    if goal == "upgrade":
        _check_upgrade(world)


def _check_version(world: World, node: Node, goal: str, version: str | None) -> None:
    """A node is about to be started at a version."""
    wanted = {"upgrade": TARGET, "rollback": world.base}.get(goal)
    if wanted is None:
        if version not in {other.version for other in world.live}:
            raise Harm(f"the restart would bring a node to {version}", world)
    elif version != wanted:
        raise Harm(f"the {goal} would bring a node to {version}", world)
    elif node.serves and node.version == wanted:
        raise Harm(f"the {goal} stops a node which is done", world)


def _check_given_up(world: World, index: int) -> None:
    """The upgrade goes on without a node."""
    others = [node for number, node in enumerate(world.nodes) if number != index]
    if not world.nodes[index].is_down:
        raise Harm(f"the upgrade goes on without node{index}, which is not down", world)
    if len(others) < 2 or not any(node.serves and node.version == TARGET for node in others):
        raise Harm(f"the upgrade goes on without node{index} before the target is known to work", world)


def _check_upgrade(world: World) -> None:
    """The upgrade is about to go on with a node."""
    if not (world.base and world.base < TARGET):
        raise Harm("the upgrade goes on to a lower version", world)
    if any(node.state == "ERROR" for node in world.nodes):
        raise Harm("the upgrade goes on while a node is in ERROR", world)
    # what a node runs that does not answer, or starts, cannot be known
    known = {node.version for node in world.live if node.listed and node.listed[1]}
    if not known <= {world.base, TARGET}:
        raise Harm("the upgrade goes on while a node runs another version", world)


def check_start(world: World) -> None:
    """Upgrade mode is about to be switched on."""
    if world.base is not None:
        raise Harm("start is sent twice", world)
    if len({node.version for node in world.live}) != 1:
        raise Harm("start is sent to a mixed cluster", world)
    if not all(node.state in ("ACTIVE", "STARTING", "HANGING") for node in world.live):
        raise Harm("start is sent while a node is not well", world)


def check_approve(world: World, given_up: int | None = None) -> None:
    """The upgrade is about to be approved: the point of no return."""
    if given_up is not None:
        _check_given_up(world, given_up)
    if world.state != "READY_TO_RUN_UPGRADE_TASKS":
        raise Harm("approve is sent too early, or twice", world)
    if {node.version for node in world.live} != {TARGET} or world.base == TARGET:
        raise Harm("approve is sent for another version than the target", world)
    if any(node.state == "ERROR" for node in world.nodes):
        raise Harm("approve is sent while a node is in ERROR", world)


def check_cancel(world: World) -> None:
    """Upgrade mode is about to be switched off."""
    if world.state != "READY_TO_UPGRADE":
        raise Harm("cancel is sent too early, or twice", world)
    if {node.version for node in world.live} != {world.base}:
        raise Harm("cancel is sent before every node is back", world)
    if world.base >= TARGET:
        raise Harm("cancel is sent to somebody else's upgrade", world)


CHECKS = {"start": check_start, "approve": check_approve, "cancel": check_cancel}


def is_reached(world: World, goal: str, given_up: int | None = None) -> bool:
    """Whether the goal is reached: STABLE, upgrade mode off, every node ACTIVE at the right version."""
    nodes = [node for index, node in enumerate(world.nodes) if index != given_up]
    versions = {node.version for node in nodes}
    right = {"upgrade": versions == {TARGET}, "rollback": versions != {TARGET}, "restart": True}[goal]
    return world.base is None and all(node.serves for node in nodes) and len(versions) == 1 and right


def excuses(world: World, goal: str) -> Iterator[int | None]:
    """What is there that keeps a goal from being reached: the index of a node, or None for the cluster as a whole."""
    running = {node.version for node in world.live}
    for index, node in enumerate(world.nodes):
        if _excuses(world, goal, node, running):
            yield index
    if goal == "restart":
        cluster = world.base is not None or len(running) > 1
    elif world.base is None:
        forgotten = any(node.state == "GONE" for node in world.nodes)
        cluster = forgotten or len(running) > 1 or (goal == "rollback" and running == {TARGET})
    else:
        running_tasks = goal == "rollback" and world.state == "RUNNING_UPGRADE_TASKS"
        cluster = world.base >= TARGET or running_tasks or world.state == "UPGRADE_TASKS_FAILED"
    if cluster or not world.answers or len(world.nodes) == 1:
        yield None


def _excuses(world: World, goal: str, node: Node, running: set[str]) -> bool:
    """Whether this one node keeps the goal from being reached."""
    if goal == "restart":
        # one that is forgotten is let in only at the version that all others run
        return node.state == "HANGING" or (node.state == "GONE" and running != {node.version})
    if world.base is None:
        return node.state not in ("ACTIVE", "STARTING", "MUTE", "GONE") or (goal == "upgrade" and node.version > TARGET)
    if goal == "rollback":
        return False
    strange = node.version not in (world.base, TARGET) and not node.is_down
    return node.state in ("ERROR", "HANGING") or strange
