# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner as it travels."""

from __future__ import annotations

import importlib
import sys
import types

import pytest
from harness.bench import PACKAGE, ROOT, install


@pytest.fixture(scope="session")
def util() -> types.ModuleType:
    """The module of module_utils that plans."""
    sys.path.insert(0, str(install(ROOT / ".build" / "tests-exploration" / "collections")))
    return importlib.import_module(f"{PACKAGE}.module_utils._upgrade_plan")
