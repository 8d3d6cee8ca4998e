# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Around the cluster: the mirrors' own switch, and Mesh nodes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.api import Api

claim = pytest.mark.claim
MIRRORING = "/rest/mirroring/latest"
MESH = "/rest/api/latest/admin/git/mesh/nodes"


@claim("Mirrors have their own switch: POST start and end, {rollingUpgradeEnabled, version}", evidence="doc")
@claim("The version is the lowest of the farm's nodes", evidence="doc")
@claim("The mirrors' switch may be set twice", evidence="assumed")
@pytest.mark.needs("mirroring")
def test_mirroring(admin: Api) -> None:
    farm = admin.get(f"{MIRRORING}/farmNodes", status=200, schema="farm_nodes").json
    lowest = min((node["buildVersion"] for node in farm), key=lambda text: [int(part) for part in text.split(".")])
    try:
        for _again in range(2):
            started = admin.post(f"{MIRRORING}/zdu/start", status=200, schema="mirroring_zdu").json
            assert (started["rollingUpgradeEnabled"], started["version"]) == (True, lowest)
    finally:
        ended = admin.post(f"{MIRRORING}/zdu/end", status=200, schema="mirroring_zdu").json
    assert ended["rollingUpgradeEnabled"] is False


@claim("The mirrors' switch cannot be read", evidence="doc")
@pytest.mark.needs("mirroring")
def test_mirroring_is_not_read_back(admin: Api) -> None:
    for path in ("zdu", "zdu/start", "zdu/end"):
        admin.get(f"{MIRRORING}/{path}", status=(404, 405), refusal="unrouted")


@claim("The mirrors' switch is for SYS_ADMIN", evidence="doc")
def test_mirroring_refused(reader: Api) -> None:
    reader.post(f"{MIRRORING}/zdu/start", status=(401, 403))


@claim("Mesh nodes are listed, and read one by one, with one of five states", evidence="doc")
@claim("The list of Mesh nodes is not paged", evidence="assumed")
@pytest.mark.needs("mesh")
def test_mesh_nodes(admin: Api) -> None:
    nodes = admin.get(MESH).json
    assert isinstance(nodes, list) and nodes
    for node in nodes:
        assert admin.get(f"{MESH}/{node['id']}", schema="mesh_node").json["name"] == node["name"]


@contextlib.contextmanager
def put_back(admin: Api, node: dict[str, Any]) -> Iterator[str]:
    """The path of a Mesh node, which is AVAILABLE again when the block has ended."""
    path = f"{MESH}/{node['id']}"
    try:
        yield path
    finally:
        deadline = time.monotonic() + 60
        while admin.put(path, {"state": "AVAILABLE"}).status != 200:
            assert time.monotonic() < deadline
            time.sleep(1)
    assert admin.get(path).json["state"] == "AVAILABLE"


@claim("A Mesh node that is DRAINING ends as DISABLED", evidence="doc")
@claim("PUT takes the new state of a Mesh node alone, and leaves the rest of the node as it is", evidence="assumed")
@claim("A second Mesh node is not taken out", evidence="assumed")
@pytest.mark.needs("mesh")
def test_drain_mesh_node(admin: Api) -> None:
    first, second = admin.get(MESH).json[:2]
    with put_back(admin, first) as path:
        drained = admin.put(path, {"state": "DRAINING"}, status=200, schema="mesh_node").json
        assert drained["state"] in ("DRAINING", "DISABLED")
        assert (drained["name"], drained["rpcUrl"]) == (first["name"], first["rpcUrl"])
        assert admin.put(f"{MESH}/{second['id']}", {"state": "DRAINING"}).status >= 400
        deadline = time.monotonic() + 60
        while (state := admin.get(path).json["state"]) != "DISABLED":
            assert state == "DRAINING" and time.monotonic() < deadline
            time.sleep(0.2)


@claim("Nobody can ask for OFFLINE, nor for DELETING", evidence="doc")
@claim("What a Mesh node cannot be made is refused with 409", evidence="assumed")
@pytest.mark.needs("mesh")
def test_mesh_node_states_that_nobody_can_ask_for(admin: Api) -> None:
    node = admin.get(MESH).json[0]
    for state in ("OFFLINE", "DELETING"):
        refused = admin.put(f"{MESH}/{node['id']}", {"state": state}, status=409).json["errors"][0]
        assert refused["exceptionName"] == "com.atlassian.bitbucket.mesh.InvalidMeshNodeStateException"
    assert admin.get(f"{MESH}/{node['id']}").json["state"] == node["state"]


@claim("Mesh nodes are for SYS_ADMIN", evidence="doc")
def test_mesh_refused(reader: Api) -> None:
    reader.get(MESH, status=401)
