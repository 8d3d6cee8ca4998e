# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of this collection costs, as a ratio to a task that does nothing, against a simulated cluster.

Seconds depend on the machine and on what else it does; the ratio to ansible.builtin.ping, which pays for the same
start of a Python process, much less. Nothing is asserted. `make benchmark` runs it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from gates import simulated

ROOT = Path(__file__).parents[2]
TASKS = 10
ROUNDS = 3

NOTHING = "ansible.builtin.ping"


def tasks(ready: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns what is measured: a name, and the module with its options."""
    repository = {key: ready["repositories"][0][key] for key in ("project_key", "repository")}
    return {
        "a task that does nothing": {NOTHING: {}},
        "cluster_info": {"bitbucket.datacenter.cluster_info": {}},
        "branch_info": {"bitbucket.datacenter.branch_info": repository},
        "branch, nothing to do": {
            "bitbucket.datacenter.branch": {**repository, "name": "benchmark/absent", "state": "absent"}
        },
    }


def seconds(task: dict[str, Any], directory: Path, environment: dict[str, str]) -> float:
    """Returns what one task costs: the difference between a play of many and a play of one, shared out."""

    def play(number: int) -> float:
        playbook = directory / "play.json"
        document = {"hosts": "localhost", "gather_facts": False, "tasks": [{**task, "loop": list(range(number))}]}
        playbook.write_text(json.dumps([document]), encoding="utf-8")
        started = time.monotonic()
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", playbook]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        return time.monotonic() - started

    return (play(TASKS + 1) - play(1)) / TASKS


def main() -> None:
    """Measures every task a few times, one after another, and prints the medians."""
    directory = ROOT / ".build" / "benchmark"
    with simulated.cluster(directory) as ready:
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            **{name.upper(): value for name, value in simulated.connection(ready).items()},
        }
        measured = {
            name: statistics.median(seconds(task, directory, environment) for round_number in range(ROUNDS))
            for name, task in tasks(ready).items()
        }
    least = next(iter(measured.values()))
    print(f"{'One task':30} {'seconds':>8} {'ratio':>6}")
    for name, value in measured.items():
        print(f"{name:30} {value:8.2f} {value / least:6.2f}")


if __name__ == "__main__":
    main()
