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

EMPTY = "empty playbook"
THREADED = f"requests script, {CONCURRENCY} threads"
YARDSTICK = f"{THREADED}, and empty playbook"
LIST = f"branches, a list of {REPOSITORIES * BRANCHES:,}"
DOCUMENT = "branches, a document of one rule"
LOOP = "loop over branch (extrapolated)"
URI_LOOP = "loop over ansible.builtin.uri (extrapolated)"
AGAIN = ", nothing to do"

ITEMS = [
    {"project_key": "BENCH", "repository": f"repo-{number}", "name": name, "start_point": "main"}
    for number in range(1, REPOSITORIES + 1)
    for name in NAMES
]
RULE = {
    "project_key": "BENCH",
    "repository": "*",
    "branches": [{"name": name, "start_point": "main"} for name in NAMES],
}
BY_LIST = {"bitbucket.datacenter.branches": {"branches": "{{ wanted }}", "concurrency": CONCURRENCY}}
BY_DOCUMENT = {"bitbucket.datacenter.branches": {"document": "{{ wanted }}", "concurrency": CONCURRENCY}}
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
        self._served: dict[str, dict[str, list[dict[str, int]]]] = {}

    def tables(self, rounds: int) -> list[Table]:
        name, password = self._simulator.administrator
        access = {"base": f"{self._simulator.url}/rest/branch-utils/latest", "username": name, "password": password}
        threaded = functools.partial(self._script, "threaded", str(CONCURRENCY))
        by_list = functools.partial(self._provision, LIST, BY_LIST, ITEMS)
        by_document = functools.partial(self._provision, DOCUMENT, BY_DOCUMENT, {"repositories": [RULE]})
        subjects: dict[str, Callable[[], float]] = {
            EMPTY: lambda: self._plays.seconds([]),
            "playbook of one ansible.builtin.ping": lambda: self._plays.seconds([{"ansible.builtin.ping": {}}]),
            THREADED: lambda: self._fresh(threaded),
            DOCUMENT: lambda: self._fresh(by_document),
            LIST: lambda: self._fresh(by_list),
            THREADED + AGAIN: threaded,
            DOCUMENT + AGAIN: by_document,
            LIST + AGAIN: by_list,
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
                    *(_at_most(1.25, what, YARDSTICK, times(values[what], yardstick)) for what in (DOCUMENT, LIST)),
                    *(
                        _at_least(100, what, URI_LOOP, times(values[URI_LOOP], values[what]))
                        for what in (DOCUMENT, LIST)
                    ),
                ],
            ),
            self._requests(),
        ]

    def _requests(self) -> Table:
        counted = {
            (what, run, kind): tuple(
                float(sum(count for call, count in served.items() if call.startswith("GET ") == (kind == "reads")))
                for served in self._served[what][run]
            )
            for what in (DOCUMENT, LIST)
            for run in ("first run", "second run")
            for kind in ("reads", "writes")
        }
        reads, writes = (max(counted[LIST, "second run", kind]) for kind in ("reads", "writes"))
        return Table(
            "Requests, counted by the server",
            [Row(f"{what}: {run}, {kind}", "requests", found) for (what, run, kind), found in counted.items()],
            "The document's rule is for every repository of a project, which has to be listed once.",
            [
                Aim(
                    "the second run sends one read for each repository and no write",
                    f"{reads:.0f} reads for {REPOSITORIES} repositories, {writes:.0f} writes",
                    reads <= REPOSITORIES and writes == 0,
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

    def _provision(self, what: str, task: dict[str, Any], wanted: Any) -> float:
        """Run it, and see what it sent and that each branch is there."""
        run = "second run" if self._created() else "first run"
        self._simulator.forget_requests()
        seconds = self._plays.seconds([task], wanted=wanted)
        self._served.setdefault(what, {}).setdefault(run, []).append(self._simulator.requests_served())
        if self._created() != len(ITEMS):
            raise RuntimeError(f"{self._created()} branches were created instead of {len(ITEMS)}")
        return seconds

    def _created(self) -> int:
        paths = (each["path"] for each in self._simulator.repositories)
        return sum(len([*pygit2.Repository(path).references]) - 1 for path in paths)

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
