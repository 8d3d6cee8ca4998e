# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook on the built collection, as a user would, and keeps what it said."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
#: What tests use of other people's collections.
COMMUNITY = ROOT / ".build" / "community"

#: Where compiled modules are kept, for all runs on this machine.
CODE = ROOT / ".build" / "cache" / "code"

# urllib knows no ranges: the entry's address, and those of up to twenty nodes.
#: Addresses that no proxy may come between: those of simulated clusters.
OURS = ",".join(["127.0.0.1", "localhost", *(f"127.0.10.{number}" for number in range(1, 21))])

#: Names the ansible-playbook to run in place of .venv's, for gates of other releases of ansible-core.
ANSIBLE_PLAYBOOK = "BITBUCKET_TEST_ANSIBLE_PLAYBOOK"

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

    ``home`` is where Ansible writes; ``connection`` becomes the environment variables of the collection; ``others`` is
    where collections are that it can do without.
    """

    def __init__(
        self,
        home: Path,
        connection: Mapping[str, str],
        collections: Path | None = None,
        others: Sequence[Path] = (),
    ) -> None:
        self._home = home
        given = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
        self._collections = collections or Path(given or COLLECTIONS)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "BITBUCKET_"))},
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, (self._collections, *others))),
            "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_REMOTE_TEMP": str(home / "tmp"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "harness_events",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "PYTHONPATH": str(Path(__file__).parent / "site"),
            "HARNESS_CODE": str(CODE),
            "NO_PROXY": OURS,
            "no_proxy": OURS,
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
        for each in (self._home, CODE):
            each.mkdir(parents=True, exist_ok=True)
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
        with self.started(
            playbook, *arguments, variables=variables, environment=environment, timeout=timeout
        ) as started:
            for event in started:
                if follow:
                    follow(event)
        return started.finished()

    @contextlib.contextmanager
    def started(
        self,
        playbook: str,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 280,
    ) -> Iterator[Started]:
        """As run, for those that want to meddle; whatever still runs on leaving is killed."""
        self._prepare()
        command = [
            os.environ.get(ANSIBLE_PLAYBOOK, str(Path(sys.executable).with_name("ansible-playbook"))),
            playbook if Path(playbook).suffix else f"bitbucket.datacenter.{playbook}",
            *arguments,
        ]
        if variables:
            command += ["--extra-vars", json.dumps(variables)]
        events_read, events_write = os.pipe()
        answers_read, answers_write = os.pipe()
        process = subprocess.Popen(
            command,
            env={
                **self._environment,
                **(environment or {}),
                "HARNESS_EVENTS": str(events_write),
                "HARNESS_ANSWERS": str(answers_read),
            },
            pass_fds=[events_write, answers_read],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(events_write)
        os.close(answers_read)
        with process, os.fdopen(events_read, encoding="utf-8") as events, os.fdopen(answers_write, "w") as answers:
            started = Started(command, process, events, answers, timeout)
            try:
                yield started
            finally:
                started.kill()


class Started:
    """A run that goes on. Who iterates gets its events, and holds it at each of them until the next is asked for."""

    def __init__(
        self, command: list[str], process: subprocess.Popen[str], events: TextIO, answers: TextIO, timeout: float
    ) -> None:
        self._command = command
        self._process = process
        self._stream = events
        self._answers = answers
        self._began = time.monotonic()
        self._seconds = 0.0
        self._output: list[str] = []
        self._late = False
        self.events: list[Event] = []
        self._reader = threading.Thread(target=self._read_output)
        self._reader.start()
        self._timeout = timeout
        self._watch = threading.Timer(timeout, self._too_late)
        self._watch.start()

    def __iter__(self) -> Iterator[Event]:
        for line in self._stream:
            event = json.loads(line)
            self.events.append(event)
            yield event
            self.go_on()
        # its last words are written, its end is near
        self._process.wait()

    def go_on(self) -> None:
        """Let go of a run that is held; the next event holds it again."""
        # it may have been killed
        with contextlib.suppress(BrokenPipeError):
            self._answers.write("\n")
            self._answers.flush()

    def kill(self) -> None:
        """SIGKILL for ansible-playbook, its workers and its modules, as if the controller had lost its power.

        Nothing happens to a run that has ended, nor to the nodes that it has started.
        """
        if self._process.poll() is None:
            kill_tree(self._process.pid, spare="simulator.node")
        self._process.wait()
        self._watch.cancel()
        self._reader.join()
        self._seconds = self._seconds or time.monotonic() - self._began

    def finished(self) -> Run:
        """What is known of the run after its end, or after it was killed.

        Raises subprocess.TimeoutExpired when it was ended because it took too long.
        """
        output = "".join(self._output)
        if self._late:
            raise subprocess.TimeoutExpired(self._command, self._timeout, output)
        hosts = next((event["hosts"] for event in self.events if event["event"] == "stats"), {})
        return Run(self._command, self._process.returncode, output, self.events, hosts, self._seconds)

    def _too_late(self) -> None:
        self._late = True
        kill_tree(self._process.pid, spare="simulator.node")

    def _read_output(self) -> None:
        assert self._process.stdout
        self._output.extend(self._process.stdout)


def kill_tree(root: int, spare: str) -> None:
    """SIGKILL for a process and all that descend from it, but for those whose command line says ``spare``.

    By descent and not by process group: Ansible's workers have sessions of their own.
    """
    doomed: list[int] = [root]
    # stopped first, so that none of them starts another one meanwhile
    for process in doomed:
        _signal(process, signal.SIGSTOP)
        doomed += [child for child in _children(process) if spare not in _command_line(child)]
    for process in doomed:
        _signal(process, signal.SIGKILL)


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _children(process: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text(encoding="ascii").split()
        ]
    except FileNotFoundError:
        return []


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
