# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients behind a real HAProxy, over REST and with git, lose nothing while the cluster is upgraded."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.client import Client, Promise, git
from harness.haproxy import MISSING, Balancer, balancing
from harness.playbook import COMMUNITY, Playbooks
from harness.simulator import Simulator, running

pytestmark = [pytest.mark.skipif(MISSING is not None, reason=str(MISSING)), pytest.mark.timeout(1500)]

NODES = {"node1", "node2", "node3"}
BEFORE, TARGET = "9.4.21", "9.4.22"
CLIENTS = {"REST": 8, "REST branch": 2, "git fetch": 1, "git clone": 1, "git push": 2}
#: Seconds that the clients go on at most until there were enough requests. The upgrade is far quicker than that.
PATIENCE = 300


@pytest.mark.parametrize(
    ("start_up_seconds", "wanted"), [(0.5, 5_000), pytest.param(10, 20_000, marks=pytest.mark.long)]
)
def test_no_request_is_lost(
    directory: Path, start_up_seconds: float, wanted: int, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Requests are those of HTTP, counted by HAProxy: what git does once are two to four of them."""
    here = directory / f"zero-lost-{wanted}"
    options = ["--version", BEFORE, "--start-up-seconds", str(start_up_seconds)]
    # as it was seen of real servers: REST with credentials works some time after /status says so
    options += ["--setting", "rest_delay_seconds=1"]
    with running(here / "cluster", *options) as simulator, balancing(simulator, here) as balancer:
        playbooks = Playbooks(
            here / "ansible", {**simulator.connection, "BITBUCKET_URL": balancer.url}, others=(COMMUNITY,)
        )
        variables = {**simulator.archive(TARGET), **balancer.variables, "rolling_upgrade_hooks": {}}
        inventory = simulator.write_inventory(here / "inventory.yml", **variables)

        # as a run that was killed leaves it
        balancer.set_state("node2", "drain")
        with Client(simulator, here / "clients", balancer.url, CLIENTS) as client:
            run = playbooks.run("rolling_upgrade", "--inventory", str(inventory), timeout=900)
            ended, deadline = time.time(), time.monotonic() + PATIENCE
            while time.monotonic() < deadline and not (
                len(balancer.requests()) >= wanted and served_since(balancer, ended) >= NODES
            ):
                time.sleep(1)

        assert run.returncode == 0, run.output
        nodes = dict.fromkeys(NODES, ("ACTIVE", TARGET))
        assert simulator.cluster() == {"state": "STABLE", "upgrade_mode": False, "nodes": nodes}
        assert balancer.servers() == dict.fromkeys(NODES, "UP")
        assert served_since(balancer, ended) >= NODES

        requests = balancer.requests()
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
        assert broken_promises(simulator, client.promises) == []
        for repository in simulator.repositories:
            assert git("-C", repository["path"], "fsck", "--full", "--strict", "--no-dangling") == "", repository


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
