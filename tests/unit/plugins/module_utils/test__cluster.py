# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _cluster
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, UnreachableError
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving


def node(name, address, identifier, **more):
    return {"id": identifier, "name": name, "ip_address": address, "state": "ACTIVE", "version": "9.4.21", **more}


CLUSTER = {
    "state": "MIXED",
    "upgrade_mode_enabled": True,
    "original_version": "9.4.21",
    "nodes": [node("one", "192.0.2.1", "two"), node("two", "192.0.2.2", "192.0.2.1"), node("three", None, "id3")],
}


@pytest.mark.parametrize(
    ("wanted", "name"), [("two", "two"), ("192.0.2.1", "one"), ("192.0.2.2", "two"), ("id3", "three")]
)
def test_a_node_is_found_by_name_then_address_then_id(wanted, name):
    assert _cluster.find_node(CLUSTER, wanted)["name"] == name


def test_a_node_that_is_not_there_is_none():
    assert _cluster.find_node(CLUSTER, "four") is None


def test_what_may_mean_several_nodes_is_refused():
    several = {**CLUSTER, "nodes": [node("one", "192.0.2.1", "id1"), node("two", "192.0.2.1", "id2")]}
    with pytest.raises(InputError, match=r"192.0.2.1 may be any of several nodes \(one, two\); give one of them"):
        _cluster.find_node(several, "192.0.2.1")


def test_two_moments_that_differ_in_load_and_ids_only_are_equal():
    later = {
        **CLUSTER,
        "nodes": [{**each, "id": "new", "tasks_total": 5, "local": True} for each in reversed(CLUSTER["nodes"])],
    }
    assert _cluster.summary(later) == _cluster.summary(CLUSTER)


@pytest.mark.parametrize("change", [{"state": "OFFLINE"}, {"version": "9.4.22"}, {"name": "other"}])
def test_two_moments_that_differ_in_a_node_differ(change):
    later = {**CLUSTER, "nodes": [{**CLUSTER["nodes"][0], **change}, *CLUSTER["nodes"][1:]]}
    assert _cluster.summary(later) != _cluster.summary(CLUSTER)


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
    one = {"name": "one", "state": "ACTIVE", "version": "9.4.21"}
    there, gone = {**one, "name": "two"}, {"name": "two", "state": "OFFLINE", "version": None}
    assert watch.observations == [
        {"at": "2026-11-21T15:59:01.345Z", "cluster_state": "READY_TO_UPGRADE", "nodes": [one, there]},
        {"at": "2026-11-21T15:59:02.345Z", "cluster_state": "READY_TO_UPGRADE", "nodes": [one, gone]},
        {"at": "2026-11-21T15:59:03.345Z", "cluster_state": "READY_TO_UPGRADE", "nodes": [one, there]},
    ]


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
