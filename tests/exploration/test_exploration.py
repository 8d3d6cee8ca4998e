# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import Modules
from .deeds import Harm
from .explore import explore
from .planner import Planner, View
from .world import Look

LOOKS = {
    "nameless": Look(),
    "hidden": Look(hidden=True),
    "one address": Look(one_address=True),
    "named": Look(named=True),
}
LONG = [pytest.mark.long, pytest.mark.timeout(7200)]


def sizes() -> Iterator[Any]:
    """Which clusters are gone through: the common case in sizes of one to four nodes, the others with two and three."""
    common = "named" if os.environ.get("BITBUCKET_TEST_NODES_NAMED") else "nameless"
    yield pytest.param(1, common)
    for count in (2, 3):
        for how in LOOKS:
            yield pytest.param(count, how, marks=[] if count == 2 or how in (common, "hidden") else LONG)
    yield pytest.param(4, common, marks=LONG)


@pytest.mark.parametrize(("count", "how"), list(sizes()))
def test_no_state_leads_astray(
    util: Modules, count: int, how: str, record_testsuite_property: Callable[[str, str], None]
) -> None:
    tally = explore(Planner(*util, LOOKS[how]), count)
    assert tally.states and tally.reached
    assert tally.without or count < 3
    record_testsuite_property("says", f"{how}, {tally}")
    print(how, tally)


def seeing(key: str, **instead: Any) -> Callable[[View], View]:
    """Glasses that show for some values of a node's fact another one."""
    return lambda view: {
        **view,
        "nodes": [{**node, key: instead.get(str(node[key]), node[key])} for node in view["nodes"]],
    }


def not_approved(view: View) -> View:
    """Glasses that do not show how far the upgrade tasks are."""
    return {**view, "state": view["state"].replace("RUNNING_UPGRADE_TASKS", "READY_TO_RUN_UPGRADE_TASKS")}


def mute_as_active(view: View) -> View:
    """Glasses that show a node that does not answer as ACTIVE."""
    instead = {"state": "ACTIVE", "version": "9.4.21"}
    return {**view, "nodes": [node if node["state"] else {**node, **instead} for node in view["nodes"]]}


OVERLOOKED = {
    "an ERROR": (seeing("state", ERROR="ACTIVE"), "start is sent while a node is not well"),
    "a start": (seeing("state", STARTING="ACTIVE"), "without an excuse"),
    "a node that does not answer": (mute_as_active, "start is sent while a node is not well"),
    "a stop": (seeing("state", DRAINING="ACTIVE"), "start is sent while a node is not well"),
    "a node that is down": (seeing("state", OFFLINE="STARTING"), "without an excuse"),
    "another version": (seeing("version", **{"9.4.23": "9.4.22"}), "while a node runs another version"),
    "what is done": (seeing("version", **{"9.4.22": "9.4.21"}), "a node which is done"),
    "an approval": (not_approved, "approve is sent, and refused"),
}


@pytest.mark.parametrize("what", OVERLOOKED)
def test_a_planner_that_overlooks_something_does_harm(util: Modules, what: str) -> None:
    glasses, harm = OVERLOOKED[what]
    with pytest.raises(Harm, match=harm):
        explore(Planner(*util, glasses=glasses), 2)
