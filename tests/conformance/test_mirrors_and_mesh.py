# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Around the cluster: the mirrors' own switch, and Mesh nodes."""

from __future__ import annotations

import time

import pytest

from conformance.api import Api

claim = pytest.mark.claim
MIRRORING = "/rest/mirroring/latest/zdu"
MESH = "/rest/api/latest/admin/git/mesh/nodes"


@claim("Mirrors have their own switch: POST start and end, {rollingUpgradeEnabled, version}", evidence="doc")
@pytest.mark.needs("mirroring")
def test_mirroring(admin: Api) -> None:
    version = admin.get("/rest/api/latest/application-properties").json["version"]
    try:
        started = admin.post(f"{MIRRORING}/start", status=200, schema="mirroring_zdu").json
        assert (started["rollingUpgradeEnabled"], started["version"]) == (True, version)
    finally:
        ended = admin.post(f"{MIRRORING}/end", status=200, schema="mirroring_zdu").json
    assert ended["rollingUpgradeEnabled"] is False


@claim("The mirrors' switch is for administrators", evidence="doc")
def test_mirroring_refused(reader: Api) -> None:
    reader.post(f"{MIRRORING}/start", status=(401, 403))


@claim("Mesh nodes are listed, and read one by one, with one of five states", evidence="doc")
@pytest.mark.needs("mesh")
def test_mesh_nodes(admin: Api) -> None:
    listed = admin.get(MESH).json
    nodes = listed["values"] if isinstance(listed, dict) else listed
    assert nodes
    for node in nodes:
        assert admin.get(f"{MESH}/{node['id']}", schema="mesh_node").json["name"] == node["name"]


@claim("PUT changes the state of a Mesh node; they are taken out one at a time", evidence="doc")
@pytest.mark.needs("mesh")
def test_drain_mesh_node(admin: Api) -> None:
    listed = admin.get(MESH).json
    first, second = (listed["values"] if isinstance(listed, dict) else listed)[:2]
    try:
        drained = admin.put(f"{MESH}/{first['id']}", {**first, "state": "DRAINING"}, status=200, schema="mesh_node")
        assert drained.json["state"] in ("DRAINING", "DISABLED")
        assert admin.put(f"{MESH}/{second['id']}", {**second, "state": "DRAINING"}).status >= 400
    finally:
        deadline = time.monotonic() + 60
        while admin.put(f"{MESH}/{first['id']}", {**first, "state": "AVAILABLE"}).status != 200:
            assert time.monotonic() < deadline
            time.sleep(1)
    assert admin.get(f"{MESH}/{first['id']}").json["state"] == "AVAILABLE"


@claim("Mesh nodes are for SYS_ADMIN", evidence="doc")
def test_mesh_refused(reader: Api) -> None:
    reader.get(MESH, status=401)
