# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook on the built collection, as a user would, and keeps what it said."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"

Event = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run. ``hosts`` are the statistics of each host: ok, changed, failures, unreachable, ..."""

    command: list[str]
    returncode: int
    output: str
    events: list[Event]
    hosts: dict[str, dict[str, int]]
    seconds: float

    @property
    def changed(self) -> int:
        """How many results said that something changed."""
        return sum(counted["changed"] for counted in self.hosts.values())

    @property
    def failures(self) -> list[Event]:
        """The failed results, one for each host and task."""
        return [event for event in self.events if event.get("status") in ("failed", "unreachable")]

    def messages(self, task: str) -> list[Any]:
        """What the results of a task say under ``msg``."""
        return [event["msg"] for event in self.events if event.get("task") == task and event["msg"] is not None]


class Playbooks:
    """ansible-playbook with an environment that depends on nothing but what is given here.

    ``home`` is where Ansible writes; ``connection`` becomes the environment variables of the collection.
    """

    def __init__(self, home: Path, connection: Mapping[str, str], collections: Path | None = None) -> None:
        self._home = home
        given = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
        self._collections = collections or Path(given or COLLECTIONS)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "BITBUCKET_"))},
            "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
            "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_REMOTE_TEMP": str(home / "tmp"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "harness_events",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **connection,
        }

    def inventory(
        self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run ansible-inventory. Raises subprocess.TimeoutExpired after ``timeout`` seconds, with it ended."""
        self._prepare()
        return subprocess.run(
            [str(Path(sys.executable).with_name("ansible-inventory")), *arguments],
            env={**self._environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def _prepare(self) -> None:
        if not (self._collections / "ansible_collections" / "bitbucket" / "datacenter").is_dir():
            raise FileNotFoundError(f"There is no collection in {self._collections}: build it with make collection")
        self._home.mkdir(parents=True, exist_ok=True)
        # empty, in place of the user's own
        (self._home / "ansible.cfg").touch()

    def run(
        self,
        playbook: str,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        follow: Callable[[Event], None] | None = None,
        timeout: float = 280,
    ) -> Run:
        """Run ``bitbucket.datacenter.<playbook>``, or the file that a path names.

        ``follow`` gets each event while the run goes on.
        Raises subprocess.TimeoutExpired after ``timeout`` seconds, with the run ended.
        """
        self._prepare()
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            playbook if Path(playbook).suffix else f"bitbucket.datacenter.{playbook}",
            *arguments,
        ]
        if variables:
            command += ["--extra-vars", json.dumps(variables)]
        read_end, write_end = os.pipe()
        events: list[Event] = []
        began = time.monotonic()
        with subprocess.Popen(
            command,
            env={**self._environment, **(environment or {}), "HARNESS_EVENTS": str(write_end)},
            pass_fds=[write_end],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            os.close(write_end)
            reader = threading.Thread(target=_read_events, args=(read_end, events, follow))
            reader.start()
            try:
                output, _errors = process.communicate(timeout=timeout)
            except BaseException:
                process.terminate()
                raise
            finally:
                reader.join()
        hosts = next((event["hosts"] for event in events if event["event"] == "stats"), {})
        return Run(command, process.returncode, output, events, hosts, time.monotonic() - began)


def _read_events(descriptor: int, events: list[Event], follow: Callable[[Event], None] | None) -> None:
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        for line in stream:
            event = json.loads(line)
            events.append(event)
            if follow:
                follow(event)
