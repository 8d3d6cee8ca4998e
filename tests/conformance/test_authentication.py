# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls, and what a credential is good for."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

import pytest

from conformance.api import Answer, Api, Bearer
from conformance.sandbox import Repository, git
from conformance.target import Account, Target

claim = pytest.mark.claim
Tokens = dict[str, str]
PROFILE = "/rest/api/latest/profile/recent/repos"


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


@claim(
    "A token that is not accepted gets 401 AuthenticationRequiredException where nothing is public",
    evidence="seen 10.4",
)
def test_no_token(target: Target, repository: Repository) -> None:
    answer = Api(target.url, Bearer("BBDC-not-a-token")).get(repository.rest, status=401)
    assert answer.exception == "AuthenticationRequiredException"
    assert "X-AUSERNAME" not in answer.headers


@claim("A token that was never one is served as anonymous where something is public", evidence="seen 10.4")
def test_unknown_token(target: Target, anonymous: Api) -> None:
    _is_anonymous(Api(target.url, Bearer("BBDC-not-a-token")), anonymous)


@claim("A token that was revoked is served as anonymous where something is public", evidence="seen 10.4")
def test_revoked_token(target: Target, admin: Api, anonymous: Api) -> None:
    assert target.admin is not None
    path = f"/rest/access-tokens/latest/users/{target.admin.name}"
    made = admin.put(path, {"name": "conformance-revoked", "permissions": ["REPO_READ"], "expiryDays": 1}).json
    caller = Api(target.url, Bearer(made["token"]))
    try:
        assert _account(caller.get("/rest/api/latest/projects")) == target.admin.name.lower()
    finally:
        admin.delete(f"{path}/{made['id']}", status=204)
    _is_anonymous(caller, anonymous)


def _is_anonymous(caller: Api, anonymous: Api) -> None:
    answer = caller.get("/rest/api/latest/projects", params={"limit": 1000})
    assert answer.json == anonymous.get("/rest/api/latest/projects", params={"limit": 1000}).json
    assert "X-AUSERNAME" not in answer.headers


def _account(answer: Answer) -> str:
    return urllib.parse.unquote_plus(answer.headers["X-AUSERNAME"]).lower()


@claim("Each response for an account names it in X-AUSERNAME, whatever its status", evidence="seen 10.4")
def test_the_account_is_named(target: Target, api: Api, repository: Repository) -> None:
    name = target.user.name.lower()
    branch = repository.name()
    answers = [
        api.get(repository.rest),
        api.get(f"{repository.rest}/tags/{repository.prefix}none", status=404),
        repository.create(branch),
        repository.create(f"{branch}/below"),
        repository.remove(branch, dryRun=True),
        repository.remove(branch),
    ]
    assert [_account(answer) for answer in answers] == [name] * len(answers), [answer.said for answer in answers]


@claim("A refusal of an account that lacks the permission names it in X-AUSERNAME", evidence="seen 10.4")
def test_the_account_is_named_in_a_refusal(target: Target, reader: Api, repository: Repository) -> None:
    assert target.reader is not None
    answer = repository.create(repository.name(), api=reader)
    assert answer.status == 401 and _account(answer) == target.reader.name.lower()


@claim("A response for a personal token names the account in X-AUSERNAME", evidence="seen 10.4")
def test_the_account_of_a_token_is_named(target: Target, token: str, repository: Repository) -> None:
    assert target.admin is not None
    assert _account(Api(target.url, Bearer(token)).get(repository.rest)) == target.admin.name.lower()


@claim("The account in X-AUSERNAME is URL-encoded, slashes included", evidence="seen 9.4")
@claim("A response for the token of a repository names a user of its own: access-token-user/...", evidence="seen 9.4")
@claim("profile/recent/repos answers the token of a repository with 200", evidence="assumed")
def test_the_token_of_a_repository(target: Target, api: Api, repository: Repository) -> None:
    path = f"/rest/access-tokens/latest{repository.path}"
    made = api.put(path, {"name": "conformance", "permissions": ["REPO_READ"], "expiryDays": 1}, status=200).json
    try:
        answer = Api(target.url, Bearer(made["token"])).get(PROFILE, params={"limit": 1})
    finally:
        api.delete(f"{path}/{made['id']}", status=204)
    assert answer.headers["X-AUSERNAME"].startswith("access-token-user%2F")


@claim("An anonymous response has no X-AUSERNAME", evidence="seen 10.4")
@claim("A refused login has no X-AUSERNAME", evidence="assumed")
def test_nobody_is_named(target: Target, anonymous: Api) -> None:
    wrong = Api(target.url, Account("no-such-user", "wrong"))
    for answer in (anonymous.get("/rest/api/latest/projects"), wrong.get("/rest/api/latest/projects", status=401)):
        assert "X-AUSERNAME" not in answer.headers


@claim("profile/recent/repos is for authenticated users: 200 for an account, by password and by token", evidence="doc")
@claim("profile/recent/repos gets 401 without an account, also where public access is on", evidence="doc, seen")
def test_recent_repositories(target: Target, api: Api, token: str, anonymous: Api) -> None:
    for caller in (api, Api(target.url, Bearer(token))):
        caller.get(PROFILE, schema="repository_page", params={"limit": 1})
    for caller in (anonymous, Api(target.url, Bearer("BBDC-not-a-token"))):
        caller.get(PROFILE, status=401)


@claim("git over HTTP serves a token that is not accepted as anonymous: 401 and a challenge", evidence="assumed")
@claim("git over HTTP names the account in X-AUSERNAME", evidence="assumed")
def test_who_asks_by_git(target: Target, api: Api, anonymous: Api, repository: Repository) -> None:
    path = f"/scm/{repository.key.lower()}/{repository.slug}.git/info/refs?service=git-upload-pack"
    unknown = Api(target.url, Bearer("BBDC-not-a-token")).get(path, status=401)
    assert unknown.text == anonymous.get(path, status=401).text
    assert "X-AUSERNAME" not in unknown.headers and "WWW-Authenticate" in unknown.headers
    assert _account(api.get(path)) == target.user.name.lower()


@pytest.mark.needs("settings")
@claim("An account without a licence gets 401 NoAccessAuthenticationException", evidence="seen")
def test_no_licence(target: Target, reader: Api, repository: Repository) -> None:
    assert target.reader is not None
    target.control("PUT", f"/users/{target.reader.name}", {"permission": "UNLICENSED"})
    try:
        answer = reader.get(repository.rest, status=401)
    finally:
        target.control("PUT", f"/users/{target.reader.name}", {"permission": "LICENSED_USER"})
    assert answer.exception == "NoAccessAuthenticationException"
    assert "not currently licensed to use Bitbucket" in answer.message


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
