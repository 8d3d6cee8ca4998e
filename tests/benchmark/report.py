# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: Markdown and a plot for people, JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from benchmark.frame import Row

_BASELINE, _OTHERS = "#8c8c8c", "#2a6fb0"


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    rows: Sequence[Row]


def write(directory: Path, machine: dict[str, str], tables: Sequence[Table]) -> str:
    """Three files in the directory; returns the Markdown."""
    text = _markdown(machine, tables)
    (directory / "report.md").write_text(text, encoding="utf-8")
    document = {
        "machine": machine,
        "tables": {
            table.name: [
                {"what": row.what, "unit": row.unit, "median": row.value, "ratio": row.ratio, "values": row.values}
                for row in table.rows
            ]
            for table in tables
        },
    }
    (directory / "report.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    _plot(directory / "report.png", machine, tables)
    return text


def _markdown(machine: dict[str, str], tables: Sequence[Table]) -> str:
    lines = ["# Benchmark", "", ", ".join(f"{name}: {value}" for name, value in machine.items()), ""]
    for table in tables:
        rounds = len(table.rows[0].values)
        lines += [
            f"## {table.title}",
            "",
            f"Medians of {rounds} rounds; spread is from the slowest to the fastest round.",
            "",
            "| | value | spread | times as fast as the baseline |",
            "| --- | ---: | ---: | ---: |",
        ]
        for number, row in enumerate(table.rows):
            ratio = f"{row.ratio:.2f}" if number else "baseline"
            lines.append(f"| {row.what} | {_number(row.value)} {row.unit} | {row.spread:.0%} | {ratio} |")
        lines.append("")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _plot(path: Path, machine: dict[str, str], tables: Sequence[Table]) -> None:
    heights = [len(table.rows) + 1 for table in tables]
    figure = Figure(figsize=(9, 0.42 * sum(heights) + 1.2), layout="constrained")
    axes = figure.subplots(len(tables), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, table in zip(axes, tables, strict=True):
        rows = list(table.rows)[::-1]
        values = [row.value for row in rows]
        errors = [[row.value - min(row.values) for row in rows], [max(row.values) - row.value for row in rows]]
        colours = [_OTHERS] * (len(rows) - 1) + [_BASELINE]
        bars = axis.barh([row.what for row in rows], values, xerr=errors, color=colours, ecolor="#444444", capsize=2)
        axis.bar_label(bars, [f"{_number(value)} {rows[0].unit}" for value in values], padding=6, fontsize=8)
        axis.set_title(textwrap.fill(table.title, 66), loc="left", fontsize=10)
        axis.set_xlim(0, max(max(row.values) for row in rows) * 1.2)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    figure.supxlabel(
        ", ".join(f"{name} {machine[name]}" for name in ("processor", "cores", "Python", "git")), fontsize=8
    )
    figure.savefig(path, dpi=150)
