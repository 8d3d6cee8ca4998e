# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading 5,000 commits: commit_info, and a loop over pages with requests.

Both ask one node of a simulated cluster for the same pages. A module's process is measured as a host runs it, without
Ansible's own start of a task; beside it stands a module that does nothing. What a playbook adds is measured, too: that
of one task with commit_info, and that of one task with ansible.builtin.ping.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.history import spin
from harness.simulator import Simulator, running

from benchmark.frame import Aim, Row, Table, compared, measured, times, together
from benchmark.plays import ROOT, Plays

TESTS = Path(__file__).resolve().parents[2]
COMMITS = 5000
PAGE = 100
LIMIT = 1.2
REPOSITORY = {"project_key": "BENCH", "repository": "long"}
SEED = {
    "users": [{"name": "admin", "password": "admin", "permission": "SYS_ADMIN"}],
    "projects": [{"key": REPOSITORY["project_key"], "repositories": [{"slug": REPOSITORY["repository"]}]}],
}

LOOP = "loop with requests"
MODULE = "commit_info, its process"
NOTHING = "a module that does nothing, its process"
PLAY = "playbook of one commit_info"
PLAY_OF_NOTHING = "playbook of one ansible.builtin.ping"
BOTH = f"{LOOP}, and {PLAY_OF_NOTHING}"
TASK = {"bitbucket.datacenter.commit_info": REPOSITORY}


def measure(directory: Path, rounds: int) -> list[Table]:
    seed = directory / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with running(directory / "cluster", "--nodes", "1", "--seed", str(seed)) as simulator:
        spin(Path(simulator.repositories[0]["path"]), COMMITS)
        return _Measurement(directory, simulator).tables(rounds)


class _Measurement:
    def __init__(self, directory: Path, simulator: Simulator) -> None:
        self._simulator = simulator
        # not by the entry address, which is a process more
        node = simulator.facts["nodes"][0]["url"] + simulator.facts["context_path"]
        self._plays = Plays(directory, {**simulator.connection, "BITBUCKET_URL": node})
        self._requests: dict[str, float] = {}

    def tables(self, rounds: int) -> list[Table]:
        subjects: dict[str, Callable[[], float]] = {
            LOOP: functools.partial(self._reading, LOOP, self._loop),
            MODULE: functools.partial(self._reading, MODULE, self._module),
            NOTHING: lambda: self._process("ansible.modules.ping", {})[0],
            PLAY: functools.partial(self._reading, PLAY, lambda: (self._plays.seconds([TASK]), COMMITS)),
            PLAY_OF_NOTHING: lambda: self._plays.seconds([{"ansible.builtin.ping": {}}]),
        }
        values = measured(subjects, "s", rounds)
        processes, plays = (together(values[LOOP], values[what]) for what in (NOTHING, PLAY_OF_NOTHING))
        return [
            Table(
                f"Reading {COMMITS:,} commits over {COMMITS // PAGE} pages",
                compared({each: values[each] for each in (LOOP, MODULE, NOTHING)}, "s"),
                f"The server gives {PAGE} commits on a page. The loop keeps them as the server sends them; the module "
                "checks their shape, makes the user's view of them, hides secrets in it and prints it.",
                [
                    _aim("the loop", times(values[MODULE], values[LOOP])),
                    _aim("the loop and a module that does nothing", times(values[MODULE], processes)),
                ],
            ),
            Table(
                "The same in a playbook",
                compared({BOTH: plays, PLAY: values[PLAY], PLAY_OF_NOTHING: values[PLAY_OF_NOTHING]}, "s"),
                f"Ansible itself takes in what the module prints, {COMMITS:,} commits, which costs it time, too.",
            ),
            Table(
                "Requests, counted by the server",
                [Row(what, "requests", (count,)) for what, count in self._requests.items()],
                "As many as there are pages; the module asks first where the default branch is.",
                [
                    Aim(
                        "the module sends one request for each page, and one more",
                        f"{self._requests[MODULE]:.0f}",
                        self._requests[MODULE] == COMMITS / PAGE + 1,
                    )
                ],
            ),
        ]

    def _reading(self, what: str, read: Callable[[], tuple[float, int]]) -> float:
        """Its seconds; RuntimeError where it has not read all of them."""
        self._simulator.forget_requests()
        seconds, count = read()
        if count != COMMITS:
            raise RuntimeError(f"{what}: {count} commits were read instead of {COMMITS}")
        self._requests[what] = float(sum(self._simulator.requests_served().values()))
        return seconds

    def _loop(self) -> tuple[float, int]:
        environment = {**self._plays.environment, "PYTHONPATH": str(TESTS)}
        command = [sys.executable, "-m", "benchmark.by_hand.commits", *REPOSITORY.values()]
        began = time.monotonic()
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return time.monotonic() - began, int(done.stdout)

    def _module(self) -> tuple[float, int]:
        seconds, result = self._process(
            "ansible_collections.bitbucket.datacenter.plugins.modules.commit_info", REPOSITORY
        )
        return seconds, len(result["commits"])

    def _process(self, module: str, options: dict[str, str]) -> tuple[float, dict[str, Any]]:
        """A module's process: its seconds and its result."""
        environment = {**self._plays.environment, "PYTHONPATH": str(ROOT / ".build" / "collections")}
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", module],
            env=environment,
            input=json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode(),
            check=True,
            capture_output=True,
        )
        return time.monotonic() - began, json.loads(done.stdout)


def _aim(other: str, found: float) -> Aim:
    return Aim(f"the module takes at most {LIMIT} times as long as {other}", f"{found:.2f} times", found <= LIMIT)
