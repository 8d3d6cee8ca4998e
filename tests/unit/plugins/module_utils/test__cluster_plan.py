# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._cluster_plan import plan_once_settled
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    PermissionDeniedError,
    UnreachableError,
    WaitError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._progress import Progress


class Sight:
    """Stands for the watch: shows one cluster after the other, the last one again and again, and raises errors."""

    def __init__(self, *clusters):
        self._left = list(clusters)
        self.looks = []

    def read(self, *, once):
        self.looks.append(once)
        following = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if isinstance(following, Exception):
            raise following
        return following


def step(action, label):
    return {"action": action, "host": None, "node": label, "version": None, "reason": f"{label} is what it is"}


def make(cluster, timed_out):
    """A plan with a step for each node: to wait where it starts, unless waiting has timed out and it may be stopped."""
    steps = [
        step("wait_for_node" if state == "STARTING" and not (timed_out and label != "stays") else "work", label)
        for label, state in cluster.items()
    ]
    return {"steps": steps, "blockers": [], "timed_out": timed_out}


def settled(sight, timeout=5.0, planner=make, directory=None):
    return plan_once_settled(
        sight, planner, timeout=timeout, delay=0, progress=Progress(directory and str(directory), 0)
    )


UP, STARTS = {"n1": "ACTIVE", "n2": "ACTIVE"}, {"n1": "ACTIVE", "n2": "STARTING"}


def test_a_cluster_that_waits_for_nobody_is_planned_for_at_once():
    sight = Sight(UP)
    cluster, plan = settled(sight, timeout=0)
    assert (cluster, plan) == (UP, make(UP, False))
    # the wait is the retry
    assert sight.looks == [True]


def test_the_plan_is_of_the_cluster_in_which_nobody_is_waited_for_any_more():
    sight = Sight(STARTS, {**STARTS, "n3": "STARTING"}, STARTS, UP)
    cluster, plan = settled(sight)
    assert (cluster, plan) == (UP, make(UP, False))
    assert len(sight.looks) == 4


def test_when_time_is_up_the_plan_that_does_not_wait_is_taken():
    sight = Sight(STARTS)
    cluster, plan = settled(sight, timeout=0)
    assert cluster == STARTS and plan["timed_out"]
    assert [each["action"] for each in plan["steps"]] == ["work", "work"]
    assert sight.looks == [True]


def test_when_time_is_up_a_plan_that_still_waits_is_an_error_that_names_the_nodes():
    sight = Sight({"n1": "ACTIVE", "stays": "STARTING"})
    with pytest.raises(WaitError) as caught:
        settled(sight, timeout=0)
    assert "the cluster" in str(caught.value) and "stays is what it is" in str(caught.value)
    assert "n1" not in str(caught.value)
    assert "read the log of that node" in str(caught.value)


def test_blockers_are_not_waited_for():
    def blocked(_cluster, _timed_out):
        return {"steps": [], "blockers": [{"reason": "something"}]}

    sight = Sight(STARTS)
    assert settled(sight, planner=blocked) == (STARTS, blocked(STARTS, False))
    assert len(sight.looks) == 1


def test_blockers_that_come_with_the_end_of_the_wait_are_a_plan():
    def blocked_then(cluster, timed_out):
        return {"steps": [], "blockers": [{"reason": "something"}]} if timed_out else make(cluster, False)

    assert settled(Sight(STARTS), timeout=0, planner=blocked_then)[1]["blockers"]


def test_a_look_that_fails_for_a_moment_is_no_end():
    sight = Sight(UnreachableError("reset"), STARTS, UnreachableError("reset"), UP)
    assert settled(sight)[0] == UP
    assert len(sight.looks) == 4


def test_a_look_that_cannot_succeed_is_the_end():
    sight = Sight(STARTS, PermissionDeniedError("no"))
    with pytest.raises(PermissionDeniedError):
        settled(sight)
    assert len(sight.looks) == 2


def test_without_a_cluster_there_is_no_plan():
    with pytest.raises(WaitError, match="reset"):
        settled(Sight(UnreachableError("reset")), timeout=0)


def test_who_is_waited_for_is_told(tmp_path):
    settled(Sight(STARTS, STARTS, UP), directory=tmp_path)
    first, *_more = (tmp_path / "progress").read_text(encoding="utf-8").splitlines()
    assert first.startswith("the cluster: ") and "n2 is what it is" in first
