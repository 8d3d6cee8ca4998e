# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.modules import cluster_info
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving


def row(identifier, address, port=7990, **more):
    facts = {"name": "Not configured", "ipAddress": address, "portNumber": port, "state": "ACTIVE", "version": "9.4.21"}
    return {"id": identifier, **facts, **more}


NODES = [
    row("id-1", "192.0.2.11"),
    row("id-old", "192.0.2.12", state="OFFLINE", version=None),
    row("id-2", "192.0.2.12"),
    row("id-3", "192.0.2.13", 7990, name="n3"),
    row("id-4", "192.0.2.13", 7991, name="n4"),
]


def run(node):
    body = {"upgradeModeEnabled": True, "state": "MIXED", "originalVersion": "9.4.21", "nodes": NODES}
    with serving(lambda _request: Answer(200, body), read_only=True) as (client, server):
        module = types.SimpleNamespace(params={"node": node}, warn=(warnings := []).append)
        result = cluster_info.run(module, client)
        assert len(server.received) == 1
    return result, warnings


@pytest.mark.parametrize(
    ("node", "identifier"),
    [
        (["192.0.2.11"], "id-1"),
        (["192.0.2.11:7990"], "id-1"),
        (["192.0.2.12"], "id-2"),
        (["id-old"], "id-old"),
        (["n3"], "id-3"),
        (["192.0.2.13:7991"], "id-4"),
        (["n3", "192.0.2.11"], "id-1"),
        (["nobody", "n4"], "id-4"),
        (["192.0.2.99"], None),
        (None, None),
        ([], None),
    ],
)
def test_the_node_that_is_asked_for_is_found_beside_the_cluster(node, identifier):
    result, warnings = run(node)
    assert bool(warnings) == bool(node and not identifier)
    assert (result["node"] and result["node"]["id"]) == identifier
    assert result["node"] is None or result["node"] in result["cluster"]["nodes"]
    assert result["changed"] is False
    assert [each["label"] for each in result["cluster"]["nodes"]] == [
        "id-old",
        "n3",
        "n4",
        "192.0.2.11:7990",
        "192.0.2.12:7990",
    ]


def test_a_node_that_is_not_found_is_named_with_the_nodes_that_are_listed():
    _result, warnings = run(["192.0.2.99", "n9"])
    (warning,) = warnings
    assert warning == (
        "no node matches 192.0.2.99 or n9, the cluster lists id-old, n3, n4, 192.0.2.11:7990, 192.0.2.12:7990: the"
        " return value node is null"
    )


def test_a_node_that_may_be_any_of_several_is_refused():
    with pytest.raises(InputError, match=r"192.0.2.13 matches several nodes \(n3, n4\); give one of them"):
        run(["192.0.2.13"])
