# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scenario: in check mode, for real, and for real again; what must hold of the three, whatever the module.

One exception: whether an account may write is not told by any read, and of all writes only the deletion of a branch has
a dry run in the API (the modules say so in their documentation). Restrictions tell it of the creation of a branch, but
only administrators may read them. So where the server's own rules refuse the account a
write, and nothing but that, check mode may predict what the real run then fails at with ``permission``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import engine

from .generators import Scenario, spelled
from .world import State, World

# five minutes by default: what is not small by then is not going to be
engine.MAX_SHRINKING_SECONDS = 20
# every scenario is a new one, where Hypothesis would try ten variations of each: each costs a twentieth of a second
engine.ConjectureRunner.generate_mutations_from = lambda *_anything: None

T = TypeVar("T")
Ended = tuple[str, dict[str, Any]]


@dataclasses.dataclass
class Runs:
    """What the three runs ended with, and the states of the scenario's repositories around them."""

    checked: Ended
    real: Ended
    again: Ended
    before: dict[str, State]
    after: dict[str, State]


def run(world: World, scenario: Scenario) -> Runs:
    """All three, with what holds for every module: check mode writes nothing, and the second real run neither."""
    world.put(scenario.repos)
    options = spelled(scenario.options, world)
    before = world.states(scenario.names)
    checked = world.bench.run(scenario.module, options, check=True)
    assert world.states(scenario.names) == before, "check mode has changed something"
    real = world.bench.run(scenario.module, options)
    after = world.states(scenario.names)
    again = world.bench.run(scenario.module, options)
    assert world.states(scenario.names) == after, "the second run has changed something"
    assert not again[1].get("changed"), f"the second run says that it changed something: {again[1]}"
    # a failed module says nothing of `changed` unless it has done a part
    changed = bool(real[1].get("changed"))
    assert changed == (after != before), f"the module says {changed=}, git says {after != before}"
    return Runs(checked, real, again, before, after)


def explore(scenarios: st.SearchStrategy[T], count: int, body: Callable[[T], str], tally: Counter[str]) -> None:
    """Run the body with so many scenarios, the same in each run unless they are many; it says what came of each."""
    usual = count < MANY

    @settings(
        max_examples=count,
        derandomize=usual,
        database=None,
        deadline=None,
        print_blob=not usual,
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios)
    def each(scenario: T) -> None:
        tally[body(scenario)] += 1

    each()
    assert tally.total() >= count, f"only {tally.total()} scenarios were made"


#: From here on the scenarios are new ones in each run.
MANY = 1000
