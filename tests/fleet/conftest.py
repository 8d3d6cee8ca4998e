# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated cluster and one copy of the collection for all tests of the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.bench import install
from harness.simulator import running

from .found import ROOT, TWO_NODES
from .modules import Fleet

WORK = ROOT / ".build" / "tests-fleet"


@pytest.fixture(scope="session")
def collections() -> Path:
    """A directory for ANSIBLE_COLLECTIONS_PATH that holds of the collection only what travels, as it is now."""
    return install(WORK / "collections")


@pytest.fixture(scope="session")
def fleet(collections: Path) -> Iterator[Fleet]:
    """The modules, before a cluster of two nodes below a context path."""
    with running(WORK / "simulator", *TWO_NODES, "--context-path", "/bitbucket") as simulator:
        yield Fleet(simulator, collections)
