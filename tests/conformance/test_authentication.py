# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls, and what a credential is good for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.api import Api, Bearer
from conformance.sandbox import Repository, git
from conformance.target import Account, Target

claim = pytest.mark.claim
Tokens = dict[str, str]


@pytest.fixture(scope="module")
def token(target: Target, admin: Api) -> Iterator[str]:
    """A personal token of the administrator's, with all that a token can have."""
    path = f"/rest/access-tokens/latest/users/{target.admin.name}"
    body = {"name": "conformance", "permissions": ["PROJECT_ADMIN", "REPO_ADMIN"], "expiryDays": 1}
    answer = admin.put(path, body, status=200)
    yield answer.json["token"]
    admin.delete(f"{path}/{answer.json['id']}", status=204)


@claim("A wrong password gets 401 IncorrectPasswordAuthenticationException", evidence="doc, seen 10.4")
def test_wrong_password(target: Target) -> None:
    nobody = Api(target.url, Account("no-such-user", "wrong"))
    answer = nobody.get("/rest/api/latest/projects", status=401)
    assert answer.exception == "IncorrectPasswordAuthenticationException"


@claim("An access token is a bearer token for REST", evidence="doc")
def test_token(target: Target, token: str, repository: Repository) -> None:
    Api(target.url, Bearer(token)).get(repository.rest, schema="repository")


@claim("An access token cannot administer: /rest/zdu and admin/cluster refuse one of a SYS_ADMIN's", evidence="doc")
@pytest.mark.parametrize(
    ("path", "status"), [("/rest/zdu/cluster", (401, 403)), ("/rest/api/latest/admin/cluster", 401)]
)
def test_token_of_an_administrator(target: Target, admin: Api, token: str, path: str, status: int) -> None:
    admin.get(path)
    Api(target.url, Bearer(token)).get(path, status=status)


@claim("A bearer token outside /rest leads to the login page, with 302", evidence="doc, seen 10.2")
def test_token_outside_rest(target: Target, token: str) -> None:
    answer = Api(target.url, Bearer(token)).get("/projects", status=302)
    assert "/login" in answer.headers["Location"]


@claim("git takes an access token in the place of the password", evidence="doc")
def test_token_with_git(target: Target, token: str, repository: Repository) -> None:
    listed = git("ls-remote", repository.clone_url(Account(target.admin.name, token)), f"refs/heads/{repository.base}")
    assert listed.stdout.startswith(repository.tip)


@claim("A token that is not valid gets 401", evidence="doc")
def test_no_token(target: Target, repository: Repository) -> None:
    Api(target.url, Bearer("BBDC-not-a-token")).get(repository.rest, status=401)


@pytest.mark.needs("captcha")
@claim("After failed logins: 401 and X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE", evidence="doc")
@claim("Then the right password is refused, too", evidence="doc")
def test_captcha(target: Target, reader: Api, repository: Repository) -> None:
    assert target.reader is not None
    wrong = Api(target.url, Account(target.reader.name, "wrong"))
    try:
        for _attempt in range(20):
            if "CAPTCHA" in wrong.get(repository.rest, status=401).headers.get("X-Authentication-Denied-Reason", ""):
                break
        denied = reader.get(repository.rest, status=401)
        assert denied.headers["X-Authentication-Denied-Reason"].startswith("CAPTCHA_CHALLENGE")
    finally:
        target.control("PUT", f"/users/{target.reader.name}", {"failed_logins": 0})


@pytest.mark.needs("settings")
@claim("Where Basic is off for REST, it is refused there and tokens still work", evidence="doc, seen 10.2")
def test_basic_off(target: Target, api: Api, token: str, repository: Repository) -> None:
    target.control("PUT", "/server", {"basic_authentication": False})
    try:
        api.get(repository.rest, status=(401, 403), refusal="said")
        Api(target.url, Bearer(token)).get(repository.rest)
        assert repository.remote_refs()
    finally:
        target.control("DELETE", "/server")


@pytest.mark.needs("settings")
@claim("The licence limit refuses writes with 403", evidence="doc")
def test_license_limit(target: Target, repository: Repository) -> None:
    target.control("PUT", "/server", {"license_limit_exceeded": True})
    try:
        assert repository.create(repository.name()).status == 403
    finally:
        target.control("DELETE", "/server")


@pytest.mark.needs("rate-limit")
@claim("Whoever calls too often gets 429 with Retry-After in whole seconds", evidence="doc, seen 10.4")
@claim("The bucket holds 60 requests per user and node", evidence="doc")
def test_rate_limit(target: Target, reader: Api, repository: Repository) -> None:
    target.control("PUT", "/server", {"rate_limit": {"enabled": True}})
    try:
        statuses: list[int] = []
        while 429 not in statuses and len(statuses) < 2000:
            answer = reader.get("/rest/api/latest/application-properties", status=(200, 429))
            statuses.append(answer.status)
        assert 429 in statuses
        # Of another node the bucket may still be full.
        assert len(statuses) > 60
        assert int(answer.headers["Retry-After"]) >= 1
    finally:
        target.control("DELETE", "/server")


@claim("The rate limit is off by default", evidence="doc")
@pytest.mark.needs("settings")
def test_no_rate_limit(reader: Api) -> None:
    for _attempt in range(250):
        reader.get("/rest/api/latest/application-properties", status=200)
