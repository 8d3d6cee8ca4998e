# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade that is killed goes on when it is run again: with SIGKILL for all of its processes, at any instant.

The points are the boundaries of every task that changes something, as a run without a kill tells them, and moments
inside of waits and of calls whose answer is on its way.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import yaml
from harness.playbook import Event, Run
from harness.simulator import Simulator, hooks

from .conftest import cluster
from .upgrade import Upgrade

#: An answer that comes so late that the run is killed before it.
LATE = {"kind": "delay", "seconds": 4, "when": "after"}
Step = Callable[[Upgrade, Event], None]


def nothing(upgrade: Upgrade, event: Event) -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Point:
    """Where a run is killed: when this task begins or has ended at this host, or at any.

    ``prepare`` is done while the run is held there; ``within`` lets it go on, and returns when it is to be killed.
    """

    event: str
    task: str
    host: str | None = None
    prepare: Step = nothing
    within: Step | None = None

    def met(self, event: Event) -> bool:
        name = event.get("name" if self.event == "begin" else "task")
        return event["event"] == self.event and name == self.task and self.host in (None, event["host"])

    def __str__(self) -> str:
        place = "inside" if self.within else {"begin": "before", "result": "after"}[self.event]
        return f"{place} '{self.task}' at {self.host or 'a host'}"


def killed(upgrade: Upgrade, point: Point) -> Run:
    """A run that was killed there."""
    with upgrade.started() as started:
        for event in started:
            if point.met(event):
                point.prepare(upgrade, event)
                if point.within:
                    started.go_on()
                    point.within(upgrade, event)
                started.kill()
                break
    run = started.finished()
    assert run.returncode == -signal.SIGKILL, f"never {point}\n{run.output}"
    return run


def until(true: Callable[[Upgrade], bool]) -> Step:
    """Wait until the cluster is so."""

    def wait(upgrade: Upgrade, event: Event) -> None:
        deadline = time.monotonic() + 30
        while not true(upgrade):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait


def a_node_is(state: str) -> Callable[[Upgrade], bool]:
    return lambda upgrade: state in {seen for seen, _version in upgrade.simulator.cluster()["nodes"].values()}


def the_cluster_is(state: str) -> Callable[[Upgrade], bool]:
    return lambda upgrade: bool(upgrade.simulator.cluster()["state"] == state)


def an_answer_is_late(upgrade: Upgrade) -> bool:
    return any(rule["hits"] for rule in upgrade.simulator.at_control("GET", "/faults")["faults"])


def the_answer_is_late(upgrade: Upgrade, event: Event) -> None:
    rule = {"path": "^/rest/zdu/", "count": 1, "fault": LATE}
    upgrade.simulator.at_control("POST", "/faults", rule)


def a_request_is_in_flight(upgrade: Upgrade, event: Event) -> None:
    """At the node itself, where the drain of the load balancer does not see it, and the stop waits for it."""
    rule = {"node": event["host"], "path": "/projects$", "count": 1, "fault": {"kind": "delay", "seconds": 10}}
    upgrade.simulator.at_control("POST", "/faults", rule)
    url = next(node["url"] for node in upgrade.simulator.facts["nodes"] if node["name"] == event["host"])

    def ask() -> None:
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{url}/rest/api/latest/projects", auth=upgrade.simulator.administrator, timeout=30)

    threading.Thread(target=ask).start()
    until(an_answer_is_late)(upgrade, event)


def the_upgrade_tasks_take_long(upgrade: Upgrade, event: Event) -> None:
    upgrade.simulator.at_control("PUT", "/upgrade-tasks", {"seconds": 6})


BACK = "Wait until the node is back at its version"

# In the order in which an upgrade comes to them.
TELLING = [
    # obeyed by the server, unknown to who asked
    Point("begin", "Start the rolling upgrade", prepare=the_answer_is_late, within=until(an_answer_is_late)),
    # nothing but drained
    Point("result", "Take the node out of the load balancer"),
    # stopping, for as long as a request is in flight
    Point("begin", "Run the stop script", prepare=a_request_is_in_flight, within=until(a_node_is("DRAINING"))),
    Point("result", "Point the link at the release"),
    Point("begin", BACK, within=until(a_node_is("STARTING"))),
    Point("begin", "Approve the upgrade", prepare=the_upgrade_tasks_take_long,
          within=until(the_cluster_is("RUNNING_UPGRADE_TASKS"))),
]  # fmt: skip


@pytest.fixture(scope="module")
def two_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "kill", nodes=2) as started:
        yield started


@pytest.fixture
def upgrade(two_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    begun = Upgrade(two_nodes, directory / "kill")
    yield begun
    begun.end()


def test_telling_points(upgrade: Upgrade) -> None:
    """One upgrade that dies again and again."""
    for point in TELLING:
        for node in upgrade.nodes.values():
            node.take_seconds_to_start(8 if point.task == BACK else 0.2)
        killed(upgrade, point)
        upgrade.simulator.at_control("DELETE", "/faults")
    upgrade.assert_done(upgrade.play())


# Every point, a few of them in each upgrade: a run that goes on where one was killed is killed farther on.
UPGRADES = 12
INSTANTS = 12


def points(run: Run) -> list[Point]:
    """Before and after each task that changed something, hooks included, and inside of each wait and change of mode."""
    of_hooks = {
        task["name"] for path in hooks().values() for task in yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    }
    found = []
    for event in run.events:
        if event["event"] != "result":
            continue
        place = event["task"], event["host"]
        if event["status"] == "changed" or (event["task"] in of_hooks and event["status"] == "ok"):
            found += [Point("begin", *place), Point("result", *place)]
        if event["status"] in ("ok", "changed") and event["action"].rpartition(".")[2] in (
            "cluster_wait",
            "rolling_upgrade",
        ):
            found.append(Point("begin", *place, prepare=the_answer_is_late, within=until(an_answer_is_late)))
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def reference(two_nodes: Simulator, directory: Path) -> Run:
    """A run that nobody kills."""
    upgrade = Upgrade(two_nodes, directory / "kill")
    run = upgrade.play()
    upgrade.assert_done(run)
    return run


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", range(UPGRADES))
def test_every_point(upgrade: Upgrade, reference: Run, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    every = points(reference)
    mine = every[number::UPGRADES]
    for point in mine:
        killed(upgrade, point)
        upgrade.simulator.at_control("DELETE", "/faults")
    upgrade.assert_done(upgrade.play())
    with capsys.disabled():
        print(f"\nkilled at {len(mine)} of {len(every)} points")


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(INSTANTS))
def test_any_instant(upgrade: Upgrade, reference: Run, seed: int) -> None:
    """Where no boundary is: in the middle of a module, of a copy, of a fork."""
    instant = random.Random(seed).uniform(0.05, 0.95) * reference.seconds
    with upgrade.started() as started:
        timer = threading.Timer(instant, started.kill)
        timer.start()
        for _event in started:
            pass
        timer.cancel()
    again = upgrade.play()
    assert again.returncode == 0, again.output
    upgrade.assert_at(upgrade.target)
    assert upgrade.posted() == {"start": 1, "approve": 1}
