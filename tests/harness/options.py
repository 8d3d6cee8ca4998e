# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of pytest that all tests with a simulated cluster share; pyproject.toml loads this plugin."""

from __future__ import annotations

import os
from typing import Any

#: Set, and not empty: the nodes of simulated clusters have unique names unless a test chooses otherwise.
NODES_NAMED = "BITBUCKET_TEST_NODES_NAMED"


def pytest_addoption(parser: Any) -> None:
    parser.addoption(
        "--nodes-named",
        action="store_true",
        help=f"give the nodes of simulated clusters names, as {NODES_NAMED}=1 does",
    )


def pytest_configure(config: Any) -> None:
    if config.getoption("--nodes-named"):
        # for the processes that tests start, and the workers of pytest-xdist, too
        os.environ[NODES_NAMED] = "1"


def names() -> tuple[str, ...]:
    """The option of the simulator that gives the nodes the names of this run."""
    return ("--node-names", "unique") if os.environ.get(NODES_NAMED) else ()
