# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, anonymous callers, locked users, and servers without Basic."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from conftest import JSON, Cluster, running

API = "/rest/api/latest"
REPO = API + "/projects/PLAT/repos/api"
UTILS_OPEN = "/rest/branch-utils/latest/projects/OPEN/repos/one/branches"
UTILS = "/rest/branch-utils/latest/projects/PLAT/repos/api"
TOKENS = "/rest/access-tokens/latest"

COMMIT = {"name": "main", "commits": [{"message": "One"}]}
SEED = {
    "server": {"captcha_after_failed_logins": 2, "rest_delay_seconds": 0},
    "users": [
        {"name": "admin", "password": "admin", "permission": "SYS_ADMIN"},
        {"name": "developer", "password": "developer"},
        {"name": "gone", "password": "gone", "active": False},
    ],
    "tokens": [
        {"user": "developer", "permissions": ["REPO_READ"], "secret": "read-token"},
        {"user": "developer", "permissions": ["REPO_READ"], "secret": "expired-token", "expires_in_days": -1},
        {"user": "gone", "permissions": ["REPO_READ"], "secret": "gone-token"},
        {"oauth": "admin", "secret": "oauth-token"},
    ],
    "projects": [
        {
            "key": "OPEN", "public": True, "former_keys": ["WAS"],
            "repositories": [{"slug": "one", "branches": [COMMIT], "former_names": ["OPEN/old", "OLD/one"]}],
        },
        {
            "key": "SHUT", "default_permission": "PROJECT_WRITE",
            "repositories": [{"slug": "one", "branches": [COMMIT]},
                             {"slug": "shown", "public": True, "branches": [COMMIT]}],
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Version 10, one node, a seed document of its own."""
    root = tmp_path_factory.mktemp("access")
    (root / "seed.yml").write_text(yaml.safe_dump(SEED), encoding="utf-8")
    options = ("--nodes", "1", "--version", "10.4.0", "--seed", str(root / "seed.yml"), "--context-path", "/bb")
    with running(root / "data", *options, "--setting", "page_max={tags: 7}") as started:
        yield started


def bearer(cluster: Cluster, token: str, method: str, path: str, **more: Any) -> requests.Response:
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    return requests.request(method, cluster.base + path, headers=headers, timeout=30, allow_redirects=False, **more)


def create(cluster: Cluster, token: str) -> int:
    body = {"name": cluster.branch_name(), "startPoint": "main"}
    return bearer(cluster, token, "POST", UTILS + "/branches", json=body).status_code


def test_a_token_caps_what_its_user_may(cluster: Cluster) -> None:
    for token, reads, writes, administers in (
        ("developer-token", 200, 201, 401),
        ("admin-token", 200, 201, 200),
        ("plat-token", 200, 401, 401),
        ("plat-api-token", 200, 201, 401),
    ):
        assert bearer(cluster, token, "GET", REPO).status_code == reads
        assert create(cluster, token) == writes
        assert bearer(cluster, token, "GET", UTILS + "/branchmodel/configuration").status_code == administers
    assert bearer(cluster, "plat-api-token", "GET", REPO.replace("/api", "/worker").replace("/rest/worker", "/rest/api")
                  ).status_code == 401  # fmt: skip


def test_no_token_administers_the_system(cluster: Cluster) -> None:
    assert bearer(cluster, "admin-token", "GET", "/rest/zdu/cluster").status_code == 403
    assert bearer(cluster, "admin-token", "GET", API + "/admin/cluster").status_code == 401
    assert bearer(cluster, "admin-oauth-token", "GET", "/rest/zdu/cluster").status_code == 200
    answer = bearer(cluster, "wrong", "GET", REPO)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["exceptionName"].startswith("com.atlassian.bitbucket.auth.")


def test_tokens_elsewhere_lead_to_the_login_page(cluster: Cluster) -> None:
    for path in ("/", "/projects/PLAT"):
        answer = bearer(cluster, "developer-token", "GET", path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login?next=")
    assert cluster.call("GET", "/login", user=None).headers["Content-Type"].startswith("text/html")


def test_git_takes_tokens(cluster: Cluster, tmp_path: Path) -> None:
    def clone(*options: str, user: str = "") -> int:
        url = cluster.base.replace("http://", f"http://{user}") + "/scm/plat/api.git"
        command = ["git", "-c", "core.askPass=true", *options, "clone", "-q", url, str(tmp_path / str(len(made)))]
        made.append(url)
        return subprocess.run(command, check=False, capture_output=True).returncode

    made: list[str] = []
    assert clone("-c", "http.extraHeader=Authorization: Bearer plat-token") == 0
    assert clone(user="developer:developer-token@") == 0
    assert clone(user="x-token-auth:plat-token@") == 0
    assert clone(user="reader:developer-token@") != 0


def test_the_life_of_a_token(cluster: Cluster) -> None:
    mine = TOKENS + "/users/developer"
    body = {"name": "ci", "permissions": ["REPO_READ"], "expiryDays": 30}
    answer = cluster.call("PUT", mine, user="developer", json=body)
    assert answer.status_code == 200
    made = answer.json()
    assert (made["expiryDays"], made["permissions"], made["user"]["name"]) == (30, ["REPO_READ"], "developer")
    assert create(cluster, made["token"]) == 401
    path = f"{mine}/{made['id']}"
    assert "token" not in cluster.get(path, user="developer")
    changed = cluster.call("POST", path, user="developer", json={"name": "ci", "permissions": ["REPO_WRITE"]})
    assert changed.json()["permissions"] == ["REPO_WRITE"]
    assert create(cluster, made["token"]) == 201
    assert made["id"] in [token["id"] for token in cluster.get(mine)["values"]]
    assert cluster.call("GET", mine, user="reader").status_code == 401
    assert bearer(cluster, made["token"], "PUT", mine, json=body).status_code == 401
    assert cluster.call("DELETE", path, user="developer").status_code == 204
    assert create(cluster, made["token"]) == 401
    assert cluster.call("GET", path, user="developer").status_code == 404


@pytest.mark.parametrize("place", ["/projects/PLAT", "/projects/PLAT/repos/api"])
def test_tokens_of_projects_and_repositories(cluster: Cluster, place: str) -> None:
    body = {"name": "robot", "permissions": ["REPO_WRITE"]}
    assert cluster.call("PUT", TOKENS + place, user="developer", json=body).status_code == 401
    made = cluster.call("PUT", TOKENS + place, json=body).json()
    assert create(cluster, made["token"]) == 201
    assert bearer(cluster, made["token"], "GET", API + "/projects/WEB").status_code == 401
    assert cluster.call("DELETE", f"{TOKENS}{place}/{made['id']}").status_code == 204
    assert cluster.call("PUT", TOKENS + place, json={"name": "x", "permissions": ["SYS_ADMIN"]}).status_code == 400


def test_anonymous_callers_see_what_is_public(small: Cluster) -> None:
    keys = [project["key"] for project in small.get(API + "/projects", user=None)["values"]]
    assert sorted(keys) == ["OPEN", "SHUT"]
    slugs = [repository["slug"] for repository in small.get(API + "/repos", user=None)["values"]]
    assert sorted(slugs) == ["one", "shown"]
    assert small.get(API + "/projects/OPEN/repos/one/branches", user=None)["size"] == 1
    assert small.call("GET", API + "/projects/SHUT/repos/one", user=None).status_code == 401
    url = small.base + "/scm/open/one.git"
    assert subprocess.run(["git", "ls-remote", url], check=False, capture_output=True).returncode == 0


def test_default_permission_of_a_project(small: Cluster) -> None:
    path = "/rest/branch-utils/latest/projects/{}/repos/one/branches"
    body = {"name": "by-default", "startPoint": "main"}
    assert small.call("POST", path.format("SHUT"), user="developer", json=body).status_code == 201
    assert small.call("POST", path.format("OPEN"), user="developer", json=body).status_code == 401


def slugs(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(repository["slug"] for repository in answer.json()["values"])


@pytest.mark.parametrize("token", ["expired-token", "never-a-token", "gone-token", "read-tokeN"])
def test_a_token_that_is_not_accepted_is_served_as_anonymous(small: Cluster, token: str) -> None:
    shut = API + "/projects/SHUT"
    seen = bearer(small, "read-token", "GET", shut + "/repos")
    assert slugs(seen) == ["one", "shown"] and seen.headers["X-AUSERNAME"] == "developer"
    for path in ("/projects", "/projects/OPEN", "/repos", "/projects/SHUT/repos"):
        answer = bearer(small, token, "GET", API + path)
        assert answer.json() == small.call("GET", API + path, user=None).json()
        assert answer.status_code == 200 and "X-AUSERNAME" not in answer.headers
    assert slugs(bearer(small, token, "GET", shut + "/repos")) == ["shown"]
    for method, path in (("GET", shut + "/repos/one"), ("GET", API + "/profile/recent/repos"), ("POST", UTILS_OPEN)):
        answer = bearer(small, token, method, path, json={"name": "x", "startPoint": "main"})
        assert answer.status_code == 401 and "X-AUSERNAME" not in answer.headers
        assert answer.json()["errors"][0]["exceptionName"].endswith(".AuthenticationRequiredException")


def test_a_release_may_refuse_such_a_token(small: Cluster) -> None:
    small.control("PUT", "/server", json={"unaccepted_tokens": "refused"})
    try:
        answer = bearer(small, "expired-token", "GET", API + "/projects")
        assert answer.status_code == 401 and "X-AUSERNAME" not in answer.headers
        assert answer.json()["errors"][0]["exceptionName"].startswith("com.atlassian.bitbucket.auth.")
        assert bearer(small, "read-token", "GET", API + "/projects").status_code == 200
    finally:
        small.control("PUT", "/server", json={"unaccepted_tokens": "anonymous"})


def test_a_revoked_token_is_anonymous_with_the_next_request(small: Cluster) -> None:
    tokens = TOKENS + "/users/admin"
    made = small.call("PUT", tokens, json={"name": "ci", "permissions": ["PROJECT_READ"]}).json()
    assert slugs(bearer(small, made["token"], "GET", API + "/repos")) == ["one", "one", "shown"]
    assert small.call("DELETE", f"{tokens}/{made['id']}").status_code == 204
    assert slugs(bearer(small, made["token"], "GET", API + "/repos")) == ["one", "shown"]


def test_inactive_users(small: Cluster) -> None:
    assert small.call("GET", API + "/projects", user="gone").status_code == 401


def test_a_user_without_a_licence(small: Cluster) -> None:
    small.control("PUT", "/users/developer", json={"permission": "UNLICENSED"})
    try:
        for answer in (
            small.call("GET", API + "/projects", user="developer"),
            bearer(small, "read-token", "GET", API + "/projects"),
        ):
            assert answer.status_code == 401
            error = answer.json()["errors"][0]
            assert error["exceptionName"].endswith(".NoAccessAuthenticationException")
            assert error["message"].startswith("You are not currently licensed to use Bitbucket")
    finally:
        small.control("PUT", "/users/developer", json={"permission": "LICENSED_USER"})


@pytest.mark.parametrize(
    ("token", "account"),
    [("developer-token", "developer"), ("admin-oauth-token", "admin"), ("plat-api-token", "access-token-user%2F")],
)
def test_every_answer_for_an_account_names_it(cluster: Cluster, token: str, account: str) -> None:
    branch = {"name": cluster.branch_name(), "startPoint": "main"}
    for status, method, path, body in (
        (200, "GET", REPO, None),
        (200, "GET", API + "/profile/recent/repos", None),
        (404, "GET", REPO + "/tags/none", None),
        (404, "GET", "/rest/nothing/here", None),
        (404, "GET", API + "/projects/NONE", None),
        (201, "POST", UTILS + "/branches", branch),
        (409, "POST", UTILS + "/branches", {**branch, "name": branch["name"] + "/below"}),
        (400, "POST", UTILS + "/branches", {**branch, "name": "a..b"}),
        (415, "POST", UTILS + "/branches", "text"),
        (204, "DELETE", UTILS + "/branches", {"name": f"refs/heads/{branch['name']}", "dryRun": False}),
    ):
        more: dict[str, Any] = {"data": "text"} if body == "text" else {"json": body}
        if body == "text":
            answer = requests.request(
                method, cluster.base + path, timeout=30, **more,
                headers={**JSON, "Content-Type": "text/plain", "Authorization": f"Bearer {token}"},
            )  # fmt: skip
        else:
            answer = bearer(cluster, token, method, path, **more)
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["X-AUSERNAME"].startswith(account), path
    by_git = "/scm/plat/api.git/info/refs?service=git-upload-pack"
    assert bearer(cluster, token, "GET", by_git).headers["X-AUSERNAME"].startswith(account)
    assert "X-AUSERNAME" not in cluster.call("GET", API + "/application-properties", user=None).headers


def test_redirects_and_limits_name_the_account(small: Cluster) -> None:
    moved = small.call("GET", API + "/projects/WAS", allow_redirects=False)
    assert (moved.status_code, moved.headers["X-AUSERNAME"]) == (307, "admin")
    assert "X-AUSERNAME" not in small.call("GET", API + "/projects/WAS", user=None, allow_redirects=False).headers
    small.control("PUT", "/server", json={"rate_limit": {"enabled": True, "capacity": 1, "refill": 0.001}})
    try:
        answers = [small.call("GET", API + "/projects") for _time in range(3)]
    finally:
        small.control("PUT", "/server", json={"rate_limit": {"enabled": False, "capacity": 60, "refill": 5}})
    assert answers[-1].status_code == 429 and answers[-1].headers["X-AUSERNAME"] == "admin"


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"kind": "status", "status": 500}, True),
        ({"kind": "status", "status": 429}, True),
        ({"kind": "status", "status": 503}, False),
        ({"kind": "wrong_shape", "when": "before"}, True),
        ({"kind": "wrong_shape"}, True),
        ({"kind": "slow_drip", "bytes": 500, "pause": 0}, True),
        ({"kind": "html"}, False),
        ({"kind": "redirect"}, False),
        ({"kind": "anonymous"}, False),
        ({"kind": "strip_header"}, False),
        ({"kind": "strip_header", "name": "X-AREQUESTID"}, True),
    ],
    ids=str,
)
def test_what_a_node_makes_of_a_fault_names_the_account(small: Cluster, fault: dict[str, Any], named: bool) -> None:
    small.control("POST", "/faults", json={"path": "/repos$", "fault": fault})
    try:
        answer = bearer(small, "oauth-token", "GET", API + "/repos")
    finally:
        small.control("DELETE", "/faults")
    assert (answer.headers.get("X-AUSERNAME") == "admin") is named
    if fault["kind"] in ("anonymous", "strip_header"):
        assert slugs(answer) == (["one", "shown"] if fault["kind"] == "anonymous" else ["one", "one", "shown"])
    assert ("X-AREQUESTID" in answer.headers) is (fault.get("name") != "X-AREQUESTID")


def test_former_names_redirect(small: Cluster) -> None:
    for old, new in (
        ("/projects/WAS", "/projects/OPEN"),
        ("/projects/WAS/repos/one/branches?limit=1", "/projects/OPEN/repos/one/branches?limit=1"),
        ("/projects/OLD/repos/one", "/projects/OPEN/repos/one"),
        ("/projects/OPEN/repos/old", "/projects/OPEN/repos/one"),
    ):
        answer = small.call("GET", API + old, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (307, small.base + API + new)
    body = {"name": "by-old-name", "startPoint": "main"}
    path = "/rest/branch-utils/latest/projects/OPEN/repos/old/branches"
    assert small.call("POST", path, json=body).json()["id"] == "refs/heads/by-old-name"
    url = small.base.replace("http://", "http://admin:admin@") + "/scm/old/one.git"
    said = subprocess.run(["git", "ls-remote", url], check=False, capture_output=True, text=True)
    assert "refs/heads/main" in said.stdout


def test_captcha(small: Cluster) -> None:
    def log_in(password: str) -> requests.Response:
        return requests.get(small.base + API + "/projects", auth=("developer", password), timeout=30)

    assert log_in("wrong").json()["errors"][0]["exceptionName"].endswith(".IncorrectPasswordAuthenticationException")
    assert log_in("developer").status_code == 200
    for _attempt in range(2):
        assert log_in("wrong").status_code == 401
    answer = log_in("developer")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["exceptionName"].endswith(".CaptchaRequiredAuthenticationException")
    assert answer.headers["X-Authentication-Denied-Reason"] == f"CAPTCHA_CHALLENGE; login-url={small.base}/login"
    assert bearer(small, "read-token", "GET", API + "/projects").status_code == 200
    users = {user["name"]: user for user in small.control("GET", "/users").json()["users"]}
    assert users["developer"] == {"name": "developer", "failed_logins": 3, "captcha": True}
    assert small.control("PUT", "/users/developer", json={"failed_logins": 0}).status_code == 200
    assert log_in("developer").status_code == 200


def test_basic_switched_off(small: Cluster) -> None:
    small.control("PUT", "/server", json={"basic_authentication": False})
    try:
        answer = small.call("GET", API + "/projects")
        assert answer.status_code == 403
        assert answer.json() == {"message": "Basic Authentication has been disabled on this instance."}
        assert bearer(small, "oauth-token", "GET", "/rest/zdu/cluster").status_code == 200
        assert small.call("GET", API + "/application-properties", user=None).status_code == 200
        assert small.call("GET", "/scm/shut/one.git/info/refs?service=git-upload-pack").status_code == 200
    finally:
        small.control("PUT", "/server", json={"basic_authentication": True})


def test_settings(small: Cluster) -> None:
    shown = small.control("GET", "/server").json()
    assert shown["captcha_after_failed_logins"] == 2
    assert shown["page_max"] | {"tags": 7, "branches": 1000, "commits": 100} == shown["page_max"]
    answer = small.control("PUT", "/server", json={"basic_auth": False})
    assert answer.status_code == 400
    assert "'basic_auth' was unexpected" in answer.json()["error"]
