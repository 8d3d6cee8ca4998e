# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for one setting or one tag of one repository: check mode predicts, and what they say is there."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from simulator.directory import ADMIN

from . import generators
from .conftest import SCENARIOS, TIMES
from .generators import Scenario
from .truth import Runs, explore, run
from .world import HEADS, PERSONAL, TAGS, State, World

UNKNOWN = {"development": None, "production": None, "types": None, "inherited": True}


def compare(pool: World, scenario: Scenario, runs: Runs) -> str:
    """``changed``, diff and result of check mode are those of the real run, but for the exceptions."""
    (checked, predicted), (ended, result) = runs.checked, runs.real
    (repo,) = scenario.repos
    if ended != "success":
        assert runs.after == runs.before
    if ended == "permission" != checked and result["error"]["method"] != "GET":
        # the exception of truth.py; check mode may have found something else that is in the way
        assert checked == "conflict" or predicted["changed"]
        assert refuses(pool, scenario)
        return "refused"
    if scenario.options.get("state") == "inherited" and repo.project_key != PERSONAL and ended == "success":
        # what is inherited is null where the account may not look at the project (documented with the module)
        for shown in (predicted["branch_model"], predicted["diff"]["after"]):
            real = result["branch_model"] if result["changed"] else shown
            assert shown in (real, UNKNOWN)
        assert predicted["changed"] == result["changed"]
        assert predicted["diff"]["before"] == result["diff"]["before"]
        return f"inherited, {'changed' if result['changed'] else 'unchanged'}"
    assert (checked, checked == "success" and predicted) == (ended, ended == "success" and result)
    if ended != "success":
        return f"{ended} error"
    return "changed" if result["changed"] else "unchanged"


def refuses(pool: World, scenario: Scenario) -> bool:
    (repo,) = scenario.repos
    if scenario.module == "tag":
        name = TAGS + scenario.options["name"].removeprefix(TAGS)
        action = "delete" if scenario.options.get("state") == "absent" else "create"
        return pool.refuses(repo.name, name, action)
    return pool.level(repo.name) < ADMIN


@pytest.mark.parametrize("times", TIMES)
def test_default_branch(pool: World, tally: Counter[str], times: int) -> None:
    def each(scenario: Scenario) -> str:
        runs = run(pool, scenario)
        (repo,) = scenario.repos
        if runs.real[0] == "success":
            name = scenario.options["name"].removeprefix(HEADS)
            assert runs.after[repo.name].head == HEADS + name
            assert HEADS + name in runs.after[repo.name].refs
            assert runs.real[1]["default_branch"]["name"] == name
        return compare(pool, scenario, runs)

    explore(generators.of_default_branch(), SCENARIOS["default_branch"] * times, each, tally)


@pytest.mark.parametrize("times", TIMES)
def test_branch_model(pool: World, tally: Counter[str], times: int) -> None:
    def each(scenario: Scenario) -> str:
        runs = run(pool, scenario)
        (repo,) = scenario.repos
        if runs.real[0] == "success":
            kept = runs.after[repo.name].model
            shown = runs.real[1]["branch_model"]
            assert shown["inherited"] == (kept is None)
            if kept is not None:
                assert shown["types"] == sorted(
                    ({key: kind[key] for key in ("id", "enabled", "prefix")} for kind in json.loads(kept)["types"]),
                    key=lambda kind: str(kind["id"]),
                )
        return compare(pool, scenario, runs)

    explore(generators.of_branch_model(), SCENARIOS["branch_model"] * times, each, tally)


@pytest.mark.parametrize("times", TIMES)
def test_branch_restriction(pool: World, tally: Counter[str], times: int) -> None:
    def each(scenario: Scenario) -> str:
        runs = run(pool, scenario)
        (repo,) = scenario.repos
        if runs.real[0] == "success":
            verify_rule(scenario, runs.real[1]["branch_restriction"], runs.after[repo.name])
        return compare(pool, scenario, runs)

    explore(generators.of_branch_restriction(), SCENARIOS["branch_restriction"] * times, each, tally)


def verify_rule(scenario: Scenario, shown: dict[str, Any] | None, after: State) -> None:
    """What is shown is in the database, once; or nothing of it is."""
    matcher = scenario.options["matcher"]
    wanted = (scenario.options["type"], matcher["type"], matcher.get("id", "ANY_REF_MATCHER_ID"))
    kept = [rule for rule in after.rules if rule[:3] == wanted]
    if scenario.options.get("state") == "absent":
        assert shown is None and not kept
        return
    ((*_key, users, _groups, keys),) = kept
    assert shown is not None
    assert len(json.loads(users)) == len(shown["users"])
    assert sorted(json.loads(keys)) == shown["access_keys"]


@pytest.mark.parametrize("times", TIMES)
def test_tag(pool: World, tally: Counter[str], times: int) -> None:
    def each(scenario: Scenario) -> str:
        runs = run(pool, scenario)
        (repo,) = scenario.repos
        before, after = runs.before[repo.name].refs, runs.after[repo.name].refs
        ref = TAGS + scenario.options["name"].removeprefix(TAGS)
        assert {each: tip for each, tip in after.items() if each != ref} == {
            each: tip for each, tip in before.items() if each != ref
        }
        if runs.real[0] == "success":
            tag = runs.real[1]["tag"]
            assert (tag and tag["latest_commit"]) == after.get(ref)
        return compare(pool, scenario, runs)

    explore(generators.of_tag(), SCENARIOS["tag"] * times, each, tally)
