# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of a large estate in check mode: ten branches in each of up to ten thousand repositories.

One rule of a document stands for all of them. None of the branches is there, so that each of them is in the result
and in the diff, which is the most that can come of a run. The estate is made up by a server that only lists it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.frame import Aim, Row, Table
from benchmark.plays import Plays

TESTS = Path(__file__).resolve().parents[2]
SIZES = (1_000, 3_000, 10_000)
BRANCHES = 10
MOST_MB = 300
# How much steeper than the first part the second may be, to be called a line.
LINEAR = 1.1
ROUNDS = 3
SECONDS_BETWEEN_LOOKS = 0.02
# In MB.
KIB = 1024 / 1_000_000


def measure(directory: Path, rounds: int) -> list[Table]:
    modules: dict[int, list[float]] = {size: [] for size in SIZES}
    controllers: dict[int, list[float]] = {size: [] for size in SIZES}
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    rounds = min(rounds, ROUNDS)
    with _made_up() as url:
        for number in range(1, rounds + 1):
            for size in SIZES:
                began = time.monotonic()
                module, controller = _peaks(directory, url, size)
                seconds[size].append(time.monotonic() - began)
                modules[size].append(module)
                controllers[size].append(controller)
                print(
                    f"  round {number} of {rounds}: {size:6,} repositories, module {module:.0f} MB,"
                    f" controller {controller:.0f} MB, {seconds[size][-1]:.1f} s",
                    flush=True,
                )
    memory = _rows(modules, "MB")
    note = (
        f"{BRANCHES} branches are declared for each repository by one rule, and none of them is there. The server "
        "makes the estate up: it is not the simulator, and has no git repositories."
    )
    return [
        Table(
            "Memory of branches in check mode, the module's process",
            memory,
            note,
            [
                Aim(
                    f"{SIZES[-1]:,} repositories stay under {MOST_MB} MB",
                    f"{max(memory[-1].values):.0f} MB",
                    max(memory[-1].values) < MOST_MB,
                ),
                _linear(memory),
            ],
        ),
        Table(
            "Memory of the same run, the largest process of ansible-playbook",
            _rows(controllers, "MB"),
            "With --diff, so that it also writes all of the diff. Job slices, or the option only, make parts of it "
            "where that is too much.",
        ),
        Table("Time of the same run", _rows(seconds, "s")),
    ]


def _rows(found: dict[int, list[float]], unit: str) -> list[Row]:
    return [Row(f"{size:,} repositories", unit, tuple(values)) for size, values in found.items()]


def _linear(rows: list[Row]) -> Aim:
    """Whether the last part grows as the first one."""
    slopes = [
        (after.value - before.value) / (larger - smaller) * 1000
        for (before, smaller), (after, larger) in zip(
            zip(rows, SIZES, strict=True), zip(rows[1:], SIZES[1:], strict=False), strict=False
        )
    ]
    return Aim(
        "memory grows linearly",
        ", then ".join(f"{slope:.1f}" for slope in slopes) + " MB for each 1,000 repositories",
        slopes[-1] <= slopes[0] * LINEAR,
    )


@contextlib.contextmanager
def _made_up() -> Iterator[str]:
    """The address of the server."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "benchmark.made_up"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _peaks(directory: Path, url: str, size: int) -> tuple[float, float]:
    """The most memory of the module's process, and of the largest one of ansible-playbook's, in MB."""
    interpreter, peak = directory / "python", directory / "peak"
    peak.unlink(missing_ok=True)
    # isolated, so that it begins small: what a process had before it became another one counts, too
    interpreter.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {TESTS / "benchmark" / "peak.py"} "$@"\n')
    interpreter.chmod(0o755)
    plays = Plays(
        directory,
        {
            "BITBUCKET_URL": url,
            "BITBUCKET_USERNAME": "admin",
            "BITBUCKET_PASSWORD": "admin",
            "ANSIBLE_PYTHON_INTERPRETER": str(interpreter),
            "PEAK_PYTHON": sys.executable,
            "PEAK_FILE": str(peak),
        },
    )
    branches = [{"name": f"release/{number}.0", "start_point": "main"} for number in range(1, BRANCHES + 1)]
    rule = {"project_key": f"ESTATE{size}", "repository": "*", "branches": branches}
    task: dict[str, Any] = {"bitbucket.datacenter.branches": {"document": {"repositories": [rule]}}}
    check = {"ansible.builtin.assert": {"that": ["done.summary.created == wanted | int", "done.summary.failed == 0"]}}
    tasks = [{**task, "register": "done"}, check]
    command = plays.command(tasks, "--check", "--diff", wanted=size * BRANCHES)
    with (directory / "output").open("w+", encoding="utf-8") as output:
        controller = _watched(command, plays.environment, output)
        output.seek(0)
        if controller is None:
            raise RuntimeError(output.read()[-4000:])
    return int(peak.read_text(encoding="ascii").splitlines()[0]) * KIB, controller


def _watched(command: list[str], environment: dict[str, str], output: Any) -> float | None:
    """The most memory that ansible-playbook or one of its forks had, in MB; None where it fails."""
    most = 0
    with subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            for pid in (process.pid, *_children(process.pid)):
                most = max(most, _high_water(pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    return None if process.returncode else most * KIB


def _children(pid: int) -> list[int]:
    """Its forks, which have the same name; not the modules that they start."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _end, rest = path.read_text(encoding="utf-8").rpartition(")")
            if int(rest.split()[1]) == pid and "ansible-playboo" in name:
                found.append(int(path.parent.name))
    return found


def _high_water(pid: int) -> int:
    """In KiB; 0 for a process that is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0
