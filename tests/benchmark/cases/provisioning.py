# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branches for a hundred repositories: one task of this collection, loops of tasks, and scripts by hand.

Each of them finds the repositories with nothing but main, wherefore the branches are taken away by git before. All
talk to the entry address of a simulated cluster of three nodes on the same machine, where a request takes a few
milliseconds: with a real server all of them wait longer, and what Ansible itself costs weighs less.
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

import pygit2
from harness.simulator import Simulator, running

from benchmark.frame import Aim, Row, Table, compared, measured, times, together
from benchmark.plays import Plays

TESTS = Path(__file__).resolve().parents[2]
REPOSITORIES, BRANCHES = 100, 10
CONCURRENCY = 8
# Tasks of a loop that are really run, beside the first.
SAMPLE = 20
NAMES = [f"release/{number}.0" for number in range(1, BRANCHES + 1)]
SEED = {
    "users": [{"name": "admin", "password": "admin", "permission": "SYS_ADMIN"}],
    "projects": [{"key": "BENCH", "generate": {"repositories": REPOSITORIES, "branches": 1}}],
}

THREADED, EMPTY = f"requests script, {CONCURRENCY} threads", "empty playbook"
YARDSTICK = f"{THREADED}, and empty playbook"
BRANCHES_TASK = "branches, one task"
LOOP, URI_LOOP = "loop over branch (extrapolated)", "loop over ansible.builtin.uri (extrapolated)"
AGAIN = ", nothing to do"

ITEMS = [
    {"project_key": "BENCH", "repository": f"repo-{number}", "name": name, "start_point": "main"}
    for number in range(1, REPOSITORIES + 1)
    for name in NAMES
]
PROVISION = {
    "bitbucket.datacenter.branches": {"branches": "{{ wanted }}", "concurrency": CONCURRENCY},
}
BRANCH = {
    "bitbucket.datacenter.branch": {
        "project_key": "{{ item.project_key }}",
        "repository": "{{ item.repository }}",
        "name": "{{ item.name }}",
        "start_point": "{{ item.start_point }}",
    }
}
URI = {
    "ansible.builtin.uri": {
        "url": "{{ base }}/projects/{{ item.project_key }}/repos/{{ item.repository }}/branches",
        "method": "POST",
        "url_username": "{{ username }}",
        "url_password": "{{ password }}",
        "force_basic_auth": True,
        "body_format": "json",
        "body": {"name": "{{ item.name }}", "startPoint": "{{ item.start_point }}"},
        # 400 and 409 say that it is there already
        "status_code": [200, 201, 400, 409],
    }
}


def measure(directory: Path, rounds: int) -> list[Table]:
    seed = directory / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with running(directory / "cluster", "--seed", str(seed)) as simulator:
        return _Measurement(directory, simulator).tables(rounds)


class _Measurement:
    def __init__(self, directory: Path, simulator: Simulator) -> None:
        self._simulator = simulator
        self._plays = Plays(directory, simulator.connection)
        self._wanted = directory / "wanted.json"
        self._wanted.write_text(
            json.dumps(
                [
                    {**each, "branches": NAMES, "start_point": "main"}
                    for each in ({"project_key": "BENCH", "slug": f"repo-{n}"} for n in range(1, REPOSITORIES + 1))
                ]
            ),
            encoding="utf-8",
        )
        self._served: dict[str, list[dict[str, int]]] = {}

    def tables(self, rounds: int) -> list[Table]:
        name, password = self._simulator.administrator
        access = {"base": f"{self._simulator.url}/rest/branch-utils/latest", "username": name, "password": password}
        provision = functools.partial(self._plays.seconds, [PROVISION], wanted=ITEMS)
        threaded = functools.partial(self._script, "threaded", str(CONCURRENCY))
        subjects: dict[str, Callable[[], float]] = {
            EMPTY: lambda: self._plays.seconds([]),
            THREADED: lambda: self._fresh(threaded),
            THREADED + AGAIN: threaded,
            BRANCHES_TASK: lambda: self._fresh(lambda: self._counted("first run", provision)),
            BRANCHES_TASK + AGAIN: lambda: self._counted("second run", provision),
            "requests script, one after the other": lambda: self._fresh(lambda: self._script("sequential")),
            "atlassian-python-api script": lambda: self._fresh(lambda: self._script("library")),
            LOOP: lambda: self._fresh(lambda: self._loop(BRANCH)),
            URI_LOOP: lambda: self._fresh(lambda: self._loop(URI, **access)),
        }
        values = measured(subjects, "s", rounds)
        yardstick = together(values[THREADED], values[EMPTY])
        return [
            Table(
                f"{len(ITEMS):,} branches in {REPOSITORIES} repositories",
                compared({YARDSTICK: yardstick, **values}, "s"),
                f"Of the loops, {SAMPLE} tasks beside the first were run, and what they took is extrapolated to "
                f"{len(ITEMS):,}. The uri loop sends one POST for each branch and reads nothing. The scripts read each "
                "repository's branches, create what is missing, and look at no more than the status of an answer.",
                [
                    _at_most(1.25, BRANCHES_TASK, YARDSTICK, times(values[BRANCHES_TASK], yardstick)),
                    _at_least(100, BRANCHES_TASK, URI_LOOP, times(values[URI_LOOP], values[BRANCHES_TASK])),
                ],
            ),
            self._requests(),
        ]

    def _requests(self) -> Table:
        rows = [
            Row(
                f"{run}, {what}",
                "requests",
                tuple(
                    float(sum(count for call, count in served.items() if call.startswith("GET ") == reads))
                    for served in self._served[run]
                ),
            )
            for run in ("first run", "second run")
            for what, reads in (("reads", True), ("writes", False))
        ]
        _, _, reads, writes = (row.values for row in rows)
        return Table(
            f"Requests that {BRANCHES_TASK} sends, counted by the server",
            rows,
            aims=[
                Aim(
                    "the second run sends one read for each repository and no write",
                    f"{max(reads):.0f} reads for {REPOSITORIES} repositories, {max(writes):.0f} writes",
                    set(reads) == {float(REPOSITORIES)} and set(writes) == {0.0},
                )
            ],
        )

    def _fresh(self, measure: Callable[[], float]) -> float:
        """Take away all branches but main, then measure."""
        for each in self._simulator.repositories:
            repository = pygit2.Repository(each["path"])
            for branch in [name for name in repository.references if name != "refs/heads/main"]:
                repository.references.delete(branch)
        return measure()

    def _counted(self, run: str, measure: Callable[[], float]) -> float:
        self._simulator.forget_requests()
        seconds = measure()
        self._served.setdefault(run, []).append(self._simulator.requests_served())
        created = sum(len(refs) - 1 for refs in self._simulator.refs().values())
        if created != len(ITEMS):
            raise RuntimeError(f"{created} branches were created instead of {len(ITEMS)}")
        return seconds

    def _script(self, name: str, *arguments: str) -> float:
        environment = {**self._plays.environment, "PYTHONPATH": str(TESTS)}
        command = [sys.executable, "-m", f"benchmark.by_hand.{name}", str(self._wanted), *arguments]
        began = time.monotonic()
        subprocess.run(command, env=environment, check=True)
        return time.monotonic() - began

    def _loop(self, task: dict[str, Any], **variables: Any) -> float:
        """A sample that is spread over the repositories."""
        sample = ITEMS[:: len(ITEMS) // (SAMPLE + 2)][: SAMPLE + 2]
        first, each = self._plays.seconds_each(task, sample, **variables)
        return first + each * (len(ITEMS) - 1)


def _at_most(limit: float, what: str, other: str, found: float) -> Aim:
    return Aim(f"{what}, takes at most {limit} times as long as {other}", f"{found:.2f} times", found <= limit)


def _at_least(limit: float, what: str, other: str, found: float) -> Aim:
    return Aim(f"{what}, is more than {limit} times as fast as {other}", f"{found:.0f} times", found > limit)
