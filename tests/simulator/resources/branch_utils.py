# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/branch-utils: create and delete branches, and which refs contain a commit."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.errors import ApiError
from simulator.gitrepo import HEADS, RefExistsError, RefMovedError, RefOverlapsError, is_valid_branch_name
from simulator.resources import present
from simulator.resources.guarding import check_refs
from simulator.restrictions import RefChange
from simulator.routing import BRANCH_UTILS, REPOSITORY, Routes

routes = Routes()


@routes.post(BRANCH_UTILS + REPOSITORY + "/branches", permission="REPO_WRITE")
async def create_branch(call: Call) -> web.Response:
    return call.reply(await make_branch(call), 201)


async def make_branch(call: Call) -> dict[str, Any]:
    """Read the request, make the branch and show it."""
    body = await call.body()
    given, start_point = body.get("name"), body.get("startPoint")
    call.check_writable()
    slug = call.repository.slug
    if not isinstance(given, str) or not given:
        raise errors.bad_request("The branch name is required", "name")
    if not isinstance(start_point, str) or not start_point:
        raise errors.bad_request("The start point is required", "startPoint")
    name = given.removeprefix(HEADS)  # assumed: a full ref is taken for its name
    if not is_valid_branch_name(name):
        # doc 400; the exception is documented, the words are assumed.
        raise ApiError(400, f"'{name}' is not a valid branch name.", "repository.InvalidRefNameException")
    if call.git.is_empty():
        raise errors.empty_repository(slug)
    # doc says a commit; seen: branches, tags and refs work.
    commit = call.git.resolve(start_point)
    if commit is None:
        raise errors.no_such_commit(start_point, slug)
    check_refs(call, RefChange(HEADS + name, "create"))
    try:
        branch = call.git.create_branch(name, commit)
    except RefExistsError:
        # seen 10.4: 400, not 409.
        raise ApiError(
            400, f"Branch '{name}' already exists in repository '{slug}'.", "repository.DuplicateRefException"
        ) from None
    except RefOverlapsError as other:
        # doc 409; the exception's name is assumed.
        raise ApiError(
            409,
            f"Branch '{name}' cannot be created in repository '{slug}': it conflicts with '{other}'.",
            "repository.RefNameConflictException",
        ) from None
    return present.branch(branch, call.git.default_branch_name())


@routes.delete(BRANCH_UTILS + REPOSITORY + "/branches", permission="REPO_WRITE", reads_body=True)
async def delete_branch(call: Call) -> web.Response:
    """doc: 204, also when the branch does not exist; `dryRun` checks and changes nothing."""
    body = await call.body()
    call.check_writable()
    slug = call.repository.slug
    given, end_point = body.get("name"), body.get("endPoint")
    if not isinstance(given, str) or not given:
        raise errors.bad_request("The branch name is required", "name")
    name = given.removeprefix(HEADS)
    branch = call.git.branch(name)
    if branch is None:
        return call.no_content()
    if name == call.git.default_branch_name():
        raise errors.bad_request(f"Branch '{name}' is the default branch of '{slug}' and cannot be deleted.")
    check_refs(call, RefChange(branch.ref, "delete"))
    moved = errors.bad_request(f"Branch '{name}' is at {branch.tip}, not at the expected end point.")
    if end_point is not None and end_point != branch.tip:
        raise moved
    if body.get("dryRun") is not True:
        try:
            call.git.delete_branch(name, branch.tip)
        except RefMovedError:
            raise moved from None
    return call.no_content()


@routes.get(BRANCH_UTILS + REPOSITORY + "/branches/info/{commitId}", permission="REPO_READ")
async def branch_info(call: Call) -> web.Response:
    commit_id = call.request.match_info["commitId"]
    commit = call.git.commit(commit_id)
    if commit is None:
        raise await _git_refuses(call, commit_id)
    found = sorted(
        (branch for branch in call.git.branches() if call.git.contains(branch.tip, commit)),
        key=lambda branch: branch.name,
    )
    default = call.git.default_branch_name()
    if call.node.dialect.info_has_one_ref:
        # seen 10.4: one ref, the default branch when it contains the commit; else which one: assumed.
        found = ([branch for branch in found if branch.name == default] or found)[:1]
    return call.reply(
        call.page().of(found, lambda branch: {"id": branch.ref, "displayId": branch.name, "type": "BRANCH"})
    )


async def _git_refuses(call: Call, commit_id: str) -> ApiError:
    """doc, seen: 500 with git's own message."""
    process = await asyncio.create_subprocess_exec(
        "git", "-C", str(call.git.path), "branch", "--contains=" + commit_id,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _output, said = await process.communicate()
    return ApiError(
        500,
        f"'git branch --contains {commit_id}' exited with code {process.returncode} saying:"
        f" {said.decode(errors='replace').splitlines()[0] if said else 'nothing'}",
        "scm.CommandFailedException",
    )
