# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML makes of a name without quotes is refused by every module: ``1.10``, ``yes``, ``010``, null."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .found import COLLECTION, MODULES, documented
from .modules import Fleet
from .proofs import SCENARIOS

PACKAGE = f"ansible_collections.{COLLECTION}.plugins"
# 1.10, yes, 010 and an abbreviated commit of digits only, as YAML 1.1 reads them
NO_STRINGS = [1.1, True, 8, 1234567]
KINDS = {float: "a number", int: "a number", bool: "a boolean"}


@pytest.fixture(scope="module", autouse=True)
def importable(collections: Path) -> Iterator[None]:
    sys.path.insert(0, str(collections))
    yield
    sys.path.remove(str(collections))


def spec_of(module: str) -> dict[str, Any]:
    connection = importlib.import_module(f"{PACKAGE}.module_utils._argspec").CONNECTION
    return {**connection, **importlib.import_module(f"{PACKAGE}.modules.{module}").SPEC}


def strings(spec: dict[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The path of each option that takes a string or a list of them, and its specification."""
    for name, option in spec.items():
        if "str" in (option.get("type", "str"), option.get("elements")):
            yield (*prefix, name), option
        yield from strings(option.get("options", {}), (*prefix, name))


def given(spec: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Options with nothing but the value at the path, in lists where the options above it are lists."""
    name, *rest = path
    if not rest:
        return {name: value}
    inner = given(spec[name]["options"], tuple(rest), value)
    return {name: [inner] if spec[name]["type"] == "list" else inner}


def fault(module: str, options: dict[str, Any]) -> str | None:
    check = importlib.import_module(f"{PACKAGE}.module_utils._given").check
    error = importlib.import_module(f"{PACKAGE}.module_utils._errors").InputError
    try:
        check(spec_of(module), options)
    except error as refused:
        return str(refused)
    return None


@pytest.mark.parametrize("module", MODULES)
def test_every_string_option_refuses_what_is_not_a_string(module: str) -> None:
    spec = spec_of(module)
    found = list(strings(spec))
    own = {name for name, option in documented("modules", module, "DOCUMENTATION").get("options", {}).items()
           if "str" in (option["type"], option.get("elements"))}  # fmt: skip
    assert own <= {path[0] for path, _option in found if len(path) == 1}
    for path, option in found:
        several = option.get("type") == "list"
        assert fault(module, given(spec, path, ["1.10"] if several else "1.10")) is None, path
        for value in NO_STRINGS:
            for each in [[value], value] if several else [value]:
                refused = fault(module, given(spec, path, each))
                assert refused is not None, (path, each)
                assert path[-1] in refused and KINDS[type(value)] in refused and "quote it" in refused, refused
        null = fault(module, given(spec, path, [None] if several else None))
        assert (null is not None) is bool(several or option.get("required")), path


def test_an_option_that_is_not_required_may_be_null() -> None:
    assert fault("branch", {"start_point": None}) is None


def test_a_secret_is_not_shown() -> None:
    refused = fault("branch", {"password": 4711})
    assert refused is not None and "4711" not in refused


@pytest.mark.parametrize("module", MODULES)
def test_a_module_refuses_before_it_sends_anything(fleet: Fleet, module: str) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.module == module)
    options = copy.deepcopy(scenario.options)
    options["username"] = 1.1
    fleet.listen()
    result = fleet.run(module, options)
    assert result["failed"] and result["error"]["type"] == "input"
    assert result["msg"].startswith("YAML reads 1.1 of username as a number, not as a string")
    assert not fleet.heard()


def test_a_required_name_that_is_null_is_not_an_exception(fleet: Fleet) -> None:
    result = fleet.run("branch", {"project_key": "PLAT", "repository": "api", "name": None})
    assert result["msg"].startswith("name is null, and a string is required")
