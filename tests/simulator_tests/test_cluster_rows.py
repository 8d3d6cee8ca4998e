# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, addresses and ports of the nodes: what the options and the control address make of them.

How rows come and go is checked by tests/conformance/test_cluster_rows.py.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import Cluster, running, wait_until
from harness.simulator import Simulator
from simulator.ports import PortInUseError, Ports


def restart(cluster: Cluster, name: str) -> None:
    assert cluster.script(name, "stop").returncode == 0
    assert cluster.script(name, "start").returncode == 0
    wait_until(lambda: cluster.states("node1").get(name) == "ACTIVE")


@pytest.fixture
def moved(own_cluster: Cluster) -> Iterator[Cluster]:
    """A cluster whose second node is where it was, afterwards, and found there by the entry address."""
    yield own_cluster
    home = own_cluster.node("node2")["url"]
    url = urlsplit(home)
    back = {"address": url.hostname, "port": url.port}
    assert own_cluster.control("PUT", "/nodes/node2/move", json=back).status_code == 200
    restart(own_cluster, "node2")
    wait_until(lambda: own_cluster.backends()[1]["url"] == home and own_cluster.backends()[1]["running"])


def test_nodes_share_a_port_and_have_an_address_each(cluster: Cluster) -> None:
    nodes = cluster.facts["nodes"]
    assert [(node["name"], node["address"]) for node in nodes] == [
        (f"node{number}", f"127.0.10.{number}") for number in (1, 2, 3)]  # fmt: skip
    assert len({node["port"] for node in nodes}) == 1
    assert {node["url"] for node in nodes} == {f"http://{node['address']}:{node['port']}" for node in nodes}
    rows = cluster.zdu()["nodes"]
    assert [(row["ipAddress"], row["portNumber"]) for row in rows] == [(n["address"], n["port"]) for n in nodes]
    assert {row["name"] for row in rows} == {"Not configured"}
    assert {node["cluster_name"] for node in nodes} == {None}
    assert {node["name"] for node in cluster.get("/rest/api/latest/admin/cluster")["nodes"]} == {"Not configured"}
    assert {node["name"]: node["id"] for node in nodes} == {name: row["id"] for name, row in cluster.rows().items()}


def test_two_clusters_at_once_differ_in_the_port(cluster: Cluster, tmp_path: Path) -> None:
    with running(tmp_path / "data", "--nodes", "1") as other:
        assert other.facts["nodes"][0]["address"] == cluster.facts["nodes"][0]["address"]
        assert other.facts["nodes"][0]["port"] != cluster.facts["nodes"][0]["port"]


@pytest.mark.parametrize(("names", "expected"), [("unique", ["node1", "node2"]), ("same", ["bitbucket"] * 2)])
def test_nodes_share_an_address_and_have_names(tmp_path: Path, names: str, expected: list[str]) -> None:
    with running(tmp_path / "data", "--nodes", "2", "--shared-address", "--node-names", names) as cluster:
        nodes = cluster.facts["nodes"]
        assert {node["address"] for node in nodes} == {"127.0.0.1"}
        assert len({node["port"] for node in nodes}) == 2
        assert [node["cluster_name"] for node in nodes] == expected
        rows = cluster.rows()
        assert [row["name"] for row in rows.values()] == expected
        assert [rows[node["name"]]["portNumber"] for node in nodes] == [node["port"] for node in nodes]
        inventory = Simulator(cluster.facts).write_inventory(tmp_path / "inventory.yml").read_text(encoding="utf-8")
        assert all(f"rolling_upgrade_node_port: {node['port']}\n" in inventory for node in nodes)


def test_inventory_names_hosts_by_label_and_address(cluster: Cluster, tmp_path: Path) -> None:
    inventory = Simulator(cluster.facts).write_inventory(tmp_path / "inventory.yml").read_text(encoding="utf-8")
    assert [f"node{n}:" in inventory and f"ansible_host: 127.0.10.{n}\n" in inventory for n in (1, 2, 3)] == [True] * 3
    assert "rolling_upgrade_node_port" not in inventory


def test_a_chosen_port_is_that_of_entry_and_nodes(tmp_path: Path) -> None:
    with contextlib.ExitStack() as held:
        # both are free now, and nobody takes ports there but simulators
        port = Ports(held).take_any("127.0.0.1", "127.0.10.1")
    with running(tmp_path / "data", "--nodes", "1", "--port", str(port)) as cluster:
        assert cluster.facts["entry"] == f"http://127.0.0.1:{port}"
        assert cluster.facts["nodes"][0]["url"] == f"http://127.0.10.1:{port}"


def test_the_entry_follows_a_node_that_moves(moved: Cluster) -> None:
    here = moved.backends()[1]["url"]
    answer = moved.control("PUT", "/nodes/node2/move", json={"address": "127.0.10.92"})
    assert (answer.status_code, answer.json()["address"]) == (200, "127.0.10.92")
    assert moved.rows()["node2"]["ipAddress"] == "127.0.10.2", "it moves with the next start only"
    restart(moved, "node2")
    assert moved.rows("node1")["node2"]["ipAddress"] == "127.0.10.92"
    wait_until(lambda: moved.backends()[1]["url"] != here and moved.backends()[1]["running"])
    for name in ("node1", "node3"):
        moved.control("PUT", f"/nodes/{name}", json={"drained": True})
    try:
        assert moved.zdu()["state"] == "STABLE", "only the node that has moved is left to answer"
    finally:
        for name in ("node1", "node3"):
            moved.control("PUT", f"/nodes/{name}", json={"drained": False})


def test_only_what_is_advertised_moves(moved: Cluster) -> None:
    here = moved.backends()[1]["url"]
    where = {"advertised_address": "10.20.0.11", "advertised_port": 5701}
    moved.control("PUT", "/nodes/node2/move", json=where)
    restart(moved, "node2")
    row = moved.rows("node1")["node2"]
    assert (row["ipAddress"], row["portNumber"]) == ("10.20.0.11", 5701)
    backend = moved.backends()[1]
    assert (backend["url"], backend["address"], backend["id"]) == (here, "10.20.0.11", row["id"])


def test_a_test_may_edit_the_configuration(moved: Cluster) -> None:
    path = Path(moved.node("node2")["home"], "node.json")
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, "advertised_address": "10.20.0.12", "cluster_name": "b"}), encoding="utf-8")
    restart(moved, "node2")
    row = moved.rows("node1")["node2"]
    assert (row["name"], row["ipAddress"]) == ("b", "10.20.0.12")
    path.write_text(json.dumps(config), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "where", "status"),
    [
        ("node9", {"port": 1024}, 404),
        ("node2", {}, 400),
        ("node2", {"address": "10.20.0.11"}, 400),
        ("node2", {"address": "127.0.0.256"}, 400),
        ("node2", {"advertised_address": "elsewhere"}, 400),
        ("node2", {"address": "127.0.10.1"}, 409),
    ],
)
def test_moves_that_are_refused(own_cluster: Cluster, name: str, where: dict[str, object], status: int) -> None:
    before = Path(own_cluster.node("node2")["home"], "node.json").read_bytes()
    answer = own_cluster.control("PUT", f"/nodes/{name}/move", json=where)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert Path(own_cluster.node("node2")["home"], "node.json").read_bytes() == before


def test_rows_are_in_the_order_of_the_pictures(own_cluster: Cluster) -> None:
    """By the text of the address; a node that starts comes last."""
    own_cluster.control("PUT", "/nodes/node1/override", json={"hide_address": True})
    try:
        shown = [row["ipAddress"] for row in own_cluster.zdu()["nodes"]]
    finally:
        own_cluster.control("DELETE", "/nodes/node1/override")
    assert shown == ["127.0.10.2", "127.0.10.3", None]


def test_an_upgrade_goes_on_after_all_was_down(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--nodes", "2") as cluster:
        assert cluster.call("POST", "/rest/zdu/start").status_code == 200
    with running(data, "--nodes", "2") as cluster:
        assert len(cluster.zdu()["nodes"]) == 2, "the free port is another one, and leaves no ghosts"
        cluster.script("node2", "stop")
        assert cluster.states() == {"node1": "ACTIVE", "node2": "OFFLINE"}


def test_ports_are_reserved_on_every_address() -> None:
    with contextlib.ExitStack() as held, contextlib.ExitStack() as others:
        ports = Ports(held)
        port = ports.take_any("127.0.10.81", "127.0.10.82")
        assert ports.take("127.0.10.81", port) == port, "it is ours already"
        with pytest.raises(PortInUseError, match=str(port)):
            Ports(others).take("127.0.10.82", port)
        Ports(others).take("127.0.10.83", port)
        with socket.socket() as client:
            assert client.connect_ex(("127.0.10.82", port)) != 0, "nobody listens"
    with contextlib.ExitStack() as held:
        assert Ports(held).take("127.0.10.82", port) == port
