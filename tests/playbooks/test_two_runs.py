# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at the same time on one cluster: one of them works, the other ends before it changes anything.

While they run, a watcher sees how many nodes are down, by their processes and by what the cluster lists.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from harness.playbook import Event, Run
from harness.simulator import Simulator

from .conftest import cluster
from .upgrade import Upgrade, why

REFUSED = "holds the lock of this cluster since"
TAKEN_OVER = "this run has taken over the lock of this cluster"
#: What two playbooks can both begin with, and how a cluster gets there.
BEGINNINGS: dict[str, tuple[str, ...]] = {
    "stable": ("rolling_upgrade", "rolling_upgrade_begin", "rolling_restart"),
    "begun": ("rolling_upgrade", "rolling_upgrade_nodes", "rolling_upgrade_rollback"),
    "upgraded": ("rolling_upgrade", "rolling_upgrade_finalize", "rolling_upgrade_rollback"),
}
PAIRS = [
    (beginning, *pair)
    for beginning, playbooks in BEGINNINGS.items()
    for pair in itertools.combinations_with_replacement(playbooks, 2)
]
OFFSETS = [1.5 * number for number in range(20)]
#: Seconds after which the second run begins, for `make test`.
QUICK = [
    ("stable", "rolling_upgrade", "rolling_upgrade", 0.0),
    ("stable", "rolling_upgrade", "rolling_restart", 6.0),
    ("begun", "rolling_upgrade_nodes", "rolling_upgrade_rollback", 3.0),
]


@pytest.fixture(scope="module")
def two_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "two-runs", nodes=2) as started:
        yield started


@pytest.fixture
def upgrade(two_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    begun = Upgrade(two_nodes, directory / "two-runs")
    yield begun
    begun.end()


class Watcher:
    """Sees how many nodes are down at once, as long as the block lasts."""

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most = 0
        self.looks = 0

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end.set()
        self._thread.join()
        assert self.looks > 0

    def _watch(self) -> None:
        simulator = self._upgrade.simulator
        with requests.Session() as http:
            http.trust_env = False
            while not self._end.wait(0.05):
                self._see(sum(not _runs(node.home) for node in self._upgrade.nodes.values()))
                # a node that is about to stop does not answer
                with contextlib.suppress(requests.RequestException, KeyError, ValueError):
                    url = f"{simulator.url}/rest/zdu/cluster"
                    listed = http.get(url, auth=simulator.administrator, timeout=5).json()["nodes"]
                    active = sum(row["state"] == "ACTIVE" for row in listed)
                    self._see(len(self._upgrade.nodes) - active)

    def _see(self, down: int) -> None:
        self.looks += 1
        self.most = max(self.most, down)


def _runs(home: Path) -> bool:
    """Whether the process of a node is there."""
    try:
        pid = (home / "log" / "bitbucket.pid").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return False
    return Path("/proc", pid).exists()


def locks(upgrade: Upgrade) -> Path:
    return Path(upgrade.simulator.facts["data_dir"]) / "shared" / "rolling_upgrade.lock"


def holder(upgrade: Upgrade) -> dict[str, Any] | None:
    """Who holds the lock, read without the module."""
    newest = max(locks(upgrade).glob("[0-9]*"), key=lambda path: int(path.name), default=None)
    found: dict[str, Any] | None = json.loads(newest.read_text(encoding="utf-8"))["holder"] if newest else None
    return found


def hold_as_another(upgrade: Upgrade) -> None:
    """Have the lock held by a run on another controller, of which nothing else is known."""
    locks(upgrade).mkdir(exist_ok=True)
    number = max((int(path.name) for path in locks(upgrade).glob("[0-9]*")), default=0) + 1
    bob = {"run": "another", "host": "ctl2.example.com", "user": "bob", "purpose": "rolling restart"}
    content = {"id": f"of bob {number}", "holder": bob, "taken": time.time()}
    (locks(upgrade) / str(number)).write_text(json.dumps(content), encoding="utf-8")


def prepare(upgrade: Upgrade, beginning: str) -> None:
    if beginning == "stable":
        return
    upgrade.begin()
    if beginning == "upgraded":
        for node in upgrade.nodes.values():
            node.run(upgrade.target)


def both(upgrade: Upgrade, first: str, second: str, offset: float) -> tuple[Run, Run]:
    def later() -> Run:
        time.sleep(offset)
        return upgrade.play(second)

    with ThreadPoolExecutor(2) as pool:
        runs = pool.submit(upgrade.play, first), pool.submit(later)
        return runs[0].result(), runs[1].result()


def two_runs(upgrade: Upgrade, beginning: str, first: str, second: str, offset: float) -> None:
    prepare(upgrade, beginning)
    upgrade.simulator.forget_requests()
    with Watcher(upgrade) as watcher:
        runs = both(upgrade, first, second, offset)
    output = "\n".join(run.output for run in runs)
    assert watcher.most <= 1, output
    assert all(count == 1 for count in upgrade.posted().values()), output
    assert any(run.returncode == 0 for run in runs), output
    for run in runs:
        if run.returncode != 0:
            # it met the other one, or came after it, to a cluster where nothing of its own was left to do
            assert REFUSED in why(run) or not any(REFUSED in other.output for other in runs), output
            assert run.changed == 0, output
    assert holder(upgrade) is None
    upgrade.assert_nothing_drained()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("beginning", "first", "second", "offset"), QUICK)
def test_two_runs(upgrade: Upgrade, beginning: str, first: str, second: str, offset: float) -> None:
    two_runs(upgrade, beginning, first, second, offset)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize(("beginning", "first", "second"), PAIRS)
def test_any_two_runs_at_any_time(upgrade: Upgrade, beginning: str, first: str, second: str, offset: float) -> None:
    two_runs(upgrade, beginning, first, second, offset)


# -- a run that was killed --------------------------------------------------------------------------------------------

#: The tasks at which the holder is killed, each while a node is about to be stopped, is stopped, or starts.
KILLED_AT = [
    "Take this node out of the load balancer",
    "Run the stop script",
    "Run the start script",
    "Approve the upgrade",
]


def killed(upgrade: Upgrade, task: str, seconds: float) -> Run:
    """A run that was killed so long after a task of this name had begun."""
    with upgrade.started() as started:
        for event in started:
            if event["event"] == "begin" and event["name"].endswith(task):
                started.go_on()
                time.sleep(seconds)
                started.kill()
                break
    run = started.finished()
    assert run.returncode == -signal.SIGKILL, f"never {task}\n{run.output}"
    return run


def goes_on_after(upgrade: Upgrade, task: str, seconds: float) -> None:
    with Watcher(upgrade) as watcher:
        killed(upgrade, task, seconds)
        assert holder(upgrade) is not None
        run = upgrade.play()
    upgrade.assert_done(run)
    assert TAKEN_OVER in run.output
    assert watcher.most <= 1
    assert holder(upgrade) is None


@pytest.mark.timeout(900)
def test_the_lock_of_a_run_that_was_killed_is_taken_over(upgrade: Upgrade) -> None:
    goes_on_after(upgrade, "Run the stop script", 0.3)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("task", KILLED_AT)
def test_killed_at_any_time(upgrade: Upgrade, task: str, seconds: float) -> None:
    goes_on_after(upgrade, task, seconds)


@pytest.mark.timeout(900)
def test_a_run_on_another_controller(upgrade: Upgrade) -> None:
    """Of which nobody knows whether it goes on: only the user's word or its age counts."""
    hold_as_another(upgrade)
    refused = upgrade.play()
    message = why(refused)
    assert message.startswith("bob at ctl2.example.com holds the lock of this cluster since 20")
    assert "for the rolling restart" in message and "rolling_upgrade_take_over=true" in message
    assert refused.changed == 0 and upgrade.writes() == []
    assert "rolling_upgrade_report" not in refused.output

    # shown where nothing is changed, without a reason not to show the plan
    predicted = upgrade.play("rolling_upgrade", "--check")
    assert predicted.returncode == 0, predicted.output
    assert predicted.output.count("WARNING: bob at ctl2.example.com holds the lock") == 1

    # as a survey gives it
    run = upgrade.play("rolling_upgrade", "--extra-vars", "rolling_upgrade_take_over=true")
    upgrade.assert_done(run)
    assert run.output.count(f"WARNING: {TAKEN_OVER} from bob at ctl2.example.com") == 1


# -- a lock that is lost, and one that is given back ------------------------------------------------------------------


def play_and(upgrade: Upgrade, task: str, do: Callable[[], None]) -> Run:
    """A run during which something is done before the first task of this name."""
    met: list[str] = []

    def meet(event: Event) -> None:
        if event["event"] == "begin" and event["name"].endswith(task) and not met:
            met.append(task)
            do()

    with upgrade.started() as started:
        for event in started:
            meet(event)
    assert met, f"never {task}"
    return started.finished()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "task", ["Take the node out of the load balancer", pytest.param("Run the stop script", marks=pytest.mark.long)]
)
def test_a_run_that_lost_its_lock_touches_nothing_more(upgrade: Upgrade, task: str) -> None:
    stops = task == "Run the stop script"
    lost = play_and(upgrade, task, lambda: hold_as_another(upgrade))
    message = why(lost)
    assert message.startswith("bob at ctl2.example.com holds the lock of this cluster since 20"), message
    assert "has taken it over from this run" in message and "node1 may still be drained" in message
    done = {event["task"] for event in lost.events if event.get("status") in ("ok", "changed")}
    assert ("Run the stop script" in done) is stops
    later = {"Point the link at the release", "Run the start script", "Put the node back into the load balancer"}
    assert not later & done
    state = "OFFLINE" if stops else "ACTIVE"
    assert {name: seen[0] for name, seen in upgrade.simulator.cluster()["nodes"].items()} == {
        "node1": state,
        "node2": "ACTIVE",
    }
    held = holder(upgrade)
    assert held and held["user"] == "bob"
    upgrade.assert_done(upgrade.play(rolling_upgrade_take_over=True))


@pytest.mark.timeout(900)
def test_the_lock_is_given_back_after_a_failure(upgrade: Upgrade) -> None:
    wrong = {"rolling_upgrade_archive_checksum": f"sha256:{'0' * 64}"}
    refused = upgrade.play("rolling_upgrade_begin", **wrong)
    assert "SHA-256" in why(refused) or "did not match" in why(refused)
    assert locks(upgrade).exists() and holder(upgrade) is None

    upgrade.nodes["node1"].next_start("EXIT")
    failed = upgrade.play(rolling_upgrade_wait_timeout=5)
    assert "node1 was not upgraded" in why(failed)
    assert holder(upgrade) is None
    upgrade.assert_nothing_drained()


@pytest.mark.timeout(900)
def test_without_a_lock(upgrade: Upgrade) -> None:
    """For this cluster another run holds it, which does not matter then; each playbook shows it once."""
    hold_as_another(upgrade)
    run = upgrade.play("rolling_restart", rolling_upgrade_lock_dir="")
    assert run.returncode == 0, run.output
    assert run.output.count("WARNING: rolling_upgrade_lock_dir is empty") == 1


def test_a_place_that_does_not_exist(upgrade: Upgrade) -> None:
    refused = upgrade.play("rolling_restart", rolling_upgrade_lock_dir="/nonexistent/lock")
    assert "The lock /nonexistent/lock cannot be used (No such file or directory" in why(refused)
    assert "rolling_upgrade_lock_dir" in why(refused)
    assert refused.changed == 0
