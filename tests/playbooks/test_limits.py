# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands at a node that do not end: what becomes of them and of the node, and what the run says."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.simulator import Simulator

from .conftest import cluster
from .upgrade import Upgrade, done, why

AGAIN = "bitbucket.datacenter.rolling_upgrade"
#: Has a child and waits for it for longer than any test takes; the file gets the numbers of both processes.
HANGS = """#!/bin/sh
trap '' HUP
sleep 600 &
echo $$ $! >'{pids}'
wait
"""


@pytest.fixture(scope="module")
def two_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "limits", nodes=2) as started:
        yield started


@pytest.fixture
def upgrade(two_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    """Begun, with the work at node1 left."""
    begun = Upgrade(two_nodes, directory / "limits")
    begun.begin()
    begun.nodes["node2"].run(begun.target)
    yield begun
    begun.assert_nothing_drained()
    begun.end()


@contextlib.contextmanager
def replaced(script: Path, text: str) -> Iterator[None]:
    """A script of a release does something else meanwhile."""
    whole = script.read_text(encoding="utf-8")
    script.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        script.write_text(whole, encoding="utf-8")


def ended(pids: Path) -> bool:
    """Whether none of these processes is left, within a few seconds."""
    numbers = pids.read_text(encoding="ascii").split()
    assert len(numbers) == 2
    deadline = time.monotonic() + 10
    while any(_runs(number) for number in numbers):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _runs(number: str) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """A file for the processes that hang; what is left of them is ended."""
    path = tmp_path / "pids"
    yield path
    for number in path.read_text(encoding="ascii").split():
        if _runs(number):
            os.kill(int(number), signal.SIGKILL)


def fails(message: str, *words: str) -> None:
    for word in words:
        assert word in message, f"no {word!r} in: {message}"


def test_a_stop_script_that_hangs_is_killed_and_the_node_serves_on(upgrade: Upgrade, pids: Path) -> None:
    node = upgrade.nodes["node1"]
    script = node.install_dir / upgrade.original / "bin" / "stop-bitbucket.sh"
    with replaced(script, HANGS.format(pids=pids)):
        # as text, which is how surveys give it
        run = upgrade.play("rolling_upgrade_nodes", rolling_upgrade_command_timeout="3")
        assert ended(pids)
    fails(
        why(run),
        "node1 was not upgraded",
        "stop-bitbucket.sh did not end within 3 s and was killed",
        f"is ACTIVE at version {upgrade.original} and is in service",
        AGAIN,
    )
    assert node.seen == ("ACTIVE", upgrade.original)
    again = upgrade.play("rolling_upgrade_nodes")
    assert again.returncode == 0, again.output
    assert done(again) == [("upgrade_node", "node1")]


def test_a_start_script_that_hangs_after_its_work_does_not_matter(upgrade: Upgrade, tmp_path: Path) -> None:
    """The script is killed, and not the node that it has started."""
    node, pids = upgrade.nodes["node1"], tmp_path / "pids"
    script = node.install_dir / upgrade.target / "bin" / "start-bitbucket.sh"
    other = script.with_name("started.sh")
    other.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    other.chmod(script.stat().st_mode)
    hangs = HANGS.format(pids=pids).replace("#!/bin/sh\n", '#!/bin/sh\n"$(dirname "$0")/started.sh" "$@"\n')
    with replaced(script, hangs):
        run = upgrade.play("rolling_upgrade_nodes", rolling_upgrade_command_timeout=6)
    other.unlink()
    assert run.returncode == 0, run.output
    assert "start-bitbucket.sh did not end within 6 s and was killed" in run.output
    assert not _runs(pids.read_text(encoding="ascii").split()[0])
    assert node.seen == ("ACTIVE", upgrade.target)


def test_a_start_script_that_hangs_before_its_work_leaves_a_node_that_is_not_in_service(
    upgrade: Upgrade, pids: Path
) -> None:
    node = upgrade.nodes["node1"]
    script = node.install_dir / upgrade.target / "bin" / "start-bitbucket.sh"
    limits = {"rolling_upgrade_command_timeout": 3, "rolling_upgrade_wait_timeout": 6}
    with replaced(script, HANGS.format(pids=pids)):
        run = upgrade.play("rolling_upgrade_nodes", **limits)
    fails(
        why(run),
        "node1 was not upgraded",
        "after start-bitbucket.sh did not end within 3 s and was killed",
        "is OFFLINE at version unknown and is not in service",
        AGAIN,
    )
    assert node.seen == ("OFFLINE", None)
    again = upgrade.play("rolling_upgrade_nodes")
    assert again.returncode == 0, again.output
    assert done(again) == [("upgrade_node", "node1")]


def test_an_installer_that_hangs_is_killed_before_upgrade_mode(
    two_nodes: Simulator, directory: Path, tmp_path: Path, pids: Path
) -> None:
    upgrade = Upgrade(two_nodes, directory / "limits")
    installer = tmp_path / "installer.bin"
    installer.write_text(HANGS.format(pids=pids), encoding="utf-8")
    run = upgrade.play(
        "rolling_upgrade_begin",
        rolling_upgrade_install_method="installer",
        rolling_upgrade_install_timeout=3,
        rolling_upgrade_archive=str(installer),
        rolling_upgrade_archive_checksum=f"sha256:{hashlib.sha256(installer.read_bytes()).hexdigest()}",
    )
    assert ended(pids)
    fails(why(run), "it did not end within 3 s and was killed", "no upgrade was begun", "raise rolling_upgrade_install")
    assert upgrade.simulator.cluster()["state"] == "STABLE"
    for node in upgrade.nodes.values():
        assert not (node.install_dir / upgrade.target).exists()
