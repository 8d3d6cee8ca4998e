# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long task tells how far it is while it runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import COMMUNITY, Playbooks
from harness.simulator import Simulator

from .conftest import Play

BRANCHES = [
    {"project_key": "PLAT", "repository": repository, "name": f"progress/{number}", "start_point": "main"}
    for repository in ("api", "worker", "infra")
    for number in range(5)
]


@pytest.fixture
def slow(simulator: Simulator) -> Iterator[None]:
    """A server that takes its time for each creation."""
    rule = {"method": "POST", "fault": {"kind": "delay", "seconds": 0.3}}
    simulator.http.post(f"{simulator.control}/faults", json=rule, timeout=30).raise_for_status()
    yield
    simulator.http.delete(f"{simulator.control}/faults", timeout=30).raise_for_status()


def playbook(directory: Path, module: str, options: dict[str, Any], **task: object) -> str:
    path = directory / "progress.yml"
    tasks = [{"name": "Tell", f"bitbucket.datacenter.{module}": options, **task}]
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return str(path)


def many(directory: Path, **task: object) -> str:
    options = {"branches": BRANCHES, "concurrency": 1, "progress_interval": 0.5}
    return playbook(directory, "branches", options, **task)


def lines(output: str) -> list[str]:
    """What was said between the name of the task and its result."""
    said = output.partition("TASK [Tell]")[2].splitlines()[1:]
    results = ("ok:", "changed:", "fatal:", "[ERROR]")
    return said[: next(place for place, line in enumerate(said) if line.startswith(results))]


def test_lines_of_progress_come_while_the_task_runs(play: Play, directory: Path, slow: None) -> None:
    run = play(many(directory))
    assert run.returncode == 0, run.output
    assert "1 of 3 done, 1 changed, 0 failed" in lines(run.output)


def test_a_task_in_the_background_runs_like_any_other(play: Play, directory: Path) -> None:
    run = play(many(directory, **{"async": 60, "poll": 1}))
    assert run.returncode == 0, run.output
    assert "localhost                  : ok=1" in run.output


OVERRIDE = "nodes/node2/override"


@pytest.fixture
def control(simulator: Simulator) -> Iterator[Any]:
    """Shows node2 as it is not; it, and the load balancer, are as they were in the end."""

    def put(path: str, **body: object) -> None:
        simulator.http.put(f"{simulator.control}/{path}", json=body, timeout=30).raise_for_status()

    yield put
    put("entry", listening=True)
    put(OVERRIDE, state=None, tasks_total=None)


def test_a_wait_tells_at_once_what_has_changed(play: Play, simulator: Simulator, directory: Path, control: Any) -> None:
    def change() -> None:
        while not simulator.requests_served():
            time.sleep(0.1)
        time.sleep(0.5)
        control(OVERRIDE, state="DRAINING", tasks_total=5)
        time.sleep(0.7)
        control("entry", listening=False)
        time.sleep(0.7)
        control(OVERRIDE, state=None, tasks_total=None)
        control("entry", listening=True)

    control(OVERRIDE, state="STARTING")
    simulator.forget_requests()
    # it would be the only line if changes had to wait
    node = simulator.label("node2")
    wait = {"node": node, "state": "ACTIVE", "wait_delay": 0.2, "wait_timeout": 60, "progress_interval": 600}
    changes = threading.Thread(target=change)
    changes.start()
    run = play(playbook(directory, "cluster_wait", wait))
    changes.join()
    assert run.returncode == 0, run.output
    starting, draining, failed = lines(run.output)
    version = simulator.cluster()["nodes"]["node2"][1]
    assert starting == f"node {node}: STARTING, wanted ACTIVE, 0 of 60 s"
    assert draining.startswith(f"node {node}: DRAINING at {version} with 5 tasks, wanted ACTIVE, ")
    assert failed.startswith(f"node {node}: the look failed, GET /rest/zdu/cluster got no answer from ")


def test_a_wait_repeats_itself_where_nothing_changes(play: Play, directory: Path, simulator: Simulator) -> None:
    first = simulator.label("node1")
    wait = {"state": "MIXED", "wait_delay": 0.2, "wait_timeout": 2, "progress_interval": 0.5}
    run = play(playbook(directory, "cluster_wait", wait))
    assert run.returncode != 0
    assert f"in vain for the cluster to be MIXED: it is STABLE ({first} ACTIVE at " in run.failures[0]["msg"]
    said = lines(run.output)
    assert 3 <= len(said) <= 5
    assert all(line.startswith(f"the cluster: STABLE ({first} ACTIVE at ") for line in said)


@pytest.fixture
def playbooks(simulator: Simulator, directory: Path) -> Playbooks:
    """With collections that bring callbacks for programs."""
    return Playbooks(directory / "shared" / "ansible", simulator.connection, others=[COMMUNITY])


WAIT = {"state": "MIXED", "wait_delay": 0.2, "wait_timeout": 1.5, "progress_interval": 0.3}
LINE = "the cluster: STABLE ("


@pytest.mark.parametrize("callback", ["ansible.posix.json", "ansible.posix.jsonl"])
def test_json_for_programs_holds_no_line_of_progress(
    playbooks: Playbooks, simulator: Simulator, directory: Path, callback: str
) -> None:
    path = playbook(directory, "cluster_wait", WAIT)
    run = playbooks.run(path, environment={"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_DEPRECATION_WARNINGS": "0"})
    assert run.returncode == 2
    documents = [run.output] if callback.endswith("json") else run.output.splitlines()
    # warnings of Ansible itself are printed to standard error, which is read here too
    assert all(json.loads(text) for text in documents if not text.startswith("[")), run.output
    assert LINE not in run.output


@pytest.mark.parametrize(
    ("callback", "expected"),
    [("default", True), ("ansible.posix.debug", True), ("minimal", False), ("oneline", False)],
)
def test_lines_of_progress_are_for_callbacks_for_people(
    playbooks: Playbooks, directory: Path, callback: str, expected: bool
) -> None:
    run = playbooks.run(playbook(directory, "cluster_wait", WAIT), environment={"ANSIBLE_STDOUT_CALLBACK": callback})
    assert run.returncode == 2
    assert any(line.startswith(LINE) for line in run.output.splitlines()) is expected, run.output
