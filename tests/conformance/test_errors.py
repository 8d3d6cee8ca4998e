# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How requests are refused, whatever the resource."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.api import JSON, Api
from conformance.sandbox import Repository, Sandbox

claim = pytest.mark.claim

NO_CHECK = {"X-Atlassian-Token": "no-check"}


@claim(
    "A refusal is {errors: [{message, exceptionName, ...}]}; without `context` from 9.4 on",
    evidence="doc, seen 9.4 to 10.4",
)
def test_error_body(api: Api, repository: Repository, version: tuple[int, ...]) -> None:
    answer = api.get(f"{repository.rest}/commits?until=refs/heads/nowhere", status=404)
    answer.check("errors")
    assert answer.exception == "NoSuchCommitException"
    assert ("context" in answer.json["errors"][0]) is (version < (9, 4))


@claim(
    "A resource that the server does not have is a 404 without errors[]: XML on 10.2.1, JSON on 10.4.2",
    evidence="seen 10.2.1, seen 10.4.2",
)
def test_unrouted(api: Api, version: tuple[int, ...]) -> None:
    answer = api.get("/rest/no-such-plugin/latest/things", status=404, refusal="unrouted")
    if answer.json is not None:
        assert answer.json["message"] == "HTTP 404 Not Found"
    else:
        assert answer.media_type.endswith("/xml") and "<status" in answer.text
    if version[:3] == (10, 2, 1) or version >= (10, 4, 2):
        assert (answer.json is not None) is (version >= (10, 4, 2))


@claim("Without a JSON Accept header that 404 is XML", evidence="seen 10.x")
def test_unrouted_xml(api: Api) -> None:
    answer = api.get("/rest/no-such-plugin/latest/things", status=404, headers={})
    assert answer.media_type.endswith("/xml") and "<status" in answer.text


@claim("There is a 406, and its body is empty", evidence="seen")
@claim("Whoever takes no JSON gets it", evidence="assumed")
def test_not_acceptable(api: Api, sandbox: Sandbox) -> None:
    path = f"/rest/api/latest/projects/{sandbox.key}"
    assert api.get(path, status=406, headers={"Accept": "image/png"}).text == ""


@claim("A missing project is a 404 with errors[], NoSuchProjectException and its key", evidence="seen")
def test_no_such_project(api: Api) -> None:
    answer = api.get("/rest/api/latest/projects/NOSUCHPROJECT", status=404)
    assert answer.exception == "NoSuchProjectException"
    assert answer.message == "Project NOSUCHPROJECT does not exist."


@claim("A missing repository is a 404 with errors[], NoSuchRepositoryException and PROJECT/slug", evidence="seen")
def test_no_such_repository(api: Api, sandbox: Sandbox) -> None:
    answer = api.get(f"/rest/api/latest/projects/{sandbox.key}/repos/no-such-repository", status=404)
    assert answer.exception == "NoSuchRepositoryException"
    assert answer.message == f"Repository {sandbox.key}/no-such-repository does not exist."


@claim("Who is known but not permitted gets 401 AuthorisationException", evidence="doc, seen 10.4")
def test_not_permitted(reader: Api, repository: Repository) -> None:
    answer = repository.create(repository.name(), api=reader)
    assert (answer.status, answer.exception) == (401, "AuthorisationException"), answer.said
    assert answer.message == "You are not permitted to access this resource"


@claim("Anonymous gets 401 AuthenticationRequiredException", evidence="doc")
def test_anonymous(anonymous: Api, repository: Repository) -> None:
    answer = anonymous.post(f"{repository.utils}/branches", {"name": "x", "startPoint": repository.tip})
    assert (answer.status, answer.exception) == (401, "AuthenticationRequiredException"), answer.said


@claim(
    "A POST without JSON content type and token header is refused: 403, HTML, XSRF check failed", evidence="doc, seen"
)
def test_forged(api: Api, repository: Repository) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = api.call("POST", f"{repository.utils}/branches", status=403, headers=form, data="name=x")
    assert answer.media_type == "text/html" and "XSRF check failed" in answer.text


@claim("A POST with another content type than JSON is refused with 415", evidence="doc")
def test_post_media_type(api: Api, repository: Repository) -> None:
    headers = {"Content-Type": "text/plain", **NO_CHECK}
    api.call("POST", f"{repository.utils}/branches", status=415, headers=headers, data="{}")


@claim("A DELETE with a body but without the JSON content type is refused with 415", evidence="doc")
def test_delete_media_type(api: Api, repository: Repository) -> None:
    body = f'{{"name": "refs/heads/{repository.topic}", "dryRun": true}}'
    api.call("DELETE", f"{repository.utils}/branches", status=415, headers=NO_CHECK, data=body)


@claim("A body that is not JSON is refused with 400", evidence="assumed")
def test_no_json(api: Api, repository: Repository) -> None:
    api.call("POST", f"{repository.utils}/branches", status=400, headers={"Content-Type": JSON, **NO_CHECK}, data="{")


@claim("GETs of a repository that was renamed are redirected with 307", evidence="seen 10.4")
def test_renamed(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    old, slug = repository.rest, f"{repository.slug}-renamed"
    shown = api.put(repository.rest, {"name": slug}, status=(200, 201), schema="repository").json
    repository.slug = shown["slug"]
    assert shown["slug"] == slug
    answer = api.get(f"{old}/branches?limit=1", status=307)
    assert answer.headers["Location"].endswith(f"{repository.rest}/branches?limit=1")


@claim("`latest` and `1.0` name the same version of api, branch-utils and jira", evidence="doc")
def test_versions(api: Api, repository: Repository) -> None:
    for path in (
        f"{repository.rest}/branches?limit=1",
        f"{repository.utils}/branchmodel",
        f"/rest/jira/latest{repository.path}/pull-requests/1/issues",
    ):
        assert api.get(path).json == api.get(path.replace("/latest/", "/1.0/")).json
