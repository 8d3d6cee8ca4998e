# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-playbook on the built collection, against a cluster whose password is told nowhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import ROOT, Event, Playbooks, Run
from harness.simulator import TESTS, Simulator, running

SECRET = "tell-nobody-4711"
DIRECTORY = ROOT / ".build" / "tests-playbooks"

Play = Callable[..., Run]


@pytest.fixture(scope="session")
def directory(request: pytest.FixtureRequest) -> Path:
    """Where everything of this run is written; a worker of pytest-xdist has its own."""
    path = DIRECTORY / getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def cluster(directory: Path, nodes: int, *options: str, within: Sequence[str] = ()) -> Iterator[Simulator]:
    """A cluster with the default seed, another password for its administrator and more options of the simulator."""
    seed = yaml.safe_load((TESTS / "simulator" / "default-seed.yml").read_text(encoding="utf-8"))
    seed["users"][0]["password"] = SECRET
    path = directory.with_suffix(".seed.yml")
    path.write_text(yaml.safe_dump(seed), encoding="utf-8")
    common = ("--seed", str(path), "--nodes", str(nodes), "--start-up-seconds", "0.2")
    with running(directory, *common, *options, within=within) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def simulator(directory: Path) -> Iterator[Simulator]:
    """For tests that leave nodes and versions as they are."""
    with cluster(directory / "shared", nodes=2) as started:
        yield started


@pytest.fixture(scope="module")
def own_simulator(directory: Path, request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """For the tests of one file that upgrade the cluster."""
    with cluster(directory / request.module.__name__.rpartition(".")[2], nodes=3) as started:
        yield started


def player(simulator: Simulator, directory: Path, inventory: Path | None = None) -> Play:
    """Runs playbooks against the cluster, with an inventory of its nodes; no output may hold the password."""
    playbooks = Playbooks(directory / "ansible", simulator.connection)
    inventory = inventory or simulator.write_inventory(directory / "inventory.yml")

    def play(
        playbook: str,
        *options: str,
        variables: Mapping[str, Any] | None = None,
        follow: Callable[[Event], None] | None = None,
        **connection: str,
    ) -> Run:
        environment = {f"BITBUCKET_{name.upper()}": value for name, value in connection.items()}
        arguments = ("--inventory", str(inventory), *options)
        run = playbooks.run(playbook, *arguments, variables=variables, environment=environment, follow=follow)
        for secret in (SECRET, connection.get("password", SECRET)):
            assert secret not in run.output
        return run

    return play


@pytest.fixture
def play(simulator: Simulator, directory: Path) -> Play:
    return player(simulator, directory / "shared")


@pytest.fixture
def play_own(own_simulator: Simulator, directory: Path, request: pytest.FixtureRequest) -> Play:
    return player(own_simulator, directory / request.module.__name__.rpartition(".")[2])
