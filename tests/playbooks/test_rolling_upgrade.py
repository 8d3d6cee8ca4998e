# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the rolling upgrade, on one cluster that goes from release to release."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.playbook import Run
from harness.simulator import Simulator

from .conftest import Play
from .page import Page

NODES = ["node1", "node2", "node3"]
POST_START, POST_APPROVE = "POST /rest/zdu/start", "POST /rest/zdu/approve"


def stable(version: str) -> dict[str, object]:
    nodes = dict.fromkeys(NODES, ("ACTIVE", version))
    return {"state": "STABLE", "upgrade_mode": False, "nodes": nodes}


def zdu_posts(simulator: Simulator) -> dict[str, int]:
    served = simulator.requests_served()
    return {route: count for route, count in served.items() if route.startswith("POST") and "/zdu/" in route}


def in_service(simulator: Simulator) -> bool:
    return not any(backend["drained"] for backend in simulator.backends().values())


def installed(simulator: Simulator) -> dict[str, str]:
    return {node["name"]: Path(node["install_dir"], "current").resolve().name for node in simulator.facts["nodes"]}


def stopped(run: Run) -> list[str]:
    """The nodes that were stopped, in order."""
    return [event["host"] for event in run.events if event.get("task") == "Run the stop script"]


@pytest.fixture
def reports(directory: Path) -> Path:
    """Where the report is written: beside the inventory."""
    return directory / "test_rolling_upgrade"


def report(reports: Path, original: str, target: str) -> dict[str, Any]:
    """The report of an upgrade, when page and document tell of the same nodes."""
    (path,) = reports.glob(f"rolling_upgrade_*_{original}_to_{target}.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    page = Page(path.with_suffix("").with_name(f"{document['name']}.html"))
    names = [node["name"] for node in document["nodes"]]
    assert [words.partition(": ")[0] for words in page.described] == names
    assert {original, target, *names} <= set(page.texts)
    assert document["message"] is None or document["message"] in page.texts
    return document


def before(version: str) -> str:
    feature, _dot, patch = version.rpartition(".")
    return f"{feature}.{int(patch) - 1}"


@pytest.fixture
def version(own_simulator: Simulator) -> Iterator[str]:
    """The next release; every test takes the whole cluster to it."""
    present = own_simulator.cluster()["nodes"]["node1"][1]
    feature, _dot, patch = present.rpartition(".")
    target = f"{feature}.{int(patch) + 1}"
    own_simulator.forget_requests()
    refs = own_simulator.refs()
    yield target
    assert own_simulator.cluster() == stable(target)
    assert installed(own_simulator) == dict.fromkeys(NODES, target)
    assert in_service(own_simulator)
    assert own_simulator.refs() == refs
    assert zdu_posts(own_simulator) == {POST_START: 1, POST_APPROVE: 1}


def test_check_real_again(own_simulator: Simulator, play_own: Play, version: str, reports: Path) -> None:
    variables = own_simulator.archive(version)
    whole = own_simulator.snapshot(), installed(own_simulator)

    predicted = play_own("rolling_upgrade", "--check", "--diff", variables=variables)
    assert predicted.returncode == 0, predicted.output
    assert predicted.changed > 0
    assert (own_simulator.snapshot(), installed(own_simulator)) == whole
    assert not list(reports.glob(f"*{version}*"))
    assert zdu_posts(own_simulator) == {}
    assert not (Path(own_simulator.facts["nodes"][0]["install_dir"]) / version).exists()
    (plan,) = predicted.messages("Show the plan")
    assert [line.split(":")[0] for line in plan[1:]] == [
        "1. start",
        *(f"{place}. upgrade_node {name}" for place, name in enumerate(planned(plan), start=2)),
        "5. approve",
    ]

    done = play_own("rolling_upgrade", "--diff", variables=variables)
    assert done.returncode == 0, done.output
    (plan,) = done.messages("Show the plan")
    assert stopped(done) == planned(plan)
    assert own_simulator.cluster() == stable(version)
    told = report(reports, before(version), version)
    assert (told["outcome"], told["cluster_state"], len(told["runs"])) == ("succeeded", "STABLE", 1)
    assert [node["host"] for node in told["nodes"]] == stopped(done)
    for node in told["nodes"]:
        assert (node["outcome"], node["version_before"], node["version_after"]) == ("done", before(version), version)
        states = [stretch["state"] for stretch in node["timeline"]]
        assert states[:3] == ["ACTIVE", "STOPPING", "OFFLINE"] and states[-1] == "ACTIVE"
        assert 0 < node["out_of_service_seconds"] < node["turn_seconds"] < told["duration_seconds"]

    again = play_own("rolling_upgrade", variables=variables)
    assert again.returncode == 0, again.output
    assert again.changed == 0
    assert report(reports, before(version), version) == told
    assert "WARNING" not in again.output

    in_check_mode = play_own("rolling_upgrade", "--check", "--diff", variables=variables)
    assert in_check_mode.returncode == 0, in_check_mode.output
    assert in_check_mode.changed == 0


def planned(plan: list[str]) -> list[str]:
    """The nodes in the order of the plan that was shown."""
    return [line.split()[2].rstrip(":") for line in plan if " upgrade_node " in line]


@pytest.mark.long
def test_back_and_restarted(own_simulator: Simulator, play_own: Play, reports: Path) -> None:
    """One node is done when the way back is taken; then every node is restarted, without an upgrade."""
    present = own_simulator.cluster()["nodes"]["node1"][1]
    feature, _dot, patch = present.rpartition(".")
    target = f"{feature}.{int(patch) + 1}"
    variables = own_simulator.archive(target)
    own_simulator.forget_requests()
    assert play_own("rolling_upgrade_begin", variables=variables).returncode == 0
    with broken_start(own_simulator, "node2", target):
        assert play_own("rolling_upgrade_nodes", variables=variables).returncode != 0
    upgraded = [name for name, (_state, seen) in own_simulator.cluster()["nodes"].items() if seen == target]

    back = play_own("rolling_upgrade_rollback", variables=variables)
    assert back.returncode == 0, back.output
    told = report(reports, present, target)
    assert [(run["goal"], run["outcome"]) for run in told["runs"]][-2:] == [
        ("upgrade", "failed"),
        ("rollback", "succeeded"),
    ]
    assert own_simulator.cluster() == stable(present)
    assert installed(own_simulator) == dict.fromkeys(NODES, present)
    assert in_service(own_simulator)
    assert stopped(back) == ["node2", *upgraded]
    assert zdu_posts(own_simulator) == {POST_START: 1, "POST /rest/zdu/cancel": 1}

    own_simulator.forget_requests()
    restarted = play_own("rolling_restart")
    assert list(reports.glob(f"rolling_restart_*_{present}.html"))
    assert restarted.returncode == 0, restarted.output
    assert sorted(stopped(restarted)) == NODES
    assert own_simulator.cluster() == stable(present)
    assert in_service(own_simulator)
    assert zdu_posts(own_simulator) == {}


def test_step_by_step(own_simulator: Simulator, play_own: Play, version: str, reports: Path) -> None:
    """As job templates with approvals between them, with a node that does not start and a run that goes on with it."""
    variables = own_simulator.archive(version)

    def step(playbook: str, state: str, *, changes: bool) -> Run:
        run = play_own(playbook, variables=variables)
        assert run.returncode == 0, run.output
        assert (run.changed > 0) == changes
        assert own_simulator.cluster()["state"] == state
        return run

    step("rolling_upgrade_preflight", "STABLE", changes=False)
    step("rolling_upgrade_begin", "READY_TO_UPGRADE", changes=True)
    step("rolling_upgrade_begin", "READY_TO_UPGRADE", changes=False)

    with broken_start(own_simulator, "node2", version):
        failed = play_own("rolling_upgrade_nodes", variables=variables)
    assert failed.returncode != 0
    message = failed.failures[-1]["msg"]
    for word in (
        "node2 was not upgraded",
        "Run the start script",
        "is OFFLINE",
        "bitbucket.datacenter.rolling_upgrade",
    ):
        assert word in message, message
    assert "\n" not in message
    assert "jdbc.password=***" in failed.output
    assert "hidden-pw" not in failed.output
    told = report(reports, before(version), version)
    assert (told["outcome"], told["message"], len(told["next_steps"])) == ("failed", message, 2)
    nodes = own_simulator.cluster()["nodes"]
    assert sorted(state for state, _version in nodes.values()) == ["ACTIVE", "ACTIVE", "OFFLINE"]
    assert in_service(own_simulator)
    done = [name for name, (_state, running) in nodes.items() if running == version]
    assert stopped(failed) == [*done, "node2"]

    # a run that was killed leaves this
    for name in done:
        own_simulator.http.put(f"{own_simulator.control}/nodes/{name}", json={"drained": True}, timeout=60)
    resumed = step("rolling_upgrade_nodes", "READY_TO_RUN_UPGRADE_TASKS", changes=True)
    assert stopped(resumed)[0] == "node2"
    assert sorted([*stopped(resumed), *done]) == NODES
    assert in_service(own_simulator)
    step("rolling_upgrade_nodes", "READY_TO_RUN_UPGRADE_TASKS", changes=False)
    with upgrade_tasks(own_simulator, seconds=1):
        finalized = step("rolling_upgrade_finalize", "STABLE", changes=True)
    assert "the cluster: RUNNING_UPGRADE_TASKS (" in finalized.output
    told = report(reports, before(version), version)
    assert {run["outcome"] for run in told["runs"][:-1]} == {"unfinished", "failed"}
    assert (told["outcome"], told["nodes"][0]["version_before"]) == ("succeeded", before(version))
    assert {node["host"]: len(node["turns"]) for node in told["nodes"]} == {**dict.fromkeys(NODES, 1), "node2": 2}


@contextlib.contextmanager
def upgrade_tasks(simulator: Simulator, seconds: float) -> Iterator[None]:
    """Approvals take their time."""

    def take(seconds: float) -> None:
        body = {"seconds": seconds, "fail": False}
        simulator.http.put(f"{simulator.control}/upgrade-tasks", json=body, timeout=30).raise_for_status()

    take(seconds)
    yield
    take(0)


@contextlib.contextmanager
def broken_start(simulator: Simulator, name: str, version: str) -> Iterator[None]:
    """The start script of a node fails, and its log tells a password."""
    (node,) = (node for node in simulator.facts["nodes"] if node["name"] == name)
    script = Path(node["install_dir"], version, "bin", "start-bitbucket.sh")
    log = Path(node["home"], "log", "atlassian-bitbucket.log")
    whole = script.read_text(encoding="utf-8")
    said = "jdbc.password=hidden-pw for jdbc://user:hidden-pw@db"
    script.write_text(f"#!/bin/sh\necho '{said}' >>{log}\nexit 7\n", encoding="utf-8")
    try:
        yield
    finally:
        script.write_text(whole, encoding="utf-8")
