# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects, repositories and tags."""

from __future__ import annotations

from ..modules import Fleet
from ..proof import API, READ, REPEATED, REPOSITORY, Scenario, Use, Uses
from .branches import COMMITS

_REST = "/rest/api/{apiVersion}"
PROJECTS = ("GET", f"{_REST}/projects")
PROJECT = ("GET", f"{_REST}/projects/{{projectKey}}")
EVERYWHERE = ("GET", f"{_REST}/repos")
OF_PROJECT = ("GET", f"{_REST}/projects/{{projectKey}}/repos")
ONE = ("GET", f"{_REST}{REPOSITORY}")
TAGS = ("GET", f"{_REST}{REPOSITORY}/tags")
CREATE_TAG = ("POST", f"/rest/git/{{apiVersion}}{REPOSITORY}/tags")
DELETE_TAG = ("DELETE", f"/rest/git/{{apiVersion}}{REPOSITORY}/tags/{{name}}")

_TAGS = "projects/PLAT/repos/api/tags"


def has_tag(fleet: Fleet, name: str) -> bool:
    return f"refs/tags/{name}" in fleet.simulator.refs()["PLAT/api"]


def create_tag(fleet: Fleet, name: str, start_point: str = "main", message: str = "") -> None:
    """Have a tag, by the raw API."""
    if not has_tag(fleet, name):
        body = {"name": name, "startPoint": start_point, "message": message}
        fleet.api("POST", f"/rest/api/latest/{_TAGS}", body)


def delete_tag(fleet: Fleet, name: str) -> None:
    """Have no such tag, by the raw API."""
    if has_tag(fleet, name):
        fleet.api("DELETE", f"/rest/git/latest/{_TAGS}/{name}")


def personal_repository(fleet: Fleet) -> None:
    """Have a repository in the administrator's personal project."""
    project = f"/rest/api/latest/projects/~{fleet.simulator.administrator[0]}/repos"
    if not fleet.api("GET", project)["values"]:
        fleet.api("POST", project, {"name": "notes", "scmId": "git"})


def _two_tags(fleet: Fleet) -> None:
    create_tag(fleet, "fleet/1.0")
    create_tag(fleet, "fleet/1.1", message="With a message")


SCENARIOS = [
    Scenario("project_info", "all", {}, reader=True),
    Scenario("project_info", "one", {"project_key": "PLAT"}),
    Scenario("project_info", "none", {"project_key": "NOSUCH"}),
    Scenario("project_info", "personal ones", {"project_key": "~*"}, prepare=personal_repository),
    Scenario("repository_info", "of one project", {"project_key": "PLAT", "archived": "all"}),
    Scenario("repository_info", "one", {"project_key": "PLAT", "repository": "api"}),
    Scenario("repository_info", "none", {"project_key": "PLAT", "repository": "no-such"}),
    Scenario("repository_info", "by globs", {"project_key": "?[EL]*", "exclude": ["a*"], "state": "AVAILABLE"}),
    Scenario("repository_info", "personal ones", {"project_key": "~*"}, prepare=personal_repository),
    Scenario(
        "tag",
        "create a lightweight one",
        {**API, "name": "refs/tags/fleet/light", "start_point": "develop"},
        changes=True,
        prepare=lambda fleet: delete_tag(fleet, "fleet/light"),
    ),
    Scenario(
        "tag",
        "create an annotated one",
        {**API, "name": "fleet/annotated", "start_point": "v1.0.0", "tag_message": "Ümläut\n\nand more"},
        changes=True,
        prepare=lambda fleet: delete_tag(fleet, "fleet/annotated"),
    ),
    Scenario(
        "tag",
        "find one that is elsewhere",
        {**API, "name": "fleet/old", "start_point": "develop"},
        prepare=lambda fleet: create_tag(fleet, "fleet/old"),
    ),
    Scenario("tag", "find one without a start point", {**API, "name": "v1.0.0"}),
    Scenario(
        "tag",
        "delete",
        {**API, "name": "fleet/50%;gone", "state": "absent"},
        changes=True,
        prepare=lambda fleet: create_tag(fleet, "fleet/50%;gone"),
    ),
    Scenario("tag", "find none to delete", {**API, "name": "fleet/never", "state": "absent"}),
    Scenario("tag_info", "all", API),
    Scenario("tag_info", "one", {**API, "name": "v1.0.0"}),
    Scenario("tag_info", "some, in order", {**API, "glob": "fleet/1.*", "order_by": "alphabetical"}, prepare=_two_tags),
]

NEW = {**API, "name": "fault/new", "start_point": "main", "tag_message": "A fault"}
GONE = {**API, "name": "fault/gone", "state": "absent"}

USES: Uses = {
    PROJECTS: [Use("project_info", {}, READ)],
    PROJECT: [Use("project_info", {"project_key": "PLAT"}, READ)],
    EVERYWHERE: [
        Use("repository_info", {}, READ),
        Use("project_info", {"project_key": "~*"}, READ),
    ],
    OF_PROJECT: [Use("repository_info", {"project_key": "PLAT"}, READ)],
    ONE: [Use("repository_info", {"project_key": "PLAT", "repository": "api"}, READ)],
    COMMITS: [Use("tag", {**NEW, "name": "v1.0.0"}, READ)],
    TAGS: [Use("tag_info", API, READ)],
    CREATE_TAG: [
        Use("tag", NEW, REPEATED, lambda fleet: delete_tag(fleet, "fault/new"),
            lambda fleet: has_tag(fleet, "fault/new")),
    ],
    DELETE_TAG: [
        Use("tag", GONE, REPEATED, lambda fleet: create_tag(fleet, "fault/gone"),
            lambda fleet: not has_tag(fleet, "fault/gone")),
    ],
}  # fmt: skip
