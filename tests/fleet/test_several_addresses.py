# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several addresses of one cluster: reads go on, writes only where it is sure that they were not received."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from .modules import Fleet

API = {"project_key": "PLAT", "repository": "api"}
NEW = {**API, "name": "addresses/new", "start_point": "main"}


@pytest.fixture
def dead() -> Iterator[str]:
    """An address where nothing listens: the port is taken, so that nobody else comes to listen there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def nodes(fleet: Fleet) -> list[str]:
    return [node["url"] + fleet.simulator.facts["context_path"] for node in fleet.simulator.facts["nodes"]]


@pytest.fixture
def absent(fleet: Fleet) -> Iterator[None]:
    fleet.delete_branch("addresses/new")
    yield
    fleet.delete_branch("addresses/new")


def test_a_read_goes_to_the_next_address(fleet: Fleet, dead: str, nodes: list[str]) -> None:
    result = fleet.run("branch_info", {**API, "url": [dead, nodes[0]], "name": "main"})
    assert [branch["name"] for branch in result["branches"]] == ["main"]


def test_the_environment_may_name_several(fleet: Fleet, dead: str, nodes: list[str]) -> None:
    result = fleet.run("branch_info", {**API, "name": "main"}, BITBUCKET_URL=f"{dead},{nodes[0]}")
    assert [branch["name"] for branch in result["branches"]] == ["main"]


@pytest.mark.usefixtures("absent")
def test_a_write_goes_on_where_nothing_was_received(fleet: Fleet, dead: str, nodes: list[str]) -> None:
    assert fleet.run("branch", {**NEW, "url": [dead, nodes[0]]})["changed"] is True
    assert "refs/heads/addresses/new" in fleet.simulator.refs()["PLAT/api"]


@pytest.mark.usefixtures("absent")
def test_a_write_that_may_have_been_received_is_looked_for_before_it_is_sent_again(
    fleet: Fleet, nodes: list[str]
) -> None:
    fault = {"method": "POST", "path": "/branches$", "node": "node1", "fault": {"kind": "reset_after"}}
    requests.post(f"{fleet.simulator.control}/faults", json=fault, timeout=30).raise_for_status()
    fleet.listen()
    try:
        result = fleet.run("branch", {**NEW, "url": nodes})
    finally:
        requests.delete(f"{fleet.simulator.control}/faults", timeout=30).raise_for_status()
    assert result["changed"] is True
    assert "refs/heads/addresses/new" in fleet.simulator.refs()["PLAT/api"]
    assert len([entry for entry in fleet.heard() if entry["method"] == "POST"]) == 1


def test_a_server_that_is_busy_is_left_for_another(fleet: Fleet, nodes: list[str]) -> None:
    fault = {"method": "GET", "node": "node1", "fault": {"kind": "status", "status": 503}}
    requests.post(f"{fleet.simulator.control}/faults", json=fault, timeout=30).raise_for_status()
    try:
        result = fleet.run("branch_info", {**API, "url": nodes, "name": "main"})
    finally:
        requests.delete(f"{fleet.simulator.control}/faults", timeout=30).raise_for_status()
    assert [branch["name"] for branch in result["branches"]] == ["main"]


def test_with_no_address_left_the_failure_is_plain(fleet: Fleet, dead: str) -> None:
    result = fleet.run("branch_info", {**API, "url": [dead], "name": "main"})
    assert result["failed"] is True
    assert result["error"]["type"] == "unreachable"
    assert result["error"]["retryable"] is True
    assert "Connection refused" in result["msg"]
