# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that use a cluster all the time, over REST and with git, count what failed and remember what was promised."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import requests

from harness.simulator import Simulator

#: Does one thing once, and nothing twice. Raises FailedUseError.
Use = Callable[[], object]

# neither the user's settings nor a prompt may get into git's way
GIT_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Load",
    "GIT_AUTHOR_EMAIL": "load@example.com",
    "GIT_COMMITTER_NAME": "Load",
    "GIT_COMMITTER_EMAIL": "load@example.com",
}
SECONDS_FOR_ONE_USE = 60


class FailedUseError(Exception):
    """What a client saw instead of what it asked for."""


@dataclasses.dataclass
class Counts:
    """Of one kind of use."""

    requests: int = 0
    failures: int = 0


@dataclasses.dataclass(frozen=True)
class Promise:
    """A commit that the server said it has, as the head of a branch at that time."""

    project_key: str
    repository: str
    branch: str
    commit: str


class Client:
    """Several threads, from entering to leaving. ``threads`` says how many for each of the KINDS.

    ``url`` is where to go, the simulator's own entry address unless given. ``directory`` is for clones. ``promises``
    are the branches created and the commits pushed that were acknowledged.
    """

    def __init__(
        self,
        simulator: Simulator,
        directory: Path,
        url: str | None = None,
        threads: Mapping[str, int] | None = None,
    ) -> None:
        self.url = url or simulator.url
        self.directory = directory
        user = simulator.facts["users"][1]
        self.user: tuple[str, str] = (user["name"], user["password"])
        self.git_url = self.url.replace("://", f"://{user['name']}:{user['password']}@", 1)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._turns: list[threading.Lock] = []
        self._started = threads or READING
        self.counts = {kind: Counts() for kind in self._started}
        self.messages: list[str] = []
        self.promises: list[Promise] = []

    def __enter__(self) -> Client:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self._threads = [
            threading.Thread(target=self._loop, args=(kind, make(self, f"{number}"), pause))
            for kind, (make, pause) in KINDS.items()
            for number in range(self._started.get(kind, 0))
        ]
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

    def promised(self, promise: Promise) -> None:
        """Remember what the server has acknowledged."""
        with self._lock:
            self.promises.append(promise)

    def _loop(self, kind: str, use: Use, pause: float) -> None:
        turn = threading.Lock()
        self._turns.append(turn)
        while not self._stop.wait(pause):
            failure = None
            try:
                with turn:
                    use()
            except FailedUseError as error:
                failure = f"{kind}: {error}"
            with self._lock:
                self.counts[kind].requests += 1
                if failure is not None:
                    self.counts[kind].failures += 1
                    self.messages.append(failure)

    def session(self) -> requests.Session:
        """Its requests are sent once each, over connections that are kept."""
        session = requests.Session()
        session.trust_env = False
        session.auth = self.user
        return session


def git(*arguments: str) -> str:
    """What a git command says. Raises FailedUseError."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            env={**os.environ, **GIT_ENVIRONMENT},
            capture_output=True, text=True, timeout=SECONDS_FOR_ONE_USE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise FailedUseError(str(error)) from error
    if done.returncode:
        raise FailedUseError(f"git {' '.join(arguments[:3])}: {done.stderr.strip()}")
    return done.stdout.strip()


def _reading(client: Client, _name: str) -> Use:
    base = "/rest/api/latest/projects"
    paths = itertools.cycle(
        [base, f"{base}/PLAT/repos", f"{base}/PLAT/repos/api/branches", f"{base}/WEB/repos/shop/commits"]
    )
    session = client.session()

    def read() -> None:
        path = next(paths)
        _answer(session, "GET", client.url + path, 200)

    return read


def _branching(client: Client, name: str) -> Use:
    session = client.session()
    numbers = itertools.count()

    def create() -> None:
        branch = f"load/branch-{name}-{next(numbers)}"
        made = _answer(
            session, "POST", f"{client.url}/rest/branch-utils/latest/projects/WEB/repos/portal/branches", 201,
            {"name": branch, "startPoint": "main"},
        )  # fmt: skip
        client.promised(Promise("WEB", "portal", branch, str(made["latestCommit"])))

    return create


def _answer(session: requests.Session, method: str, url: str, status: int, body: object = None) -> dict[str, object]:
    try:
        answer = session.request(method, url, json=body, timeout=SECONDS_FOR_ONE_USE)
        said: dict[str, object] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise FailedUseError(f"{method} {url}: {error}") from error
    if answer.status_code != status:
        raise FailedUseError(f"{method} {url} answered {answer.status_code}")
    return said


def _ls_remote(client: Client, _name: str) -> Use:
    return lambda: git("ls-remote", f"{client.git_url}/scm/web/shop.git")


def _fetching(client: Client, name: str) -> Use:
    """Into an empty repository each time, so that the objects travel."""
    target = client.directory / f"fetch-{name}.git"

    def fetch() -> None:
        shutil.rmtree(target, ignore_errors=True)
        git("init", "--quiet", "--bare", str(target))
        git("-C", str(target), "fetch", "--quiet", f"{client.git_url}/scm/plat/api.git", "+refs/*:refs/*")

    return fetch


def _cloning(client: Client, name: str) -> Use:
    target = client.directory / f"clone-{name}"

    def clone() -> None:
        shutil.rmtree(target, ignore_errors=True)
        git("clone", "--quiet", f"{client.git_url}/scm/web/shop.git", str(target))

    return clone


def _pushing(client: Client, name: str) -> Use:
    """One commit more on a branch of its own, each time."""
    target, branch = client.directory / f"push-{name}", f"load/push-{name}"

    def push() -> None:
        if not target.exists():
            git("clone", "--quiet", f"{client.git_url}/scm/plat/worker.git", str(target))
        git("-C", str(target), "commit", "--quiet", "--allow-empty", "--message", "One more")
        commit = git("-C", str(target), "rev-parse", "HEAD")
        git("-C", str(target), "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        client.promised(Promise("PLAT", "worker", branch, commit))

    return push


#: How each kind of use is made for a thread of some name, and the seconds between two uses. A git process costs much
#: more than a REST call, and the cluster runs on the same machine.
KINDS: dict[str, tuple[Callable[[Client, str], Use], float]] = {
    "REST": (_reading, 0.1),
    "REST branch": (_branching, 0.2),
    "git ls-remote": (_ls_remote, 0.4),
    "git fetch": (_fetching, 0.4),
    "git clone": (_cloning, 0.4),
    "git push": (_pushing, 0.4),
}
#: For a cluster of which nothing may change.
READING = {"REST": 2, "git ls-remote": 1, "git fetch": 1}
