# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of the cluster: its state, what can befall it, and what its server says and obeys.

Written from the reference and from what is assumed where that is silent. Where a rule of the server is only assumed
to keep harm off, the model does without it: here a node of any version may join at any time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

ORIGINAL, TARGET, OTHER = VERSIONS = ("9.4.21", "9.4.22", "9.4.23")


class Node(NamedTuple):
    """A node: its state, and the version that it runs, or would run after its start.

    Beside the states of the reference, one that is HANGING shows itself as STARTING and never gets further, and one
    that is GONE is stopped and forgotten by the cluster: not listed.
    """

    state: str
    version: str

    @property
    def is_down(self) -> bool:
        return self.state in ("OFFLINE", "GONE")

    @property
    def serves(self) -> bool:
        return self.state == "ACTIVE"

    @property
    def seen(self) -> tuple[str, str | None] | None:
        """State and version as the server tells them; None where the node is not listed."""
        if self.state == "GONE":
            return None
        if self.state == "HANGING":
            return "STARTING", self.version
        return self.state, None if self.state == "OFFLINE" else self.version


class World(NamedTuple):
    """The cluster; the order of its nodes means nothing.

    ``base`` is the version from which the upgrade began, None while upgrade mode is off; ``tasks`` are the upgrade
    tasks: "", "running" or "failed".
    """

    base: str | None
    tasks: str
    nodes: tuple[Node, ...]

    @property
    def live(self) -> list[Node]:
        return [node for node in self.nodes if not node.is_down]

    @property
    def state(self) -> str:
        """The state that the server derives from its nodes."""
        if self.base is None:
            return "STABLE"
        versions = {node.version for node in self.live}
        if len(versions) > 1 or any(node.state == "ERROR" for node in self.nodes):
            return "MIXED"
        if versions == {self.base}:
            return "READY_TO_UPGRADE"
        return {"": "READY_TO_RUN_UPGRADE_TASKS", "running": "RUNNING_UPGRADE_TASKS", "failed": "UPGRADE_TASKS_FAILED"}[
            self.tasks
        ]

    @property
    def answers(self) -> bool:
        """Whether there is anybody to ask."""
        return any(node.serves for node in self.nodes)

    def sorted(self) -> World:
        """The same with its nodes in the one order that stands for all."""
        return self._replace(nodes=tuple(sorted(self.nodes)))

    def having(self, index: int, node: Node) -> World:
        """The same but for one node."""
        return self._replace(nodes=(*self.nodes[:index], node, *self.nodes[index + 1 :]))


def at_rest(count: int) -> World:
    """A cluster of so many nodes before everything."""
    return World(None, "", (Node("ACTIVE", ORIGINAL),) * count)


# -- what the server does when it is told to; None is its 409 --------------------------------------------------------


def start(world: World) -> World | None:
    """Upgrade mode on. Where nodes run several versions the reference does not say which is the original one."""
    if world.base is not None or len(world.live) < 2:
        return None
    return world._replace(base=min(node.version for node in world.live))


def cancel(world: World) -> World | None:
    """Upgrade mode off, as long as every live node is at the original version."""
    return ended(world) if world.state == "READY_TO_UPGRADE" else None


def approve(world: World) -> World | None:
    """The upgrade tasks begin."""
    return world._replace(tasks="running") if world.state == "READY_TO_RUN_UPGRADE_TASKS" else None


def ended(world: World) -> World:
    """Upgrade mode off, which the upgrade tasks bring about in the end, too: nodes that are stopped are forgotten."""
    return World(None, "", tuple(Node("GONE", node.version) if node.is_down else node for node in world.nodes))


# -- what can befall it ----------------------------------------------------------------------------------------------

_MOVES = {
    "ACTIVE": ("DRAINING", "DOWN"),
    "DRAINING": ("TERMINATING", "DOWN"),
    "TERMINATING": ("DOWN",),
    "STARTING": ("ACTIVE", "ERROR", "HANGING", "TERMINATING", "DOWN"),
    "HANGING": ("ERROR", "TERMINATING", "DOWN"),
    "ERROR": ("TERMINATING", "DOWN"),
    "OFFLINE": ("STARTING",),
    "GONE": ("STARTING",),
}


def befalls(node: Node, upgrade_mode: bool) -> Iterator[Node]:
    """What can become of one node: it is stopped, dies, starts, hangs, fails, is given another release by anybody."""
    for state in _MOVES[node.state]:
        yield Node(("OFFLINE" if upgrade_mode else "GONE") if state == "DOWN" else state, node.version)
    if node.is_down:
        yield from (Node(node.state, version) for version in VERSIONS if version != node.version)


_BEFALLS = {
    (Node(*each), mode): tuple(befalls(Node(*each), mode))
    for each in itertools.product(_MOVES, VERSIONS)
    for mode in (True, False)
}


def next_to(world: World) -> Iterator[World]:
    """Every world that one event leads to, by whomever: a run, a second operator, a failure or mere time.

    All that a run does to a node is among it, in parts: it stops, switches and starts, and each of these may fail.
    """
    for index, node in enumerate(world.nodes):
        if index and node == world.nodes[index - 1]:
            continue
        for changed in _BEFALLS[node, world.base is not None]:
            yield world.having(index, changed).sorted()
    if world.answers:
        obeyed = (told(world) for told in (start, cancel, approve))
        yield from (following.sorted() for following in obeyed if following)
    if world.state == "RUNNING_UPGRADE_TASKS":
        yield ended(world).sorted()
        yield world._replace(tasks="failed")
    elif world.state == "UPGRADE_TASKS_FAILED":
        # assumed: somebody may find a way to have them run again
        yield world._replace(tasks="running")


# -- what it looks like ----------------------------------------------------------------------------------------------


def hosts(world: World) -> dict[str, str]:
    """The inventory: a host for each node, the forgotten ones too."""
    return {f"host{index}": f"node{index}" for index in range(len(world.nodes))}


_LOOKS = itertools.count()


def view(world: World, busiest_first: bool = False) -> dict[str, Any]:
    """The cluster in the words of the collection. Each node comes with another id at each look."""
    look = next(_LOOKS)
    return {
        "state": world.state,
        "upgrade_mode_enabled": world.base is not None,
        "original_version": world.base,
        "nodes": [
            {
                "id": f"{look}-{index}",
                "name": f"node{index}",
                "ip_address": None,
                "state": node.seen[0],
                "version": node.seen[1],
                "tasks_total": None if node.is_down else len(world.nodes) - index if busiest_first else index,
                "active_user_count": None,
            }
            for index, node in enumerate(world.nodes)
            if node.seen
        ],
    }
