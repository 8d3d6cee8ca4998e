# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of `branches`: each of them against git, and those of check mode against those of the real run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.directory import ADMIN

from .generators import Scenario
from .truth import Runs
from .world import HEADS, State, World

Row = dict[str, Any]
#: Between the repository and the name in the key of a diff; neither has a space.
BRANCH = " branch "


def place(row: Mapping[str, Any]) -> str:
    """As a diff names it: a repository, or the project where a setting is its own."""
    return "/".join(filter(None, (row["project_key"], row["repository"])))


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
            shown = result["diff"][side] if rows else {}
            mark = f"{name}{BRANCH}"
            assert {key: tip for key, tip in shown.items() if key.startswith(mark)} == {
                f"{mark}{each}": tips[each] for each in differ
            }
    if rows:
        _verify_summary(result)
    for row in result.get("settings", []):
        _verify_setting(row, before, after)


def _verify_setting(row: Row, before: Mapping[str, State], after: Mapping[str, State]) -> None:
    """A setting is changed where it says so, and nowhere else."""
    assert (row["message"] is None) == (row["outcome"] in ("changed", "unchanged"))
    for name, state in before.items():
        now = after[name]
        if row["repository"] is None and name.startswith(row["project_key"] + "/"):
            number = 1 if row["setting"] == "branch_model" else 0
            differs = state.project[number] != now.project[number]
        elif name == place(row):
            # a branch that HEAD names, and that a run creates, is the default one whatever comes of the setting
            in_effect = row["outcome"] in ("changed", "unchanged")
            differs = {
                "default_branch": state.default != now.default if in_effect else state.head != now.head,
                "branch_model": state.model != now.model,
                "restrictions": state.rules != now.rules,
            }[row["setting"]]
        else:
            continue
        assert differs == (row["outcome"] == "changed"), row


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

    The exception of truth.py, row by row: where the server refuses the account what check mode has predicted, that row
    may differ, and so may rows of the same repository that start at that branch or overlap with it, and with
    ``on_error=stop`` what was not begun after it. Everything else is equal, the others' part of the diff too. What it
    may refuse is the creation of a branch, a default branch, and then the deletion of the one that was to be it no
    more, of which no dry run can be asked before.
    """
    (checked, predicted), (ended, result) = runs.checked, runs.real
    # which error is first may differ: what is refused may be in conflict besides
    assert (checked == "success") == (ended == "success") or ended == "permission"
    rows: list[Row] = result.get("branches", [])
    foreseen: list[Row] = predicted.get("branches", [])
    pairs = list(zip(rows, foreseen, strict=True))
    defaults = _refused_defaults(world, predicted, result)
    refused = {number for number, (row, other) in enumerate(pairs)
               if (row["outcome"], other["outcome"]) in (("failed", "created"), ("failed", "deleted"))
               and _refused(world, row, runs.before, defaults, "document" not in scenario.options)}  # fmt: skip
    if not refused and not defaults:
        assert _said(predicted) == _said(result)
        return _word(ended, result)
    assert ended != "success"
    loose = _touched(rows, refused)
    if scenario.options.get("on_error") == "stop":
        loose |= {number for number, row in enumerate(rows) if row["outcome"] == "skipped"}
        defaults |= {place(row) for row in result["settings"] if row["outcome"] == "skipped"}
    assert all(_steady(row) == _steady(other) for number, (row, other) in enumerate(pairs) if number not in loose)
    for row, other in zip(result["settings"], predicted["settings"], strict=True):
        assert _steady(row) == _steady(other) or place(row) in defaults
    # what was skipped before it was named has its name in the prediction only
    names = {(place(each[number]), each[number]["name"]) for number in loose for each in (rows, foreseen)}
    for side in ("before", "after"):
        assert _without(predicted["diff"][side], names, defaults) == _without(result["diff"][side], names, defaults)
    return "refused"


def _word(ended: str, result: dict[str, Any]) -> str:
    if ended != "success":
        return "some failed" if "branches" in result else "failed as a whole"
    return "changed" if result["changed"] else "unchanged"


def _refused_defaults(world: World, predicted: dict[str, Any], result: dict[str, Any]) -> set[str]:
    """Repositories whose default branch check mode would have changed, and the account may not."""
    pairs = zip(result.get("settings", []), predicted.get("settings", []), strict=True)
    return {
        place(row)
        for row, other in pairs
        if row["setting"] == "default_branch"
        and (row["outcome"], other["outcome"]) == ("failed", "changed")
        and world.level(place(row)) < ADMIN
    }


def _refused(world: World, row: Row, before: Mapping[str, State], defaults: set[str], settled: bool) -> bool:
    """Whether the server's own rules forbid what the row wants, and no read and no dry run could tell.

    An administrator may read the restrictions. What they mean is ``settled`` unless a document changes the model.
    """
    where, ref = place(row), HEADS + row["name"]
    if row["state"] == "present":
        return world.refuses(where, ref, "create") and not (settled and world.level(where) >= ADMIN)
    return before[where].head == ref and (where in defaults or world.refuses(where, ref, "delete"))


def _touched(rows: list[Row], refused: set[int]) -> set[int]:
    """Numbers of the rows that refused ones may touch."""
    touched = set(refused)
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


def _without(side: dict[str, Any], names: set[tuple[str, str]], defaults: set[str]) -> dict[str, Any]:
    """One side of a diff without these branches and the settings of these repositories."""
    loose = {f"{where}{BRANCH}{name}" for where, name in names}
    return {
        key: value
        for key, value in side.items()
        if (key not in loose if BRANCH in key else key.split(" ")[0] not in defaults)
    }
