# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: pull requests between branches of one repository; forks are not simulated."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.branching import HEADS
from simulator.call import Call
from simulator.errors import ApiError
from simulator.gitdiff import changes
from simulator.gitrepo import Branch
from simulator.pull_requests import PullRequest, PullRequests, now
from simulator.resources import present
from simulator.resources.commits import COMMITS
from simulator.resources.pull_request_shown import show_pull_request, tips
from simulator.routing import API, REPOSITORY, Routes

routes = Routes()

ALL = API + REPOSITORY + "/pull-requests"
ONE = ALL + r"/{pullRequestId:\d+}"
PULL_REQUESTS = 100  # doc: page.max.pullrequests


def named(call: Call) -> PullRequest:
    number = call.request.match_info["pullRequestId"]
    found = PullRequests(call.node.store).get(call.repository.id, int(number))
    if found is None:
        raise errors.no_such_pull_request(number, call.repository.project.key, call.repository.slug)
    return found


def check_version(call: Call, request: PullRequest, given: Any) -> None:
    """doc: 409 when somebody else changed it meanwhile. assumed: without a version nothing is checked."""
    if given is not None and str(given) != str(request.version):
        raise errors.out_of_date("pull request", request.version, given)


def check_open(request: PullRequest) -> None:
    if request.state != "OPEN":
        raise ApiError(
            409,
            f"This pull request has already been {request.state.lower()}.",
            "pull.IllegalPullRequestStateException",
        )


@routes.get(ALL, permission="REPO_READ")
async def list_pull_requests(call: Call) -> web.Response:
    """doc: `state` (OPEN by default), `direction`, `at`, `order`, `filterText`."""
    state = (call.query("state") or "OPEN").upper()
    outgoing = (call.query("direction") or "INCOMING").upper() == "OUTGOING"
    found = PullRequests(call.node.store).of(
        call.repository.id,
        state=None if state == "ALL" else state,
        **{"from_ref" if outgoing else "to_ref": call.query("at")},
    )
    wanted = (call.query("filterText") or "").lower()
    found = [request for request in found if wanted in f"{request.title} {request.description or ''}".lower()]
    if (call.query("order") or "NEWEST").upper() == "OLDEST":
        found.reverse()
    return call.reply(call.page(PULL_REQUESTS).of(found, lambda request: show_pull_request(call, request)))


@routes.post(ALL, permission="REPO_READ")
async def create_pull_request(call: Call) -> web.Response:
    """doc: 201; 409 for one that is open already and for one without commits."""
    call.check_writable()
    body = await call.body()
    title = body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise errors.bad_request("A title is required", "title")
    source, target = _branch(call, body, "fromRef"), _branch(call, body, "toRef")
    reviewers = _reviewers(call, body)
    requests = PullRequests(call.node.store)
    with call.node.store.write():
        _check_is_new(call, requests, source, target)
        request = requests.add(
            call.repository.id,
            {
                "title": title,
                "description": body.get("description"),
                "author_id": call.user.id,
                "reviewers": json.dumps(reviewers),
                "from_ref": source.ref,
                "from_commit": source.tip,
                "to_ref": target.ref,
                "to_commit": target.tip,
            },
        )
    # doc: the commits of a pull request stay reachable under this ref.
    call.git.keep(f"refs/pull-requests/{request.id}/from", source.tip)
    return call.reply(show_pull_request(call, request), 201)


def _branch(call: Call, body: dict[str, Any], end: str) -> Branch:
    given = body.get(end)
    name = given.get("id") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(name, str) or not name:
        raise errors.bad_request(f"{end} needs an id", end)
    of = given.get("repository") or {}
    slug, key = of.get("slug", call.repository.slug), (of.get("project") or {}).get("key", call.repository.project.key)
    if (str(key).lower(), str(slug).lower()) != (call.repository.project.key.lower(), call.repository.slug.lower()):
        raise errors.bad_request("Pull requests between repositories are not simulated", end)
    branch = call.git.branch(name.removeprefix(HEADS))
    if branch is None:
        raise errors.no_such_branch(name, call.repository.slug)
    return branch


def _reviewers(call: Call, body: dict[str, Any]) -> list[int]:
    found = []
    for entry in body.get("reviewers") or []:
        name = entry.get("user", {}).get("name", "") if isinstance(entry, dict) else ""
        user = call.node.directory.user(name)
        if user is None:
            raise ApiError(409, f"{name} is not a user.", "pull.InvalidPullRequestReviewersException")
        found.append(user.id)
    return found


def _check_is_new(call: Call, requests: PullRequests, source: Branch, target: Branch) -> None:
    for open_one in requests.of(call.repository.id, from_ref=source.ref, to_ref=target.ref, state="OPEN"):
        raise ApiError(
            409,
            "Only one pull request may be open for a given source and target branch",
            "pull.DuplicatePullRequestException",
            existingPullRequest=show_pull_request(call, open_one),
        )
    if call.git.ahead_behind(source.tip, target.tip)[0] == 0:
        raise ApiError(
            409,
            f"{target.name} is already up-to-date with branch {source.name} in repository {call.repository.slug}.",
            "pull.EmptyPullRequestException",
        )


@routes.get(ONE, permission="REPO_READ")
async def get_pull_request(call: Call) -> web.Response:
    return call.reply(show_pull_request(call, named(call)))


@routes.put(ONE, permission="REPO_READ")
async def update_pull_request(call: Call) -> web.Response:
    """doc: title, description, reviewers; the version is required."""
    body = await call.body()
    request = named(call)
    if "version" not in body:
        raise errors.bad_request("The version is required", "version")
    check_version(call, request, body["version"])
    check_open(request)
    values: dict[str, Any] = {name: body[name] for name in ("title", "description") if name in body}
    if "reviewers" in body:
        values["reviewers"] = json.dumps(_reviewers(call, body))
    return call.reply(show_pull_request(call, PullRequests(call.node.store).change(request, **values)))


@routes.delete(ONE, permission="REPO_READ", reads_body=True)
async def delete_pull_request(call: Call) -> web.Response:
    """doc: the author or a repository administrator, with the version in the body; 204."""
    request = named(call)
    body = await call.body()
    check_version(call, request, body.get("version"))
    if call.user.id != request.author_id and not call.administers():
        raise errors.not_permitted()
    PullRequests(call.node.store).delete(request)
    return call.no_content()


@routes.post(ONE + "/decline", permission="REPO_READ", reads_body=False)
async def decline(call: Call) -> web.Response:
    return _close(call, "OPEN", "DECLINED")


@routes.post(ONE + "/reopen", permission="REPO_READ", reads_body=False)
async def reopen(call: Call) -> web.Response:
    return _close(call, "DECLINED", "OPEN")


def _close(call: Call, before: str, after: str) -> web.Response:
    request = named(call)
    check_version(call, request, call.query("version"))
    if request.state != before:
        raise ApiError(409, f"This pull request is {request.state.lower()}.", "pull.IllegalPullRequestStateException")
    source, target = tips(call, request)
    changed = PullRequests(call.node.store).change(
        request, state=after, closed=None if after == "OPEN" else now(), from_commit=source, to_commit=target
    )
    return call.reply(show_pull_request(call, changed))


@routes.get(ONE + "/commits", permission="REPO_READ")
async def pull_request_commits(call: Call) -> web.Response:
    source, target = tips(call, named(call))
    found = call.git.between(source, target)
    return call.reply(call.page(COMMITS).of(found, lambda commit: present.commit(call, commit)))


@routes.get(ONE + "/changes", permission="REPO_READ")
async def pull_request_changes(call: Call) -> web.Response:
    source, target = tips(call, named(call))
    new, old = call.git.commit(source), call.git.merge_base(source, target)
    assert new is not None
    page = call.page().of(changes(call.git, new, old), present.change)
    return call.reply({"fromHash": source, "toHash": target, **page})
