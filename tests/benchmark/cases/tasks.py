# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of this collection costs, compared with a task that does nothing.

ansible.builtin.ping pays for the same start of a Python process. The cost of one task is the difference between a
play of many and a play of one, shared out.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from harness.simulator import Simulator, running

from benchmark.frame import Table, take_turns, title
from benchmark.plays import Plays

TASKS = 10
ROUNDS = 3


def tasks(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """What is measured: a name, and the module with its options."""
    repository = {key: simulator.repositories[0][key] for key in ("project_key", "repository")}
    return {
        "a task that does nothing": {"ansible.builtin.ping": {}},
        "ansible.builtin.uri, one page of branches": {"ansible.builtin.uri": _page_of_branches(simulator, repository)},
        "cluster_info": {"bitbucket.datacenter.cluster_info": {}},
        "branch_info": {"bitbucket.datacenter.branch_info": repository},
        "branch, nothing to do": {
            "bitbucket.datacenter.branch": {**repository, "name": "benchmark/absent", "state": "absent"}
        },
    }


def _page_of_branches(simulator: Simulator, repository: dict[str, str]) -> dict[str, Any]:
    """The same reading as branch_info's, by hand."""
    name, password = simulator.administrator
    path = f"/rest/api/latest/projects/{repository['project_key']}/repos/{repository['repository']}/branches"
    return {
        "url": f"{simulator.url}{path}?limit=1000",
        "url_username": name,
        "url_password": password,
        "force_basic_auth": True,
        "return_content": True,
    }


def measure(directory: Path, rounds: int) -> list[Table]:
    with running(directory / "cluster") as simulator:
        plays = Plays(directory, simulator.connection)

        def seconds(task: dict[str, Any]) -> float:
            return plays.seconds_each(task, list(range(TASKS + 2)))[1]

        subjects = {name: functools.partial(seconds, task) for name, task in tasks(simulator).items()}
        return [Table(title(__doc__), take_turns(subjects, "s", min(rounds, ROUNDS)))]
