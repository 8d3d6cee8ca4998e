# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: listed and made in /rest/api, made and deleted in /rest/git."""

from __future__ import annotations

from typing import Any

import pygit2
from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.errors import ApiError
from simulator.gitrepo import TAGS, RefExistsError, RefOverlapsError, is_valid_branch_name
from simulator.resources.guarding import check_refs
from simulator.restrictions import RefChange
from simulator.routing import API, REPOSITORY, Routes

routes = Routes()
GIT = r"/rest/git/{apiVersion:latest|1\.0}"


def _time(call: Call, commit_id: str) -> int:
    found = call.git.commit(commit_id)
    return 0 if found is None else int(found.commit_time)


@routes.get(API + REPOSITORY + "/tags", permission="REPO_READ")
async def list_tags(call: Call) -> web.Response:
    wanted = (call.query("filterText") or "").lower()
    found = [tag for tag in call.git.tags() if wanted in tag[0].lower()]
    if (call.query("orderBy") or "ALPHABETICAL") == "MODIFICATION":
        found.sort(key=lambda tag: -_time(call, tag[2]))
    return call.reply(call.page().of(found, lambda tag: _tag(call, *tag)))


@routes.get(API + REPOSITORY + "/tags/{name:.+}", permission="REPO_READ")
async def get_tag(call: Call) -> web.Response:
    name = call.request.match_info["name"]
    for tag in call.git.tags():
        if tag[0] == name:
            return call.reply(_tag(call, *tag))
    raise _no_such_tag(call, name)


@routes.post(API + REPOSITORY + "/tags", permission="REPO_WRITE")
async def create_tag(call: Call) -> web.Response:
    """doc: `name`, `startPoint`, and a `message` for an annotated tag; 200."""
    return call.reply(await _create(call))


@routes.post(GIT + REPOSITORY + "/tags", permission="REPO_WRITE")
async def git_create_tag(call: Call) -> web.Response:
    """doc: the same, with `type` ANNOTATED or LIGHTWEIGHT and `force`; 201 (assumed)."""
    return call.reply(await _create(call), 201)


async def _create(call: Call) -> dict[str, Any]:
    call.check_writable()
    body = await call.body()
    given, start_point, message = body.get("name"), body.get("startPoint"), body.get("message") or ""
    if not isinstance(given, str) or not given:
        raise errors.bad_request("The tag name is required", "name")
    if not isinstance(start_point, str) or not start_point:
        raise errors.bad_request("The start point is required", "startPoint")
    name = given.removeprefix(TAGS)
    if not is_valid_branch_name(name):
        raise ApiError(400, f"'{name}' is not a valid tag name.", "repository.InvalidRefNameException")
    commit = call.git.resolve(start_point)
    if commit is None:
        raise errors.no_such_commit(start_point, call.repository.slug)
    check_refs(call, RefChange(TAGS + name, "create"))
    annotated = body.get("type", "ANNOTATED" if message else "LIGHTWEIGHT") == "ANNOTATED"
    tagger = pygit2.Signature(call.user.display_name, call.user.email)
    try:
        call.git.create_tag(name, commit, tagger, message if annotated else None, body.get("force") is True)
    except RefExistsError:
        raise ApiError(
            400,  # doc; the exception's name is assumed, it is that of branches
            f"Tag '{name}' already exists in repository '{call.repository.slug}'.",
            "repository.DuplicateRefException",
        ) from None
    except RefOverlapsError as other:
        # assumed: as with branches.
        raise ApiError(
            409,
            f"Tag '{name}' cannot be created in repository '{call.repository.slug}': it conflicts with '{other}'.",
            "repository.RefNameConflictException",
        ) from None
    return next(_tag(call, *tag) for tag in call.git.tags() if tag[0] == name)


@routes.delete(GIT + REPOSITORY + "/tags/{name:.+}", permission="REPO_WRITE")
async def delete_tag(call: Call) -> web.Response:
    """doc: 204; 404 for a tag that is not there."""
    call.check_writable()
    name = call.request.match_info["name"]
    if name not in {tag[0] for tag in call.git.tags()}:
        raise _no_such_tag(call, name)
    check_refs(call, RefChange(TAGS + name, "delete"))
    call.git.delete_tag(name)
    return call.no_content()


def _no_such_tag(call: Call, name: str) -> ApiError:
    # doc; seen: no exception is named. That there is an `errors` all the same, and its words, are assumed.
    return ApiError(404, f"Tag '{name}' does not exist in repository '{call.repository.slug}'.")


def _tag(call: Call, name: str, target: str, commit: str) -> dict[str, Any]:
    annotated = isinstance(call.git.repo.get(target), pygit2.Tag)
    return {
        "id": TAGS + name,
        "displayId": name,
        "type": "TAG",
        "latestCommit": commit,
        "latestChangeset": commit,
        "hash": target if annotated else None,
    }
