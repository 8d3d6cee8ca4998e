# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes come and go, and the state of the upgrade follows from them. In order: one story."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import requests
from conftest import Cluster, wait_until
from simulator.release import build_installer, build_release, install
from simulator.version import Version


def upgrade(cluster: Cluster, name: str, version: str) -> None:
    """As an administrator does it: fetch, unpack beside, stop, switch, start."""
    install_dir = Path(cluster.node(name)["install_dir"])
    archive = install_dir / f"atlassian-bitbucket-{version}.tar.gz"
    archive.write_bytes(cluster.control("GET", f"/releases/{archive.name}").content)
    assert cluster.script(name, "stop").returncode == 0
    install(archive, Version.parse(version), install_dir)
    assert cluster.script(name, "start").returncode == 0


def active(cluster: Cluster, name: str, at: str) -> bool:
    return cluster.states(at).get(name) == "ACTIVE"


def test_releases_are_reproducible(own_cluster: Cluster, tmp_path: Path) -> None:
    _path, digest = build_release(Version(9, 4, 22), tmp_path)
    said = own_cluster.control("GET", "/releases/atlassian-bitbucket-9.4.22.tar.gz.sha256").text
    assert said == f"{digest}  atlassian-bitbucket-9.4.22.tar.gz\n"
    _path, digest = build_installer(Version(9, 4, 22), tmp_path)
    said = own_cluster.control("GET", "/releases/atlassian-bitbucket-9.4.22-x64.bin.sha256").text
    assert said == f"{digest}  atlassian-bitbucket-9.4.22-x64.bin\n"


def test_the_installer_installs_what_the_archive_holds(tmp_path: Path) -> None:
    version = Version(9, 4, 22)
    installer, _digest = build_installer(version, tmp_path)
    archive, _digest = build_release(version, tmp_path)
    unpacked = install(archive, version, tmp_path / "archive")
    target, answers = tmp_path / "installer" / "9.4.22", tmp_path / "response.varfile"

    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(installer), *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    answers.write_text(f"app.defaultInstallDir={target}\n", encoding="utf-8")
    for arguments, reason in (
        (["-varfile", str(answers)], "no terminal"),
        (["-q", "-varfile", str(tmp_path / "missing")], "cannot be read"),
        (["-q"], "app.defaultInstallDir"),
        (["-q", "-varfile", str(answers)], "service"),
        (["-c"], "Unknown argument"),
    ):
        refused = ran(*arguments)
        assert refused.returncode == 1
        assert reason in refused.stderr
    assert not target.exists()

    # seen 10.4: what a response file for the vendor's installer of 10.4.2 holds
    told = {
        "app.bitbucketHome": tmp_path / "home", "app.defaultInstallDir": target, "app.install.service$Boolean": "false",
        "httpPort": 7990, "installation.type": "INSTALL", "launch.application$Boolean": "false",
        "sys.adminRights$Boolean": "false", "sys.languageId": "en",
    }  # fmt: skip
    answers.write_text("".join(f"{name}={value}\n" for name, value in told.items()), encoding="utf-8")
    done = ran("-q", "-varfile", str(answers))
    assert done.returncode == 0, done.stderr
    assert files(target) == {**files(unpacked), ".install4j/response.varfile": answers.read_bytes()}


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_stopped_node_vanishes_outside_upgrade_mode(own_cluster: Cluster) -> None:
    before = own_cluster.rows()
    assert "has stopped" in own_cluster.script("node3", "stop").stdout
    assert "not running" in own_cluster.script("node3", "stop").stdout
    assert own_cluster.states("node1") == {"node1": "ACTIVE", "node2": "ACTIVE"}
    assert own_cluster.script("node3", "start").returncode == 0
    assert "already running" in own_cluster.script("node3", "start").stdout
    wait_until(lambda: active(own_cluster, "node3", "node1"))
    after = own_cluster.rows()["node3"]
    assert after["id"] != before["node3"]["id"]
    assert {**after, "id": "", "local": ""} == {**before["node3"], "id": "", "local": "", "activeUserCount": 0}


def test_another_version_is_refused_outside_upgrade_mode(own_cluster: Cluster) -> None:
    upgrade(own_cluster, "node3", "9.4.22")
    wait_until(lambda: "cannot join the cluster" in own_cluster.log("node3"))
    upgrade(own_cluster, "node3", "9.4.21")
    wait_until(lambda: active(own_cluster, "node3", "node1"))


def test_start(own_cluster: Cluster) -> None:
    answer = own_cluster.call("POST", "/rest/zdu/start")
    assert (answer.status_code, answer.json()["state"]) == (200, "READY_TO_UPGRADE")
    assert own_cluster.call("POST", "/rest/zdu/start").status_code == 409
    assert own_cluster.call("POST", "/rest/zdu/approve").status_code == 409
    assert own_cluster.call("POST", "/rest/zdu/cancel").json()["state"] == "STABLE"
    assert own_cluster.call("POST", "/rest/zdu/start").status_code == 200


def test_a_killed_node_is_offline(own_cluster: Cluster) -> None:
    os.kill(own_cluster.pid("node3"), signal.SIGKILL)
    wait_until(lambda: own_cluster.states("node1")["node3"] == "OFFLINE")
    offline = own_cluster.rows("node1")["node3"]
    assert offline["version"] is None
    facts = own_cluster.node("node3")
    assert (offline["ipAddress"], offline["portNumber"]) == (facts["address"], facts["port"])
    assert own_cluster.call("GET", "/rest/api/latest/application-properties").status_code == 200


def test_lower_and_other_feature_releases_are_refused(own_cluster: Cluster) -> None:
    for number, version in enumerate(("9.4.20", "9.5.0"), start=own_cluster.log("node3").count("cannot join") + 1):
        upgrade(own_cluster, "node3", version)
        wait_until(lambda wanted=number: own_cluster.log("node3").count("cannot join") == wanted)


def test_upgrade_without_a_lost_request(own_cluster: Cluster) -> None:
    failures: list[str] = []
    count = 0
    stop = threading.Event()

    def client() -> None:
        nonlocal count
        while not stop.is_set():
            try:
                answer = own_cluster.call("GET", "/rest/api/latest/projects/PLAT/repos/api/branches", user="reader")
                if answer.status_code != 200:
                    failures.append(f"{answer.status_code} {answer.text}")
            except requests.RequestException as error:
                failures.append(str(error))
            count += 1

    upgrade(own_cluster, "node3", "9.4.22")
    wait_until(lambda: active(own_cluster, "node3", "node1"))
    assert own_cluster.zdu("node1")["state"] == "MIXED"
    assert own_cluster.call("POST", "/rest/zdu/cancel").status_code == 409
    thread = threading.Thread(target=client)
    thread.start()
    try:
        for name in ("node1", "node2"):
            drained = own_cluster.control("PUT", f"/nodes/{name}", json={"drained": True})
            assert drained.json() | {"url": ""} == {
                "name": name, "url": "", "running": True, "drained": True, "in_flight": 0}  # fmt: skip
            upgrade(own_cluster, name, "9.4.22")
            wait_until(lambda wanted=name: active(own_cluster, wanted, "node3"))
            own_cluster.control("PUT", f"/nodes/{name}", json={"drained": False})
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert count > 20
    cluster = own_cluster.zdu()
    assert (cluster["state"], cluster["originalVersion"]) == ("READY_TO_RUN_UPGRADE_TASKS", "9.4.21")
    assert own_cluster.call("POST", "/rest/zdu/cancel").status_code == 409


def test_upgrade_tasks_can_fail(own_cluster: Cluster) -> None:
    own_cluster.control("PUT", "/upgrade-tasks", json={"seconds": 0.5, "fail": True})
    assert own_cluster.call("POST", "/rest/zdu/approve").json()["state"] == "RUNNING_UPGRADE_TASKS"
    wait_until(lambda: own_cluster.zdu()["state"] == "UPGRADE_TASKS_FAILED")
    answer = own_cluster.call("POST", "/rest/zdu/approve")
    assert (answer.status_code, answer.content) == (409, b"")
    own_cluster.control("PUT", "/upgrade-tasks", json={"seconds": 0.5})
    assert own_cluster.zdu()["state"] == "READY_TO_RUN_UPGRADE_TASKS"


def test_approve(own_cluster: Cluster) -> None:
    assert own_cluster.call("POST", "/rest/zdu/approve").json()["state"] == "RUNNING_UPGRADE_TASKS"
    wait_until(lambda: own_cluster.zdu()["state"] == "STABLE")
    cluster = own_cluster.zdu()
    assert (cluster["state"], cluster["upgradeModeEnabled"]) == ("STABLE", False)
    assert {node["version"] for node in cluster["nodes"]} == {"9.4.22"}
    shown = own_cluster.get("/rest/api/latest/admin/cluster")
    assert {node["buildVersion"] for node in shown["nodes"]} == {"9.4.22"}
    assert shown["localNode"]["local"] is True
    counts = own_cluster.control("GET", "/requests").json()["counts"]
    assert counts["POST /rest/zdu/approve"] == 4


def test_drain_waits_no_longer_than_told(own_cluster: Cluster) -> None:
    assert own_cluster.control("PUT", "/nodes/nope", json={"drained": True}).status_code == 404
    assert own_cluster.control("PUT", "/nodes/node1", json={"drained": "yes"}).status_code == 400
