# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeding 1,000 repositories with 10 branches each, compared with git init --bare as often.

The baseline is what a shell loop would need for the repositories alone, without commits and branches. Seeding is
from the start of the command to the last repository in the ready file, so with the start of one node.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

from harness.simulator import running

from benchmark.frame import Table, take_turns, title

REPOSITORIES, BRANCHES = 1000, 10
SAMPLE = 100
ROUNDS = 2


def measure(directory: Path, rounds: int) -> list[Table]:
    seed = directory / "seed.json"
    document = {
        "users": [{"name": "admin", "password": "admin", "permission": "SYS_ADMIN"}],
        "projects": [{"key": "BIG", "generate": {"repositories": REPOSITORIES, "branches": BRANCHES}}],
    }
    seed.write_text(json.dumps(document), encoding="utf-8")

    def init() -> float:
        began = time.monotonic()
        for number in range(SAMPLE):
            subprocess.run(["git", "init", "--quiet", "--bare", str(directory / "bare" / str(number))], check=True)
        seconds = time.monotonic() - began
        shutil.rmtree(directory / "bare")
        return seconds * REPOSITORIES / SAMPLE

    def seeding() -> float:
        # What the round before left is removed outside of the measurement.
        shutil.rmtree(directory / "cluster", ignore_errors=True)
        began = time.monotonic()
        with running(directory / "cluster", "--nodes", "1", "--seed", str(seed)) as simulator:
            assert len(simulator.repositories) == REPOSITORIES
            return time.monotonic() - began

    subjects = {
        f"git init --bare, {REPOSITORIES:,} times": init,
        f"seed of {REPOSITORIES:,} repositories with {BRANCHES} branches": seeding,
    }
    return [Table(title(__doc__), take_turns(subjects, "s", min(rounds, ROUNDS)))]
