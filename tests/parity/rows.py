# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of `branches`: each of them against git, and those of check mode against those of the real run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .generators import Scenario
from .truth import Runs
from .world import HEADS, State, World

Row = dict[str, Any]
#: Of a setting it is told whether it differs; of a branch, where it is.
BRANCHES = "branches"


def place(row: Mapping[str, Any]) -> str:
    return f"{row['project_key']}/{row['repository']}"


def heads(state: State) -> dict[str, str]:
    return {ref.removeprefix(HEADS): tip for ref, tip in state.refs.items() if ref.startswith(HEADS)}


def others(state: State) -> dict[str, str]:
    return {ref: tip for ref, tip in state.refs.items() if not ref.startswith(HEADS)}


def verify(result: dict[str, Any], before: Mapping[str, State], after: Mapping[str, State]) -> None:
    """Every row, the diff and the summary of a real run are what git says of before and after."""
    rows: list[Row] = result.get("branches", [])
    for name, state in before.items():
        was, now = heads(state), heads(after[name])
        assert others(state) == others(after[name])
        mine = [row for row in rows if place(row) == name]
        for row in mine:
            _verify_row(row, was, now)
        created = {row["name"]: row["latest_commit"] for row in mine if row["outcome"] == "created"}
        deleted = [row["name"] for row in mine if row["outcome"] == "deleted"]
        assert now == {each: tip for each, tip in {**was, **created}.items() if each not in deleted}
        for side, tips, differ in (("before", was, deleted), ("after", now, created)):
            shown = result["diff"][side].get(name, {}).get(BRANCHES, {}) if rows else {}
            assert shown == {each: tips[each] for each in differ}
    if rows:
        _verify_summary(result)


def _verify_row(row: Row, was: dict[str, str], now: dict[str, str]) -> None:
    name, outcome = row["name"], row["outcome"]
    assert (row["message"] is None) == (outcome not in ("failed", "skipped"))
    if outcome == "created":
        assert row["state"] == "present" and name not in was and now[name] == row["latest_commit"]
    elif outcome == "deleted":
        assert row["state"] == "absent" and name in was and name not in now and row["latest_commit"] is None
    elif outcome == "unchanged":
        assert was.get(name) == now.get(name) == row["latest_commit"]
        assert (row["state"] == "present") == (name in now)
        start = (row["start_point"] or "").removeprefix(HEADS)
        if name in now and start in was:
            assert row["drift"] == (was[start] != now[name])
    else:
        assert outcome in ("failed", "skipped") and row["drift"] is None
    if outcome in ("created", "deleted"):
        assert row["drift"] in (False, None)


def _verify_summary(result: dict[str, Any]) -> None:
    summary, rows = result["summary"], result["branches"]
    assert summary["declared"] == len(rows)
    for outcome in ("created", "deleted", "unchanged", "failed", "skipped"):
        assert summary[outcome] == sum(row["outcome"] == outcome for row in rows), outcome
    assert summary["drifted"] == sum(row["drift"] is True for row in rows)


def compare(world: World, scenario: Scenario, runs: Runs) -> str:
    """Check mode's rows, diff, summary and ``changed`` are those of the real run; returns what came, in a word.

    The exception of truth.py, row by row: where the server refuses a creation that check mode has predicted, that row
    may differ, and so may rows of the same repository that start at that branch or overlap with it, and with
    ``on_error=stop`` rows that were not begun after it. Everything else is equal, the others' part of the diff too.
    """
    (checked, predicted), (ended, result) = runs.checked, runs.real
    rows: list[Row] = result.get("branches", [])
    foreseen: list[Row] = predicted.get("branches", [])
    assert len(rows) == len(foreseen)
    refused = [row for row, other in zip(rows, foreseen, strict=True)
               if (row["outcome"], other["outcome"]) == ("failed", "created") and place(row) in world.paths
               and world.refuses_creation(place(row), row["name"])]  # fmt: skip
    if not refused:
        assert _said(predicted) == _said(result)
        # which error is first may differ: what is refused may be in conflict besides
        assert (checked == "success") == (ended == "success")
        return (
            "failed as a whole"
            if not rows
            else "some failed"
            if ended != "success"
            else "changed"
            if result["changed"]
            else "unchanged"
        )
    assert ended != "success"
    stops = scenario.options.get("on_error") == "stop"
    loose = _touched(rows, refused)
    for number, (row, other) in enumerate(zip(rows, foreseen, strict=True)):
        if number not in loose and not (stops and row["outcome"] == "skipped"):
            assert _steady(row) == _steady(other)
    for side in ("before", "after"):
        names = {(place(rows[number]), rows[number]["name"]) for number in range(len(rows))
                 if number in loose or (stops and rows[number]["outcome"] == "skipped")}  # fmt: skip
        assert _without(predicted["diff"][side], names) == _without(result["diff"][side], names)
    return "creation refused"


def _touched(rows: list[Row], refused: list[Row]) -> set[int]:
    """Numbers of the rows that a refused creation may touch."""
    touched = {number for number, row in enumerate(rows) if row in refused}
    while True:
        names = [(place(rows[number]), rows[number]["name"]) for number in touched]
        more = {number for number, row in enumerate(rows)
                if any(place(row) == where and _depends(row, name) for where, name in names)}  # fmt: skip
        if more <= touched:
            return touched
        touched |= more


def _depends(row: Row, name: str) -> bool:
    starts = (row["start_point"] or "").removeprefix(HEADS) == name
    mine = row["name"] or ""
    return starts or f"{mine}/".startswith(f"{name}/") or f"{name}/".startswith(f"{mine}/")


def _steady(row: Row) -> Row:
    """A row without its words: those of a conflict are the server's in the real run, and ours where we foresee it."""
    return {**row, "message": row["message"] is not None}


def _said(result: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in result.items() if key not in ("msg", "error")}
    for kind in ("branches", "settings"):
        if kind in told:
            told[kind] = [_steady(row) for row in told[kind]]
    return told


def _without(side: dict[str, Any], names: set[tuple[str, str]]) -> dict[str, Any]:
    kept = {}
    for where, parts in side.items():
        branches = {name: tip for name, tip in parts.get(BRANCHES, {}).items() if (where, name) not in names}
        rest = {key: value for key, value in parts.items() if key != BRANCHES}
        if branches or rest:
            kept[where] = {**rest, **({BRANCHES: branches} if branches else {})}
    return kept
