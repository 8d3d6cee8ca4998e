# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long task tells how far it is while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
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


def playbook(directory: Path, **task: object) -> str:
    path = directory / "progress.yml"
    module = {"branches": BRANCHES, "concurrency": 1, "progress_interval": 0.5}
    tasks = [{"name": "Many", "bitbucket.datacenter.branches": module, **task}]
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return str(path)


def lines(output: str) -> list[str]:
    """What was said between the name of the task and its result."""
    return output.partition("TASK [Many]")[2].partition("changed: [localhost]")[0].splitlines()[1:]


def test_lines_of_progress_come_while_the_task_runs(play: Play, directory: Path, slow: None) -> None:
    run = play(playbook(directory))
    assert run.returncode == 0, run.output
    assert "1 of 3 done, 1 changed, 0 failed" in lines(run.output)


def test_a_task_in_the_background_runs_like_any_other(play: Play, directory: Path) -> None:
    run = play(playbook(directory, **{"async": 60, "poll": 1}))
    assert run.returncode == 0, run.output
    assert "localhost                  : ok=1" in run.output
