# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common frame: rounds that take turns with their baseline, and the rows that come of them.

A case is a module with a docstring (its first line is the title of its table), and

    def measure(directory: Path, rounds: int) -> list[Row]

which writes below `directory` only. Its first row is the baseline of the others.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One thing that was measured: a value for each round, and how it compares with the baseline of that round.

    A ratio says how many times as fast as the baseline: above 1 is faster.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    ratios: tuple[float, ...]

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float:
        """The median, too: of the rounds' ratios, so that a disturbance hits both sides of it."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> float:
        """Of the values, as a part of the median."""
        return (max(self.values) - min(self.values)) / self.value


def take_turns(subjects: Mapping[str, Callable[[], float]], unit: str, rounds: int) -> list[Row]:
    """Measure all subjects, the first being the baseline, once in every round. Where less is better, unit is `s`."""
    values: dict[str, list[float]] = {what: [] for what in subjects}
    for number in range(1, rounds + 1):
        for what, measure in subjects.items():
            values[what].append(measure())
            print(f"  round {number} of {rounds}: {values[what][-1]:10.1f} {unit:<4} {what}", flush=True)
    baseline = next(iter(values.values()))
    return [
        Row(
            what,
            unit,
            tuple(found),
            tuple(_ratio(value, base, unit) for value, base in zip(found, baseline, strict=True)),
        )
        for what, found in values.items()
    ]


def _ratio(value: float, base: float, unit: str) -> float:
    return base / value if unit == "s" else value / base


def machine() -> dict[str, str]:
    """Where the numbers come from."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        "git": git,
        "interpreter": sys.implementation.name,
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
