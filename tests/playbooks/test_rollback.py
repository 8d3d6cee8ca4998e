# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: from every state that an upgrade of three nodes can be left in, to the original release."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.nodes import Node
from harness.simulator import Simulator

from .conftest import cluster
from .upgrade import Upgrade, done

#: How a node can be found: ACTIVE at the original or the target, stopped, failed or hanging while it starts.
KINDS = ("old", "new", "offline", "error", "starting")
SERVING = {"old", "new"}
#: Without regard to which node it is: a node serves, so that there is somebody to ask, and one is not as it was.
STATES = [
    kinds
    for kinds in itertools.combinations_with_replacement(KINDS, 3)
    if SERVING & set(kinds) and set(kinds) != {"old"}
]
QUICK = [("new", "new", "error")]


@pytest.fixture(scope="module")
def three_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "rollback", nodes=3) as started:
        yield started


@pytest.fixture
def upgrade(three_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    """Begun; taken back in any case."""
    begun = Upgrade(three_nodes, directory / "rollback")
    begun.begin()
    yield begun
    begun.back()


def bring(node: Node, kind: str, target: str) -> None:
    """Have the node as an upgrade may leave it."""
    if kind == "old":
        return
    if kind == "new":
        node.run(target)
        return
    node.stop()
    node.switch(target)
    if kind == "offline":
        return
    node.next_start(kind.upper())
    node.start()
    # a node shows no version while it starts (seen 7.9)
    node.wait(kind.upper(), None if kind == "starting" else target)


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(kinds, id="-".join(kinds), marks=() if kinds in QUICK else pytest.mark.long)
        for kinds in [("old", "old", "old"), *STATES]
    ],
)
def test_rollback(upgrade: Upgrade, kinds: tuple[str, ...]) -> None:
    # those that serve last, so that there is always one to ask
    for node, kind in reversed([*zip(upgrade.nodes.values(), kinds, strict=True)]):
        bring(node, kind, upgrade.target)
    changed = {name for name, kind in zip(upgrade.nodes, kinds, strict=True) if kind != "old"}
    down = {name for name, kind in zip(upgrade.nodes, kinds, strict=True) if kind not in SERVING}
    if len(down) < 2:
        # a run that was killed leaves this, too
        upgrade.simulator.at_control("PUT", "/nodes/node1", {"drained": True})

    # its wait for a node that hangs times out, once
    with upgrade.served():
        run = upgrade.play("rolling_upgrade_rollback", "--diff", rolling_upgrade_wait_timeout=40)
    assert run.returncode == 0, run.output
    upgrade.assert_at(upgrade.original)
    *nodes, last = done(run, "rollback")
    assert last == ("cancel",)
    order = [name for _action, name in nodes]
    assert set(order[: len(down)]) == down
    assert sorted(order) == sorted(changed)
    assert upgrade.starts(upgrade.original) == {name: int(name in changed) for name in upgrade.nodes}
    assert upgrade.posted() == {"start": 1, "cancel": 1}
