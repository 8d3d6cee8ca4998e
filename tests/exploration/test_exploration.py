# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest

from .deeds import Harm
from .explore import explore
from .planner import Planner, View


@pytest.mark.parametrize("count", [1, 2, 3, pytest.param(4, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_no_state_leads_astray(
    util: types.ModuleType, count: int, record_testsuite_property: Callable[[str, str], None]
) -> None:
    tally = explore(Planner(util), count)
    assert tally.states and tally.reached
    record_testsuite_property("says", str(tally))
    print(tally)


def seeing(key: str, **instead: Any) -> Callable[[View], View]:
    """Glasses that show for some values of a node's fact another one."""
    return lambda view: {
        **view,
        "nodes": [{**node, key: instead.get(str(node[key]), node[key])} for node in view["nodes"]],
    }


def not_approved(view: View) -> View:
    """Glasses that do not show how far the upgrade tasks are."""
    return {**view, "state": view["state"].replace("RUNNING_UPGRADE_TASKS", "READY_TO_RUN_UPGRADE_TASKS")}


OVERLOOKED = {
    "an ERROR": (seeing("state", ERROR="ACTIVE"), "start is sent while a node is not well"),
    "a start": (seeing("state", STARTING="ACTIVE"), "while another node does not serve"),
    "a stop": (seeing("state", DRAINING="ACTIVE"), "start is sent while a node is not well"),
    "a node that is down": (seeing("state", OFFLINE="STARTING"), "without an excuse"),
    "another version": (seeing("version", **{"9.4.23": "9.4.22"}), "while a node runs another version"),
    "what is done": (seeing("version", **{"9.4.22": "9.4.21"}), "which is done"),
    "an approval": (not_approved, "approve is sent, and refused"),
}


@pytest.mark.parametrize("what", OVERLOOKED)
def test_a_planner_that_overlooks_something_does_harm(util: types.ModuleType, what: str) -> None:
    glasses, harm = OVERLOOKED[what]
    with pytest.raises(Harm, match=harm):
        explore(Planner(util, glasses), 2)
