# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One issue for each comment, whatever is lost, and whoever else is at it: looked at in Jira and by the raw API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness.simulator import running

from .conftest import WORK
from .modules import Fleet
from .proof import FAULTS
from .proofs.jira import COMMENT, CREATE, DELETE, EDIT, HERE, ISSUE, OF_CUSTOMERS, REPLY, issues, marks, unmarked
from .test_faults import FaultyBench

OPTIONS = {**HERE, **ISSUE}


@pytest.fixture(scope="module")
def fleet(collections: Path) -> Iterator[Fleet]:
    with running(WORK / "simulator-issues", "--nodes", "2", "--context-path", "/bitbucket") as simulator:
        yield Fleet(simulator, collections)


@pytest.fixture(scope="module")
def bench(fleet: Fleet, collections: Path) -> FaultyBench:
    return FaultyBench(fleet, collections)


def under(bench: FaultyBench, endpoint: tuple[str, str], fault: str, lasting: bool, **options: Any) -> tuple[str, Any]:
    """What comes of a run while an endpoint fails."""
    method, route = endpoint
    rule = {"method": method, "route": route, "fault": FAULTS[fault], **({} if lasting else {"count": 1})}
    bench.fleet.simulator.at_control("POST", "/faults", rule)
    try:
        return bench.run("jira_issue", {**OPTIONS, **options})
    finally:
        bench.fleet.simulator.at_control("DELETE", "/faults")


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("endpoint", [COMMENT, REPLY, CREATE, EDIT], ids=["read", "reply", "create", "edit"])
def test_nothing_is_created_twice(bench: FaultyBench, endpoint: tuple[str, str], fault: str, lasting: bool) -> None:
    unmarked(bench.fleet)
    before = len(issues(bench.fleet))
    outcomes = [under(bench, endpoint, fault, lasting), bench.run("jira_issue", OPTIONS)]
    made = issues(bench.fleet)[before:]
    assert len(made) <= 1
    told = [result["jira_issue"]["issue_key"] for outcome, result in outcomes if outcome == "success"]
    assert set(told) <= set(made)
    outcome, result = outcomes[-1]
    if outcome == "success":
        assert f"Jira issue: {made[0]}" in [mark["text"] for mark in marks(bench.fleet)]
    else:
        # somebody has to look, and is told where
        assert outcome == "conflict" and re.search(r"edit reply \d+ to 'Jira issue: KEY'", result["msg"])


@pytest.mark.parametrize("link", ["none", OF_CUSTOMERS])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_leaves_no_mark_when_deleting_it_fails_once(bench: FaultyBench, fault: str, link: str) -> None:
    unmarked(bench.fleet)
    before = issues(bench.fleet)
    outcome, result = under(bench, DELETE, fault, lasting=False, application_id=link)
    assert outcome == ("validation" if link == "none" else "authentication")
    # a redirect and an answer of another kind are no doubt that a second try would settle
    left = marks(bench.fleet)
    assert bool(left) == ("could not be deleted" in result["msg"]) == (fault == "redirect")
    assert issues(bench.fleet) == before


def test_jira_s_own_authentication_names_its_address(fleet: Fleet) -> None:
    unmarked(fleet)
    result = fleet.run("jira_issue", {**OPTIONS, "application_id": OF_CUSTOMERS})
    assert result["failed"] and result["error"]["type"] == "authentication"
    assert result["authentication_url"].startswith("https://customers.example.com/")
    assert result["authentication_url"] in result["msg"] and "password" not in result["msg"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"application_id": "none"}, "application_id 'none' is no application link with Jira"),
        ({"fields": {"project": {"key": "NOSUCH"}, "summary": "x"}}, "Jira has no project 'NOSUCH'"),
        ({"comment_id": 1}, "Comment 1 is not on pull request 1 of PLAT/api"),
        ({"pull_request_id": 99}, "No pull request exists with ID 99"),
        ({"fields": {"summary": "x"}}, "fields name no project of Jira"),
    ],
)
def test_bad_input_has_its_own_words(fleet: Fleet, options: dict[str, Any], says: str) -> None:
    unmarked(fleet)
    before = fleet.simulator.snapshot()
    result = fleet.run("jira_issue", {**OPTIONS, **options})
    assert result["failed"] and says in result["msg"]
    # the last of the ids of comments is not part of it
    assert fleet.simulator.snapshot() == before


def test_an_archived_repository_is_found_in_check_mode(fleet: Fleet) -> None:
    unmarked(fleet)
    repository = "/rest/api/latest/projects/PLAT/repos/api"
    fleet.api("PUT", repository, {"archived": True})
    try:
        predicted, real = (fleet.run("jira_issue", OPTIONS, check=check) for check in (True, False))
    finally:
        fleet.api("PUT", repository, {"archived": False})
    assert predicted["error"]["type"] == real["error"]["type"] == "conflict"


def test_many_at_the_same_time(fleet: Fleet, collections: Path) -> None:
    unmarked(fleet)
    before = len(issues(fleet))
    benches = [FaultyBench(fleet, collections) for _number in range(8)]
    with ThreadPoolExecutor(len(benches)) as pool:
        outcomes = list(pool.map(lambda bench: bench.run("jira_issue", OPTIONS)[0], benches))
    made = issues(fleet)[before:]
    assert len(made) <= 1 and set(outcomes) <= {"success", "conflict"}
    assert [mark["text"] for mark in marks(fleet)] == [f"Jira issue: {key}" for key in made]
    result = fleet.run("jira_issue", OPTIONS)
    assert len(issues(fleet)[before:]) == 1 and result["changed"] is (not made)
