# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a project restricts survives everything that is done to its repositories.

Bitbucket lists it in the repository and deletes it from the project if it is deleted there (seen), and so does the
simulator: a module that sent such a request would fail here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .modules import Fleet

PROJECT = "/rest/branch-permissions/latest/projects/PLAT/restrictions"
REPOSITORY = "/rest/branch-permissions/latest/projects/PLAT/repos/worker/restrictions"
WORKER = {"project_key": "PLAT", "repository": "worker"}
SAME = {"type": "PATTERN", "id": "inherited/*"}
OTHER = {"type": "PATTERN", "id": "own/*"}


def restrict(fleet: Fleet, path: str, kind: str, matcher: dict[str, str]) -> int:
    body = {"type": kind, "matcher": {"id": matcher["id"], "type": {"id": matcher["type"]}}}
    return int(fleet.api("POST", path, body)["id"])


def own(fleet: Fleet) -> set[int]:
    listed = fleet.api("GET", f"{REPOSITORY}?limit=1000")["values"]
    return {each["id"] for each in listed if each["scope"]["type"] == "REPOSITORY"}


@pytest.fixture
def mixed(fleet: Fleet) -> Iterator[tuple[set[int], set[int]]]:
    """The numbers of two restrictions of the project, and of two of the repository, one of them with the same key."""
    before = own(fleet)
    project = {restrict(fleet, PROJECT, kind, SAME) for kind in ("no-deletes", "read-only")}
    repository = {restrict(fleet, REPOSITORY, "no-deletes", matcher) for matcher in (SAME, OTHER)}
    yield project, repository
    left = {each["id"] for each in fleet.api("GET", f"{PROJECT}?limit=1000")["values"]} & project
    for path, numbers in ((PROJECT, left), (REPOSITORY, own(fleet) - before)):
        for number in numbers:
            fleet.api("DELETE", f"{path}/{number}")


def kept(fleet: Fleet, project: set[int]) -> bool:
    return project <= {each["id"] for each in fleet.api("GET", f"{PROJECT}?limit=1000")["values"]}


def deleted(fleet: Fleet) -> set[int]:
    paths = [each["path"] for each in fleet.heard() if each["method"] == "DELETE"]
    return {int(path.rpartition("/")[2]) for path in paths}


def test_only_its_own_one_of_the_same_key_is_deleted(fleet: Fleet, mixed: tuple[set[int], set[int]]) -> None:
    project, repository = mixed
    options: dict[str, Any] = {**WORKER, "type": "no-deletes", "matcher": SAME, "state": "absent"}
    fleet.listen()
    for changed in (True, False):
        result = fleet.run("branch_restriction", options)
        assert (result["changed"], result["inherited"]) == (changed, True)
    assert len(deleted(fleet) & repository) == 1 and not deleted(fleet) & project
    assert kept(fleet, project)


def test_one_that_is_inherited_alone_is_left_alone(fleet: Fleet, mixed: tuple[set[int], set[int]]) -> None:
    project, _repository = mixed
    fleet.listen()
    result = fleet.run("branch_restriction", {**WORKER, "type": "read-only", "matcher": SAME, "state": "absent"})
    assert (result["changed"], result["inherited"], deleted(fleet)) == (False, True, set())
    assert kept(fleet, project)


def test_exactly_these_rules_leave_inherited_ones(fleet: Fleet, mixed: tuple[set[int], set[int]]) -> None:
    project, repository = mixed
    rules = {"exact": True, "rules": [{"type": "no-deletes", "matcher": OTHER}]}
    document = {"repositories": [{**WORKER, "restrictions": rules}]}
    before = own(fleet)
    fleet.listen()
    result = fleet.run("branches", {"document": document})
    assert result["changed"] is True
    assert deleted(fleet) == before - own(fleet) and len(own(fleet)) == 1
    assert not deleted(fleet) & project and own(fleet) < repository
    assert kept(fleet, project)
    assert fleet.run("branches", {"document": document})["changed"] is False


def test_they_are_marked(fleet: Fleet, mixed: tuple[set[int], set[int]]) -> None:
    project, repository = mixed
    listed = fleet.run("branch_restriction_info", WORKER)["branch_restrictions"]
    marked = {each["id"]: each["inherited"] for each in listed}
    assert {number: marked[number] for number in project | repository} == {
        **dict.fromkeys(project, True),
        **dict.fromkeys(repository, False),
    }
