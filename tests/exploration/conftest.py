# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner as it travels."""

from __future__ import annotations

import importlib
import sys
import types

import pytest
from harness.bench import PACKAGE, ROOT, install

Modules = tuple[types.ModuleType, types.ModuleType]


@pytest.fixture(scope="session")
def util() -> Modules:
    """The modules of module_utils that plan, and that identify nodes."""
    sys.path.insert(0, str(install(ROOT / ".build" / "tests-exploration" / "collections")))
    names = ("_upgrade_plan", "_node_identity")
    plan, identity = (importlib.import_module(f"{PACKAGE}.module_utils.{name}") for name in names)
    return plan, identity
