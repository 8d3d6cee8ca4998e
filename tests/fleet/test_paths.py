# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relative path is refused by modules, with that word: they do not run where ansible-playbook was called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .found import COLLECTION, MODULES
from .modules import Fleet
from .proofs import SCENARIOS

PACKAGE = f"ansible_collections.{COLLECTION}.plugins"


@pytest.fixture(scope="module", autouse=True)
def importable(collections: Path) -> Iterator[None]:
    sys.path.insert(0, str(collections))
    yield
    sys.path.remove(str(collections))


def paths(spec: dict[str, Any]) -> list[str]:
    return [name for name, option in spec.items() if "path" in (option.get("type"), option.get("elements"))]


# the options of the connection are the same for all, and checked by the same code
@pytest.mark.parametrize("option", ["token_file", "ca_path", "client_cert", "client_key"])
def test_a_module_refuses_a_relative_path(fleet: Fleet, option: str) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.module == "branch_info")
    more = {"client_cert": "/dev/null"} if option == "client_key" else {}
    alone = {"BITBUCKET_USERNAME": None, "BITBUCKET_PASSWORD": None} if option == "token_file" else {}
    for given, environment in (
        ({option: "./here"}, {}),
        ({}, {f"BITBUCKET_{option.upper()}": "here"}),
    ):
        fleet.listen()
        result = fleet.run("branch_info", {**scenario.options, **more, **given}, **alone, **environment)
        assert result["failed"] and f"{option} '" in result["msg"], result
        assert "is a relative path; give an absolute path" in result["msg"]
        assert not fleet.heard()


def test_those_are_all_paths_of_all_modules() -> None:
    common = importlib.import_module(f"{PACKAGE}.module_utils._argspec").CONNECTION
    assert paths(common) == ["token_file", "ca_path", "client_cert", "client_key"]
    for module in MODULES:
        assert paths(importlib.import_module(f"{PACKAGE}.modules.{module}").SPEC) == [], module
