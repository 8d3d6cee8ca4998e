# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode prints is what the run then does, step by step; and check mode only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.simulator import Simulator

from .conftest import cluster
from .upgrade import Upgrade, done, planned


@pytest.fixture(scope="module")
def three_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "check-of-upgrade", nodes=3) as started:
        yield started


@pytest.fixture
def upgrade(three_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    begun = Upgrade(three_nodes, directory / "check-of-upgrade")
    yield begun
    begun.end()


def stable(upgrade: Upgrade) -> None:
    """Nothing is done yet, not even on disk."""


def ready(upgrade: Upgrade) -> None:
    upgrade.begin()


def one_done(upgrade: Upgrade) -> None:
    upgrade.begin()
    upgrade.nodes["node2"].run(upgrade.target)


def one_done_one_down(upgrade: Upgrade) -> None:
    one_done(upgrade)
    upgrade.nodes["node3"].stop()


def all_done(upgrade: Upgrade) -> None:
    upgrade.begin()
    for node in upgrade.nodes.values():
        node.run(upgrade.target)


def check(upgrade: Upgrade, playbook: str) -> list[tuple[str, ...]]:
    """The plan that a run in check mode prints, which sends only reads and leaves everything as it is."""

    def world() -> tuple[Any, ...]:
        # of the load balancer what it was told; when it finds a node running or stopped is its own affair
        drained = {name: backend["drained"] for name, backend in upgrade.simulator.backends().items()}
        return upgrade.simulator.snapshot(), upgrade.on_disk(), drained

    before = world()
    upgrade.simulator.forget_requests()
    run = upgrade.play(playbook, "--check", "--diff")
    assert run.returncode == 0, run.output
    assert upgrade.writes() == []
    assert world() == before
    plan = planned(run)
    # the plays that would do it say the same
    predictions = [event["host"] for event in run.events if event.get("task") == "Predict what is done at this node"
                   and event["status"] == "changed"]  # fmt: skip
    assert predictions == [step[1] for step in plan if step[0].endswith("_node")]
    return plan


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "begin", [pytest.param(stable, marks=LONG), pytest.param(ready, marks=LONG), pytest.param(one_done, marks=LONG),
              one_done_one_down, pytest.param(all_done, marks=LONG)]
)  # fmt: skip
def test_upgrade(upgrade: Upgrade, begin: Callable[[Upgrade], None]) -> None:
    begin(upgrade)
    plan = check(upgrade, "rolling_upgrade")
    assert plan[-1] == ("approve",)
    run = upgrade.play("rolling_upgrade", "--diff")
    assert run.returncode == 0, run.output
    assert done(run) == planned(run) == plan
    upgrade.assert_at(upgrade.target)


@LONG
@pytest.mark.parametrize("begin", [ready, one_done_one_down, all_done])
def test_rollback(upgrade: Upgrade, begin: Callable[[Upgrade], None]) -> None:
    begin(upgrade)
    plan = check(upgrade, "rolling_upgrade_rollback")
    assert plan[-1] == ("cancel",)
    run = upgrade.play("rolling_upgrade_rollback", "--diff")
    assert run.returncode == 0, run.output
    assert done(run, "rollback") == planned(run) == plan
    upgrade.assert_at(upgrade.original)


@LONG
def test_restart(upgrade: Upgrade) -> None:
    plan = check(upgrade, "rolling_restart")
    assert [name for _action, name in plan] == list(upgrade.nodes)
    run = upgrade.play("rolling_restart", "--diff")
    assert run.returncode == 0, run.output
    assert done(run, "restart") == planned(run) == plan
    upgrade.assert_at(upgrade.original)
