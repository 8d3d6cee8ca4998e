# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cluster whose nodes are stopped, upgraded and started as an administrator does it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from harness.rows import by_label

from conformance import target as targets
from conformance.api import Api
from conformance.target import Account, Target

ADMIN = Account("admin", "admin")


def wait_until(check: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


class Nodes:
    """Of one simulated cluster."""

    def __init__(self, target: Target) -> None:
        assert target.simulated is not None
        self.target = target
        self.facts: dict[str, Any] = target.simulated
        major, minor, patch = (int(part) for part in self.facts["version"].split("."))
        self.original = self.facts["version"]
        self.next = f"{major}.{minor}.{patch + 1}"
        self.lower = f"{major}.{minor}.{patch - 1}"
        self.feature = f"{major}.{minor + 1}.0"

    def move(self, name: str, **where: Any) -> None:
        """What the node binds to and advertises from its next start on."""
        self.target.control("PUT", f"/nodes/{name}/move", where)

    def override(self, name: str, **shown: Any) -> None:
        """What the node shows in place of the truth."""
        self.target.control("PUT", f"/nodes/{name}/override", shown)

    def post(self, action: str, at: str, status: int = 200) -> dict[str, Any]:
        """Start, cancel or approve; returns the cluster, empty for a refusal."""
        schema = "zdu_cluster" if status == 200 else None
        answer = self.api(at).post(f"/rest/zdu/{action}", status=status, schema=schema)
        return answer.json if status == 200 else {}

    def api(self, name: str, account: Account | None = ADMIN) -> Api:
        """One node, not through the entry address."""
        return Api(self._node(name)["url"] + self.facts["context_path"], account)

    def _node(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(node for node in self.facts["nodes"] if node["name"] == name)
        return found

    def script(self, name: str, action: str) -> None:
        """The start or stop script of the installed release."""
        node = self._node(name)
        subprocess.run(
            [str(Path(node["install_dir"], "current", "bin", f"{action}-bitbucket.sh")), "--no-search"],
            env={**os.environ, "BITBUCKET_HOME": node["home"]},
            check=True,
            capture_output=True,
        )

    def listens(self, name: str) -> bool:
        url = urlsplit(self._node(name)["url"])
        with socket.socket() as probe:
            return probe.connect_ex((url.hostname, url.port)) == 0

    def kill(self, name: str) -> None:
        os.kill(int(Path(self._node(name)["home"], "log", "bitbucket.pid").read_text(encoding="ascii")), signal.SIGKILL)

    def log(self, name: str) -> str:
        return Path(self._node(name)["home"], "log", "atlassian-bitbucket.log").read_text(encoding="utf-8")

    def install(self, name: str, version: str) -> None:
        """Fetch the release, unpack it beside the present one and let `current` point there."""
        install_dir = Path(self._node(name)["install_dir"])
        if not (install_dir / version).exists():
            fetched = requests.get(f"{self.facts['releases']}/atlassian-bitbucket-{version}.tar.gz", timeout=60)
            fetched.raise_for_status()
            with tarfile.open(fileobj=io.BytesIO(fetched.content)) as archive:
                archive.extractall(install_dir, filter="data")
            (install_dir / f"atlassian-bitbucket-{version}").rename(install_dir / version)
        (install_dir / "current").unlink()
        (install_dir / "current").symlink_to(version)

    def upgrade(self, name: str, version: str, *, at: str) -> None:
        """Stop, install, start, and wait until the node ``at`` sees it ACTIVE."""
        self.script(name, "stop")
        self.install(name, version)
        self.script(name, "start")
        wait_until(lambda: self.states(at).get(name) == "ACTIVE")

    def cluster(self, at: str) -> dict[str, Any]:
        """As that node sees it."""
        shown: dict[str, Any] = self.api(at).get("/rest/zdu/cluster", schema="zdu_cluster").json
        return shown

    def rows(self, at: str) -> dict[str, dict[str, Any]]:
        """The rows of the list, by label; where a node has two, the one that is not OFFLINE."""
        return by_label(lambda: self.cluster(at), lambda: self.target.control("GET", "/nodes")["nodes"])[1]

    def member(self, name: str, at: str) -> dict[str, Any]:
        return self.rows(at)[name]

    def states(self, at: str) -> dict[str, str | None]:
        return {name: row["state"] for name, row in self.rows(at).items()}


@contextlib.contextmanager
def started(target: Target, directory: Path, count: int, *options: str) -> Iterator[Nodes]:
    """A cluster like the target with nodes to stop and start; skips where the target is a real server."""
    if target.simulated is None:
        pytest.skip("nodes are stopped on simulated clusters only")
    fixed = ["--nodes", str(count), "--context-path", target.simulated["context_path"]]
    with targets.simulated(target.simulated["version"], directory, *fixed, *options) as own:
        yield Nodes(own)
