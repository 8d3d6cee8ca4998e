# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._cluster import Watch
from ansible_collections.bitbucket.datacenter.plugins.module_utils._cluster_goal import Goal, wait_for_versions
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, WaitError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._node_identity import labelled
from ansible_collections.bitbucket.datacenter.plugins.module_utils._progress import Progress
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving

OLD, TARGET = "9.4.21", "9.4.22"


def cluster(state="MIXED", **nodes):
    seen = [
        {
            "id": f"id-{name}",
            "name": name,
            "ip_address": f"192.0.2.{name[1:]}",
            "port_number": 7990,
            "state": node_state,
            "version": version,
            "tasks_total": 3,
        }
        for name, (node_state, version) in nodes.items()
    ]
    return {"state": state, "nodes": labelled(seen)}


def unnamed(state="MIXED", **nodes):
    """The same without names: n1 and m1 have the same address; x1 shows none, as one that starts (seen 7.9)."""
    hidden = {"name": None, "ip_address": None, "port_number": None}
    rows = [{**each, **(hidden if each["name"][0] == "x" else {"name": None})} for each in cluster(**nodes)["nodes"]]
    return {"state": state, "nodes": labelled(rows)}


def active(**more):
    return Goal("ACTIVE", node="n1", **more)


def at_address(**more):
    return Goal("ACTIVE", node=["192.0.2.1", "n1"], **more)


def gone():
    return Goal("OFFLINE", node=["192.0.2.1:7990", "n1"])


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
        # without a version it does not answer yet
        (active(), cluster(n1=("ACTIVE", None)), False),
        (active(), cluster(n1=("ACTIVE", OLD)), True),
        (active(), cluster(n1=("STARTING", TARGET), n2=("ACTIVE", TARGET)), False),
        (active(version=TARGET), cluster(n1=("ACTIVE", TARGET)), True),
        (active(version=TARGET), cluster(n1=("ACTIVE", OLD)), False),
        (active(), cluster(n2=("ACTIVE", TARGET)), False),
        (Goal("OFFLINE", node="n1"), cluster(n2=("ACTIVE", TARGET)), True),
        (Goal("OFFLINE", node="n1"), cluster(n1=("OFFLINE", None)), True),
        (Goal("OFFLINE", node="n1"), cluster(n1=("ACTIVE", None)), False),
        (Goal("OFFLINE", node="n1"), cluster(n1=(None, None)), False),
        (Goal("STARTING", node="n1"), cluster(n1=("STARTING", None)), True),
        (active(), cluster(n1=(None, None)), False),
        (active(), cluster(n1=(None, TARGET)), False),
        # several references
        (at_address(), unnamed(n1=("ACTIVE", OLD)), True),
        (at_address(), unnamed(n1=("STARTING", None), n2=("ACTIVE", OLD)), False),
        (at_address(), cluster(n1=("ACTIVE", OLD)), True),
        # a live node wins over what it left behind
        (at_address(), unnamed(n1=("OFFLINE", None), m1=("ACTIVE", OLD)), True),
        (gone(), unnamed(n1=("OFFLINE", None), m1=("ACTIVE", OLD)), False),
        # what shows nothing may be the node
        (gone(), unnamed(n1=("OFFLINE", None)), True),
        (gone(), unnamed(n1=("OFFLINE", None), x1=("STARTING", None)), False),
        (gone(), unnamed(n1=("OFFLINE", None), x1=("STARTING", None), x2=(None, None)), False),
        (gone(), unnamed(n2=("ACTIVE", OLD), x1=(None, None)), False),
        (gone(), unnamed(n2=("ACTIVE", OLD)), True),
        # but it is not known to be
        (at_address(), unnamed(n1=("OFFLINE", None), x1=("ACTIVE", OLD)), False),
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
        (active(version=TARGET), cluster(n1=(None, None)), None),
        (active(version=TARGET), cluster(n1=("ACTIVE", None)), None),
        # the only one that shows nothing is taken for the node while that is down itself
        (at_address(), unnamed(n1=("OFFLINE", None), x1=("ERROR", None)), ITSELF),
        (at_address(), unnamed(n2=("ACTIVE", OLD), x1=("ERROR", None)), ITSELF),
        (at_address(version=TARGET), unnamed(n1=("OFFLINE", None), x1=("STARTING", OLD)), ANOTHER),
        (at_address(version=TARGET), unnamed(n1=("OFFLINE", None), x1=("STARTING", None)), None),
        (at_address(failed_states=["OFFLINE"]), unnamed(n1=("OFFLINE", None), x1=("STARTING", None)), None),
        (at_address(), unnamed(n1=("ACTIVE", OLD), x1=("ERROR", None)), None),
        (at_address(), unnamed(n1=("OFFLINE", None), x1=("ERROR", None), x2=("STARTING", None)), None),
    ],
)
def test_waiting_ends_early_only_on_what_cannot_recover(wanted, seen, reason):
    said = wanted.hopeless(seen)
    assert (said and said[0]) == reason


@pytest.mark.parametrize("given", ["n1", "192.0.2.1", "192.0.2.1:7990", "id-n1", ["192.0.2.1", "host"], ["host", "n1"]])
@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        # by its name
        {"id": "another", "ip_address": "192.0.2.9"},
        # by its address
        {"id": "another", "name": None},
        {"id": "another", "name": "renamed"},
    ],
)
def test_a_node_that_comes_back_with_another_id_and_address_or_name_is_the_same(given, change):
    wanted = Goal("ACTIVE", node=given, version=TARGET)
    before = cluster(n1=("TERMINATING", OLD), n2=("ACTIVE", OLD))
    assert not wanted.reached(before)
    assert not wanted.reached(cluster(n2=("ACTIVE", OLD)))
    after = cluster(n1=("ACTIVE", TARGET), n2=("STARTING", TARGET))
    after["nodes"] = labelled([{**after["nodes"][0], **change}, after["nodes"][1]])
    assert wanted.reached(after)


def test_an_address_identifies_a_node_even_where_another_node_has_taken_its_name():
    wanted = Goal("ACTIVE", node="192.0.2.1")
    assert not wanted.reached(cluster(n1=("TERMINATING", OLD), n2=("ACTIVE", OLD)))
    one, two = cluster(n1=("STARTING", TARGET), n2=("ACTIVE", OLD))["nodes"]
    swapped = {"state": "MIXED", "nodes": labelled([{**one, "name": "n2"}, {**two, "name": "n1"}])}
    assert not wanted.reached(swapped)


def test_references_that_match_several_nodes_are_refused_at_the_first_look():
    wanted, twice = at_address(), unnamed(n1=("ACTIVE", OLD), m1=("ACTIVE", OLD))
    with pytest.raises(InputError, match=r"192.0.2.1 or n1 matches several nodes \(id-m1, id-n1\)"):
        wanted.reached(twice)


def test_a_node_that_is_listed_twice_for_a_moment_is_not_listed_yet():
    wanted = at_address(version=TARGET)
    assert not wanted.reached(unnamed(n1=("TERMINATING", OLD)))
    twice = unnamed(n1=("TERMINATING", OLD), m1=("ACTIVE", TARGET))
    assert not wanted.reached(twice)
    assert (wanted.hopeless(twice), wanted.describe(twice)) == (
        None,
        "not listed by the cluster (no node matches 192.0.2.1 or n1, the cluster lists id-m1, id-n1)",
    )
    assert wanted.reached(unnamed(m1=("ACTIVE", TARGET)))


def test_the_goal_and_what_is_seen_are_said_in_words():
    wanted = active(version=TARGET)
    assert (wanted.subject, wanted.wanted) == ("node n1", "ACTIVE at 9.4.22")
    assert (stable().subject, stable().wanted) == ("the cluster", "STABLE")
    assert wanted.describe(cluster(n1=("OFFLINE", None))) == "OFFLINE"
    assert wanted.describe(cluster(n1=("TERMINATING", OLD))) == "TERMINATING at 9.4.21 with 3 tasks"
    assert wanted.describe(cluster(n1=(None, None))) == "not answering yet"
    by_address = Goal("ACTIVE", node=["192.0.2.1", "host"])
    assert by_address.subject == "node 192.0.2.1"
    assert by_address.describe(cluster(n1=("STARTING", TARGET))) == "n1, STARTING at 9.4.22"
    assert wanted.describe(cluster(n2=("ACTIVE", OLD))) == (
        "not listed by the cluster (no node matches n1, the cluster lists n2)"
    )
    assert by_address.describe(cluster()) == (
        "not listed by the cluster (no node matches 192.0.2.1 or host, the cluster lists no node)"
    )
    mixed = cluster("MIXED", n1=("ACTIVE", TARGET), n2=("OFFLINE", None))
    assert stable().describe(mixed) == "MIXED (n1 ACTIVE at 9.4.22, n2 OFFLINE)"
    half = unnamed("MIXED", n1=("ACTIVE", TARGET), n2=(None, None))
    assert stable().describe(half) == "MIXED (192.0.2.1:7990 ACTIVE at 9.4.22, 192.0.2.2:7990 not answering yet)"
    assert at_address().describe(unnamed(n1=("STARTING", None))) == "192.0.2.1:7990, STARTING"
    assert Goal("ACTIVE", node="192.0.2.1:7990").describe(unnamed(n1=("STARTING", None))) == "STARTING"


def test_what_is_described_is_the_only_node_that_shows_nothing():
    starts = unnamed(n1=("OFFLINE", None), x1=("STARTING", None))
    assert at_address().describe(starts).endswith("STARTING")
    assert at_address().describe(unnamed(n1=("OFFLINE", None))).endswith("OFFLINE")
    two = unnamed(n1=("OFFLINE", None), x1=("STARTING", None), x2=("STARTING", None))
    assert at_address().describe(two).endswith("OFFLINE")


# -- waiting ---------------------------------------------------------------------------------------------------------


def answers(*bodies):
    """A server that answers with one list of nodes after the other, the last one again and again."""
    left = list(bodies)

    def handler(_request):
        nodes = left.pop(0) if len(left) > 1 else left[0]
        listed = [
            {"id": identifier, "name": "Not configured", "ipAddress": address, "portNumber": 7990 if address else None}
            | {"state": state, "version": version}
            for identifier, address, state, version in nodes
        ]
        return Answer(200, {"upgradeModeEnabled": True, "state": "MIXED", "originalVersion": OLD, "nodes": listed})

    return handler


OTHER = ("id2", "192.0.2.2", "ACTIVE", OLD)
STORY = (
    [("id1", "192.0.2.1", "ACTIVE", OLD), OTHER],
    [("id1", "192.0.2.1", None, None), OTHER],
    [("id1", "192.0.2.1", "OFFLINE", None), OTHER],
    [("id1", "192.0.2.1", "OFFLINE", None), ("id9", None, "STARTING", None), OTHER],
    [("id1", "192.0.2.1", "OFFLINE", None), ("id9", "192.0.2.1", "ACTIVE", TARGET), OTHER],
)
LIMITS = {"timeout": 30, "delay": 0, "progress": Progress(None, 0)}


def test_a_wait_follows_a_node_down_and_up_again():
    with serving(answers(*STORY)) as (client, server):
        watch = Watch(client)
        gone().wait(watch, **LIMITS)
        assert len(server.received) == 3
        at_address(version=TARGET).wait(watch, **LIMITS)
        assert len(server.received) == 5
    assert [seen["nodes"][0]["state"] for seen in watch.observations][:3] == ["ACTIVE", None, "OFFLINE"]


def test_a_wait_for_a_node_that_may_be_any_of_several_is_refused_at_once():
    twins = [("id1", "192.0.2.1", "ACTIVE", OLD), ("id2", "192.0.2.1", "ACTIVE", OLD)]
    with serving(answers(twins)) as (client, server), pytest.raises(InputError, match="give one of them"):
        at_address().wait(Watch(client), **LIMITS)
    assert len(server.received) == 1


def test_versions_are_waited_for_until_every_live_node_shows_one(tmp_path):
    with serving(answers(*STORY[1:])) as (client, server):
        seen = wait_for_versions(Watch(client), **{**LIMITS, "progress": Progress(str(tmp_path), 0)})
        # the node that is OFFLINE shows none either
        assert len(server.received) == 2
    assert [node["state"] for node in seen["nodes"]] == ["OFFLINE", "ACTIVE"]
    lines = (tmp_path / "progress").read_text(encoding="utf-8")
    assert "the cluster: " in lines and "192.0.2.1:7990 not answering yet" in lines


def test_a_wait_for_versions_ends_with_its_time():
    seen = r"192.0.2.1:7990 not answering yet, 192.0.2.2:7990 ACTIVE at 9.4.21"
    with serving(answers(STORY[1])) as (client, _server), pytest.raises(WaitError, match=seen):
        wait_for_versions(Watch(client), **{**LIMITS, "timeout": 0})
