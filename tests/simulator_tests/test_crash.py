# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes are killed while clients write: what was acknowledged is there afterwards, and git finds nothing broken."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from conftest import TESTS, Cluster, running, wait_until

UTILS = "/rest/branch-utils/latest/projects/PLAT/repos/{slug}/branches"
REPO = "/rest/api/latest/projects/PLAT/repos/{slug}"
SLUG = "worker"
SECONDS_OF_A_ROUND = 1.5
GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass
class Writes:
    """What a writer was told. An unanswered write may have been done or not: it is in neither."""

    branches: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    restrictions: set[int] = field(default_factory=set)
    unanswered: int = 0


class Writer(threading.Thread):
    """Writes at one node or through the entry address until it is told to stop."""

    def __init__(self, cluster: Cluster, at: str | None, name: str, work: Path) -> None:
        super().__init__()
        self.cluster, self.at, self.prefix, self.work = cluster, at, name, work
        self.done = Writes()
        self.ended = threading.Event()
        self.surprise: str | None = None

    def run(self) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            try:
                self.write(f"{self.prefix}/{number}")
            except requests.RequestException:
                self.done.unanswered += 1
                time.sleep(0.05)

    def write(self, name: str) -> None:
        raise NotImplementedError


class RestWriter(Writer):
    """Creates branches, deletes every third one, and restricts every fifth one."""

    def write(self, name: str) -> None:
        path = UTILS.format(slug=SLUG)
        answer = self.cluster.call("POST", path, json={"name": name, "startPoint": "main"}, at=self.at)
        if not self.expected(answer, 201):
            return
        self.done.branches[name] = answer.json()["latestCommit"]
        number = int(name.rpartition("/")[2])
        if number % 3 == 0:
            # From here on it is not known to be there.
            commit = self.done.branches.pop(name)
            body = {"name": f"refs/heads/{name}", "endPoint": commit}
            if self.expected(self.cluster.call("DELETE", path, json=body, at=self.at), 204):
                self.done.deleted.add(name)
        elif number % 5 == 0:
            body = {"type": "read-only", "matcher": {"id": f"refs/heads/{name}", "type": {"id": "BRANCH"}}}
            path = f"/rest/branch-permissions/2.0/projects/PLAT/repos/{SLUG}/restrictions"
            answer = self.cluster.call("POST", path, json=body, at=self.at)
            if self.expected(answer, 200):
                self.done.restrictions.add(answer.json()["id"])

    def expected(self, answer: requests.Response, status: int) -> bool:
        """A node that starts, or an entry address without a node, answers 502 or 503: not done, and said so."""
        if answer.status_code not in (status, 502, 503):
            self.surprise = f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
        return answer.status_code == status


class Pusher(Writer):
    """Commits and pushes each commit to a branch of its own."""

    def write(self, name: str) -> None:
        file = self.work / f"{name.replace('/', '-')}.txt"
        file.write_text(f"{name}\n" * 500, encoding="utf-8")
        git("add", file.name, cwd=self.work)
        git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", f"PLAT-1 {name}", cwd=self.work)
        commit = git("rev-parse", "HEAD", cwd=self.work).stdout.strip()
        base = self.cluster.base if self.at is None else self.cluster.node(self.at)["url"]
        url = base.replace("://", "://admin:admin@") + f"/scm/plat/{SLUG}.git"
        pushed = git("push", "-q", url, f"HEAD:refs/heads/{name}", cwd=self.work, check=False)
        if pushed.returncode == 0:
            self.done.branches[name] = commit
        else:
            self.done.unanswered += 1
            time.sleep(0.05)


def git(*arguments: str, cwd: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **GIT}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running(tmp_path / "data") as started:
        yield started


def writers(cluster: Cluster, tmp_path: Path, number: int) -> list[Writer]:
    made: list[Writer] = []
    for at in ("node1", "node2", "node3", None):
        place = f"{number}-{at or 'entry'}"
        work = tmp_path / f"work-{place}"
        git("clone", "-q", cluster.repository_path("PLAT", SLUG), str(work), cwd=tmp_path)
        made += [RestWriter(cluster, at, f"rest-{place}", work), Pusher(cluster, at, f"push-{place}", work)]
    return made


def kill_and_restart(cluster: Cluster, name: str) -> None:
    os.kill(cluster.pid(name), signal.SIGKILL)
    other = "node1" if name != "node1" else "node2"
    # A killed node holds its name until it has been silent for a while.
    wait_until(lambda: cluster.states(other).get(name) is None)
    assert cluster.script(name, "start").returncode == 0
    wait_until(lambda: cluster.states(other).get(name) == "ACTIVE")


def locks(repository: str) -> list[Path]:
    """The lock files of git itself."""
    return [lock for lock in Path(repository).rglob("*.lock") if lock.name != "rest.lock"]


def check(cluster: Cluster, done: list[Writes]) -> None:
    """Against git itself, the database itself, and what a node says."""
    path = cluster.repository_path("PLAT", SLUG)
    said = git("fsck", "--full", "--strict", "--no-dangling", cwd=path)
    assert not [line for line in (said.stdout + said.stderr).splitlines() if not line.startswith("Checking")]
    lines = git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", cwd=path).stdout.splitlines()
    refs = dict(line.removeprefix("refs/heads/").split(" ") for line in lines)
    for each in done:
        assert {name: refs.get(name) for name in each.branches} == each.branches
        assert not each.deleted & set(refs)
    database = sqlite3.connect(Path(cluster.facts["data_dir"], "shared", "data", "bitbucket.db"))
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        database.close()
    restrictions = set().union(*(each.restrictions for each in done))
    shown = f"/rest/branch-permissions/2.0/projects/PLAT/repos/{SLUG}/restrictions?limit=1000"
    assert restrictions <= {each["id"] for each in cluster.get(shown)["values"]}
    assert locks(path) == [], "a lock that nobody holds would refuse later writes"


def rounds(cluster: Cluster, tmp_path: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    done: list[Writes] = []
    for number in range(count):
        at_work = writers(cluster, tmp_path, number)
        for writer in at_work:
            writer.start()
        try:
            time.sleep(SECONDS_OF_A_ROUND * chance.uniform(0.5, 1.5))
            kill_and_restart(cluster, f"node{number % 3 + 1}")
        finally:
            for writer in at_work:
                writer.ended.set()
            for writer in at_work:
                writer.join()
        assert [writer.surprise for writer in at_work if writer.surprise] == []
        done += [writer.done for writer in at_work]
        check(cluster, done)
    assert sum(len(each.branches) for each in done) > 10 * count
    assert sum(each.unanswered for each in done) > 0, "no node was killed while somebody wrote"


def test_kill_during_writes(cluster: Cluster, tmp_path: Path) -> None:
    rounds(cluster, tmp_path, 3, seed=1)


KILLED = """
import os, pathlib, signal, sys
from simulator.gitrepo import GitRepository
path, ref = pathlib.Path(sys.argv[1]), sys.argv[2]
with GitRepository(path).writing(ref):
    for name in (ref, "packed-refs"):
        lock = path / f"{name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch(exist_ok=False)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("by_push", [False, True], ids=["rest", "push"])
def test_what_a_killed_writer_left_refuses_nothing(cluster: Cluster, tmp_path: Path, by_push: bool) -> None:
    path = cluster.repository_path("PLAT", SLUG)
    killed = subprocess.run([sys.executable, "-c", KILLED, path, "refs/heads/left/behind"], cwd=TESTS, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(locks(path)) == 2
    if by_push:
        git("clone", "-q", path, "work", cwd=tmp_path)
        pusher = Pusher(cluster, "node1", "left", tmp_path / "work")
        pusher.write("left/behind")
        assert list(pusher.done.branches) == ["left/behind"]
    else:
        body = {"name": "left/behind", "startPoint": "main"}
        assert cluster.call("POST", UTILS.format(slug=SLUG), json=body).status_code == 201
    assert locks(path) == []


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_kill_during_many_writes(cluster: Cluster, tmp_path: Path) -> None:
    rounds(cluster, tmp_path, 20, seed=2)
