# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts clusters through the command line, and talks to them over raw HTTP."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from harness.rows import by_label
from workbench import Workbench

TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"}
JSON = {"Content-Type": "application/json", "Accept": "application/json", "X-Atlassian-Token": "no-check"}


class Cluster:
    """A running simulator and its ready file."""

    def __init__(self, process: subprocess.Popen[bytes], facts: dict[str, Any]) -> None:
        self.process = process
        self.facts = facts
        self.base = facts["entry"] + facts["context_path"]
        self._names = itertools.count(1)

    def call(self, method: str, path: str, user: str | None = "admin", at: str | None = None, **more: Any) -> Any:
        """One request with the credentials of a seed user (whose password is the name)."""
        more.setdefault("headers", JSON)
        base = self.base if at is None else self.node(at)["url"] + self.facts["context_path"]
        return requests.request(method, base + path, auth=(user, user) if user else None, timeout=30, **more)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def node(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(node for node in self.facts["nodes"] if node["name"] == name)
        return found

    def script(self, name: str, action: str) -> subprocess.CompletedProcess[str]:
        node = self.node(name)
        return subprocess.run(
            [f"{node['install_dir']}/current/bin/{action}-bitbucket.sh"],
            env={**os.environ, "BITBUCKET_HOME": node["home"]}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def pid(self, name: str) -> int:
        return int((Path(self.node(name)["home"]) / "log" / "bitbucket.pid").read_text(encoding="ascii"))

    def log(self, name: str) -> str:
        return (Path(self.node(name)["home"]) / "log" / "atlassian-bitbucket.log").read_text(encoding="utf-8")

    def zdu(self, at: str | None = None) -> dict[str, Any]:
        shown: dict[str, Any] = self.get("/rest/zdu/cluster", at=at)
        return shown

    def rows(self, at: str | None = None) -> dict[str, dict[str, Any]]:
        """The rows of the cluster's list, by label; where a node has two, the one that is not OFFLINE."""
        return by_label(lambda: self.zdu(at), self.backends)[1]

    def states(self, at: str | None = None) -> dict[str, str | None]:
        return {label: row["state"] for label, row in self.rows(at).items()}

    def backends(self) -> list[dict[str, Any]]:
        """The nodes as the control address shows them."""
        nodes: list[dict[str, Any]] = self.control("GET", "/nodes").json()["nodes"]
        return nodes

    def control(self, method: str, path: str, **more: Any) -> Any:
        return requests.request(method, self.facts["control"] + path, timeout=60, **more)

    def repository_path(self, key: str, slug: str) -> str:
        return next(
            repository["path"]
            for repository in self.facts["repositories"]
            if (repository["project_key"], repository["repository"]) == (key, slug)
        )

    def branch_name(self) -> str:
        """A name that no other test uses."""
        return f"feature/test-{next(self._names)}"


def wait_until(check: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


@contextlib.contextmanager
def running(data_dir: Path, *options: str) -> Iterator[Cluster]:
    ready = data_dir.with_name(data_dir.name + ".ready.json")
    output = data_dir.with_name(data_dir.name + ".output")
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator", "--data-dir", str(data_dir), "--port", "0",
             "--start-up-seconds", "0.2", "--ready-file", str(ready), *options],
            env=ENVIRONMENT, stdout=stream, stderr=stream,
        )  # fmt: skip
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None, 90)
        assert process.poll() is None, output.read_text(encoding="utf-8")
        yield Cluster(process, json.loads(ready.read_text(encoding="utf-8")))
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """For tests that leave the cluster as it is; they use branches of their own."""
    with running(tmp_path_factory.mktemp("cluster") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """For the tests of one file that stop nodes or upgrade them."""
    with running(tmp_path_factory.mktemp("own") / "data", "--context-path", "/bitbucket") as started:
        yield started


@pytest.fixture
def bench(cluster: Cluster, tmp_path: Path) -> Workbench:
    """A repository and a clone of the test's own."""
    return Workbench(cluster, tmp_path)
