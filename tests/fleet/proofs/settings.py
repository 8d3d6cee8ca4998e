# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of repositories and projects: branch models, default branches, restrictions.

In a repository and in a project that no other part works on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..modules import Fleet
from ..proof import READ, REPEATED, REPOSITORY, Scenario, Use, Uses

WORKER = {"project_key": "PLAT", "repository": "worker"}
WEB = {"project_key": "WEB"}
#: Their paths, below a REST module.
PLACES = {"worker": "/projects/PLAT/repos/worker", "WEB": "/projects/WEB"}
EMPTY = {"project_key": "PLAT", "repository": "empty"}

MODEL = "/rest/branch-utils/latest{}/branchmodel/configuration"
RESTRICTIONS = "/rest/branch-permissions/latest{}/restrictions"
DEFAULT = "/rest/api/latest/projects/PLAT/repos/worker/default-branch"
OTHER = "bugfix/PLAT-22-lost-jobs"

# -- branch models ---------------------------------------------------------------------------------------------------


def types(**prefixes: str) -> list[dict[str, Any]]:
    """As the server lists them: those without a prefix are switched off."""
    names = ("BUGFIX", "FEATURE", "HOTFIX", "RELEASE")
    return [
        {"id": name, "enabled": name in prefixes, "prefix": prefixes.get(name, f"{name.lower()}/")} for name in names
    ]


OWN_MODEL = {"development": {"refId": "refs/heads/main", "useDefault": False}, "types": types(FEATURE="f/")}


def model(place: str, document: dict[str, Any] | None) -> Callable[[Fleet], None]:
    """Have this configuration, or none of its own, by the raw API."""
    path = MODEL.format(PLACES[place])
    return lambda fleet: fleet.api("PUT" if document else "DELETE", path, document)


def has_model(place: str, prefix: str, scope: str) -> Callable[[Fleet], bool]:
    """Look whether features have this prefix, by the raw API."""

    def look(fleet: Fleet) -> bool:
        shown = fleet.api("GET", MODEL.format(PLACES[place]))
        prefixes = {kind["id"]: kind["prefix"] for kind in shown["types"]}
        return (prefixes["FEATURE"], shown["scope"]["type"]) == (prefix, scope)

    return look


# -- restrictions ----------------------------------------------------------------------------------------------------

MAIN = {"type": "BRANCH", "id": "main"}
RELEASES = {"type": "PATTERN", "id": "release/**"}


def restricted(place: str, *those: dict[str, Any]) -> Callable[[Fleet], None]:
    """Have exactly these restrictions, by the raw API."""

    def prepare(fleet: Fleet) -> None:
        path = RESTRICTIONS.format(PLACES[place])
        scope = "REPOSITORY" if "/repos/" in path else "PROJECT"
        for found in fleet.api("GET", path)["values"]:
            if found["scope"]["type"] == scope:
                fleet.api("DELETE", f"{path}/{found['id']}")
        for each in those:
            fleet.api("POST", path, each)

    return prepare


def raw(kind: str, matcher_type: str, matcher_id: str, **lists: list[Any]) -> dict[str, Any]:
    """A restriction as it is posted."""
    return {"type": kind, "matcher": {"id": matcher_id, "type": {"id": matcher_type}}, **lists}


ROBOT = "robot@example.com"
NO_DELETES = raw("no-deletes", "BRANCH", "refs/heads/main", users=["developer"])


def robot(fleet: Fleet) -> None:
    """Have a user whom only a listing finds: the slug is another than the name."""
    if not fleet.api("GET", f"/rest/api/latest/users?filter={ROBOT}")["values"]:
        fleet.api("POST", f"/rest/api/latest/admin/users?name={ROBOT}&password=x&displayName=R&emailAddress={ROBOT}")


def exempting(who: dict[str, Any]) -> dict[str, Any]:
    """Options of a restriction with somebody new to look up."""
    return {**WORKER, "type": "pull-request-only", "matcher": MAIN, **who}


def for_robot(fleet: Fleet) -> None:
    robot(fleet)
    restricted("worker")(fleet)


def is_restricted(place: str, kind: str) -> Callable[[Fleet], bool]:
    """Look whether there is such a restriction, by the raw API."""
    path = RESTRICTIONS.format(PLACES[place])
    return lambda fleet: any(found["type"] == kind for found in fleet.api("GET", path)["values"])


# -- default branches ------------------------------------------------------------------------------------------------


def default(name: str) -> Callable[[Fleet], None]:
    """Have this default branch, by the raw API."""
    return lambda fleet: fleet.api("PUT", DEFAULT, {"id": f"refs/heads/{name}"})


SCENARIOS = [
    Scenario(
        "branch_model",
        "give a repository one of its own",
        {**WORKER, "production": {"name": "release/1.0"}, "types": [{"id": "FEATURE", "prefix": "f/"}]},
        changes=True,
        prepare=model("worker", None),
    ),
    Scenario(
        "branch_model",
        "switch a type off and a role to nobody",
        {**WORKER, "production": {"use_default": False}, "types": [{"id": "FEATURE", "enabled": False}]},
        changes=True,
        prepare=model("worker", {**OWN_MODEL, "production": {"refId": None, "useDefault": True}}),
    ),
    Scenario(
        "branch_model",
        "find it as wanted",
        {**WORKER, "development": {"name": "refs/heads/main"}, "types": [{"id": "FEATURE", "prefix": "f/"}]},
        prepare=model("worker", OWN_MODEL),
    ),
    Scenario(
        "branch_model", "inherit", {**WORKER, "state": "inherited"}, changes=True, prepare=model("worker", OWN_MODEL)
    ),
    Scenario(
        "branch_model", "find it inherited", {**WORKER, "state": "inherited"}, prepare=model("worker", None)
    ),
    Scenario(
        "branch_model",
        "of a project",
        {**WEB, "development": {"name": "develop"}, "types": [{"id": "HOTFIX", "enabled": False}]},
        changes=True,
        prepare=model("WEB", None),
    ),
    Scenario("branch_model_info", "with its configuration", {**WORKER, "configuration": True}),
    Scenario("branch_model_info", "of a project", WEB, reader=False),
    Scenario(
        "default_branch",
        "set",
        {**WORKER, "name": OTHER},
        changes=True,
        prepare=default("main"),
    ),
    Scenario("default_branch", "find it set", {**WORKER, "name": "refs/heads/main"}, prepare=default("main")),
    Scenario("default_branch", "mend one that does not exist", {**WORKER, "name": "main"}, changes=True,
             prepare=default("no/such/branch")),
    Scenario("default_branch_info", "read", WORKER),
    Scenario("default_branch_info", "of an empty repository", EMPTY),
    Scenario(
        "branch_restriction",
        "create",
        {**WORKER, "type": "pull-request-only", "matcher": MAIN, "users": ["Developer"], "access_keys": [3]},
        changes=True,
        prepare=restricted("worker"),
    ),
    Scenario(
        "branch_restriction",
        "exempt whom only a listing finds",
        {**WORKER, "type": "read-only", "matcher": RELEASES, "users": ["Robot@example.com"], "groups": ["Developers"]},
        changes=True,
        prepare=for_robot,
    ),
    Scenario(
        "branch_restriction",
        "exempt somebody more",
        {**WORKER, "type": "no-deletes", "matcher": MAIN, "users": ["admin"], "groups": ["developers"]},
        changes=True,
        prepare=restricted("worker", NO_DELETES),
    ),
    Scenario(
        "branch_restriction",
        "exempt exactly these",
        {**WORKER, "type": "no-deletes", "matcher": MAIN, "groups": ["developers"], "exact": True},
        changes=True,
        prepare=restricted("worker", NO_DELETES),
    ),
    Scenario(
        "branch_restriction",
        "find everybody exempt already",
        {**WORKER, "type": "no-deletes", "matcher": {"type": "BRANCH", "id": "refs/heads/main"}},
        prepare=restricted("worker", NO_DELETES),
    ),
    Scenario(
        "branch_restriction",
        "delete",
        {**WORKER, "type": "no-deletes", "matcher": MAIN, "state": "absent"},
        changes=True,
        prepare=restricted("worker", NO_DELETES),
    ),
    Scenario(
        "branch_restriction",
        "find none to delete",
        {**WORKER, "type": "no-deletes", "matcher": RELEASES, "state": "absent"},
        prepare=restricted("worker", NO_DELETES),
    ),
    Scenario(
        "branch_restriction",
        "of a project",
        {**WEB, "type": "fast-forward-only", "matcher": {"type": "ANY_REF"}},
        changes=True,
        prepare=restricted("WEB"),
    ),
    Scenario(
        "branch_restriction",
        "leave alone what the project restricts",
        {"project_key": "WEB", "repository": "shop", "type": "no-deletes", "matcher": MAIN, "state": "absent"},
        prepare=restricted("WEB", NO_DELETES),
    ),
    Scenario("branch_restriction_info", "of a repository", WORKER, prepare=restricted("worker", NO_DELETES),
             reader=False),
    Scenario("branch_restriction_info", "of a project", WEB),
]  # fmt: skip


def route(method: str, module: str, place: str, rest: str) -> tuple[str, str]:
    return method, f"/rest/{module}/{{apiVersion}}{place}/{rest}"


PROJECT = "/projects/{projectKey}"
CONFIGURATION = ("branch-utils", REPOSITORY, "branchmodel/configuration")
OF_PROJECT = ("branch-utils", PROJECT, "branchmodel/configuration")
RESTRICTED = ("branch-permissions", REPOSITORY, "restrictions")
RESTRICTED_PROJECT = ("branch-permissions", PROJECT, "restrictions")

FEATURE = {"types": [{"id": "FEATURE", "prefix": "fault/"}]}
NO_PUSH = {"type": "pull-request-only", "matcher": MAIN}
READ_ONLY = raw("read-only", "BRANCH", "refs/heads/main")
GONE = {"type": "read-only", "matcher": MAIN, "state": "absent"}


def head(fleet: Fleet) -> bool:
    return bool(fleet.api("GET", DEFAULT)["id"] == f"refs/heads/{OTHER}")


USES: Uses = {
    route("GET", *CONFIGURATION): [Use("branch_model_info", {**WORKER, "configuration": True}, READ)],
    route("PUT", *CONFIGURATION): [
        Use("branch_model", {**WORKER, **FEATURE}, REPEATED, model("worker", None),
            has_model("worker", "fault/", "REPOSITORY")),
    ],
    route("DELETE", *CONFIGURATION): [
        Use("branch_model", {**WORKER, "state": "inherited"}, REPEATED, model("worker", OWN_MODEL),
            has_model("worker", "feature/", "PROJECT")),
    ],
    # what a repository would inherit, in check mode
    route("GET", *OF_PROJECT): [
        Use("branch_model", {**WORKER, "state": "inherited"}, READ, model("worker", OWN_MODEL), check=True),
    ],
    route("PUT", *OF_PROJECT): [
        Use("branch_model", {**WEB, **FEATURE}, REPEATED, model("WEB", None), has_model("WEB", "fault/", "PROJECT")),
    ],
    route("GET", "api", REPOSITORY, "default-branch"): [Use("default_branch_info", WORKER, READ)],
    route("PUT", "api", REPOSITORY, "default-branch"): [
        Use("default_branch", {**WORKER, "name": OTHER}, REPEATED, default("main"), head),
    ],
    route("GET", *RESTRICTED): [Use("branch_restriction_info", WORKER, READ)],
    route("POST", *RESTRICTED): [
        Use("branch_restriction", {**WORKER, **NO_PUSH}, REPEATED, restricted("worker"),
            is_restricted("worker", "pull-request-only")),
    ],
    # who is to be exempt, in check mode
    route("GET", "api", "", "users/{userSlug}"): [
        Use("branch_restriction", exempting({"users": ["developer"]}), READ, restricted("worker"), check=True),
    ],
    route("GET", "api", "", "users"): [
        Use("branch_restriction", exempting({"users": [ROBOT]}), READ, for_robot, check=True),
    ],
    route("GET", "api", "", "groups"): [
        Use("branch_restriction", exempting({"groups": ["developers"]}), READ, restricted("worker"), check=True),
    ],
    route("DELETE", RESTRICTED[0], RESTRICTED[1], "restrictions/{restrictionId}"): [
        Use("branch_restriction", {**WORKER, **GONE}, REPEATED, restricted("worker", READ_ONLY),
            lambda fleet: not is_restricted("worker", "read-only")(fleet)),
    ],
    route("GET", *RESTRICTED_PROJECT): [Use("branch_restriction_info", WEB, READ)],
    route("POST", *RESTRICTED_PROJECT): [
        Use("branch_restriction", {**WEB, **NO_PUSH}, REPEATED, restricted("WEB"),
            is_restricted("WEB", "pull-request-only")),
    ],
    route("DELETE", RESTRICTED_PROJECT[0], RESTRICTED_PROJECT[1], "restrictions/{restrictionId}"): [
        Use("branch_restriction", {**WEB, **GONE}, REPEATED, restricted("WEB", READ_ONLY),
            lambda fleet: not is_restricted("WEB", "read-only")(fleet)),
    ],
}  # fmt: skip
