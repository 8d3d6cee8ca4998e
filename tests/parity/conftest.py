# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pool of repositories for all scenarios, and a count of them at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.bench import ROOT, install

from .world import World, world

WORK = ROOT / ".build" / "tests-parity"
#: Scenarios in `make test`, by module; the long run makes ten times as many.
SCENARIOS = {
    "branch": 400,
    "branches": 800,
    "document": 300,
    "tag": 150,
    "default_branch": 100,
    "branch_model": 150,
    "branch_restriction": 150,
    "commit_info": 150,
}
assert sum(SCENARIOS.values()) >= 2000
TIMES = [
    pytest.param(1, marks=pytest.mark.timeout(900), id="usual"),
    pytest.param(10, marks=[pytest.mark.long, pytest.mark.timeout(7200)], id="long"),
]

_TALLIES: dict[str, Counter[str]] = {}


@pytest.fixture(scope="session")
def collections() -> Path:
    return install(WORK / "collections")


@pytest.fixture(scope="session")
def pool(collections: Path) -> Iterator[World]:
    with world(WORK / "simulator", collections) as made:
        yield made


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Counter[str]:
    """Counts what comes of the scenarios of a test, shown at the end of the session."""
    return _TALLIES.setdefault(request.node.name, Counter())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _TALLIES:
        return
    terminalreporter.section("scenarios")
    for name, tally in _TALLIES.items():
        came = ", ".join(f"{count} {what}" for what, count in tally.most_common())
        terminalreporter.write_line(f"{tally.total():6} {name}: {came}")
    terminalreporter.write_line(f"{sum(tally.total() for tally in _TALLIES.values()):6} in all")
