# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that uses the entry address all the time, over REST and with git, and counts what failed."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import requests

from harness.simulator import Simulator

# Seconds between two uses. A git process costs much more than a REST call, and the cluster runs on the same machine.
PAUSES = {"REST": 0.1, "git ls-remote": 0.4, "git fetch": 0.4}
# neither the user's settings nor a prompt may get into git's way
GIT_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclasses.dataclass
class Counts:
    """Of one kind of use."""

    requests: int = 0
    failures: int = 0


class Client:
    """Two threads that read over REST and two that use git, from entering to leaving. Nothing is tried twice.

    ``kinds`` are those of PAUSES that are wanted.
    """

    def __init__(self, simulator: Simulator, directory: Path, kinds: Collection[str] = tuple(PAUSES)) -> None:
        self._simulator = simulator
        self._directory = directory
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._turns: list[threading.Lock] = []
        self.counts = {kind: Counts() for kind in kinds}
        self.messages: list[str] = []
        user = simulator.facts["users"][1]
        self._user = (user["name"], user["password"])
        self._git_url = simulator.url.replace("://", f"://{user['name']}:{user['password']}@", 1)
        self._threads = [
            threading.Thread(target=self._loop, args=(kind, use))
            for kind, use in (
                ("REST", self._rest()),
                ("REST", self._rest()),
                ("git ls-remote", self._ls_remote),
                ("git fetch", self._fetch),
            )
            if kind in kinds
        ]

    def __enter__(self) -> Client:
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def total(self) -> Counts:
        """All kinds of use together."""
        every = self.counts.values()
        return Counts(sum(each.requests for each in every), sum(each.failures for each in every))

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """While the block runs, nothing is under way here that could be lost."""
        with contextlib.ExitStack() as held:
            for turn in self._turns:
                held.enter_context(turn)
            yield

    def _loop(self, kind: str, use: Callable[[], str | None]) -> None:
        """``use`` returns what went wrong, or None."""
        turn = threading.Lock()
        self._turns.append(turn)
        while not self._stop.wait(PAUSES[kind]):
            with turn:
                failure = use()
            with self._lock:
                self.counts[kind].requests += 1
                if failure is not None:
                    self.counts[kind].failures += 1
                    self.messages.append(f"{kind}: {failure}")

    def _rest(self) -> Callable[[], str | None]:
        base = "/rest/api/latest/projects"
        paths = itertools.cycle(
            [base, f"{base}/PLAT/repos", f"{base}/PLAT/repos/api/branches", f"{base}/WEB/repos/shop/commits"]
        )
        session = requests.Session()
        session.trust_env = False
        session.auth = self._user

        def read() -> str | None:
            path = next(paths)
            try:
                answer = session.get(self._simulator.url + path, timeout=30)
                answer.json()
            except (requests.RequestException, ValueError) as error:
                return f"GET {path}: {error}"
            return None if answer.status_code == 200 else f"GET {path} answered {answer.status_code}"

        return read

    def _ls_remote(self) -> str | None:
        return self._git("ls-remote", f"{self._git_url}/scm/web/shop.git")

    def _fetch(self) -> str | None:
        # into an empty repository each time, so that the objects travel
        target = self._directory / "fetch.git"
        shutil.rmtree(target, ignore_errors=True)
        made = self._git("init", "--quiet", "--bare", str(target))
        return made or self._git(
            "-C", str(target), "fetch", "--quiet", f"{self._git_url}/scm/plat/api.git", "+refs/*:refs/*"
        )

    def _git(self, *arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], env={**os.environ, **GIT_ENVIRONMENT}, capture_output=True, text=True, timeout=60,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return str(error)
        return None if done.returncode == 0 else f"git {arguments[0]}: {done.stderr.strip()}"
