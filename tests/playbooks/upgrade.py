# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One upgrade of a cluster by the playbooks, with all that must be so before, after and throughout."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.client import Client
from harness.nodes import nodes_of
from harness.playbook import Playbooks, Run, Started
from harness.simulator import Simulator

from .conftest import SECRET

POSTED = {"start": "POST /rest/zdu/start", "approve": "POST /rest/zdu/approve", "cancel": "POST /rest/zdu/cancel"}
#: The change of each step of a plan, by the name of the task that makes it.
STEP_OF = {
    "Start the rolling upgrade": "start",
    "Run the stop script": "{goal}_node",
    "Approve the upgrade": "approve",
    "Cancel the upgrade": "cancel",
}


class Upgrade:
    """From the release that the whole cluster runs, ``original``, to the next one, ``target``."""

    def __init__(self, simulator: Simulator, directory: Path, **variables: Any) -> None:
        self.simulator = simulator
        self.nodes = nodes_of(simulator)
        self.heal()
        seen = simulator.cluster()
        assert seen["state"] == "STABLE", seen
        ((_state, self.original),) = set(seen["nodes"].values())
        feature, _dot, patch = self.original.rpartition(".")
        self.target = f"{feature}.{int(patch) + 1}"
        # a run that goes on where one was killed would wait half a minute
        quick = {"__rolling_upgrade_lock_settle": 2}
        self.variables = {**simulator.archive(self.target), **quick, **variables}
        self._directory = directory
        self._playbooks = Playbooks(directory / "ansible", simulator.connection)
        self.inventory = simulator.write_inventory(directory / "inventory.yml")
        self._refs = simulator.refs()
        self._starts = self._count_starts()
        simulator.forget_requests()

    # -- the playbooks -----------------------------------------------------------------------------------------------

    def play(self, playbook: str = "rolling_upgrade", *options: str, **variables: Any) -> Run:
        """A whole run."""
        with self.started(playbook, *options, **variables) as started:
            for _event in started:
                pass
        return started.finished()

    @contextlib.contextmanager
    def started(self, playbook: str = "rolling_upgrade", *options: str, **variables: Any) -> Iterator[Started]:
        """A run to meddle with."""
        arguments = ("--inventory", str(self.inventory), *options)
        with self._playbooks.started(playbook, *arguments, variables={**self.variables, **variables}) as started:
            yield started
        assert SECRET not in started.finished().output

    @contextlib.contextmanager
    def served(self) -> Iterator[Client]:
        """Clients that read over REST all the time; none of them may see a request fail."""
        with Client(self.simulator, self._directory / "client", threads={"REST": 2}) as client:
            yield client
        assert not client.messages, client.messages
        assert client.total.requests > 0

    # -- by hand -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Upgrade mode on, by the raw API, with the target's release on every node."""
        for node in self.nodes.values():
            node.unpack(self.target)
        self.simulator.api("POST", "/rest/zdu/start")

    def end(self) -> None:
        """Bring the cluster to one release and STABLE, whatever was done so far, without the playbooks."""
        self.heal()
        seen = self.simulator.cluster()
        version = self.target if seen["upgrade_mode"] else max(version for _state, version in seen["nodes"].values())
        for node in self.nodes.values():
            node.run(version)
        if seen["upgrade_mode"]:
            self.simulator.api("POST", "/rest/zdu/approve")

    def back(self) -> None:
        """Bring the cluster back to the original release and STABLE, without the playbooks."""
        self.heal()
        for node in self.nodes.values():
            node.run(self.original)
        if self.simulator.cluster()["upgrade_mode"]:
            self.simulator.api("POST", "/rest/zdu/cancel")

    def heal(self) -> None:
        """Take back whatever was made to fail."""
        name, password = self.simulator.administrator
        self.simulator.at_control("PUT", "/entry", {"listening": True})
        self.simulator.at_control("PUT", f"/users/{name}", {"password": password, "failed_logins": 0})
        self.simulator.at_control("PUT", "/upgrade-tasks", {"seconds": 0, "fail": False})
        self.simulator.at_control("DELETE", "/faults")
        for users, (name, node) in enumerate(self.nodes.items()):
            self.simulator.at_control("PUT", f"/nodes/{name}", {"drained": False})
            self.simulator.at_control("DELETE", f"/nodes/{name}/override")
            # least busy first is in the order of names
            node.override(active_user_count=users)
            node.take_seconds_to_start(0.2)

    # -- what is so --------------------------------------------------------------------------------------------------

    def _count_starts(self) -> dict[tuple[str, str], int]:
        versions = (self.original, self.target)
        return {(name, version): node.starts(version) for name, node in self.nodes.items() for version in versions}

    def starts(self, version: str) -> dict[str, int]:
        """How often each node was started at this version since the beginning."""
        now = self._count_starts()
        return {name: now[name, version] - self._starts[name, version] for name in self.nodes}

    def posted(self) -> dict[str, int]:
        """How often the server was asked to start, to approve and to cancel."""
        served = self.simulator.requests_served()
        return {action: served[route] for action, route in POSTED.items() if route in served}

    def writes(self) -> list[str]:
        """What the server was asked for besides reads, since the beginning."""
        return [route for route in self.simulator.requests_served() if not route.startswith(("GET ", "HEAD "))]

    def on_disk(self) -> dict[str, Any]:
        """Of each node, what a release is installed from and to."""
        return {
            name: (node.installed, sorted(str(path) for path in node.install_dir.glob("*")), node.starts(self.target))
            for name, node in self.nodes.items()
        }

    def assert_nothing_drained(self) -> None:
        assert not [name for name, backend in self.simulator.backends().items() if backend["drained"]]

    def assert_at(self, version: str) -> None:
        """The end of it: STABLE, upgrade mode off, every node installed and running, serving, no ref changed."""
        assert self.simulator.cluster() == {
            "state": "STABLE",
            "upgrade_mode": False,
            "nodes": dict.fromkeys(self.nodes, ("ACTIVE", version)),
        }
        assert {node.installed for node in self.nodes.values()} == {version}
        self.assert_nothing_drained()
        assert self.simulator.refs() == self._refs

    def assert_done(self, run: Run) -> None:
        """The run reached the target; over all runs nothing was done twice."""
        assert run.returncode == 0, run.output
        self.assert_at(self.target)
        assert self.posted() == {"start": 1, "approve": 1}
        assert self.starts(self.target) == dict.fromkeys(self.nodes, 1)
        assert self.starts(self.original) == dict.fromkeys(self.nodes, 0)


def planned(run: Run) -> list[tuple[str, ...]]:
    """The steps of the first plan that a run has shown: ``[("start",), ("upgrade_node", "node1"), ...]``."""
    plan: list[str] = run.messages("Show the plan")[0]
    steps = [line.partition(". ")[2].partition(":")[0].split() for line in plan[1:] if line != "nothing to do"]
    return [tuple(step) for step in steps]


def done(run: Run, goal: str = "upgrade") -> list[tuple[str, ...]]:
    """The steps that a run has done, in order, in the words of the plan."""
    steps: list[tuple[str, ...]] = []
    for event in run.events:
        if event.get("status") == "changed" and event["task"] in STEP_OF:
            action = STEP_OF[event["task"]].format(goal=goal)
            steps.append((action, event["host"]) if action.endswith("_node") else (action,))
    return steps


def why(run: Run) -> str:
    """The last message of a failed run, which is one sentence."""
    assert run.returncode != 0, run.output
    message = run.failures[-1]["msg"]
    assert isinstance(message, str) and "\n" not in message, message
    return message


def shown(event: dict[str, Any]) -> str:
    """An event as the name of a test."""
    return json.dumps([event[key] for key in ("event", "task", "host") if key in event])
