# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: listed and made in /rest/api, deleted in /rest/git."""

from __future__ import annotations

import pytest

from conformance.api import Answer, Api
from conformance.sandbox import Repository

claim = pytest.mark.claim


@claim("A tag has the commit as latestCommit, an annotated one its own id as hash", evidence="doc")
def test_tags(api: Api, repository: Repository) -> None:
    listed = api.values(f"{repository.rest}/tags", "tag_page", filterText=repository.tag)
    tag = next(tag for tag in listed if tag["displayId"] == repository.tag)
    assert tag["latestCommit"] == repository.commits[1]
    assert tag["hash"] == repository.remote_refs()[f"refs/tags/{repository.tag}"]
    assert api.get(f"{repository.rest}/tags/{repository.tag}", schema="tag").json == tag


def create(api: Api, repository: Repository, name: str, start_point: str, message: str = "") -> Answer:
    return api.post(f"{repository.rest}/tags", {"name": name, "startPoint": start_point, "message": message})


def delete(api: Api, repository: Repository, name: str) -> Answer:
    return api.delete(f"/rest/git/latest{repository.path}/tags/{name}")


@claim("A tag is made by its name, a start point and a message: 200", evidence="doc")
@claim("With a message it is annotated, with an empty one lightweight", evidence="assumed")
@pytest.mark.parametrize("message", ["", "A message"])
def test_create(api: Api, repository: Repository, message: str) -> None:
    name = repository.name()
    answer = create(api, repository, name, repository.commits[0], message)
    assert answer.status == 200, answer.said
    assert (answer.json["displayId"], answer.json["latestCommit"]) == (name, repository.commits[0])
    assert bool(answer.json["hash"]) is bool(message)
    made = repository.remote_refs()[f"refs/tags/{name}"]
    assert made == (answer.json["hash"] or repository.commits[0])


@claim("In /rest/git a tag is made with its kind, ANNOTATED or LIGHTWEIGHT", evidence="doc")
@claim("The answer to that is 201, with the tag", evidence="assumed")
@pytest.mark.parametrize("kind", ["LIGHTWEIGHT", "ANNOTATED"])
def test_create_of_a_kind(api: Api, repository: Repository, kind: str) -> None:
    name = repository.name()
    message = {"message": "A message"} if kind == "ANNOTATED" else {}
    body = {"name": name, "startPoint": repository.commits[0], "type": kind, **message}
    answer = api.post(f"/rest/git/latest{repository.path}/tags", body, status=201, schema="tag")
    assert (answer.json["displayId"], answer.json["latestCommit"]) == (name, repository.commits[0])
    assert bool(answer.json["hash"]) is (kind == "ANNOTATED")
    made = repository.remote_refs()[f"refs/tags/{name}"]
    assert made == (answer.json["hash"] or repository.commits[0])


@claim("A tag that exists is refused with 400", evidence="doc")
def test_exists(api: Api, repository: Repository) -> None:
    answer = create(api, repository, repository.tag, repository.tip)
    assert answer.status == 400, answer.said
    assert repository.remote_refs()[f"refs/tags/{repository.tag}"] != repository.tip


@claim("A tag that exists is refused as a DuplicateRefException", evidence="assumed")
def test_exists_by_name(api: Api, repository: Repository) -> None:
    assert create(api, repository, repository.tag, repository.tip).exception == "DuplicateRefException"


@claim("A tag that does not exist is 404, and no exception is named", evidence="doc, seen")
def test_missing(api: Api, repository: Repository) -> None:
    answer = api.get(f"{repository.rest}/tags/no-such-tag", status=404, refusal="refused")
    assert answer.exception is None


@claim("A tag of a repository that does not exist is 404 NoSuchRepositoryException", evidence="seen")
def test_missing_repository(api: Api, repository: Repository) -> None:
    path = f"/rest/api/latest/projects/{repository.key}/repos/no-such-repository/tags/no-such-tag"
    assert api.get(path, status=404).exception == "NoSuchRepositoryException"


@claim("A tag `a` beside `a/b` is refused with 409", evidence="assumed")
def test_overlap(api: Api, repository: Repository) -> None:
    name = repository.name()
    assert create(api, repository, f"{name}/b", repository.tip).status == 200
    assert create(api, repository, name, repository.tip).status == 409
    assert create(api, repository, f"{name}/b/c", repository.tip, "A message").status == 409


@claim("A tag is deleted in /rest/git with 204, then it is 404", evidence="doc")
def test_delete(api: Api, repository: Repository) -> None:
    name = f"{repository.name()}/below"
    assert create(api, repository, name, repository.tip).status == 200
    assert delete(api, repository, name).status == 204
    assert f"refs/tags/{name}" not in repository.remote_refs()
    answer = api.delete(f"/rest/git/latest{repository.path}/tags/{name}", status=404, refusal="refused")
    assert answer.exception is None or answer.exception.startswith("NoSuch")
