# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._cluster_goal import Goal

OLD, TARGET = "9.4.21", "9.4.22"


def cluster(state="MIXED", **nodes):
    seen = [
        {
            "id": f"id-{name}",
            "name": name,
            "ip_address": f"192.0.2.{name[1:]}",
            "state": node_state,
            "version": version,
            "tasks_total": 3,
        }
        for name, (node_state, version) in nodes.items()
    ]
    return {"state": state, "nodes": seen}


def active(**more):
    return Goal("ACTIVE", node="n1", **more)


def stable(**more):
    return Goal("STABLE", **more)


@pytest.mark.parametrize(
    ("wanted", "seen", "reached"),
    [
        (stable(), cluster("STABLE"), True),
        (stable(), cluster("MIXED"), False),
        (stable(version=TARGET), cluster("STABLE", n1=("ACTIVE", TARGET), n2=("ACTIVE", TARGET)), True),
        (stable(version=TARGET), cluster("STABLE", n1=("ACTIVE", TARGET), n2=("ACTIVE", OLD)), False),
        (stable(version=TARGET), cluster("STABLE", n1=("ACTIVE", TARGET), n2=("ACTIVE", None)), False),
        (stable(version=TARGET), cluster("STABLE", n1=("ACTIVE", TARGET), n2=("OFFLINE", None)), True),
        (active(), cluster(n1=("ACTIVE", None)), True),
        (active(), cluster(n1=("STARTING", TARGET), n2=("ACTIVE", TARGET)), False),
        (active(version=TARGET), cluster(n1=("ACTIVE", TARGET)), True),
        (active(version=TARGET), cluster(n1=("ACTIVE", OLD)), False),
        (active(), cluster(n2=("ACTIVE", TARGET)), False),
        (Goal("OFFLINE", node="n1"), cluster(n2=("ACTIVE", TARGET)), True),
        (Goal("OFFLINE", node="n1"), cluster(n1=("OFFLINE", None)), True),
        (Goal("OFFLINE", node="n1"), cluster(n1=("ACTIVE", None)), False),
    ],
)
def test_the_goal_is_reached_only_by_what_was_asked_for(wanted, seen, reached):
    assert wanted.reached(seen) is reached


ITSELF, ANOTHER = "which does not recover by itself", "so it came back on another version"


@pytest.mark.parametrize(
    ("wanted", "seen", "reason"),
    [
        (stable(), cluster("UPGRADE_TASKS_FAILED"), ITSELF),
        (stable(), cluster("MIXED", n1=("ERROR", None)), None),
        (stable(version=TARGET), cluster("MIXED", n1=("ACTIVE", TARGET), n2=("ACTIVE", OLD)), None),
        (stable(version=TARGET), cluster("STABLE", n1=("ACTIVE", TARGET)), None),
        (stable(version=TARGET), cluster("STABLE", n1=("ACTIVE", OLD)), "with n1 left at another version"),
        (active(), cluster(n1=("ERROR", TARGET)), ITSELF),
        (active(), cluster(n1=("ACTIVE", TARGET), n2=("ERROR", TARGET)), None),
        (active(), cluster(n2=("ACTIVE", TARGET)), None),
        (active(), cluster(n1=("STARTING", OLD)), None),
        (active(version=TARGET), cluster(n1=("ACTIVE", OLD)), ANOTHER),
        (active(version=TARGET), cluster(n1=("STARTING", OLD)), ANOTHER),
        (active(version=TARGET), cluster(n1=("STARTING", None)), None),
        (active(version=TARGET), cluster(n1=("STARTING", TARGET), n2=("ACTIVE", OLD)), None),
        # it has not left yet
        (active(version=TARGET), cluster(n1=("TERMINATING", OLD)), None),
        (active(failed_states=["OFFLINE"]), cluster(n1=("OFFLINE", None)), ITSELF),
        (active(failed_states=[]), cluster(n1=("ERROR", None)), None),
    ],
)
def test_waiting_ends_early_only_on_what_cannot_recover(wanted, seen, reason):
    said = wanted.hopeless(seen)
    assert (said and said[0]) == reason


@pytest.mark.parametrize("given", ["n1", "192.0.2.1", "id-n1"])
def test_a_node_that_comes_back_with_another_id_and_address_is_the_same(given):
    wanted = Goal("ACTIVE", node=given)
    before = cluster(n1=("TERMINATING", OLD), n2=("ACTIVE", OLD))
    assert not wanted.reached(before)
    after = cluster(n1=("ACTIVE", TARGET), n2=("STARTING", TARGET))
    after["nodes"][0].update(id="another", ip_address="192.0.2.9")
    # another node has its address now
    after["nodes"][1].update(ip_address="192.0.2.1")
    assert wanted.reached(after)


def test_the_goal_and_what_is_seen_are_said_in_words():
    wanted = active(version=TARGET)
    assert (wanted.subject, wanted.wanted) == ("node n1", "ACTIVE at 9.4.22")
    assert (stable().subject, stable().wanted) == ("the cluster", "STABLE")
    assert wanted.describe(cluster(n1=("OFFLINE", None))) == "OFFLINE"
    assert wanted.describe(cluster(n1=("TERMINATING", OLD))) == "TERMINATING at 9.4.21 with 3 tasks"
    by_address = Goal("ACTIVE", node="192.0.2.1")
    assert by_address.describe(cluster(n1=("STARTING", TARGET))) == "n1, STARTING at 9.4.22"
    assert wanted.describe(cluster()) == "not listed by the cluster"
    mixed = cluster("MIXED", n1=("ACTIVE", TARGET), n2=("OFFLINE", None))
    assert stable().describe(mixed) == "MIXED (n1 ACTIVE at 9.4.22, n2 OFFLINE)"
