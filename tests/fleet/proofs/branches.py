# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branches and branch models."""

from __future__ import annotations

from ..modules import Fleet
from ..proof import API, READ, REPEATED, REPOSITORY, Scenario, Use, Uses

ITSELF = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}")
COMMITS = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/commits")
BRANCHES = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/branches")
CREATE = ("POST", f"/rest/branch-utils/{{apiVersion}}{REPOSITORY}/branches")
DELETE = ("DELETE", f"/rest/branch-utils/{{apiVersion}}{REPOSITORY}/branches")
MODEL = ("GET", f"/rest/branch-utils/{{apiVersion}}{REPOSITORY}/branchmodel")

# of PLAT/api: commits made from the seed have the same ids each time
FIRST_COMMIT = "3a13e09b84a7e230d95ed74961020ab62646b083"


def _drifted(fleet: Fleet) -> None:
    fleet.create_branch("fleet/old", start_point="main")


def _two_below(fleet: Fleet) -> None:
    fleet.create_branch("fleet/a")
    fleet.create_branch("fleet/b")


def has_branch(fleet: Fleet, name: str) -> bool:
    return f"refs/heads/{name}" in fleet.simulator.refs()["PLAT/api"]


def _mixed(fleet: Fleet) -> None:
    for name in ("many/a/b", "many/new"):
        fleet.delete_branch(name)
    fleet.create_branch("many/a")
    fleet.create_branch("many/gone")


MIXED = [
    {**API, "name": "many/a/b", "start_point": "many/new"},
    {**API, "name": "many/new", "start_point": "main"},
    {**API, "name": "many/a", "state": "absent"},
    {**API, "name": "many/gone", "state": "absent"},
    {"project_key": "PLAT", "repository": "worker", "name": "main"},
]
WITHOUT_PLACE = [{name: value for name, value in item.items() if name not in API} for item in MIXED[:4]]
DOCUMENT = {"repositories": [{"project_key": "PLAT", "repository": "ap?", "branches": WITHOUT_PLACE}]}

SCENARIOS = [
    Scenario(
        "branch",
        "create",
        {**API, "name": "fleet/new", "start_point": "main"},
        changes=True,
        prepare=lambda fleet: fleet.delete_branch("fleet/new"),
    ),
    Scenario(
        "branch",
        "create at a tag, given by its full ref",
        {**API, "name": "refs/heads/fleet/tag", "start_point": "refs/tags/v1.0.0"},
        changes=True,
        prepare=lambda fleet: fleet.delete_branch("fleet/tag"),
    ),
    Scenario(
        "branch", "find one that is elsewhere", {**API, "name": "fleet/old", "start_point": "develop"}, prepare=_drifted
    ),
    Scenario("branch", "find one without a start point", {**API, "name": "main"}),
    Scenario(
        "branch",
        "delete",
        {**API, "name": "fleet/gone", "state": "absent"},
        changes=True,
        prepare=lambda fleet: fleet.create_branch("fleet/gone"),
    ),
    Scenario(
        "branch",
        "find none to delete",
        {**API, "name": "fleet/never", "state": "absent"},
        prepare=lambda fleet: fleet.delete_branch("fleet/never"),
    ),
    Scenario("branch_info", "all", API),
    Scenario("branch_info", "one", {**API, "name": "main"}),
    Scenario(
        "branch_info",
        "some, in order",
        {**API, "filter_text": "fleet/", "order_by": "alphabetical"},
        prepare=_two_below,
    ),
    Scenario("branch_info", "by glob, with details", {**API, "glob": "fleet/?", "details": True}, prepare=_two_below),
    Scenario(
        "branch_info",
        "by regular expression, compared with a base",
        {**API, "regex": "^(develop|feature/.*)$", "base": "main", "order_by": "modification"},
    ),
    Scenario("branch_info", "that contain a commit", {**API, "containing": FIRST_COMMIT, "name": "main"}),
    Scenario("branch_model_info", "read", API),
    Scenario(
        "branches",
        "create and delete",
        {"branches": MIXED},
        changes=True,
        prepare=_mixed,
        tells=("branches", "summary"),
    ),
    Scenario("branches", "find all as they should be", {"branches": [{**API, "name": "main", "start_point": "main"}]}),
    Scenario(
        "branches",
        "by a document",
        {"document": DOCUMENT, "on_error": "stop"},
        changes=True,
        prepare=_mixed,
        tells=("branches", "summary"),
    ),
]

NEW = {**API, "name": "fault/new", "start_point": "main"}
GONE = {**API, "name": "fault/gone", "state": "absent"}

USES: Uses = {
    # whether it is archived
    ITSELF: [
        Use("branch", NEW, READ, lambda fleet: fleet.delete_branch("fault/new"), check=True),
        Use("branches", {"branches": [NEW]}, READ, lambda fleet: fleet.delete_branch("fault/new"), check=True),
    ],
    COMMITS: [
        Use("branch", {**NEW, "name": "main"}, READ),
        Use("branch_info", {**API, "containing": FIRST_COMMIT, "name": "main"}, READ),
    ],
    BRANCHES: [Use("branch_info", API, READ), Use("branches", {"branches": [NEW]}, READ)],
    MODEL: [Use("branch_model_info", API, READ)],
    CREATE: [
        Use("branch", NEW, REPEATED, lambda fleet: fleet.delete_branch("fault/new"),
            lambda fleet: has_branch(fleet, "fault/new")),
        Use("branches", {"branches": [NEW]}, REPEATED, lambda fleet: fleet.delete_branch("fault/new"),
            lambda fleet: has_branch(fleet, "fault/new")),
    ],
    DELETE: [
        Use("branch", GONE, REPEATED, lambda fleet: fleet.create_branch("fault/gone"),
            lambda fleet: not has_branch(fleet, "fault/gone")),
        # a dry run is a read in all but name
        Use("branch", GONE, READ,
            lambda fleet: fleet.create_branch("fault/gone"), check=True),
    ],
}  # fmt: skip
