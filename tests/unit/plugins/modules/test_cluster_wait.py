# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.modules.cluster_wait import Goal


def goal(**params):
    return Goal({"node": None, "version": None, "failed_states": None, **params})


def cluster(state="MIXED", **nodes):
    seen = [
        {"id": name, "name": name, "ip_address": None, "state": node_state, "version": version}
        for name, (node_state, version) in nodes.items()
    ]
    return {"state": state, "nodes": seen}


TARGET = "9.4.22"


@pytest.mark.parametrize(
    ("wanted", "seen", "reached"),
    [
        (goal(state="STABLE"), cluster("STABLE"), True),
        (goal(state="STABLE"), cluster("MIXED"), False),
        (goal(node="n1", state="ACTIVE"), cluster(n1=("ACTIVE", None)), True),
        (goal(node="n1", state="ACTIVE"), cluster(n1=("STARTING", TARGET), n2=("ACTIVE", TARGET)), False),
        (goal(node="n1", state="ACTIVE", version=TARGET), cluster(n1=("ACTIVE", TARGET)), True),
        (goal(node="n1", state="ACTIVE", version=TARGET), cluster(n1=("ACTIVE", "9.4.21")), False),
        (goal(node="n1", state="ACTIVE"), cluster(n2=("ACTIVE", TARGET)), False),
        (goal(node="n1", state="OFFLINE"), cluster(n2=("ACTIVE", TARGET)), True),
        (goal(node="n1", state="OFFLINE"), cluster(n1=("OFFLINE", None)), True),
        (goal(node="n1", state="OFFLINE"), cluster(n1=("ACTIVE", None)), False),
    ],
)
def test_the_goal_is_reached_only_by_what_was_asked_for(wanted, seen, reached):
    assert wanted.reached(seen) is reached


@pytest.mark.parametrize(
    ("wanted", "seen", "reason"),
    [
        (goal(state="STABLE"), cluster("UPGRADE_TASKS_FAILED"), "that state does not recover by itself"),
        (goal(state="STABLE"), cluster("MIXED", n1=("ERROR", None)), None),
        (goal(node="n1", state="ACTIVE"), cluster(n1=("ERROR", TARGET)), "that state does not recover by itself"),
        (goal(node="n1", state="ACTIVE"), cluster(n1=("ACTIVE", TARGET), n2=("ERROR", TARGET)), None),
        (goal(node="n1", state="ACTIVE"), cluster(n2=("ACTIVE", TARGET)), None),
        (goal(node="n1", state="ACTIVE", version=TARGET), cluster(n1=("ACTIVE", "9.4.21")), "on another version"),
        (goal(node="n1", state="ACTIVE", version=TARGET), cluster(n1=("STARTING", "9.4.21")), None),
        (goal(node="n1", state="ACTIVE", failed_states=["OFFLINE"]), cluster(n1=("OFFLINE", None)), "not recover"),
        (goal(node="n1", state="ACTIVE", failed_states=[]), cluster(n1=("ERROR", None)), None),
    ],
)
def test_waiting_ends_early_only_on_what_cannot_recover(wanted, seen, reason):
    said = wanted.hopeless(seen)
    assert (said is None) if reason is None else reason in said


def test_the_goal_and_what_is_seen_are_said_in_words():
    wanted = goal(node="n1", state="ACTIVE", version=TARGET)
    assert str(wanted) == "node n1 to be ACTIVE at version 9.4.22"
    assert str(goal(state="STABLE")) == "the cluster to be STABLE"
    assert wanted.describe(cluster(n1=("OFFLINE", None))) == "node n1 is OFFLINE at version unknown"
    assert wanted.describe(cluster()) == "node n1 is not listed by the cluster"
    assert goal(state="STABLE").describe(cluster("MIXED")) == "the cluster is MIXED"
