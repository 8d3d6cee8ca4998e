# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node a host is: by addresses that change, by ports, by what the host itself has, while nodes do not answer."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.nodes import nodes_of
from harness.playbook import Run
from harness.simulator import Simulator

from .conftest import cluster
from .upgrade import Upgrade, done, why

addresses = itertools.count(31)

BACK = "Wait until the node is back at its version"
#: A host that is reached where its node advertises itself at this moment.
FOLLOWS = (
    "{{ (lookup('ansible.builtin.file', rolling_upgrade_home ~ '/node.json') | from_json).advertised_address"
    " | default(%r, true) }}"
)


@pytest.fixture(scope="module")
def three_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "node-identity", 3) as started:
        yield started


@pytest.fixture
def upgrade(three_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    """Not begun; each host is where its node advertises itself now."""
    begun = Upgrade(three_nodes, directory / "node-identity")
    change_hosts(begun, lambda name, variables: variables.update(ansible_host=advertised(begun, name)))
    yield begun
    begun.assert_nothing_drained()
    begun.end()


def advertised(upgrade: Upgrade, name: str) -> str:
    config = json.loads((upgrade.nodes[name].home / "node.json").read_text(encoding="utf-8"))
    return str(config["advertised_address"] or config["host"])


def change_hosts(upgrade: Upgrade, change: Callable[[str, dict[str, Any]], None]) -> None:
    """Change the variables of each host in the inventory."""
    inventory = yaml.safe_load(upgrade.inventory.read_text(encoding="utf-8"))
    for name, variables in inventory["bitbucket"]["hosts"].items():
        change(name, variables)
    upgrade.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")


def follow(upgrade: Upgrade) -> None:
    """Have each host follow its node to where it advertises itself."""
    change_hosts(upgrade, lambda _name, variables: variables.update(ansible_host=FOLLOWS % variables["ansible_host"]))


def move(upgrade: Upgrade, name: str) -> None:
    """Have the node come back from its next start with another address."""
    upgrade.nodes[name].move(advertised_address=f"10.20.0.{next(addresses)}")


def moving(upgrade: Upgrade, playbook: str = "rolling_upgrade", killed: bool = False, **variables: Any) -> Run:
    """A run in which every node that is started comes back with another address, or that is killed at the first one."""
    with upgrade.started(playbook, **variables) as started:
        for event in started:
            if event["event"] == "begin" and event["name"] == "Run the start script":
                move(upgrade, event["host"])
            if killed and event["event"] == "begin" and event["name"] == BACK:
                started.kill()
                break
    return started.finished()


def ghosts(upgrade: Upgrade) -> list[str]:
    """The OFFLINE rows of the list."""
    return [row["ipAddress"] for row in upgrade.simulator.listed()["nodes"] if row["state"] == "OFFLINE"]


def report(upgrade: Upgrade) -> dict[str, Any]:
    name = f"rolling_upgrade_{upgrade.original}_to_{upgrade.target}.json"
    found: dict[str, Any] = json.loads((upgrade.inventory.parent / name).read_text(encoding="utf-8"))
    return found


def test_every_node_comes_back_with_another_address(upgrade: Upgrade) -> None:
    follow(upgrade)
    with upgrade.served():
        run = moving(upgrade)
    upgrade.assert_done(run)
    told = report(upgrade)
    assert (told["outcome"], len(told["ghosts"]), len(told["nodes"])) == ("succeeded", 3, 3)
    assert {node["host"] for node in told["nodes"]} == set(upgrade.nodes)
    assert {node["outcome"] for node in told["nodes"]} == {"done"}
    assert "left over: node " in run.output
    assert ghosts(upgrade) == []
    again = upgrade.play()
    assert (again.returncode, again.changed) == (0, 0), again.output


@pytest.mark.long
def test_a_run_that_was_killed_while_a_node_moves_goes_on(upgrade: Upgrade) -> None:
    follow(upgrade)
    assert moving(upgrade, killed=True).returncode == -signal.SIGKILL
    upgrade.assert_done(moving(upgrade))


@pytest.mark.long
def test_nodes_that_have_moved_are_rolled_back(upgrade: Upgrade) -> None:
    follow(upgrade)
    assert upgrade.play("rolling_upgrade_begin").returncode == 0
    upgrade.nodes["node2"].next_start("ERROR")
    assert "node2 was not upgraded" in why(moving(upgrade, "rolling_upgrade_nodes"))
    assert len(ghosts(upgrade)) == 2
    for playbook in ("rolling_upgrade_rollback", "rolling_restart"):
        run = moving(upgrade, playbook)
        assert run.returncode == 0, run.output
        upgrade.assert_at(upgrade.original)
        assert ghosts(upgrade) == []


def test_a_host_knows_its_own_addresses(three_nodes: Simulator, directory: Path, tmp_path: Path) -> None:
    """Neither the inventory nor a name identifies the nodes; each host shows the interfaces of a machine of its own."""
    own = {name: f"10.20.0.{next(addresses)}" for name in nodes_of(three_nodes)}
    for name, node in nodes_of(three_nodes).items():
        node.move(advertised_address=own[name])
        node.restart()
    upgrade = Upgrade(three_nodes, directory / "node-identity")

    def hide(name: str, variables: dict[str, Any]) -> None:
        del variables["ansible_host"]
        variables["ansible_python_interpreter"] = str(interpreter(tmp_path / name, own[name]))

    change_hosts(upgrade, hide)
    checked = upgrade.play("rolling_upgrade_preflight")
    assert checked.returncode == 0, checked.output
    (mapping,) = checked.messages("Show which node each host is")
    port = upgrade.simulator.facts["nodes"][0]["port"]
    assert [line.split(", id ")[0] for line in mapping] == [
        f"{name}: node {upgrade.simulator.label(name) if named(upgrade) else f'{own[name]}:{port}'}" for name in own
    ]
    upgrade.assert_done(upgrade.play())


def named(upgrade: Upgrade) -> bool:
    return upgrade.simulator.facts["nodes"][0]["cluster_name"] is not None


def interpreter(directory: Path, address: str) -> Path:
    """A Python that finds the interfaces of a machine with this address."""
    directory.mkdir()
    real = shutil.which("ip") or "/sbin/ip"
    shown = (
        f"1: eth0: <UP> mtu 1500 qdisc noop state UP\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
        f"    inet {address}/24 brd 10.20.0.255 scope global eth0\n"
    )
    (directory / "shown").write_text(shown, encoding="utf-8")
    script(directory / "ip", f'case "$*" in \'addr show primary \'*) cat {directory}/shown;; *) {real} "$@";; esac')
    script(directory / "python", f'PATH={directory}:$PATH exec {sys.executable} "$@"')
    return directory / "python"


def script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


# -- nodes that do not answer for a moment -----------------------------------------------------------------------------


@contextlib.contextmanager
def flickering(upgrade: Upgrade) -> Iterator[None]:
    """One node after the other is listed without state and version for a moment, with and without its address."""
    ended = threading.Event()

    def flicker() -> None:
        for turn, node in enumerate(itertools.cycle(upgrade.nodes.values())):
            node.override(silent=True, hide_address=turn % 2 == 0)
            ended.wait(0.7)
            node.override(silent=None, hide_address=None)
            if ended.wait(0.5):
                return

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def slow_to_answer(upgrade: Upgrade) -> Iterator[None]:
    """Each node is listed without a state for a second when it joins, becomes ACTIVE and begins to stop."""
    upgrade.simulator.at_control("PUT", "/server", {"null_state_seconds": 1})
    yield
    upgrade.simulator.at_control("PUT", "/server", {"null_state_seconds": 0})


def test_nodes_that_do_not_answer_for_a_moment_are_waited_for(upgrade: Upgrade, slow_to_answer: None) -> None:
    with flickering(upgrade), upgrade.served():
        run = upgrade.play()
    upgrade.assert_done(run)


@pytest.mark.long
def test_a_rollback_and_a_restart_wait_for_them_as_well(upgrade: Upgrade, slow_to_answer: None) -> None:
    with flickering(upgrade):
        assert upgrade.play("rolling_upgrade_begin").returncode == 0
        upgrade.nodes["node3"].next_start("EXIT")
        assert "node3" in why(upgrade.play("rolling_upgrade_nodes", rolling_upgrade_wait_timeout=20))
        for playbook in ("rolling_upgrade_rollback", "rolling_restart"):
            run = upgrade.play(playbook)
            assert run.returncode == 0, run.output
    upgrade.assert_at(upgrade.original)


# -- a node that cannot be repaired ------------------------------------------------------------------------------------


def test_an_upgrade_is_finalized_without_a_node_that_is_given_up(upgrade: Upgrade) -> None:
    upgrade.nodes["node3"].next_start("REFUSED_GIT")
    run = upgrade.play()
    assert "node3 was not upgraded" in why(run) and "ERROR" in why(run)
    given_up = {"rolling_upgrade_given_up": ["node3"]}
    run = upgrade.play(**given_up)
    assert "node3 is given up, but its node" in why(run) and "stop the node" in why(run)
    assert upgrade.simulator.cluster()["upgrade_mode"]
    upgrade.nodes["node3"].stop()
    run = upgrade.play(**given_up)
    assert run.returncode == 0, run.output
    assert done(run) == [("approve",)]
    assert f"given up: node3; install {upgrade.target} on it before its node is started again" in run.output
    told = report(upgrade)
    assert (told["outcome"], told["given_up"]) == ("succeeded", ["node3"])
    assert {node["host"]: node["outcome"] for node in told["nodes"]}["node3"] == "given_up"
    again = upgrade.play(**given_up)
    assert (again.returncode, again.changed) == (0, 0), again.output
    assert upgrade.posted() == {"start": 1, "approve": 1}


# -- nodes that share an address ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_address(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "one-address", 2, "--shared-address") as started:
        yield started


def test_nodes_that_share_an_address_are_told_apart_by_port(one_address: Simulator, directory: Path) -> None:
    upgrade = Upgrade(one_address, directory / "one-address")
    upgrade.assert_done(upgrade.play())
    run = upgrade.play("rolling_restart")
    assert run.returncode == 0, run.output
    assert sorted(done(run, "restart")) == [("restart_node", "node1"), ("restart_node", "node2")]
    upgrade.assert_at(upgrade.target)


def test_a_host_that_matches_several_nodes_is_a_blocker(one_address: Simulator, directory: Path) -> None:
    upgrade = Upgrade(one_address, directory / "one-address")
    if named(upgrade):
        pytest.skip("names tell these nodes apart")
    change_hosts(upgrade, lambda _name, variables: variables.pop("rolling_upgrade_node_port"))
    run = upgrade.play("rolling_upgrade_preflight")
    labels = ", ".join(sorted(one_address.label(name) for name in upgrade.nodes))
    assert f"node1 matches several nodes ({labels})" in why(run)
    assert "set rolling_upgrade_node_name of node1 to one of them" in why(run)
    assert upgrade.writes() == []
