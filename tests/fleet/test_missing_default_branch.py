# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository whose configured default branch does not exist is neither absent nor empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .modules import Fleet

DEFAULT = "/rest/api/latest/projects/PLAT/repos/worker/default-branch"
WORKER = {"project_key": "PLAT", "repository": "worker"}
EMPTY = {"project_key": "PLAT", "repository": "empty"}


@pytest.fixture
def nowhere(fleet: Fleet) -> Iterator[str]:
    """The default branch that PLAT/worker had before."""
    before = fleet.api("GET", DEFAULT)["id"]
    fleet.api("PUT", DEFAULT, {"id": "refs/heads/nowhere"})
    yield before.removeprefix("refs/heads/")
    fleet.api("PUT", DEFAULT, {"id": before})


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("branch_info", {"details": True}),
        ("commit_info", {}),
    ],
)
def test_what_needs_it_names_the_cause(fleet: Fleet, nowhere: str, module: str, options: dict[str, Any]) -> None:
    result = fleet.run(module, {**WORKER, **options})
    assert result["failed"] is True
    assert "default branch nowhere does not exist in PLAT/worker" in result["msg"]
    assert "bitbucket.datacenter.default_branch" in result["msg"]


def test_what_does_not_need_it_works(fleet: Fleet, nowhere: str) -> None:
    refs = {ref.removeprefix("refs/heads/") for ref in fleet.simulator.refs()["PLAT/worker"] if "/heads/" in ref}
    for options in ({}, {"base": nowhere}):
        listed = fleet.run("branch_info", {**WORKER, **options})
        assert {each["name"] for each in listed["branches"]} == refs
    assert fleet.run("branch", {**WORKER, "name": nowhere})["changed"] is False
    document = {"repositories": [{**WORKER, "branches": [{"name": nowhere}]}]}
    assert fleet.run("branches", {"document": document})["changed"] is False
    shown = fleet.run("default_branch_info", WORKER)["default_branch"]
    assert (shown["name"], shown["exists"]) == ("nowhere", False)


def test_no_branch_is_stale(fleet: Fleet, nowhere: str) -> None:
    options = {"repositories": [WORKER], "merged": False, "older_than_days": 0, "kept": True}
    found = fleet.run("stale_branch_info", options)
    assert found["stale_branches"] == []
    assert found["summary"]["branches"] == found["summary"]["kept"]["no_default_branch"] > 0
    assert nowhere in [each["name"] for each in found["kept_branches"]]


def test_it_can_be_set_again(fleet: Fleet, nowhere: str) -> None:
    assert fleet.run("default_branch", {**WORKER, "name": nowhere})["changed"] is True
    assert not fleet.run("branch_info", {**WORKER, "details": True}).get("failed")


def test_an_empty_repository_is_no_such_repository(fleet: Fleet) -> None:
    assert fleet.run("branch_info", {**EMPTY, "details": True})["branches"] == []
    assert fleet.run("commit_info", EMPTY)["commits"] == []
    assert fleet.run("stale_branch_info", {"repositories": [EMPTY]})["summary"]["branches"] == 0


def test_where_a_commit_has_arrived_is_more_than_the_server_lists(fleet: Fleet) -> None:
    api = {"project_key": "PLAT", "repository": "api"}
    first = fleet.run("commit_info", {**api, "until": "main"})["commits"][-1]["id"]
    everything = {each["name"] for each in fleet.run("branch_info", api)["branches"]}
    assert {each["name"] for each in fleet.run("branch_info", {**api, "containing": first})["branches"]} == everything
    tip = fleet.run("branch_info", {**api, "name": "develop"})["branches"][0]["latest_commit"]
    found = {each["name"] for each in fleet.run("branch_info", {**api, "containing": tip})["branches"]}
    assert "develop" in found and "main" not in found and found < everything
    gone = fleet.run("branch_info", {**api, "containing": "0" * 40})
    assert gone["failed"] is True and "is not in PLAT/api" in gone["msg"]
