# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, stop, and what is left behind: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml
from conftest import ENVIRONMENT, JSON, Cluster, running, wait_until


def alive(pid: int) -> bool:
    """A process that ended but was not waited for yet does not count."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(said.stdout.strip()) and not said.stdout.strip().startswith("Z")


def pids(cluster: Cluster) -> list[int]:
    return [cluster.pid(node["name"]) for node in cluster.facts["nodes"]]


def test_stops_everything_and_finds_it_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--nodes", "2", "--version", "8.19.3") as cluster:
        nodes = pids(cluster)
        error = cluster.call("GET", "/rest/api/latest/projects/NOPE").json()["errors"][0]
        assert error["context"] is None
        path = "/rest/branch-utils/latest/projects/WEB/repos/shop/branches"
        assert cluster.call("POST", path, json={"name": "kept", "startPoint": "main"}).status_code == 201
    assert cluster.process.returncode == 0
    assert not any(alive(pid) for pid in nodes)
    with running(data, "--nodes", "2") as cluster:
        assert cluster.facts["version"] == "8.19.3"
        shown = cluster.get("/rest/api/latest/projects/WEB/repos/shop/branches?filterText=kept")
        assert shown["size"] == 1


def test_nodes_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--nodes", "2") as cluster:
        nodes = pids(cluster)
        os.kill(cluster.process.pid, signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in nodes))


def test_starting_nodes_answer_503(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--nodes", "2", "--start-up-seconds", "1.5") as cluster:
        cluster.script("node2", "stop")
        cluster.script("node2", "start")
        wait_until(lambda: cluster.states().get("node2") == "STARTING")
        wait_until(lambda: "Listening" in cluster.log("node2").rpartition("Starting Bitbucket")[2])
        answer = cluster.call("GET", "/status", user=None, at="node2")
        assert (answer.status_code, answer.json()) == (503, {"state": "STARTING"})
        answer = cluster.call("GET", "/rest/api/latest/projects", at="node2")
        assert answer.status_code == 503
        assert answer.headers["Content-Type"].startswith("text/html")


def test_another_password_of_the_administrator(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--nodes", "1", "--administrator-password", "not-in-any-data") as cluster:
        passwords = {user["name"]: user["password"] for user in cluster.facts["users"]}
        assert passwords == {"admin": "not-in-any-data", "developer": "developer", "reader": "reader"}
        for password, status in (("admin", 401), ("not-in-any-data", 200)):
            answer = requests.get(f"{cluster.base}/rest/zdu/state", auth=("admin", password), headers=JSON, timeout=30)
            assert answer.status_code == status


def test_a_large_seed_document(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yml"
    document = {
        "users": [{"name": "admin", "password": "admin", "permission": "SYS_ADMIN"}],
        "projects": [{"key": "BIG", "generate": {"repositories": 200, "branches": 10}}],
    }
    seed.write_text(yaml.safe_dump(document), encoding="utf-8")
    with running(tmp_path / "data", "--nodes", "1", "--seed", str(seed)) as cluster:
        assert len(cluster.facts["repositories"]) == 200
        assert cluster.get("/rest/api/latest/projects/BIG/repos/repo-200/branches")["size"] == 10


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("users: []\nprojects: []\n", "$.users: [] should be non-empty"),
        ("users: [{name: a, password: b}]\nprojects: [{key: x}]\n", "$.projects[0].key: 'x' does not match"),
        ("users: [{name: a, password: b}]\nprojects: [{key: X, permissions: [{user: c, permission: REPO_READ}]}]\n",
         "there is no user 'c'"),
    ],
)  # fmt: skip
def test_a_bad_seed_document(tmp_path: Path, document: str, fault: str) -> None:
    seed = tmp_path / "seed.yml"
    seed.write_text(document, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "simulator", "--data-dir", str(tmp_path / "data"), "--port", "0", "--seed", str(seed)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert fault in said.stderr
    assert "Traceback" not in said.stderr
