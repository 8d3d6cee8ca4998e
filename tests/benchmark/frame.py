# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common frame: rounds that take turns with their baseline, and the tables that come of them.

A case is a module with a docstring (its first line is a title), and

    def measure(directory: Path, rounds: int) -> list[Table]

which writes below `directory` only.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Values = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Row:
    """One thing that was measured: a value for each round, and how it compares with the baseline of that round.

    Of seconds and of what happens in a second, a ratio says how many times as fast as the baseline; of anything else,
    how many times as much. Without a baseline there are none.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    ratios: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """The median, too: of the rounds' ratios, so that a disturbance hits both sides of it."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def spread(self) -> float:
        """Of the values, as a part of the median."""
        return (max(self.values) - min(self.values)) / self.value if self.value else 0.0


@dataclass(frozen=True)
class Aim:
    """What was aimed at, in words; what came out, in words; and whether that reaches it."""

    aim: str
    found: str
    reached: bool


@dataclass(frozen=True)
class Table:
    """Rows of one unit; where the first is the baseline, the others have ratios. `note` says how it was measured."""

    title: str
    rows: Sequence[Row]
    note: str = ""
    aims: Sequence[Aim] = ()


def title(docstring: str | None) -> str:
    """The first line of a case's docstring."""
    return str(docstring).partition("\n")[0].rstrip(".")


def measured(subjects: Mapping[str, Callable[[], float]], unit: str, rounds: int) -> Values:
    """Measure all subjects once in every round."""
    values: dict[str, list[float]] = {what: [] for what in subjects}
    for number in range(1, rounds + 1):
        for what, measure in subjects.items():
            values[what].append(measure())
            print(f"  round {number} of {rounds}: {values[what][-1]:10.1f} {unit:<4} {what}", flush=True)
    return {what: tuple(found) for what, found in values.items()}


def compared(values: Values, unit: str) -> list[Row]:
    """Rows whose baseline is the first of the values."""
    baseline = next(iter(values.values()))
    return [
        Row(what, unit, found, tuple(_ratio(value, base, unit) for value, base in zip(found, baseline, strict=True)))
        for what, found in values.items()
    ]


def take_turns(subjects: Mapping[str, Callable[[], float]], unit: str, rounds: int) -> list[Row]:
    """Measure all subjects, the first being the baseline of the others, once in every round."""
    return compared(measured(subjects, unit, rounds), unit)


def together(*values: tuple[float, ...]) -> tuple[float, ...]:
    """The sum of each round."""
    return tuple(map(sum, zip(*values, strict=True)))


def times(values: tuple[float, ...], others: tuple[float, ...]) -> float:
    """How many times as much as the others: the median of the rounds."""
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


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
