# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cluster whose nodes are stopped, upgraded and started as an administrator does it."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

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
        node = self._node(name)
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", node["port"])) == 0

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

    def member(self, name: str, at: str) -> dict[str, Any]:
        found: dict[str, Any] = next(node for node in self.cluster(at)["nodes"] if node["name"] == name)
        return found

    def states(self, at: str) -> dict[str, str]:
        return {node["name"]: node["state"] for node in self.cluster(at)["nodes"]}
