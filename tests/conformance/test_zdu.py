# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health, version, cluster, and the rolling upgrade as far as no node has to be stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.api import Api
from conformance.target import Target

claim = pytest.mark.claim
ZDU = "/rest/zdu"


@claim("GET /status is anonymous: 200 and RUNNING", evidence="doc")
def test_status(anonymous: Api) -> None:
    assert anonymous.get("/status", schema="server_status").json["state"] == "RUNNING"


@claim("application-properties is anonymous: {version, buildNumber, buildDate, displayName}", evidence="doc")
def test_application_properties(anonymous: Api) -> None:
    shown = anonymous.get("/rest/api/latest/application-properties", schema="application_properties").json
    assert shown["displayName"] == "Bitbucket"


@claim("buildNumber is major * 1000000 + minor * 1000 + patch, as text", evidence="seen 9.4.22")
def test_build_number(anonymous: Api) -> None:
    shown = anonymous.get("/rest/api/latest/application-properties").json
    major, minor, patch = (int(part) for part in shown["version"].split(".")[:3])
    assert shown["buildNumber"] == str(major * 1_000_000 + minor * 1_000 + patch)


@claim("admin/cluster is {localNode, nodes, running}, each node with its buildVersion", evidence="doc")
def test_admin_cluster(admin: Api) -> None:
    shown = admin.get("/rest/api/latest/admin/cluster", schema="admin_cluster").json
    assert shown["running"] is True
    assert shown["localNode"]["local"] is True
    assert shown["localNode"]["id"] in {node["id"] for node in shown["nodes"]}
    assert sum(node["local"] for node in shown["nodes"]) == 1


@claim("admin/cluster is for SYS_ADMIN: others get 401", evidence="doc")
def test_admin_cluster_refused(reader: Api) -> None:
    reader.get("/rest/api/latest/admin/cluster", status=401)


@claim("GET zdu/cluster is {upgradeModeEnabled, state, originalVersion, nodes, links}", evidence="doc")
@claim("zdu has no version segment", evidence="doc")
def test_cluster(admin: Api) -> None:
    admin.get(f"{ZDU}/cluster", schema="zdu_cluster")
    admin.get("/rest/zdu/latest/cluster", status=404, refusal="unrouted")


@claim("GET zdu/state is {state, buildInfo}, the node being the one that answers", evidence="doc")
def test_state(admin: Api) -> None:
    shown = admin.get(f"{ZDU}/state", schema="zdu_state").json
    assert shown["buildInfo"]["local"] is True
    assert shown["buildInfo"]["state"] == "ACTIVE"


@claim("GET zdu/nodes/{id} is the node, 404 for an unknown one", evidence="doc")
def test_node(admin: Api) -> None:
    node = admin.get(f"{ZDU}/cluster").json["nodes"][0]
    shown = admin.get(f"{ZDU}/nodes/{node['id']}", schema="zdu_node").json
    assert (shown["name"], shown["version"]) == (node["name"], node["version"])
    admin.get(f"{ZDU}/nodes/00000000-0000-0000-0000-000000000000", status=404)


@claim("zdu and admin/cluster name the same nodes", evidence="doc")
def test_same_nodes(admin: Api) -> None:
    zdu = {node["id"]: node["name"] for node in admin.get(f"{ZDU}/cluster").json["nodes"]}
    shown = {node["id"]: node["name"] for node in admin.get("/rest/api/latest/admin/cluster").json["nodes"]}
    assert zdu == shown


@claim("Each node has an id of its own, which is a UUID", evidence="seen 7.9")
@claim("Address and port tell the nodes apart", evidence="likely")
def test_identity(admin: Api) -> None:
    nodes = admin.get(f"{ZDU}/cluster", schema="zdu_cluster").json["nodes"]
    assert len({node["id"] for node in nodes}) == len(nodes)
    assert len({(node["ipAddress"], node["portNumber"]) for node in nodes}) == len(nodes)


@claim("zdu is for SYS_ADMIN: others get 403", evidence="doc")
def test_not_permitted(reader: Api) -> None:
    reader.get(f"{ZDU}/cluster", status=403)
    reader.post(f"{ZDU}/start", status=403)


@claim("zdu refuses whoever is not authenticated with 401", evidence="doc")
def test_anonymous(anonymous: Api) -> None:
    anonymous.get(f"{ZDU}/cluster", status=401)


@pytest.fixture
def cancelled(admin: Api) -> Iterator[None]:
    """Upgrade mode is off before, and after whatever came about."""
    if admin.get(f"{ZDU}/cluster").json["upgradeModeEnabled"]:
        pytest.skip("a rolling upgrade is under way")
    yield
    admin.post(f"{ZDU}/cancel", status=(200, 409))


@pytest.mark.needs("zdu")
@claim("POST start and cancel, without a body, answer 200 and the cluster", evidence="doc")
@claim("Started: READY_TO_UPGRADE; cancelled: STABLE", evidence="doc")
@claim("originalVersion is the version that the upgrade begins with", evidence="doc")
def test_start_and_cancel(admin: Api, cancelled: None) -> None:
    version = admin.get("/rest/api/latest/application-properties").json["version"]
    started = admin.post(f"{ZDU}/start", status=200, schema="zdu_cluster").json
    assert (started["state"], started["upgradeModeEnabled"]) == ("READY_TO_UPGRADE", True)
    assert started["originalVersion"] == version
    assert admin.get(f"{ZDU}/state").json["state"] == "READY_TO_UPGRADE"
    ended = admin.post(f"{ZDU}/cancel", status=200, schema="zdu_cluster").json
    assert (ended["state"], ended["upgradeModeEnabled"]) == ("STABLE", False)


@pytest.mark.needs("zdu")
@claim("A repeated start answers 409", evidence="seen")
@claim("A 409 of start, cancel and approve has an empty body", evidence="seen")
def test_start_twice(admin: Api, cancelled: None) -> None:
    refused = [admin.post(f"{ZDU}/{action}", status=409) for action in ("cancel", "approve")]
    admin.post(f"{ZDU}/start", status=200)
    refused += [admin.post(f"{ZDU}/{action}", status=409) for action in ("start", "approve")]
    assert {answer.text for answer in refused} == {""}


@pytest.mark.needs("zdu")
@claim("approve before any node was upgraded answers 409", evidence="doc")
def test_approve_too_early(admin: Api, cancelled: None) -> None:
    admin.post(f"{ZDU}/approve", status=409)
    admin.post(f"{ZDU}/start", status=200)
    admin.post(f"{ZDU}/approve", status=409)


@pytest.mark.needs("zdu")
@claim("cancel without an upgrade answers 409", evidence="doc")
def test_cancel_nothing(admin: Api, cancelled: None) -> None:
    admin.post(f"{ZDU}/cancel", status=409)


@pytest.mark.needs("settings")
@claim("The body of a 409 may have errors[]", evidence="doc")
@pytest.mark.parametrize("body", ["empty", "errors"])
def test_conflict_body(admin: Api, target: Target, cancelled: None, body: str) -> None:
    target.control("PUT", "/server", {"zdu_conflict_body": body})
    try:
        answer = admin.post(f"{ZDU}/cancel", status=409)
        assert (answer.text == "") is (body == "empty")
    finally:
        target.control("DELETE", "/server")
