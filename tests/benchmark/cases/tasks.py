# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of this collection costs, compared with a task that does nothing.

ansible.builtin.ping pays for the same start of a Python process. The cost of one task is the difference between a
play of many and a play of one, shared out.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness.simulator import Simulator, running

from benchmark.frame import Row, take_turns

ROOT = Path(__file__).resolve().parents[3]
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


def seconds(task: dict[str, Any], directory: Path, environment: dict[str, str]) -> float:
    """What one task costs."""

    def play(number: int) -> float:
        playbook = directory / "play.json"
        document = {"hosts": "localhost", "gather_facts": False, "tasks": [{**task, "loop": list(range(number))}]}
        playbook.write_text(json.dumps([document]), encoding="utf-8")
        began = time.monotonic()
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", playbook]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        return time.monotonic() - began

    return (play(TASKS + 1) - play(1)) / TASKS


def measure(directory: Path, rounds: int) -> list[Row]:
    with running(directory / "cluster") as simulator:
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            **simulator.connection,
        }
        subjects = {
            name: functools.partial(seconds, task, directory, environment) for name, task in tasks(simulator).items()
        }
        return take_turns(subjects, "s", min(rounds, ROUNDS))
