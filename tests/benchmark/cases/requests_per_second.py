# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests per second: the simulated cluster compared with a bare aiohttp handler.

Each server process runs on one core, the clients on another, as far as the machine has them; through the entry
address all of them share the cores. The listing is of 25 branches, the default page, and needs authentication and
the permission to read.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.simulator import Simulator, running

from benchmark.frame import Table, take_turns, title
from benchmark.load import answers_per_second

TESTS = Path(__file__).resolve().parents[2]
SEED = {
    "users": [{"name": "admin", "password": "admin", "permission": "SYS_ADMIN"}],
    "projects": [{"key": "LOAD", "generate": {"repositories": 3, "branches": 30}}],
}
LISTING = "/rest/api/latest/projects/LOAD/repos/repo-1/branches"
CREATION = "/rest/branch-utils/latest/projects/LOAD/repos/repo-{number}/branches"


def cores() -> tuple[int | None, int | None]:
    """For servers and for clients; None where they must share."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


@contextlib.contextmanager
def ping_server(core: int | None) -> Iterator[str]:
    """Its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmark.ping"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def pin(simulator: Simulator, core: int) -> None:
    """Every thread of every node onto one core."""
    for node in simulator.facts["nodes"]:
        pid = int(Path(node["home"], "log", "bitbucket.pid").read_text(encoding="ascii"))
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def measure(directory: Path, rounds: int) -> list[Table]:
    server_core, client_core = cores()
    seed = directory / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with ping_server(server_core) as ping, running(directory / "cluster", "--seed", str(seed)) as simulator:
        if server_core is not None:
            pin(simulator, server_core)
        node = simulator.facts["nodes"][0]["url"]

        def get(base: str) -> float:
            return answers_per_second(base + LISTING, user="admin", core=client_core)

        def create(base: str, number: int) -> float:
            body = '{"name": "load/{n}", "startPoint": "main"}'
            return answers_per_second(
                base + CREATION.format(number=number), method="POST", json_body=body, user="admin", core=client_core
            )

        subjects = {
            "bare aiohttp handler": lambda: answers_per_second(ping, core=client_core),
            "branch listing, one node": lambda: get(node),
            "branch creation, one node": lambda: create(node, 2),
            "branch listing, entry and three nodes": lambda: get(simulator.url),
            "branch creation, entry and three nodes": lambda: create(simulator.url, 3),
        }
        return [Table(title(__doc__), take_turns(subjects, "1/s", rounds))]
