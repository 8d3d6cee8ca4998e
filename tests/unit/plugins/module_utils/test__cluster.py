# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _cluster
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ContractError,
    InputError,
    UnreachableError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._node_identity import labelled
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving


def node(name, address, identifier, **more):
    return {
        "id": identifier,
        "name": name,
        "ip_address": address,
        "port_number": 7990 if address else None,
        "state": "ACTIVE",
        "version": "9.4.21",
        **more,
    }


def cluster(*nodes):
    return {
        "state": "MIXED",
        "upgrade_mode_enabled": True,
        "original_version": "9.4.21",
        "nodes": labelled(nodes),
    }


CLUSTER = cluster(
    node("one", "192.0.2.1", "two"), node("two", "192.0.2.2", "192.0.2.1"), node("three", None, "id3", state="STARTING")
)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("192.0.2.1", "one"),
        ("192.0.2.2", "two"),
        ("192.0.2.2:7990", "two"),
        ("three", "three"),
        ("id3", "three"),
        # an address in a list is better than a name
        (["two", "192.0.2.1"], "one"),
        (["192.0.2.9", "two"], "two"),
    ],
)
def test_a_node_is_found_by_address_then_by_name_or_id(wanted, name):
    unlike = cluster(*({**each, "id": f"id{index}"} for index, each in enumerate(CLUSTER["nodes"])))
    seen = CLUSTER if "two" not in wanted else unlike
    assert _cluster.find_node(seen, wanted)["name"] == name


def test_what_is_found_is_a_copy():
    found = _cluster.find_node(CLUSTER, "one")
    assert found == CLUSTER["nodes"][0] and found is not CLUSTER["nodes"][0]


@pytest.mark.parametrize("wanted", ["four", "192.0.2.4", "192.0.2.1:7991", ["four", "five"], []])
def test_a_node_that_is_not_there_is_none(wanted):
    assert _cluster.find_node(CLUSTER, wanted) is None


@pytest.mark.parametrize("wanted", ["192.0.2.1", ["192.0.2.1"], ["192.0.2.9", "192.0.2.1"]])
def test_what_may_mean_several_nodes_is_refused(wanted):
    several = cluster(node(None, "192.0.2.1", "id1"), node(None, "192.0.2.1", "id2", port_number=7991))
    words = "192.0.2.9 or 192.0.2.1" if len(wanted) == 2 else "192.0.2.1"
    with pytest.raises(InputError) as caught:
        _cluster.find_node(several, wanted)
    assert str(caught.value) == (
        f"{words} matches several nodes (192.0.2.1:7990, 192.0.2.1:7991); give one of them as address:port."
    )
    assert _cluster.find_node(several, "192.0.2.1:7991")["id"] == "id2"


def test_a_name_or_an_id_that_several_nodes_have_is_refused():
    """A word may be the name of one node and the id of another."""
    with pytest.raises(InputError, match=r"two matches several nodes \(one, two\)"):
        _cluster.find_node(CLUSTER, "two")
    same = cluster(node("n", "192.0.2.1", "id1"), node("n", "192.0.2.2", "id2"))
    with pytest.raises(InputError, match=r"n matches several nodes \(192.0.2.1:7990, 192.0.2.2:7990\)"):
        _cluster.find_node(same, "n")


def test_nodes_that_are_offline_are_not_worth_a_question():
    left = [node(None, "192.0.2.1", identifier, state="OFFLINE", version=None) for identifier in ("id1", "id2")]
    assert _cluster.find_node(cluster(*left), "192.0.2.1")["state"] == "OFFLINE"
    assert _cluster.find_node(cluster(*left, node(None, "192.0.2.1", "id3")), "192.0.2.1")["id"] == "id3"


def test_two_moments_that_differ_in_load_and_ids_only_are_equal():
    later = {
        **CLUSTER,
        "nodes": [{**each, "id": "new", "tasks_total": 5, "local": True} for each in reversed(CLUSTER["nodes"])],
    }
    assert _cluster.summary(later) == _cluster.summary(CLUSTER)


@pytest.mark.parametrize("change", [{"state": "OFFLINE"}, {"version": "9.4.22"}, {"name": "other"}, {"name": None}])
def test_two_moments_that_differ_in_a_node_differ(change):
    later = cluster({**CLUSTER["nodes"][0], **change}, *CLUSTER["nodes"][1:])
    assert _cluster.summary(later) != _cluster.summary(CLUSTER)


# -- a node over a restart -------------------------------------------------------------------------------------------


def test_a_node_is_the_same_at_its_address_with_every_id_and_name():
    wanted = _cluster.Node("two")
    assert wanted.find(cluster(node("two", "192.0.2.2", "id2"), node(None, "192.0.2.1", "id1")))["id"] == "id2"
    later = cluster(node(None, "192.0.2.2", "new"), node(None, "192.0.2.1", "newer"))
    assert wanted.find(later)["id"] == "new"
    assert wanted.subject == "node two"


def test_a_node_is_the_same_by_its_name_at_another_address():
    wanted = _cluster.Node(["192.0.2.2", "host-b"])
    assert wanted.find(cluster(node("two", "192.0.2.2", "id2")))["id"] == "id2"
    assert wanted.find(cluster(node("two", "192.0.2.9", "new")))["id"] == "new"
    assert wanted.subject == "node 192.0.2.2"


def test_references_that_match_several_nodes_are_refused_at_first_and_not_listed_later():
    wanted, one, other = _cluster.Node("192.0.2.1"), node(None, "192.0.2.1", "id1"), node(None, "192.0.2.1", "id2")
    with pytest.raises(InputError, match="matches several nodes"):
        wanted.find(cluster(one, other))
    with pytest.raises(InputError, match="matches several nodes"):
        wanted.find(cluster(one, other))
    assert wanted.find(cluster(one))["id"] == "id1"
    assert wanted.find(cluster(one, other)) is None
    assert wanted.find(cluster(other))["id"] == "id2"


def test_the_port_of_a_node_that_was_found_is_remembered():
    """The others need not be known by then."""
    wanted = _cluster.Node("192.0.2.1")
    assert wanted.find(cluster(node(None, "192.0.2.1", "id1", port_number=7991)))["id"] == "id1"
    gone = cluster(node("other", "192.0.2.3", "id3"))
    assert wanted.find(gone) is None


STARTS = {"state": "STARTING", "version": None}


@pytest.mark.parametrize(
    ("nodes", "presumed", "gone"),
    [
        # it is there
        ([node(None, "192.0.2.1", "id1")], "id1", False),
        ([node(None, "192.0.2.1", "id1"), node(None, None, "new", **STARTS)], "id1", False),
        # it is down, and nothing starts
        ([node(None, "192.0.2.1", "id1", state="OFFLINE")], "id1", True),
        ([node(None, "192.0.2.2", "id2")], None, True),
        # what starts may be this one
        ([node(None, "192.0.2.1", "id1", state="OFFLINE"), node(None, None, "new", **STARTS)], "new", False),
        ([node(None, "192.0.2.2", "id2"), node(None, None, "new", **STARTS)], "new", False),
        # but which of the two
        (
            [
                node(None, "192.0.2.1", "id1", state="OFFLINE"),
                node(None, None, "new", **STARTS),
                node(None, None, "newer", state=None),
            ],
            "id1",
            False,
        ),
        ([node(None, None, "new", **STARTS), node(None, None, "newer", **STARTS)], None, False),
        # what has a name is another one
        ([node("other", None, "new", **STARTS)], None, True),
    ],
)
def test_the_only_node_that_shows_nothing_is_taken_for_one_that_is_down(nodes, presumed, gone):
    found = _cluster.Node("192.0.2.1").presumed(cluster(*nodes))
    assert (found and found["id"]) == presumed
    assert _cluster.Node("192.0.2.1").is_gone(cluster(*nodes)) is gone


def test_what_is_known_to_be_another_node_is_not_taken_for_it():
    gone, hangs = node(None, "192.0.2.1", "id1", state="OFFLINE"), node(None, None, "id2", **STARTS)
    wanted = _cluster.Node("192.0.2.1", ["id2"])
    assert wanted.presumed(cluster(gone, hangs))["id"] == "id1"
    assert wanted.is_gone(cluster(gone, hangs)) and wanted.is_gone(cluster(hangs))
    # one that is not known may be it, whatever is known of others
    starts = node(None, None, "new", **STARTS)
    assert wanted.presumed(cluster(gone, hangs, starts))["id"] == "new"
    assert not wanted.is_gone(cluster(gone, hangs, starts))


# -- what the server says of it ---------------------------------------------------------------------------------------


def read(*nodes, **more):
    """The view of an answer with these nodes."""
    body = {"upgradeModeEnabled": True, "state": "MIXED", "nodes": list(nodes), **more}
    with serving(lambda _request: Answer(200, body)) as (client, _server):
        return _cluster.read(client)


FACTS = {
    "name": "Not configured",
    "ipAddress": "192.0.2.11",
    "portNumber": 7990,
    "state": "ACTIVE",
    "version": "9.4.21",
    "buildNumber": "9004021",
    "tasksTotal": 0,
    "activeUserCount": 3,
    "local": True,
    "links": [],
}
VIEW = {
    "id": "8b4b",
    "label": "192.0.2.11:7990",
    "name": None,
    "ip_address": "192.0.2.11",
    "port_number": 7990,
    "state": "ACTIVE",
    "version": "9.4.21",
    "build_number": "9004021",
    "tasks_total": 0,
    "active_user_count": 3,
    "local": True,
}


def test_a_node_without_a_name_is_known_by_its_address():
    assert read({"id": "8b4b", **FACTS})["nodes"] == [VIEW]


@pytest.mark.parametrize("name", ["Not configured", "", None])
def test_what_stands_for_no_name_is_none(name):
    (only,) = read({"id": "8b4b", **FACTS, "name": name})["nodes"]
    assert (only["name"], only["label"]) == (None, "192.0.2.11:7990")


def test_every_fact_of_a_node_but_its_id_may_be_missing_or_null():
    """One null at a time, all at once, and none of them there."""
    shown = {"name", "ip_address", "port_number", "state", "version", "build_number", "tasks_total"}
    for fact in FACTS:
        (only,) = read({"id": "8b4b", **FACTS, fact: None})["nodes"]
        assert only["id"] == "8b4b"
    for facts in ({}, dict.fromkeys(FACTS)):
        (only,) = read({"id": "8b4b", **facts})["nodes"]
        assert only["label"] == "8b4b" and {only[name] for name in shown} == {None}


@pytest.mark.parametrize(
    "nodes",
    [
        [{"name": "n1"}],
        [{"id": None}],
        [{"id": "8b4b", "state": 1}],
        [{"id": "8b4b", "portNumber": "7990"}],
        ["8b4b"],
        None,
    ],
)
def test_an_answer_of_another_shape_is_refused(nodes):
    with pytest.raises(ContractError):
        read(nodes=nodes)


def test_nodes_are_sorted_by_their_labels():
    rows = [{"id": f"id-{last}", **FACTS, "ipAddress": f"192.0.2.{last}"} for last in (10, 9, 100)]
    named = {"id": "id-n", **FACTS, "name": "n"}
    assert [each["label"] for each in read(*rows, named)["nodes"]] == [
        "n",
        "192.0.2.9:7990",
        "192.0.2.10:7990",
        "192.0.2.100:7990",
    ]


def test_the_original_version_counts_in_upgrade_mode_only():
    assert read(originalVersion="9.4.21")["original_version"] == "9.4.21"
    assert read(originalVersion="9.4.21", upgradeModeEnabled=False)["original_version"] is None
    assert read()["original_version"] is None


# -- what was seen of it ----------------------------------------------------------------------------------------------


def answer(state, *nodes):
    """What the server says of a cluster; a node is its name, state and version."""
    listed = [{"id": f"{name}!", "name": name, "state": now, "version": version} for name, now, version in nodes]
    return {"upgradeModeEnabled": state != "STABLE", "state": state, "nodes": listed}


class Server:
    """Answers with one thing after the other, an exception too."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, _request):
        following = self.answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return Answer(200, following)


class Time:
    """A second passes between one look at the time and the next."""

    def __init__(self):
        self.seconds = 0

    def __call__(self):
        self.seconds += 1
        return dt.datetime(2026, 11, 21, 15, 59, self.seconds, 345678, tzinfo=dt.timezone.utc)


OLD = answer("READY_TO_UPGRADE", ("two", "ACTIVE", "9.4.21"), ("one", "ACTIVE", "9.4.21"))
GONE = answer("READY_TO_UPGRADE", ("two", "OFFLINE", None), ("one", "ACTIVE", "9.4.21"))


def test_what_is_seen_is_remembered_where_it_differs_from_the_look_before():
    with serving(Server(OLD, OLD, GONE, GONE, OLD)) as (client, _server):
        watch = _cluster.Watch(client, Time())
        with watch:
            for _look in range(5):
                watch.read()
    one = {"id": "one!", "label": "one", "state": "ACTIVE", "version": "9.4.21"}
    there = {**one, "id": "two!", "label": "two"}
    gone = {**there, "state": "OFFLINE", "version": None}
    assert watch.observations == [
        {"at": "2026-11-21T15:59:01.345Z", "cluster_state": "READY_TO_UPGRADE", "nodes": [one, there]},
        {"at": "2026-11-21T15:59:02.345Z", "cluster_state": "READY_TO_UPGRADE", "nodes": [one, gone]},
        {"at": "2026-11-21T15:59:03.345Z", "cluster_state": "READY_TO_UPGRADE", "nodes": [one, there]},
    ]


def test_another_id_is_seen_although_nothing_else_differs():
    again = {**OLD, "nodes": [{**each, "id": "another"} if each["name"] == "two" else each for each in OLD["nodes"]]}
    with serving(Server(OLD, again)) as (client, _server):
        watch = _cluster.Watch(client, Time())
        watch.read()
        watch.read()
    assert [seen["nodes"][1]["id"] for seen in watch.observations] == ["two!", "another"]


def test_what_was_seen_is_told_by_the_error_that_ends_it():
    def look_twice(client):
        with _cluster.Watch(client, Time()) as watch:
            watch.read()
            watch.read()

    server = Server(OLD, requests.ConnectionError("reset"))
    with serving(server) as (client, _server), pytest.raises(UnreachableError) as caught:
        look_twice(client)
    assert [seen["cluster_state"] for seen in caught.value.facts["observations"]] == ["READY_TO_UPGRADE"]


def test_what_an_action_answers_or_what_is_read_back_is_seen():
    stable = answer("STABLE")
    server = Server(stable, OLD, requests.ConnectionError("reset"), stable)
    with serving(server) as (client, _server):
        watch = _cluster.Watch(client, Time())
        with watch:
            watch.read()
            watch.act("start")
            watch.act("cancel")
    assert [seen["cluster_state"] for seen in watch.observations] == ["STABLE", "READY_TO_UPGRADE", "STABLE"]
