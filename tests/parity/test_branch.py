# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `branch` in any repository with any wish: check mode predicts, git agrees, again nothing changes."""

from __future__ import annotations

from collections import Counter

import pytest
from simulator.directory import ADMIN

from . import generators
from .conftest import SCENARIOS, TIMES
from .generators import Scenario
from .truth import explore, run
from .world import HEADS, World


@pytest.mark.parametrize("times", TIMES)
def test_branch(pool: World, tally: Counter[str], times: int) -> None:
    def each(scenario: Scenario) -> str:
        runs = run(pool, scenario)
        (checked, predicted), (ended, result) = runs.checked, runs.real
        (repo,) = scenario.repos
        name = scenario.options["name"].removeprefix("refs/heads/")
        refused = ended == "permission" and result["error"]["method"] == "POST"
        if refused and checked != ended:
            # the exception of truth.py; check mode may have found something else that is in the way
            assert pool.refuses(repo.name, HEADS + name, "create")
            # an administrator may read the restrictions, by which check mode foresees it
            assert checked == "conflict" or (predicted["changed"] and pool.level(repo.name) < ADMIN)
            return "creation refused"
        assert (checked, checked == "success" and predicted) == (ended, ended == "success" and result)
        assert runs.again[0] == ended
        return said(runs.before[repo.name].refs, runs.after[repo.name].refs, name, ended, result)

    explore(generators.of_branch(), SCENARIOS["branch"] * times, each, tally)


def said(before: dict[str, str], after: dict[str, str], name: str, ended: str, result: dict) -> str:
    """What the module says has come of the branch, compared with git."""
    ref = f"refs/heads/{name}"
    if ended != "success":
        assert after == before
        return f"{ended} error"
    others = {each: tip for each, tip in before.items() if each != ref}
    assert {each: tip for each, tip in after.items() if each != ref} == others
    branch = result["branch"]
    assert (branch and branch["latest_commit"]) == after.get(ref)
    assert (branch and branch["name"]) == (name if ref in after else None)
    if not result["changed"]:
        return "unchanged"
    return "created" if ref in after else "deleted"
