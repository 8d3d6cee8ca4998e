# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects and repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conformance.api import Answer, Api
from conformance.sandbox import Repository, Sandbox
from conformance.target import Target

claim = pytest.mark.claim
API = "/rest/api/latest"


@claim("A repository is {slug, id, name, state, project, links}", evidence="doc")
def test_repository(api: Api, repository: Repository) -> None:
    shown = api.get(repository.rest, schema="repository").json
    assert (shown["slug"], shown["project"]["key"], shown["state"]) == (repository.slug, repository.key, "AVAILABLE")
    clone = {link["name"]: link["href"] for link in shown["links"]["clone"]}
    assert clone["http"].lower().endswith(f"/scm/{repository.key}/{repository.slug}.git".lower())


@claim("Projects, and the repositories of one, are paged listings", evidence="doc")
def test_listings(api: Api, sandbox: Sandbox, repository: Repository) -> None:
    assert sandbox.key in {project["key"] for project in api.values(f"{API}/projects", "project_page")}
    listed = api.values(f"{API}/projects/{sandbox.key}/repos", "repository_page")
    assert repository.slug in {each["slug"] for each in listed}
    assert api.get(f"{API}/projects/{sandbox.key}", schema="project").json["key"] == sandbox.key


@claim("A listing shows only what the caller may see", evidence="doc")
@pytest.mark.needs("settings")
def test_hidden(api: Api, admin: Api, anonymous: Api) -> None:
    assert "HIDDEN" in {project["key"] for project in admin.values(f"{API}/projects", "project_page")}
    assert "HIDDEN" not in {project["key"] for project in api.values(f"{API}/projects", "project_page")}
    api.get(f"{API}/projects/HIDDEN", status=401)
    assert anonymous.values(f"{API}/projects", "project_page") == []


@pytest.fixture
def personal(api: Api, target: Target) -> Iterator[Answer]:
    """A repository in the user's personal project."""
    name = "conformance-personal"
    answer = api.post(f"{API}/projects/~{target.user.name}/repos", {"name": name, "scmId": "git"})
    if answer.status in (401, 403):
        pytest.skip("the user may not have personal repositories")
    yield answer
    api.delete(f"{API}/projects/~{target.user.name}/repos/{name}", status=202)


@claim("Personal repositories are in the project ~slug", evidence="doc")
@claim("They are below /rest/api/latest/users/~slug/repos, too", evidence="doc")
def test_personal(personal: Answer, api: Api, target: Target) -> None:
    assert personal.status == 201, personal.said
    slug, key = personal.json["slug"], f"~{target.user.name}"
    assert personal.json["project"]["type"] == "PERSONAL"
    shown = api.get(f"{API}/projects/{key}/repos/{slug}", schema="repository").json
    assert shown["project"]["key"].lower() == key.lower()
    assert api.get(f"{API}/users/{key}/repos/{slug}", schema="repository").json["id"] == shown["id"]
    listed = api.values(f"{API}/users/{key}/repos", "repository_page")
    assert slug in {each["slug"] for each in listed}


@claim("The listing of all repositories has personal ones", evidence="seen 6.x")
@claim("The listing of all projects has no personal ones", evidence="assumed")
def test_personal_listings(personal: Answer, api: Api) -> None:
    key = personal.json["project"]["key"]
    everywhere = api.values(f"{API}/repos", "repository_page")
    assert (key, personal.json["slug"]) in {(each["project"]["key"], each["slug"]) for each in everywhere}
    assert key not in {project["key"] for project in api.values(f"{API}/projects", "project_page")}


@claim("The listing of all repositories has archived ones only if asked for", evidence="doc")
@claim("The listing of a project's repositories has archived ones", evidence="seen")
def test_archived_listings(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository(empty=True)
    api.put(repository.rest, {"archived": True}, status=(200, 201))

    def listed(path: str, **query: str) -> set[tuple[str, str]]:
        return {(each["project"]["key"], each["slug"]) for each in api.values(path, "repository_page", **query)}

    me = (repository.key, repository.slug)
    assert me not in listed(f"{API}/repos")
    assert me in listed(f"{API}/repos", archived="ALL")
    assert me in listed(f"{API}/projects/{repository.key}/repos")


@claim("An archived repository refuses new branches with 409", evidence="assumed")
def test_archived(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    shown = api.put(repository.rest, {"archived": True}, status=(200, 201), schema="repository").json
    assert shown["archived"] is True
    assert repository.create(repository.name()).status == 409
    assert repository.push(f"topic:refs/heads/{repository.name()}", check=False).returncode != 0


@claim("An update of a repository answers 201 with the repository as it is then", evidence="doc")
def test_updated(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository(empty=True)
    answer = api.put(repository.rest, {"description": "Another one"}, status=201, schema="repository")
    assert (answer.json["slug"], answer.json["description"]) == (repository.slug, "Another one")
    assert api.get(repository.rest).json["description"] == "Another one"


@claim("A repository that is deleted is gone: 202, then 404", evidence="doc")
def test_deleted(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository(empty=True)
    api.delete(repository.rest, status=(202, 204))
    assert api.get(repository.rest, status=404).exception == "NoSuchRepositoryException"
