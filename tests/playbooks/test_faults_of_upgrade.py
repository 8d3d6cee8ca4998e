# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in the middle of an upgrade: the run ends well or says what to do, and the cluster serves.

Nodes take their turns in the order of their names. Clients read throughout; where the fault itself would kill an
answer, they are quiet for that moment.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.playbook import Run
from harness.simulator import Simulator, hooks

from .conftest import cluster
from .upgrade import Upgrade, done, why

AGAIN = "bitbucket.datacenter.rolling_upgrade"
#: In place of the link: what an administrator's own installation may turn out to do.
INSTALLS_NOTHING = "---\n- name: Install nothing\n  ansible.builtin.debug:\n    msg: done\n"


@pytest.fixture(scope="module")
def three_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "faults-of-upgrade", nodes=3) as started:
        yield started


@pytest.fixture
def upgrade(three_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    """Begun: READY_TO_UPGRADE, with the release on every node."""
    begun = Upgrade(three_nodes, directory / "faults-of-upgrade")
    begun.begin()
    with contextlib.ExitStack() as clients:
        begun.client = clients.enter_context(begun.served())
        yield begun
        begun.assert_nothing_drained()
    begun.end()


def meddled(
    upgrade: Upgrade,
    event: str,
    task: str,
    meddle: Callable[[], None],
    playbook: str = "rolling_upgrade_nodes",
    **variables: object,
) -> Run:
    """A run during which something is done once, when this task begins or has ended at a host."""
    key = "name" if event == "begin" else "task"
    with upgrade.started(playbook, **variables) as started:
        for each in started:
            if each["event"] == event and each.get(key) == task:
                meddle()
                meddle = nothing
    assert meddle is nothing, f"{task} did not happen"
    return started.finished()


def nothing() -> None:
    pass


def fails(run: Run, *words: str) -> str:
    """The message of a failed run, which says all of this."""
    message = why(run)
    for word in words:
        assert word in message, f"no {word!r} in: {message}"
    return message


def only_node1_is_left(upgrade: Upgrade) -> None:
    """Spares the test the turns of the others."""
    for name in ("node2", "node3"):
        upgrade.nodes[name].run(upgrade.target)


def resumes(upgrade: Upgrade, *expected: str) -> None:
    """Run again, it does what is left, in this order."""
    run = upgrade.play("rolling_upgrade_nodes")
    assert run.returncode == 0, run.output
    assert done(run) == [("upgrade_node", name) for name in expected]
    assert upgrade.simulator.cluster()["state"] == "READY_TO_RUN_UPGRADE_TASKS"


# -- a node ------------------------------------------------------------------------------------------------------------


def test_a_node_does_not_come_back(upgrade: Upgrade) -> None:
    """And when it does, it has another id, which is nobody's business."""
    only_node1_is_left(upgrade)
    upgrade.nodes["node1"].next_start("EXIT")
    run = upgrade.play("rolling_upgrade_nodes", rolling_upgrade_wait_timeout=5)
    fails(run, "node1 was not upgraded", "OFFLINE", upgrade.target, "Waited 5 s", AGAIN)
    assert done(run) == [("upgrade_node", "node1")]
    resumes(upgrade, "node1")


@pytest.mark.long
def test_a_node_hangs_in_its_start(upgrade: Upgrade) -> None:
    only_node1_is_left(upgrade)
    upgrade.nodes["node1"].next_start("STARTING")
    run = upgrade.play("rolling_upgrade_nodes", rolling_upgrade_wait_timeout=15)
    fails(run, "node1 was not upgraded", "STARTING", upgrade.target, AGAIN)
    run = upgrade.play("rolling_upgrade_nodes", rolling_upgrade_wait_timeout=15)
    # before it has joined it shows no address (seen 7.9): without a name its label is its id, which nobody knows here
    shown = upgrade.simulator.shown("node1").split()[-1]
    fails(run, f"{shown} is STARTING", "Waited 15 s", "incomplete")
    assert done(run) == []
    upgrade.nodes["node1"].stop()
    resumes(upgrade, "node1")


def test_a_node_comes_back_in_error(upgrade: Upgrade) -> None:
    """A blocker for the upgrade; the way back is open."""
    upgrade.nodes["node1"].next_start("ERROR")
    run = upgrade.play("rolling_upgrade_nodes")
    label, shown = upgrade.simulator.label("node1"), upgrade.simulator.shown("node1")
    fails(run, "node1 was not upgraded", f"{label} is ERROR", upgrade.target, AGAIN, "rolling_upgrade_rollback")
    assert "Waited" not in why(run)
    run = upgrade.play("rolling_upgrade_nodes")
    fails(run, "is blocked", f"{shown} is in ERROR", "put it right", AGAIN, "rolling_upgrade_rollback")
    assert done(run) == []
    run = upgrade.play("rolling_upgrade_rollback")
    assert run.returncode == 0, run.output
    assert done(run, "rollback") == [("rollback_node", "node1"), ("cancel",)]
    upgrade.assert_at(upgrade.original)


def test_a_node_comes_back_on_the_old_version(upgrade: Upgrade, tmp_path: Path) -> None:
    only_node1_is_left(upgrade)
    install = tmp_path / "install.yml"
    install.write_text(INSTALLS_NOTHING, encoding="utf-8")
    run = upgrade.play("rolling_upgrade_nodes", rolling_upgrade_hooks={**hooks(), "install": str(install)})
    fails(run, "node1 was not upgraded", "another version", f"ACTIVE at version {upgrade.original}", AGAIN)
    assert "Waited" not in why(run)


@pytest.mark.long
def test_the_start_script_fails(upgrade: Upgrade) -> None:
    only_node1_is_left(upgrade)
    script = upgrade.nodes["node1"].install_dir / upgrade.target / "bin" / "start-bitbucket.sh"
    whole = script.read_text(encoding="utf-8")
    script.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    run = upgrade.play("rolling_upgrade_nodes")
    script.write_text(whole, encoding="utf-8")
    label = upgrade.simulator.label("node1")
    fails(run, "node1 was not upgraded", "Run the start script", f"{label} is OFFLINE", AGAIN)
    resumes(upgrade, "node1")


def test_another_node_dies_while_one_is_upgraded(upgrade: Upgrade) -> None:
    def die() -> None:
        # what is under way at a node that is killed is lost
        with upgrade.client.quiet():
            upgrade.nodes["node3"].kill()
        upgrade.nodes["node3"].wait("OFFLINE", None)

    run = meddled(upgrade, "begin", "Run the start script", die)
    fails(
        run,
        "is blocked",
        f"{upgrade.simulator.shown('node3')} is OFFLINE",
        f"stopping {upgrade.simulator.shown('node2')} now would take a second node down",
        "run the same playbook again",
    )
    assert done(run) == [("upgrade_node", "node1")]
    resumes(upgrade, "node3", "node2")


# -- the way to the server ---------------------------------------------------------------------------------------------


def entry(upgrade: Upgrade, *, listening: bool) -> None:
    upgrade.simulator.at_control("PUT", "/entry", {"listening": listening})


@pytest.mark.long
def test_the_entry_address_is_dead_before_a_stop(upgrade: Upgrade) -> None:
    """For longer than the run is told to be patient: nothing is stopped."""
    with upgrade.client.quiet():
        run = meddled(
            upgrade,
            "result",
            "Take the node out of the load balancer",
            lambda: entry(upgrade, listening=False),
            bitbucket_connection={"patience": 1},
        )
        entry(upgrade, listening=True)
    fails(run, "node1 was not upgraded", "refused", "unknown state", "the cluster cannot be asked", AGAIN)
    assert done(run) == []
    assert upgrade.simulator.cluster()["state"] == "READY_TO_UPGRADE"


@pytest.mark.long
@pytest.mark.parametrize("task", ["Run the stop script", "Wait until the node is back at its version"])
def test_the_entry_address_is_dead_for_half_a_minute(upgrade: Upgrade, task: str) -> None:
    """No look at the cluster fails because of it, nor a wait: the run goes on."""
    only_node1_is_left(upgrade)
    back = threading.Timer(30, entry, (upgrade,), {"listening": True})

    def die() -> None:
        entry(upgrade, listening=False)
        back.start()

    with upgrade.client.quiet():
        run = meddled(upgrade, "begin", task, die)
        back.join()
    assert run.returncode == 0, run.output
    assert done(run) == [("upgrade_node", "node1")]


def test_the_password_is_revoked_in_the_middle(upgrade: Upgrade) -> None:
    """With the node down already."""
    only_node1_is_left(upgrade)
    name, password = upgrade.simulator.administrator

    def have(secret: str) -> None:
        upgrade.simulator.at_control("PUT", f"/users/{name}", {"password": secret, "failed_logins": 0})

    run = meddled(upgrade, "begin", "Run the stop script", lambda: have("another"))
    have(password)
    fails(run, "node1 was not upgraded", "401", "unknown", AGAIN)
    assert upgrade.nodes["node1"].seen == ("OFFLINE", None)
    resumes(upgrade, "node1")


# -- a second operator -------------------------------------------------------------------------------------------------


def post(upgrade: Upgrade, action: str) -> Callable[[], None]:
    return lambda: upgrade.simulator.api("POST", f"/rest/zdu/{action}")


def test_a_second_operator_cancels_before_the_first_stop(upgrade: Upgrade) -> None:
    run = meddled(upgrade, "result", "Take the node out of the load balancer", post(upgrade, "cancel"))
    fails(
        run, "node1 was not upgraded", "is not in upgrade mode any more", f"ACTIVE at version {upgrade.original}", AGAIN
    )
    assert done(run) == []
    upgrade.assert_at(upgrade.original)


@pytest.mark.long
def test_a_second_operator_cancels_at_the_first_stop(upgrade: Upgrade) -> None:
    """Later than any look can see it: the cluster refuses the node, and the run says so."""
    run = meddled(upgrade, "begin", "Run the stop script", post(upgrade, "cancel"), rolling_upgrade_wait_timeout=5)
    fails(run, "node1 was not upgraded", "not in upgrade mode", AGAIN)
    upgrade.nodes["node1"].run(upgrade.original)
    upgrade.assert_at(upgrade.original)


@pytest.mark.long
def test_a_second_operator_starts_and_approves_first(three_nodes: Simulator, directory: Path) -> None:
    upgrade = Upgrade(three_nodes, directory / "faults-of-upgrade")
    run = meddled(upgrade, "begin", "Start the rolling upgrade", post(upgrade, "start"), "rolling_upgrade_begin")
    assert run.returncode == 0, run.output
    assert done(run) == []
    for node in upgrade.nodes.values():
        node.run(upgrade.target)
    run = meddled(upgrade, "begin", "Approve the upgrade", post(upgrade, "approve"), "rolling_upgrade_finalize")
    assert run.returncode == 0, run.output
    assert done(run) == []
    upgrade.assert_at(upgrade.target)
    assert upgrade.posted() == {"start": 1, "approve": 1}


@pytest.mark.long
def test_a_second_operator_stops_another_node(upgrade: Upgrade) -> None:
    def stop() -> None:
        with upgrade.client.quiet():
            upgrade.nodes["node3"].stop()

    run = meddled(upgrade, "result", "Take the node out of the load balancer", stop)
    fails(run, "node1", f"{upgrade.simulator.shown('node3')} is OFFLINE", "second node down", AGAIN)
    assert done(run) == []
    resumes(upgrade, "node3", "node1", "node2")


# -- the end -----------------------------------------------------------------------------------------------------------


def test_the_upgrade_tasks_fail(upgrade: Upgrade) -> None:
    for node in upgrade.nodes.values():
        node.run(upgrade.target)
    upgrade.simulator.at_control("PUT", "/upgrade-tasks", {"seconds": 1, "fail": True})
    run = upgrade.play("rolling_upgrade_finalize")
    label = upgrade.simulator.label("node1")
    fails(run, "UPGRADE_TASKS_FAILED", f"{label} ACTIVE at {upgrade.target}", "does not recover by itself", "support")
    run = upgrade.play("rolling_upgrade_finalize")
    fails(run, "is blocked", "the upgrade tasks failed", "support")
    assert upgrade.posted() == {"start": 1, "approve": 1}
