# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `branches` over many repositories, by list and by document: what each row says is what git has."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st

from . import generators
from .conftest import SCENARIOS, TIMES
from .generators import Scenario
from .rows import compare, verify
from .truth import explore, run
from .world import World


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(
    ("form", "scenarios"),
    [("branches", generators.of_branches()), ("document", generators.of_document())],
    ids=["list", "document"],
)
def test_branches(
    pool: World, tally: Counter[str], form: str, scenarios: st.SearchStrategy[Scenario], times: int
) -> None:
    def each(scenario: Scenario) -> str:
        runs = run(pool, scenario)
        verify(runs.real[1], runs.before, runs.after)
        return compare(pool, scenario, runs)

    explore(scenarios, SCENARIOS[form] * times, each, tally)
