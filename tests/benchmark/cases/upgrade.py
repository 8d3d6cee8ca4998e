# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rolling upgrade: its wall time, as a multiple of what its nodes need to stop and start.

What a node needs is measured at the node. It stops from the line of its log that says that it was told to, to the line
that says that it has stopped; it starts from the birth of its process to the line of its log that says that it runs.
Installing lies between the two and does not count as the node's own, nor does the time until somebody notices.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import yaml
from harness.playbook import ROOT, Event, Playbooks
from harness.simulator import Simulator, running

from benchmark.frame import Aim, Row, Table, title

NODES = (3, 6)
START_UP_SECONDS = (5, 20)
ROUNDS = 3
LIMIT, LIMIT_SECONDS = 1.25, 20

# Ansible's own default: what a user gets who sets nothing.
ENVIRONMENT = {"ANSIBLE_PIPELINING": "0"}
DEFAULTS = ROOT / "roles" / "rolling_upgrade" / "defaults" / "main.yml"
# Of a node's log.
TOLD_TO_STOP, STOPPED, ACTIVE = "Stopping: ", "Bitbucket has stopped", " is running as node "


@dataclasses.dataclass(frozen=True)
class Turn:
    """One node's upgrade, in seconds of the machine's clock."""

    began: float
    told_to_stop: float
    stopped: float
    born: float
    active: float
    ended: float

    @property
    def own(self) -> float:
        """What the node itself needs to stop and to start."""
        return self.stopped - self.told_to_stop + self.active - self.born


@dataclasses.dataclass(frozen=True)
class Upgrade:
    """A whole run of the playbook, in seconds of the machine's clock."""

    began: float
    turns: Sequence[Turn]
    ended: float

    @property
    def times_own(self) -> float:
        """Wall time over the sum of what the nodes need."""
        return (self.ended - self.began) / sum(turn.own for turn in self.turns)

    def shares(self) -> dict[str, float]:
        """Where the time goes, in seconds; of what happens at each node, the mean."""
        each = {
            "at a node, until it is told to stop": [turn.told_to_stop - turn.began for turn in self.turns],
            "at a node, from its end to its next process": [turn.born - turn.stopped for turn in self.turns],
            "at a node, from ACTIVE to the next node": [turn.ended - turn.active for turn in self.turns],
            "the node itself, to stop and to start": [turn.own for turn in self.turns],
        }
        return {
            "before the first node: checks, archive, upgrade mode": self.turns[0].began - self.began,
            **{what: statistics.fmean(seconds) for what, seconds in each.items()},
            "after the last node: approval, verification": self.ended - self.turns[-1].ended,
        }


def measure(directory: Path, rounds: int) -> list[Table]:
    rounds = min(rounds, ROUNDS)
    upgrades: dict[tuple[int, int], list[Upgrade]] = {}
    for number in range(1, rounds + 1):
        for seconds in START_UP_SECONDS:
            for nodes in NODES:
                found = _upgrade(directory / f"{nodes}-{seconds}-{number}", nodes, seconds)
                upgrades.setdefault((seconds, nodes), []).append(found)
                print(f"  round {number} of {rounds}: {found.times_own:10.2f}      {_what(seconds, nodes)}", flush=True)
    shares = [found.shares() for found in upgrades[LIMIT_SECONDS, NODES[0]]]
    return [
        Table(
            title(__doc__),
            [
                Row(_what(*key), "times", tuple(found.times_own for found in several))
                for key, several in upgrades.items()
            ],
            "The playbook rolling_upgrade, from the start of ansible-playbook to its end, with the defaults of Ansible "
            f"and of the role (which looks every {_delay():g} s). Nodes and controller share one machine: no "
            "network, and an archive of less than a megabyte. What a node needs is from SIGTERM to the end of the old "
            "process, and from the birth of the new one to ACTIVE, by the node's own log.",
            [_aim(nodes, upgrades[LIMIT_SECONDS, nodes]) for nodes in NODES],
        ),
        Table(
            f"Where its time goes, {_what(LIMIT_SECONDS, NODES[0])}",
            [Row(what, "s", tuple(share[what] for share in shares)) for what in shares[0]],
            "Of what happens at each node, the mean of the nodes.",
        ),
    ]


def _what(seconds: int, nodes: int) -> str:
    return f"{nodes} nodes that start in {seconds} s"


def _aim(nodes: int, upgrades: Sequence[Upgrade]) -> Aim:
    found = statistics.median(upgrade.times_own for upgrade in upgrades)
    return Aim(f"{_what(LIMIT_SECONDS, nodes)}, less than {LIMIT} times", f"{found:.2f} times", found < LIMIT)


def _upgrade(directory: Path, nodes: int, seconds: int) -> Upgrade:
    """Upgrades a fresh cluster. Raises RuntimeError with Ansible's output when that fails."""
    with running(directory / "cluster", "--nodes", str(nodes), "--start-up-seconds", str(seconds)) as simulator:
        inventory = simulator.write_inventory(directory / "inventory.yml", rolling_upgrade_wait_delay=_delay())
        plays: list[float] = []

        def follow(event: Event) -> None:
            if event["event"] == "play":
                plays.append(time.time())

        began = time.time()
        run = Playbooks(directory / "ansible", simulator.connection).run(
            "rolling_upgrade", "--inventory", str(inventory),
            variables=simulator.archive(_next_version(simulator)),
            environment=ENVIRONMENT,
            follow=follow,
            timeout=600,
        )  # fmt: skip
        ended = time.time()
        if run.returncode != 0:
            raise RuntimeError(run.output[-4000:])
        turns = [_turn(Path(node["home"]), began, plays) for node in simulator.facts["nodes"]]
        return Upgrade(began, sorted(turns, key=lambda turn: turn.began), ended)


def _next_version(simulator: Simulator) -> str:
    feature, _dot, patch = str(simulator.cluster()["nodes"]["node1"][1]).rpartition(".")
    return f"{feature}.{int(patch) + 1}"


def _turn(home: Path, began: float, plays: Sequence[float]) -> Turn:
    """By the log and the PID file of a node, which was stopped and started once since the run began.

    Each turn is a play of its own, which ends when the next one begins.
    """
    log = (home / "log" / "atlassian-bitbucket.log").read_text(encoding="utf-8").splitlines()
    told, stopped, active = (_logged(log, words, began) for words in (TOLD_TO_STOP, STOPPED, ACTIVE))
    born = (home / "log" / "bitbucket.pid").stat().st_mtime
    return Turn(
        max(play for play in plays if play < told), told, stopped, born, active,
        min(play for play in plays if play > active),
    )  # fmt: skip


def _logged(log: Sequence[str], words: str, since: float) -> float:
    """When these words were logged, once, since then."""
    at = (datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp() for line in log if words in line)
    (found,) = (seconds for seconds in at if seconds >= since)
    return found


def _delay() -> float:
    """How often the role looks at the cluster unless it is told otherwise, in seconds."""
    return float(yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["rolling_upgrade_wait_delay"])
