# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _cluster


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
