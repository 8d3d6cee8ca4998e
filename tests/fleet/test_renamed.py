# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module, with the former name of a repository or of a project.

Bitbucket redirects such requests, reads included, and a write is never sent to another address. What writes must
therefore fail in check mode as it fails for real, with the present name; what only reads follows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.simulator import running

from .conftest import WORK
from .found import MODULES, TWO_NODES, documented, only_reads
from .modules import Fleet
from .proof import Scenario
from .proofs import SCENARIOS

PROJECTS = "/rest/api/latest/projects"
PLAT, API = f"{PROJECTS}/PLAT", f"{PROJECTS}/PLAT/repos/api"


@pytest.fixture(scope="module")
def fleet(collections: Path) -> Iterator[Fleet]:
    """A cluster of its own: these tests rename what others use."""
    with running(WORK / "simulator-renamed", *TWO_NODES) as simulator:
        yield Fleet(simulator, collections)


def named(scenario: Scenario, name: str) -> bool:
    """Whether a scenario names this repository, or PLAT as the project that it works on."""
    return f'"{name}"' in json.dumps(scenario.options)


OF_PROJECTS = [each for each in SCENARIOS if each.options.get("project_key") == "PLAT"]
OF_THE_REPOSITORY = [each for each in OF_PROJECTS if each.options.get("repository") == "api"]
WRITING = [each for each in OF_PROJECTS if not only_reads(each.module)]
# the server says of what never was there that it is not there
READING = [each for each in OF_PROJECTS if only_reads(each.module) and each.options.get("repository") != "no-such"]
# several repositories in one task: each row has its own error
MANY = [each for each in SCENARIOS if each.module == "branches" and named(each, "api")]


def refused(fleet: Fleet, scenario: Scenario, present: str) -> None:
    """Both modes fail alike, with the present name, and nothing was sent that could change something."""
    before = fleet.simulator.refs()
    messages = set()
    for check in (True, False):
        fleet.listen()
        result = fleet.run(scenario.module, scenario.options, check=check)
        assert result.get("failed"), f"check={check}: {result}"
        assert result["error"]["type"] == "moved", result
        assert present in result["msg"], result["msg"]
        assert not result.get("changed"), result
        assert all(each["method"] == "GET" for each in fleet.heard())
        messages.add(result["msg"])
    assert len(messages) == 1
    assert fleet.simulator.refs() == before


@pytest.fixture
def rename(fleet: Fleet) -> Iterator[Any]:
    """Gives a function that renames the repository, or the project; all is as before in the end."""
    undone = []

    def change(path: str, body: dict[str, str], back: tuple[str, dict[str, str]]) -> None:
        fleet.api("PUT", path, body)
        undone.append(back)

    yield change
    for path, body in undone:
        fleet.api("PUT", path, body)


def rename_repository(rename: Any) -> None:
    rename(API, {"name": "api-present"}, (f"{PLAT}/repos/api-present", {"name": "api"}))


def rename_project(rename: Any) -> None:
    rename(PLAT, {"key": "PRESENT"}, (f"{PROJECTS}/PRESENT", {"key": "PLAT"}))


@pytest.mark.parametrize("scenario", [each for each in WRITING if each in OF_THE_REPOSITORY], ids=str)
def test_check_mode_fails_like_the_run_in_a_renamed_repository(scenario: Scenario, fleet: Fleet, rename: Any) -> None:
    scenario.prepare(fleet)
    rename_repository(rename)
    refused(fleet, scenario, "repository PLAT/api is now PLAT/api-present")


@pytest.mark.parametrize("scenario", WRITING, ids=str)
def test_check_mode_fails_like_the_run_in_a_renamed_project(scenario: Scenario, fleet: Fleet, rename: Any) -> None:
    scenario.prepare(fleet)
    rename_project(rename)
    refused(fleet, scenario, "set project_key to PRESENT")


@pytest.mark.parametrize("scenario", MANY, ids=str)
def test_a_task_of_many_says_which_repository_was_renamed(scenario: Scenario, fleet: Fleet, rename: Any) -> None:
    scenario.prepare(fleet)
    rename_repository(rename)
    failed = [fleet.run("branches", scenario.options, check=check) for check in (True, False)]
    for result in failed:
        assert result["error"]["type"] == "moved", result
        assert "repository PLAT/api is now PLAT/api-present" in result["msg"]
    predicted, real = failed
    assert predicted["branches"] == real["branches"]


@pytest.mark.parametrize("scenario", READING, ids=str)
def test_what_only_reads_follows(scenario: Scenario, fleet: Fleet, rename: Any) -> None:
    scenario.prepare(fleet)
    (rename_repository if scenario in OF_THE_REPOSITORY else rename_project)(rename)
    result = fleet.run(scenario.module, scenario.options)
    assert not result.get("failed"), result


def test_every_module_that_names_a_repository_is_here() -> None:
    tried = {each.module for each in [*WRITING, *READING, *MANY]}
    pages = {module: documented("modules", module, "DOCUMENTATION") for module in MODULES}
    takes = {
        module
        for module, page in pages.items()
        if "bitbucket.datacenter.repository" in page["extends_documentation_fragment"]
        or "project_key" in page.get("options", {})
    }
    assert len(takes) > 10 and takes <= tried
