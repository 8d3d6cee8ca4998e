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

    Beside the states of the reference, a node that is HANGING is listed as STARTING and never gets further, one that
    is MUTE does not answer the others for a moment and is listed without state and version, and one that is GONE is
    stopped and not listed: outside upgrade mode, or because it has moved to another address and is not started yet.
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
    def listed(self) -> tuple[str | None, str | None] | None:
        """State and version in the list of the cluster; None where the node is not listed."""
        if self.state == "GONE":
            return None
        state = {"HANGING": "STARTING", "MUTE": None}.get(self.state, self.state)
        return state, self.version if state not in ("OFFLINE", "STARTING", None) else None


class World(NamedTuple):
    """The cluster; the order of its nodes means nothing.

    ``base`` is the version from which the upgrade began, None while upgrade mode is off; ``tasks`` are the upgrade
    tasks: "", "running" or "failed". ``ghost``: a node has left its old address behind, where one is listed as OFFLINE.
    """

    base: str | None
    tasks: str
    nodes: tuple[Node, ...]
    ghost: bool = False

    @property
    def live(self) -> list[Node]:
        return [node for node in self.nodes if not node.is_down]

    @property
    def state(self) -> str:
        """The state that the server derives from its nodes.

        A node that starts shows no version and does not count, one that does not answer counts as of another version.
        """
        if self.base is None:
            return "STABLE"
        versions = {node.version for node in self.live if node.state not in ("STARTING", "HANGING", "MUTE")}
        if len(versions) > 1 or any(node.state in ("ERROR", "MUTE") for node in self.nodes):
            return "MIXED"
        if versions <= {self.base}:
            return "READY_TO_UPGRADE"
        return {"": "READY_TO_RUN_UPGRADE_TASKS", "running": "RUNNING_UPGRADE_TASKS", "failed": "UPGRADE_TASKS_FAILED"}[
            self.tasks
        ]

    @property
    def answers(self) -> bool:
        """Whether there is anybody to ask."""
        return any(node.serves or node.state == "MUTE" for node in self.nodes)

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


def moved(world: World, index: int) -> World:
    """A node that is stopped gets another address: what was listed of it belongs to nobody any more."""
    return world.having(index, world.nodes[index]._replace(state="GONE"))._replace(ghost=True)


def ended(world: World) -> World:
    """Upgrade mode off, also once the upgrade tasks have ended: nodes that are stopped are forgotten."""
    return World(None, "", tuple(Node("GONE", node.version) if node.is_down else node for node in world.nodes))


# -- what can befall it ----------------------------------------------------------------------------------------------

_MOVES = {
    "ACTIVE": ("DRAINING", "MUTE", "DOWN"),
    "MUTE": ("ACTIVE", "DOWN"),
    "DRAINING": ("TERMINATING", "DOWN"),
    "TERMINATING": ("DOWN",),
    "STARTING": ("ACTIVE", "MUTE", "ERROR", "HANGING", "TERMINATING", "DOWN"),
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
        if node.state == "OFFLINE":
            yield moved(world, index).sorted()
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


class Look(NamedTuple):
    """How the same world is listed.

    ``named``: each node has a name, else all are "Not configured". ``one_address``: all share one and differ by their
    ports. ``hidden``: a node that does not answer the others shows no address either.
    """

    named: bool = False
    one_address: bool = False
    hidden: bool = False
    busiest_first: bool = False


def _address(index: int, look: Look) -> tuple[str, int]:
    return ("10.20.0.1", 7990 + index) if look.one_address else (f"10.20.0.{index + 11}", 7990)


def hosts(world: World, look: Look) -> dict[str, list[str]]:
    """The inventory: a host for each node, identified by address, with the port where all share one, or by name."""
    found = {}
    for index in range(len(world.nodes)):
        address, port = _address(index, look)
        found[f"host{index}"] = [f"{address}:{port}" if look.one_address else address, f"host{index}"]
    return found


_LOOKS = itertools.count()


def rows(world: World, look: Look) -> list[dict[str, Any]]:
    """The nodes as the server lists them, each under another id at each look.

    A node that starts shows no address. In upgrade mode the row of the process that ran there before is listed until
    it does.
    """
    listed = []
    for index, node in enumerate(world.nodes):
        if node.listed is None:
            continue
        address, port = _address(index, look)
        state, version = node.listed
        shows = state != "STARTING" and not (state is None and look.hidden)
        if not shows and world.base is not None and not look.named:
            listed.append(_row(None, (address, port), "OFFLINE"))
        load = len(world.nodes) - index if look.busiest_first else index
        name = f"host{index}" if look.named else None
        place = (address, port) if shows else (None, None)
        listed.append(_row(name, place, state, version, None if node.is_down else load))
    if world.ghost:
        listed.append(_row("host0" if look.named else None, ("10.20.0.99", 7990), "OFFLINE"))
    return listed


def _row(
    name: str | None,
    place: tuple[str | None, int | None],
    state: str | None,
    version: str | None = None,
    load: int | None = None,
) -> dict[str, Any]:
    return {
        "id": f"id-{next(_LOOKS)}",
        "name": name,
        "ip_address": place[0],
        "port_number": place[1],
        "state": state,
        "version": version,
        "tasks_total": load,
        "active_user_count": None,
    }
