# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Branches: made, taken away, and what contains a commit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.api import Api
from conformance.sandbox import Repository

claim = pytest.mark.claim


@claim(
    "A created branch is answered with 201 and {id, displayId, type, latestCommit, latestChangeset, isDefault}",
    evidence="doc",
)
def test_create(repository: Repository) -> None:
    name = repository.name()
    answer = repository.create(name)
    assert answer.status == 201, answer.said
    answer.check("created_branch")
    assert (answer.json["id"], answer.json["displayId"]) == (f"refs/heads/{name}", name)
    assert (answer.json["latestCommit"], answer.json["isDefault"]) == (repository.tip, False)
    assert repository.remote_refs()[f"refs/heads/{name}"] == repository.tip


@claim("A start point may be a commit", evidence="doc")
def test_from_commit(repository: Repository) -> None:
    assert repository.create(repository.name(), repository.commits[0]).json["latestCommit"] == repository.commits[0]


@claim("A start point may be a ref, a branch or a tag", evidence="seen")
@pytest.mark.parametrize("kind", ["ref", "branch", "tag", "tag ref"])
def test_from_ref(repository: Repository, kind: str) -> None:
    start_point, commit = {
        "ref": (f"refs/heads/{repository.topic}", repository.topic_commit),
        "branch": (repository.topic, repository.topic_commit),
        "tag": (repository.tag, repository.commits[1]),
        "tag ref": (f"refs/tags/{repository.tag}", repository.commits[1]),
    }[kind]
    assert repository.create(repository.name(), start_point).json["latestCommit"] == commit


@claim("A branch that exists is refused with 400 DuplicateRefException", evidence="seen 10.4.2")
def test_exists(repository: Repository) -> None:
    answer = repository.create(repository.base)
    assert (answer.status, answer.exception) == (400, "DuplicateRefException"), answer.said
    assert answer.message == f"Branch '{repository.base}' already exists in repository '{repository.slug}'."


@claim("`a` beside `a/b` is refused with 409", evidence="doc")
def test_overlap(repository: Repository) -> None:
    name = repository.name()
    assert repository.create(f"{name}/b").status == 201
    assert repository.create(name).status == 409
    assert repository.create(f"{name}/b/c").status == 409


@claim("A name that git does not take is refused with 400 InvalidRefNameException", evidence="doc")
@pytest.mark.parametrize("name", ["a..b", "a b", "a~1", "a.lock", ".a", "a//b", "a/", "@{a", "a^", "a:b"])
def test_invalid_name(repository: Repository, name: str) -> None:
    answer = repository.create(name)
    assert (answer.status, answer.exception) == (400, "InvalidRefNameException"), answer.said


@claim("A start point that is not there is refused with 404 NoSuchCommitException", evidence="assumed")
@pytest.mark.parametrize("start_point", ["refs/heads/nowhere", "nowhere", "0123456789012345678901234567890123456789"])
def test_unknown_start_point(repository: Repository, start_point: str) -> None:
    answer = repository.create(repository.name(), start_point)
    assert (answer.status, answer.exception) == (404, "NoSuchCommitException"), answer.said


@claim("An empty repository refuses new branches with 409", evidence="assumed")
def test_empty(new_repository: Callable[..., Repository]) -> None:
    repository = new_repository(empty=True)
    assert repository.create("x", "refs/heads/main").status == 409


@claim("Whoever may only read is refused with 401", evidence="doc")
def test_not_permitted(repository: Repository, reader: Api) -> None:
    name = repository.name()
    assert repository.create(name, api=reader).status == 401
    body = {"name": f"refs/heads/{repository.topic}"}
    reader.delete(f"{repository.utils}/branches", body, status=401)
    assert f"refs/heads/{repository.topic}" in repository.remote_refs()


@claim(
    "A missing repository is 404 NoSuchRepositoryException, a missing project NoSuchProjectException", evidence="seen"
)
def test_missing(api: Api, repository: Repository) -> None:
    body = {"name": "x", "startPoint": repository.tip}
    base = "/rest/branch-utils/latest/projects"
    answer = api.post(f"{base}/{repository.key}/repos/no-such-repository/branches", body, status=404)
    assert answer.exception == "NoSuchRepositoryException"
    answer = api.post(f"{base}/NOSUCHPROJECT/repos/x/branches", body, status=404)
    assert answer.exception == "NoSuchProjectException"


@claim("A branch is deleted with 204, and so is one that does not exist", evidence="doc")
def test_delete(repository: Repository) -> None:
    name = repository.name()
    repository.create(name)
    for _attempt in range(2):
        answer = repository.remove(name)
        assert (answer.status, answer.text) == (204, "")
        assert f"refs/heads/{name}" not in repository.remote_refs()


@claim("dryRun checks and changes nothing", evidence="doc")
def test_dry_run(repository: Repository) -> None:
    name = repository.name()
    repository.create(name)
    assert repository.remove(name, dryRun=True).status == 204
    assert repository.remove(name, dryRun=True, endPoint=repository.topic_commit).status == 400
    assert f"refs/heads/{name}" in repository.remote_refs()


@claim("endPoint must be the present tip, else 400", evidence="doc")
def test_end_point(repository: Repository) -> None:
    name = repository.name()
    repository.create(name)
    assert repository.remove(name, endPoint=repository.topic_commit).status == 400
    assert f"refs/heads/{name}" in repository.remote_refs()
    assert repository.remove(name, endPoint=repository.tip).status == 204
    assert f"refs/heads/{name}" not in repository.remote_refs()


@claim("Without a name deletion is refused with 400", evidence="doc")
def test_delete_without_name(api: Api, repository: Repository) -> None:
    api.delete(f"{repository.utils}/branches", {"dryRun": True}, status=400)


@claim("The default branch is not deleted: 400", evidence="doc")
def test_delete_default(api: Api, repository: Repository) -> None:
    default = api.get(f"{repository.rest}/default-branch").json["id"]
    body = {"name": default, "dryRun": True}
    api.delete(f"{repository.utils}/branches", body, status=400)


@claim("branches/info lists the refs that contain a commit as {id, displayId, type}", evidence="doc")
@claim("From 10.4 on it lists exactly one: the default branch if that contains the commit", evidence="seen 10.4")
def test_info(api: Api, new_repository: Callable[..., Repository], version: tuple[int, ...]) -> None:
    repository = new_repository()
    more = repository.name()
    repository.create(more, repository.topic_commit)
    found = api.values(f"{repository.utils}/branches/info/{repository.topic_commit}", "ref_page")
    beside = {ref["displayId"] for ref in found}
    found = api.values(f"{repository.utils}/branches/info/{repository.tip}", "ref_page")
    with_default = {ref["displayId"] for ref in found}
    if version >= (10, 4):
        assert len(beside) == 1 and beside < {repository.topic, more}
        assert with_default == {"main"}
    else:
        # either all of them (doc) or one, since which release is not known
        assert beside and beside <= {repository.topic, more}
        assert "main" in with_default and with_default <= {"main", repository.topic, more}


@claim("branches/info with garbage for a commit is a 500 with git's message", evidence="doc, seen")
def test_info_garbage(api: Api, repository: Repository) -> None:
    answer = api.get(f"{repository.utils}/branches/info/garbage", status=500)
    answer.check("errors")
    assert "garbage" in answer.message
