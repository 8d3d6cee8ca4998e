# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a simulated cluster, handled as by an administrator: files, links and the scripts of a release."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import requests

from harness.simulator import Simulator


class Node:
    """One node; ``facts`` is its part of the ready file. The name is its label, which the cluster may not show."""

    def __init__(self, simulator: Simulator, facts: dict[str, Any]) -> None:
        self.name: str = facts["name"]
        self.install_dir = Path(facts["install_dir"])
        self.home = Path(facts["home"])
        self._simulator = simulator

    @property
    def installed(self) -> str:
        """The release that the next start takes."""
        return (self.install_dir / "current").resolve().name

    @property
    def seen(self) -> tuple[str | None, str | None] | None:
        """State and version, as the cluster shows them; None where it does not list the node."""
        seen: tuple[str | None, str | None] | None = self._simulator.cluster()["nodes"].get(self.name)
        return seen

    def starts(self, version: str) -> int:
        """How often a release of this version was started here."""
        log = (self.home / "log" / "atlassian-bitbucket.log").read_text(encoding="utf-8")
        return log.count(f"Starting Bitbucket {version} ")

    def unpack(self, version: str) -> None:
        """Have the release beside the present one."""
        place = self.install_dir / version
        if not place.exists():
            place.mkdir()
            archive = self._simulator.fetch_archive(version)
            _run("tar", "-xzf", str(archive), "-C", str(place), "--strip-components=1")

    def switch(self, version: str) -> None:
        """Have the next start take this release."""
        _run("ln", "-sfn", version, str(self.install_dir / "current"))

    def stop(self) -> None:
        """Returns when no process is left."""
        self._script("stop-bitbucket.sh")

    def start(self) -> None:
        """Returns at once; see wait."""
        self._script("start-bitbucket.sh", "--no-search")

    def run(self, version: str) -> None:
        """Have the node ACTIVE at this version and known to the entry address, restarted only where it is not."""
        if self.seen != ("ACTIVE", version):
            self.unpack(version)
            self.stop()
            self.switch(version)
            self.start()
            self.wait("ACTIVE", version)
            while not self._simulator.backends()[self.name]["running"]:
                time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL for the node; the cluster finds out in a few seconds."""
        os.kill(int((self.home / "log" / "bitbucket.pid").read_text(encoding="ascii")), signal.SIGKILL)

    def take_seconds_to_start(self, seconds: float) -> None:
        """How long the node is STARTING, from the next start on."""
        path = self.home / "node.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**config, "start_up_seconds": seconds}), encoding="utf-8")

    def move(self, **where: Any) -> None:
        """From the next start on, bind to this ``address`` and ``port``, or advertise ``advertised_address``."""
        self._simulator.at_control("PUT", f"/nodes/{self.name}/move", where)

    def next_start(self, outcome: str, times: int = 1) -> None:
        """How the next start ends: ERROR, REFUSED_GIT, REFUSED_JAVA, STARTING (for ever) or EXIT."""
        self.override(next_start={"outcome": outcome, "times": times})

    def override(self, **shown: Any) -> None:
        """What the node shows in place of the truth; ``silent=True`` lists it without state and version."""
        self._simulator.at_control("PUT", f"/nodes/{self.name}/override", shown)

    def wait(self, state: str, version: str | None, seconds: float = 60) -> None:
        """Wait until the cluster shows this. Raises AssertionError after so many seconds."""
        deadline = time.monotonic() + seconds
        seen: object = None
        while time.monotonic() < deadline:
            try:
                seen = self.seen
            except requests.RequestException as error:
                seen = error
            if seen == (state, version):
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.name} is {seen} and not {state} at {version} after {seconds} s")

    def _script(self, name: str, *arguments: str) -> None:
        script = self.install_dir / "current" / "bin" / name
        _run(str(script), *arguments, environment={**os.environ, "BITBUCKET_HOME": str(self.home)})


def nodes_of(simulator: Simulator) -> dict[str, Node]:
    """By name."""
    return {facts["name"]: Node(simulator, facts) for facts in simulator.facts["nodes"]}


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
