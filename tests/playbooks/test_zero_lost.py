# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients behind a real HAProxy, over REST and with git, lose nothing while the cluster is upgraded."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.client import Client, Promise, git
from harness.haproxy import MISSING, Balancer, balancing
from harness.nodes import nodes_of
from harness.playbook import COMMUNITY, Event, Playbooks, Run
from harness.simulator import Simulator, running

pytestmark = [pytest.mark.skipif(MISSING is not None, reason=str(MISSING)), pytest.mark.timeout(1500)]

NODES = {"node1", "node2", "node3"}
BEFORE, TARGET = "9.4.21", "9.4.22"
CLIENTS = {"REST": 8, "REST branch": 2, "git fetch": 1, "git clone": 1, "git push": 2}
#: HAProxy's two checks that fail, and what an overloaded machine adds to them.
SECONDS_TO_NOTICE = 8
#: Seconds that the clients go on at most until there were enough requests. The upgrade is far quicker than that.
PATIENCE = 300


@dataclasses.dataclass
class Scene:
    """A cluster behind HAProxy. ``play`` upgrades it, by HAProxy's address."""

    simulator: Simulator
    balancer: Balancer
    play: Callable[..., Run]
    #: Below it clients may write.
    directory: Path

    def clients(self) -> Client:
        """They begin when they are entered."""
        return Client(self.simulator, self.directory / "clients", self.balancer.url, CLIENTS)

    def assert_upgraded(self) -> None:
        """Every node is at the target and in service, and what was promised is kept."""
        nodes = dict.fromkeys(NODES, ("ACTIVE", TARGET))
        assert self.simulator.cluster() == {"state": "STABLE", "upgrade_mode": False, "nodes": nodes}
        assert self.balancer.servers() == dict.fromkeys(NODES, "UP")
        for repository in self.simulator.repositories:
            assert git("-C", repository["path"], "fsck", "--full", "--strict", "--no-dangling") == "", repository


@contextlib.contextmanager
def scene(directory: Path, start_up_seconds: float) -> Iterator[Scene]:
    options = ["--version", BEFORE, "--start-up-seconds", str(start_up_seconds)]
    # as it was seen of real servers: REST with credentials works some time after /status says so
    options += ["--setting", "rest_delay_seconds=1"]
    with running(directory / "cluster", *options) as simulator, balancing(simulator, directory) as balancer:
        connection = {**simulator.connection, "BITBUCKET_URL": balancer.url}
        playbooks = Playbooks(directory / "ansible", connection, others=(COMMUNITY,))
        variables = {**simulator.archive(TARGET), **balancer.variables, "rolling_upgrade_hooks": {}}
        inventory = simulator.write_inventory(directory / "inventory.yml", **variables)
        play = functools.partial(playbooks.run, "rolling_upgrade", "--inventory", str(inventory), timeout=900)
        yield Scene(simulator, balancer, play, directory)


@pytest.mark.parametrize(
    ("start_up_seconds", "wanted"), [(0.5, 5_000), pytest.param(10, 20_000, marks=pytest.mark.long)]
)
def test_no_request_is_lost(
    directory: Path, start_up_seconds: float, wanted: int, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Requests are those of HTTP, counted by HAProxy: what git does once are two to four of them."""
    with scene(directory / f"zero-lost-{wanted}", start_up_seconds) as here:
        # as a run that was killed leaves it
        here.balancer.set_state("node2", "drain")
        with here.clients() as client:
            run = here.play()
            ended, deadline = time.time(), time.monotonic() + PATIENCE
            while time.monotonic() < deadline and not (
                len(here.balancer.requests()) >= wanted and served_since(here.balancer, ended) >= NODES
            ):
                time.sleep(1)

        assert run.returncode == 0, run.output
        requests = here.balancer.requests()
        during = [request for request in requests if request.at <= ended]
        record_testsuite_property(
            f"zero lost, {wanted}",
            f"{len(requests)} requests, {len(during)} of them in an upgrade of {run.seconds:.0f} s,"
            f" {len(client.promises)} acknowledged branches and pushes",
        )
        assert client.messages == []
        assert [request for request in requests if request.failed] == []
        assert len(requests) >= wanted
        assert all(counts.requests for counts in client.counts.values()), client.counts
        assert served_since(here.balancer, ended) >= NODES
        assert broken_promises(here.simulator, client.promises) == []
        here.assert_upgraded()


@pytest.mark.long
def test_a_node_that_dies_meanwhile(directory: Path) -> None:
    """Its requests are lost, those of the few seconds until HAProxy knows, too; nothing else is."""
    with scene(directory / "one-dies", start_up_seconds=2) as here:
        nodes = nodes_of(here.simulator)
        died: list[float] = []

        def kill_another(event: Event) -> None:
            if not died and event.get("task") == "Run the stop script" and event["event"] == "result":
                died.append(time.time())
                nodes[min(NODES - {event["host"]})].kill()

        with here.clients() as client:
            first = here.play(follow=kill_another)
            again = here.play()
            ended = time.time()

        assert died, first.output
        assert again.returncode == 0, again.output
        requests = here.balancer.requests()
        failed = [request for request in requests if request.failed]
        assert [request for request in failed if not died[0] - 5 <= request.at <= died[0] + SECONDS_TO_NOTICE] == []
        answered = [died[0], *(each.at for each in requests if each.status == 200 and died[0] < each.at < ended), ended]
        assert max(later - earlier for earlier, later in itertools.pairwise(sorted(answered))) < SECONDS_TO_NOTICE
        assert broken_promises(here.simulator, client.promises) == []
        here.assert_upgraded()


def served_since(balancer: Balancer, instant: float) -> set[str]:
    """The nodes that have answered a request that came later."""
    return {request.server for request in balancer.requests() if request.at > instant and request.status == 200}


def broken_promises(simulator: Simulator, promises: list[Promise]) -> list[Promise]:
    """Acknowledged commits that are not in their branches, as git itself sees them."""
    paths = {f"{each['project_key']}/{each['repository']}": each["path"] for each in simulator.repositories}
    heads = simulator.refs()

    def kept(promise: Promise) -> bool:
        repository, ref = f"{promise.project_key}/{promise.repository}", f"refs/heads/{promise.branch}"
        head = heads[repository].get(ref)
        return head == promise.commit or (
            head is not None and promise.commit in git("-C", paths[repository], "rev-list", head).split()
        )

    return [promise for promise in promises if not kept(promise)]
