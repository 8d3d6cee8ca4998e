# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: Markdown and a plot for people, JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.frame import Row, Table

_BASELINE, _OTHERS = "#8c8c8c", "#2a6fb0"
# Beyond that the short bars of a plot could not be told apart.
_WIDEST = 30


def write(directory: Path, machine: dict[str, str], cases: Mapping[str, Sequence[Table]]) -> str:
    """Three files in the directory; returns the Markdown."""
    tables = [table for found in cases.values() for table in found]
    text = _markdown(machine, tables)
    (directory / "report.md").write_text(text, encoding="utf-8")
    document = {
        "machine": machine,
        "cases": {name: [_for_programs(table) for table in found] for name, found in cases.items()},
    }
    (directory / "report.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    _plot(directory / "report.png", machine, tables)
    return text


def _for_programs(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "note": table.note,
        "rows": [
            {"what": row.what, "unit": row.unit, "median": row.value, "ratio": row.ratio, "values": row.values}
            for row in table.rows
        ],
        "aims": [{"aim": aim.aim, "found": aim.found, "reached": aim.reached} for aim in table.aims],
    }


def _markdown(machine: dict[str, str], tables: Sequence[Table]) -> str:
    lines = ["# Benchmark", "", ", ".join(f"{name}: {value}" for name, value in machine.items()), ""]
    for table in tables:
        rounds = len(table.rows[0].values)
        how = f"Medians of {rounds} rounds; spread is from the lowest to the highest." if rounds > 1 else "One round."
        compared = any(row.ratios for row in table.rows)
        lines += [f"## {table.title}", "", f"{how} {table.note}".strip(), ""]
        lines += [
            f"| | value | spread |{f' {_comparison(table)} |' if compared else ''}",
            f"| --- | ---: | ---: |{' ---: |' if compared else ''}",
        ]
        for number, row in enumerate(table.rows):
            cells = [row.what, f"{_number(row.value)} {row.unit}", f"{row.spread:.0%}"]
            if compared:
                cells.append(_ratio(row.ratio) if number and row.ratio is not None else "baseline")
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
        lines += [f"- {'reached' if aim.reached else '**missed**'}: {aim.aim}: {aim.found}" for aim in table.aims]
        lines += [""] if table.aims else []
    return "\n".join(lines)


def _comparison(table: Table) -> str:
    fast = table.rows[0].unit in ("s", "1/s")
    return "times as fast as the baseline" if fast else "times the baseline"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def _plot(path: Path, machine: dict[str, str], tables: Sequence[Table]) -> None:
    heights = [len(table.rows) + 1 for table in tables]
    figure = Figure(figsize=(9, 0.42 * sum(heights) + 1.2), layout="constrained")
    axes = figure.subplots(len(tables), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, table in zip(axes, tables, strict=True):
        _bars(axis, table)
    figure.supxlabel(
        ", ".join(f"{name} {machine[name]}" for name in ("processor", "cores", "load at the start", "Python", "git")),
        fontsize=8,
    )
    figure.savefig(path, dpi=150)


def _bars(axis: Axes, table: Table) -> None:
    rows = list(table.rows)[::-1]
    values = [row.value for row in rows]
    errors = [[row.value - min(row.values) for row in rows], [max(row.values) - row.value for row in rows]]
    colours = [_colour(row, table) for row in rows]
    bars = axis.barh([row.what for row in rows], values, xerr=errors, color=colours, ecolor="#444444", capsize=2)
    axis.bar_label(bars, [f"{_number(value)} {rows[0].unit}" for value in values], padding=6, fontsize=8)
    widest = max(max(row.values) for row in rows)
    heading = table.title
    if min(values) > 0 and widest / min(values) > _WIDEST:
        axis.set_xscale("log")
        axis.set_xlim(min(values) / 2, widest * 4)
        heading += " (logarithmic)"
    else:
        axis.set_xlim(0, widest * 1.2)
    axis.set_title(textwrap.fill(heading, 66), loc="left", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def _colour(row: Row, table: Table) -> str:
    return _BASELINE if row.ratios and row is table.rows[0] else _OTHERS
