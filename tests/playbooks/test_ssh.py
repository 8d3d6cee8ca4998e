# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rolling upgrade of three hosts over real SSH, by an account that becomes root through sudo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.hosts import Hosts, World, hosts, obstacle
from harness.playbook import Event
from harness.simulator import Simulator

from .conftest import Play, cluster, player

NODES = ["node1", "node2", "node3"]
# the task of the hook
DRAIN = "Take the node out of the load balancer"

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def world(directory: Path) -> World:
    data = directory / "test_ssh"
    reason = obstacle(data)
    if reason:
        pytest.skip(f"there can be no hosts to reach by SSH here: {reason}")
    return World(data)


@pytest.fixture(scope="module")
def ssh_simulator(world: World, directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "test_ssh", nodes=len(NODES), within=world.as_bitbucket()) as started:
        yield started


@pytest.fixture(scope="module")
def nodes(ssh_simulator: Simulator, world: World, directory: Path) -> Iterator[Hosts]:
    with hosts(ssh_simulator, world, directory / "test_ssh.hosts") as running:
        yield running


@pytest.fixture
def play_ssh(ssh_simulator: Simulator, nodes: Hosts, directory: Path) -> Play:
    inventory = nodes.write_inventory(directory / "test_ssh.hosts" / "inventory.yml")
    return player(ssh_simulator, directory / "test_ssh.hosts", inventory)


@pytest.fixture
def version(ssh_simulator: Simulator) -> str:
    """The next release."""
    feature, _dot, patch = running(ssh_simulator)["node1"].rpartition(".")
    return f"{feature}.{int(patch) + 1}"


def running(simulator: Simulator) -> dict[str, str]:
    """The version of each node, all of them ACTIVE in a STABLE cluster."""
    cluster = simulator.cluster()
    assert cluster["state"] == "STABLE"
    assert {state for state, _version in cluster["nodes"].values()} == {"ACTIVE"}
    return {name: version for name, (_state, version) in cluster["nodes"].items()}


def on_controller(simulator: Simulator, version: str, directory: Path) -> dict[str, Any]:
    """The variables that name a release archive which lies on the controller."""
    variables = simulator.archive(version)
    archive = directory / f"atlassian-bitbucket-{version}.tar.gz"
    archive.write_bytes(simulator.http.get(variables["rolling_upgrade_archive"], timeout=60).content)
    assert variables["rolling_upgrade_archive_checksum"] == f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
    return {**variables, "rolling_upgrade_archive": str(archive)}


def on_disk(simulator: Simulator) -> dict[str, list[str]]:
    """The installed releases of each node, what is staged, and where the link leads."""
    found = {}
    for node in simulator.facts["nodes"]:
        install_dir = Path(node["install_dir"])
        names = sorted(path.name for path in [*install_dir.glob("*"), *install_dir.glob("staging/*")])
        found[node["name"]] = [*names, str((install_dir / "current").readlink())]
    return found


def owners(simulator: Simulator) -> set[int]:
    """The users as whom the nodes run."""
    logs = (Path(node["home"], "log", "bitbucket.pid") for node in simulator.facts["nodes"])
    return {Path("/proc", log.read_text(encoding="ascii").strip()).stat().st_uid for log in logs}


@pytest.mark.long
def test_by_service(ssh_simulator: Simulator, play_ssh: Play, version: str, tmp_path: Path) -> None:
    """Check mode, the real run and one more; the archive comes from the controller."""
    variables = on_controller(ssh_simulator, version, tmp_path)
    before = ssh_simulator.cluster(), on_disk(ssh_simulator), owners(ssh_simulator)

    predicted = play_ssh("rolling_upgrade", "--check", "--diff", variables=variables)
    assert predicted.returncode == 0, predicted.output
    assert predicted.changed > 0
    assert (ssh_simulator.cluster(), on_disk(ssh_simulator), owners(ssh_simulator)) == before

    done = play_ssh("rolling_upgrade", variables=variables)
    assert done.returncode == 0, done.output
    assert running(ssh_simulator) == dict.fromkeys(NODES, version)
    assert owners(ssh_simulator) == before[2] != {0}
    for task in ("Stop the service", "Start the service"):
        assert sorted(event["host"] for event in done.events if event.get("task") == task) == NODES

    again = play_ssh("rolling_upgrade", variables=variables)
    assert again.returncode == 0, again.output
    assert again.changed == 0
    assert "WARNING" not in again.output


@pytest.mark.long
def test_a_service_that_does_not_stop(ssh_simulator: Simulator, play_ssh: Play, version: str) -> None:
    """The run ends at its limit, with the node in service; the next one goes on where it ended."""
    before = running(ssh_simulator)["node1"]
    variables = ssh_simulator.archive(version)
    scripts = [Path(node["install_dir"], before, "bin", "stop-bitbucket.sh") for node in ssh_simulator.facts["nodes"]]
    whole = scripts[0].read_text(encoding="utf-8")
    for script in scripts:
        script.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    run = play_ssh("rolling_upgrade", variables={**variables, "rolling_upgrade_command_timeout": 10})
    for script in scripts:
        script.write_text(whole, encoding="utf-8")
    assert run.returncode != 0
    message = run.failures[-1]["msg"]
    assert "the service atlbitbucket did not stop within 10 s, and may still stop later" in message, message
    assert f"is ACTIVE at version {before} and is in service" in message, message
    assert not [name for name, backend in ssh_simulator.backends().items() if backend["drained"]]
    assert {node for _state, node in ssh_simulator.cluster()["nodes"].values()} == {before}

    again = play_ssh("rolling_upgrade", variables=variables)
    assert again.returncode == 0, again.output
    assert running(ssh_simulator) == dict.fromkeys(NODES, version)


def whole_state(simulator: Simulator) -> object:
    return simulator.cluster(), on_disk(simulator), owners(simulator), simulator.backends()


@pytest.fixture
def refused(ssh_simulator: Simulator, play_ssh: Play, version: str) -> Callable[..., None]:
    """A begin that ends in the preflight, with one sentence, and changes nothing."""

    def check(*words: str, **variables: Any) -> None:
        before = whole_state(ssh_simulator)
        ssh_simulator.forget_requests()
        run = play_ssh("rolling_upgrade_begin", variables={**ssh_simulator.archive(version), **variables})
        assert run.returncode != 0
        message = run.failures[-1]["msg"]
        assert "\n" not in message and message.endswith("."), message
        for word in words:
            assert word in message, message
        assert "Traceback" not in run.output
        assert run.changed == 0
        assert whole_state(ssh_simulator) == before
        assert not [route for route in ssh_simulator.requests_served() if not route.startswith("GET")]

    return check


@pytest.mark.long
def test_unreachable(nodes: Hosts, refused: Callable[..., None]) -> None:
    nodes.each["node2"].stop()
    try:
        refused("node2 cannot be reached", "Connection refused", "run again")
    finally:
        nodes.start("node2")


def test_no_right_to_become_root(nodes: Hosts, refused: Callable[..., None]) -> None:
    nodes.run("node2", "mv /etc/sudoers.d/deploy /etc/sudoers.deploy")
    try:
        refused("node2", "cannot become root", "password", "rolling_upgrade_become")
    finally:
        nodes.run("node2", "mv /etc/sudoers.deploy /etc/sudoers.d/deploy")


@pytest.mark.long
def test_no_service(nodes: Hosts, refused: Callable[..., None]) -> None:
    nodes.run("node2", "mv /etc/init.d/atlbitbucket /etc/init.d/stash")
    try:
        refused("no service atlbitbucket on node2", "rolling_upgrade_service")
    finally:
        nodes.run("node2", "mv /etc/init.d/stash /etc/init.d/atlbitbucket")


@pytest.mark.long
def test_disk_full(nodes: Hosts, refused: Callable[..., None]) -> None:
    """Where the archive is to be staged, in a directory that is missing yet."""
    nodes.run("node2", "mkdir /srv/small; mount -t tmpfs -o size=1m tmpfs /srv/small")
    try:
        staging = {"rolling_upgrade_staging_dir": "/srv/small/below/it"}
        refused("/srv/small/below/it on node2 has 1 MB left", "100 are wanted", **staging)
    finally:
        nodes.run("node2", "umount /srv/small; rmdir /srv/small")


@pytest.mark.long
def test_wrong_checksum(ssh_simulator: Simulator, refused: Callable[..., None], version: str, tmp_path: Path) -> None:
    """Of an archive on the controller, and of one behind an address, which tells only when it was fetched."""
    other = {"rolling_upgrade_archive_checksum": f"sha256:{'0' * 64}"}
    refused("has the SHA-256", "wanted is 000", **{**on_controller(ssh_simulator, version, tmp_path), **other})
    refused("did not match 000", "rolling_upgrade_archive_checksum", **other)


@pytest.mark.long
def test_unreachable_in_its_turn(ssh_simulator: Simulator, nodes: Hosts, play_ssh: Play, version: str) -> None:
    """A host that is gone when its node, drained, is to be stopped: the node serves on, and a further run goes on."""
    before = running(ssh_simulator)
    lost: list[str] = []

    def lose(event: Event) -> None:
        if event.get("task") == DRAIN and not lost:
            lost.append(event["host"])
            nodes.each[event["host"]].stop()

    failed = play_ssh("rolling_upgrade", variables=ssh_simulator.archive(version), follow=lose)
    (name,) = lost
    nodes.start(name)
    assert failed.returncode != 0
    message = failed.failures[-1]["msg"]
    for words in (
        f"{name} was not upgraded to {version}",
        "cannot be reached",
        f"node {ssh_simulator.label(name)} is ACTIVE at version {before[name]}",
        "run the playbook bitbucket.datacenter.rolling_upgrade again",
    ):
        assert words in message, message
    cluster = ssh_simulator.cluster()
    assert cluster["state"] == "READY_TO_UPGRADE"
    assert cluster["nodes"] == {each: ("ACTIVE", at) for each, at in before.items()}
    assert not any(backend["drained"] for backend in ssh_simulator.backends().values())

    resumed = play_ssh("rolling_upgrade", variables=ssh_simulator.archive(version))
    assert resumed.returncode == 0, resumed.output
    assert running(ssh_simulator) == dict.fromkeys(NODES, version)


@pytest.mark.long
def test_by_installer_and_scripts(ssh_simulator: Simulator, nodes: Hosts, play_ssh: Play, version: str) -> None:
    """As the user who runs Bitbucket; an installation that was cut short is begun anew."""
    variables = {**ssh_simulator.installer(version), "rolling_upgrade_control": "scripts"}

    no_installer = ssh_simulator.archive(version)
    failed = play_ssh("rolling_upgrade_begin", variables={**variables, **no_installer})
    assert failed.returncode != 0
    for words in ("The installer", "has ended with 2", "no upgrade was begun", "rolling_upgrade_installer_variables"):
        assert words in failed.failures[-1]["msg"], failed.failures
    assert running(ssh_simulator) != dict.fromkeys(NODES, version)
    for name in NODES:
        nodes.run(name, "rm -r /opt/atlassian/bitbucket/staging")
    workspace = variables["rolling_upgrade_archive_checksum"].removeprefix("sha256:")[:12]
    half = f"/opt/atlassian/bitbucket/{version}"
    nodes.run("node1", f"mkdir -p {half} /opt/atlassian/bitbucket/staging/{workspace}; touch {half}/half")
    runs_as = owners(ssh_simulator)

    done = play_ssh("rolling_upgrade", variables=variables)
    assert done.returncode == 0, done.output
    assert running(ssh_simulator) == dict.fromkeys(NODES, version)
    assert owners(ssh_simulator) == runs_as != {0}
    for name in NODES:
        assert nodes.run(name, f"ls -A {half}").split() == [".install4j", "app", "bin", "version"]
        answers = nodes.run(name, f"cat {half}/.install4j/response.varfile").split()
        assert f"app.defaultInstallDir={half}" in answers
        assert "app.install.service$Boolean=false" in answers

    again = play_ssh("rolling_upgrade", variables=variables)
    assert again.returncode == 0, again.output
    assert again.changed == 0
