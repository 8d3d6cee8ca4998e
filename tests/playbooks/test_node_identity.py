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


@pytest.fixture(scope="module")
def one_address(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "one-address", 2, "--shared-address") as started:
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


def ghosts(upgrade: Upgrade) -> list[str]:
    """The addresses of the OFFLINE rows."""
    return [row["ipAddress"] for row in upgrade.simulator.listed()["nodes"] if row["state"] == "OFFLINE"]


def report(upgrade: Upgrade) -> dict[str, Any]:
    (path,) = upgrade.inventory.parent.glob(f"rolling_upgrade_*_{upgrade.original}_to_{upgrade.target}.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


# -- what makes it hard to tell which node is which --------------------------------------------------------------------


class Hard:
    """Runs while nodes are hard to identify.

    Every node that is started comes back with another address, to which its host follows, or nodes
    do not answer for moments.
    """

    def __init__(self, upgrade: Upgrade, moves: bool = False, silence: bool = False) -> None:
        self.upgrade = upgrade
        self.moves = moves
        self._silence = silence
        if moves:
            change_hosts(upgrade, lambda _name, host: host.update(ansible_host=FOLLOWS % host["ansible_host"]))

    def play(self, playbook: str = "rolling_upgrade", killed: bool = False, **variables: Any) -> Run:
        """A run, which may be killed while it waits for the first node."""
        silence = silent(self.upgrade) if self._silence else contextlib.nullcontext()
        with silence, self.upgrade.started(playbook, **variables) as started:
            for event in started:
                if self.moves and event["event"] == "begin" and event["name"] == "Run the start script":
                    self.upgrade.nodes[event["host"]].move(advertised_address=f"10.20.0.{next(addresses)}")
                if killed and event["event"] == "begin" and event["name"] == BACK:
                    started.kill()
                    break
        return started.finished()


@contextlib.contextmanager
def silent(upgrade: Upgrade) -> Iterator[None]:
    """Nodes are listed without state and version for moments, one after the other, with and without their addresses.

    So is each for a second when it joins, when it becomes ACTIVE and when it begins to stop.
    """
    ended = threading.Event()

    def flicker() -> None:
        for turn, node in enumerate(itertools.cycle(upgrade.nodes.values())):
            node.override(silent=True, hide_address=turn % 2 == 0)
            ended.wait(0.7)
            node.override(silent=None, hide_address=None)
            if ended.wait(0.5):
                return

    upgrade.simulator.at_control("PUT", "/server", {"null_state_seconds": 1})
    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        upgrade.simulator.at_control("PUT", "/server", {"null_state_seconds": 0})


@pytest.fixture(params=["moving", "one address", "silent"])
def hard(request: pytest.FixtureRequest, directory: Path) -> Iterator[Hard]:
    if request.param == "one address":
        begun = Upgrade(request.getfixturevalue("one_address"), directory / "one-address")
        yield Hard(begun)
        begun.assert_nothing_drained()
        begun.end()
        return
    begun = request.getfixturevalue("upgrade")
    yield Hard(begun, moves=request.param == "moving", silence=request.param == "silent")


def test_an_upgrade_loses_no_request(hard: Hard) -> None:
    upgrade = hard.upgrade
    with upgrade.served():
        run = hard.play()
    upgrade.assert_done(run)
    told = report(upgrade)
    assert {node["host"]: node["outcome"] for node in told["nodes"]} == dict.fromkeys(upgrade.nodes, "done")
    left_over = len(upgrade.nodes) if hard.moves else 0
    assert (told["outcome"], len(told["ghosts"])) == ("succeeded", left_over)
    assert ("left over: node " in run.output) == hard.moves
    assert ghosts(upgrade) == []
    again = upgrade.play()
    assert (again.returncode, again.changed) == (0, 0), again.output


@pytest.mark.long
def test_an_upgrade_that_was_killed_goes_on(hard: Hard) -> None:
    assert hard.play(killed=True).returncode == -signal.SIGKILL
    hard.upgrade.assert_done(hard.play())


@pytest.mark.long
def test_the_way_back_and_a_restart(hard: Hard) -> None:
    upgrade = hard.upgrade
    assert hard.play("rolling_upgrade_begin").returncode == 0
    upgrade.nodes["node2"].next_start("ERROR")
    assert "node2 was not upgraded" in why(hard.play("rolling_upgrade_nodes"))
    assert len(ghosts(upgrade)) == (2 if hard.moves else 0)
    with upgrade.served():
        for playbook in ("rolling_upgrade_rollback", "rolling_restart"):
            run = hard.play(playbook)
            assert run.returncode == 0, run.output
    upgrade.assert_at(upgrade.original)
    assert ghosts(upgrade) == []


# -- what identifies a node --------------------------------------------------------------------------------------------


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
