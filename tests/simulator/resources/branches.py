# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: branches and the default branch, as git has them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.gitrepo import HEADS, Branch, is_valid_branch_name
from simulator.pull_requests import PullRequests
from simulator.resources import present
from simulator.resources.branch_utils import make_branch
from simulator.resources.builds import build_counts
from simulator.resources.pull_request_shown import show_pull_request
from simulator.routing import API, REPOSITORY, Routes

routes = Routes()

_METADATA = "com.atlassian.bitbucket.server."
AHEAD_BEHIND = _METADATA + "bitbucket-branch:ahead-behind-metadata-provider"
LATEST_COMMIT = _METADATA + "bitbucket-branch:latest-commit-metadata"
PULL_REQUEST = _METADATA + "bitbucket-ref-metadata:outgoing-pull-request-metadata"
BUILD_STATUS = _METADATA + "bitbucket-build:build-status-metadata"


def _commit_time(call: Call, tip: str) -> int:
    found = call.git.commit(tip)
    return 0 if found is None else int(found.commit_time)


@routes.get(API + REPOSITORY + "/branches", permission="REPO_READ")
async def list_branches(call: Call) -> web.Response:
    """doc: `filterText` is a substring (assumed: of the name, whatever the case)."""
    default = call.git.default_branch_name()
    wanted = (call.query("filterText") or "").lower()
    found = [branch for branch in call.git.branches() if wanted in branch.name.lower()]
    details = call.flag("details")
    base = _base(call) if details else None
    order = call.query("orderBy") or "MODIFICATION"  # assumed: the default order
    if order == "ALPHABETICAL":
        found.sort(key=lambda branch: branch.name)
    elif order == "MODIFICATION":
        times = {tip: _commit_time(call, tip) for tip in {branch.tip for branch in found}}
        found.sort(key=lambda branch: (-times[branch.tip], branch.name))
    else:
        raise errors.bad_request(f"'{order}' is not a valid value for orderBy", "orderBy")
    if call.flag("boostMatches") and wanted:
        # doc: exact and prefix matches first.
        found.sort(key=lambda branch: (branch.name.lower() != wanted, not branch.name.lower().startswith(wanted)))

    def show(branch: Branch) -> dict[str, Any]:
        shown = present.branch(branch, default)
        if details:
            shown["metadata"] = _metadata(call, branch, base)
        return shown

    return call.reply(call.page().of(found, show))


def _base(call: Call) -> tuple[str, str]:
    """(full ref or the text given, commit) that branches are compared with: `base`, else the default branch.

    seen 10.4: 404 where the default branch does not exist. assumed: in an empty repository too, and not with a `base`.
    """
    text = call.query("base")
    if text is None:
        branch = call.git.default_branch()
        if branch is None:
            # seen 10.4, in these words
            raise errors.ApiError(404, "No default branch is defined", "repository.NoDefaultBranchException")
        return branch.ref, branch.tip
    # confirmed: 404 for an unknown base; the exception is assumed.
    commit = call.git.resolve(text)
    if commit is None:
        raise errors.no_such_commit(text, call.repository.slug)
    return (text if text.startswith("refs/") else HEADS + text), str(commit.id)


def _metadata(call: Call, branch: Branch, base: tuple[str, str]) -> dict[str, Any]:
    """seen 9.2 to 10.4: keyed by provider; ahead and behind are absent on the base itself."""
    metadata: dict[str, Any] = {}
    if base[0] != branch.ref:
        ahead, behind = call.git.ahead_behind(branch.tip, base[1])
        metadata[AHEAD_BEHIND] = {"ahead": ahead, "behind": behind}
    commit = call.git.commit(branch.tip)
    if commit is not None:
        metadata[LATEST_COMMIT] = present.commit(call, commit)
    # seen 9.2 to 10.4: a branch without pull requests or builds has no such entry.
    pull_requests = _outgoing(call, branch)
    if pull_requests:
        metadata[PULL_REQUEST] = pull_requests
    builds = build_counts(call, branch.tip)
    if builds:
        metadata[BUILD_STATUS] = builds
    return metadata


def _outgoing(call: Call, branch: Branch) -> dict[str, Any]:
    """seen 9.2, 10.4: one pull request as such, whatever its state, several as counts."""
    found = PullRequests(call.node.store).of(call.repository.id, from_ref=branch.ref)
    if len(found) == 1:
        return {"pullRequest": show_pull_request(call, found[0])}
    counts = Counter(request.state for request in found)
    return {name: counts[state] for name, state in (("open", "OPEN"), ("merged", "MERGED"), ("declined", "DECLINED"))
            if found}  # fmt: skip


@routes.get(API + REPOSITORY + "/branches/default", permission="REPO_READ")
async def branches_default(call: Call) -> web.StreamResponse:
    """doc, seen: the one that is set; 204 for an empty repository, 404 where the branch that is set does not exist."""
    if call.git.is_empty():
        return call.no_content()
    branch = call.git.default_branch()
    if branch is None:
        raise errors.no_default_branch(call.git.default_branch_name())
    return call.reply(present.branch(branch, branch.name))


@routes.get(API + REPOSITORY + "/default-branch", permission="REPO_READ")
async def default_branch(call: Call) -> web.Response:
    """doc: the one that is set, whether it exists or not, and no more of it than its name."""
    name = call.git.default_branch_name()
    return call.reply({"id": HEADS + name, "displayId": name, "type": "BRANCH"})


@routes.put(API + REPOSITORY + "/default-branch", permission="REPO_ADMIN")
async def set_default_branch(call: Call) -> web.Response:
    return await _set_default(call)


@routes.put(API + REPOSITORY + "/branches/default", permission="REPO_ADMIN")
async def set_branches_default(call: Call) -> web.Response:
    return await _set_default(call)


async def _set_default(call: Call) -> web.Response:
    """seen 7.x, 10.4: 204 even for a branch that does not exist."""
    call.check_writable()
    name = (await call.body()).get("id")
    if not isinstance(name, str) or not name:
        raise errors.bad_request("A branch id is required", "id")
    if not is_valid_branch_name(name.removeprefix(HEADS)):
        raise errors.bad_request(f"'{name}' is not a valid branch name", "id")
    call.git.set_default_branch(name.removeprefix(HEADS))
    return call.no_content()


@routes.post(API + REPOSITORY + "/branches", permission="REPO_WRITE")
async def create_branch(call: Call) -> web.Response:
    """doc: the same as that of branch-utils; 200 here."""
    return call.reply(await make_branch(call))
