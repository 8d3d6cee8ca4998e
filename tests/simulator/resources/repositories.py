# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: repositories."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.directory import ADMIN, Project
from simulator.gitrepo import is_valid_branch_name
from simulator.resources import present
from simulator.routing import API, PROJECT, REPOSITORY, Routes

routes = Routes()


@routes.get(API + PROJECT + "/repos", permission=None)
async def list_repositories(call: Call) -> web.Response:
    _personal(call)
    if not call.node.directory.project_visible(call.identity.user, call.project):
        raise errors.authentication_required() if call.identity.user is None else errors.not_permitted()
    found = (repository for repository in call.node.directory.repositories(call.project) if call.can_read(repository))
    return call.reply(call.page().of(found, lambda repository: present.repository(call, repository)))


@routes.get(API + "/repos", permission=None)
async def search_repositories(call: Call) -> web.Response:
    """doc: across projects, by `name`, `projectkey`, `projectname`, `visibility` and `archived` (ACTIVE by default)."""
    name, key, project_name = ((call.query(which) or "").lower() for which in ("name", "projectkey", "projectname"))
    archived = {"ACTIVE": (False,), "ARCHIVED": (True,)}.get(call.query("archived") or "ACTIVE", (False, True))
    public = {"public": (True,), "private": (False,)}.get((call.query("visibility") or "").lower(), (False, True))
    found = (
        repository
        for repository in call.node.directory.repositories()
        if name in repository.name.lower()
        and (not key or key == repository.project.key.lower())
        and project_name in repository.project.name.lower()
        and repository.archived in archived
        and (repository.public or repository.project.public) in public
        and call.can_read(repository)
    )
    return call.reply(call.page().of(found, lambda repository: present.repository(call, repository)))


@routes.get(API + REPOSITORY, permission="REPO_READ")
async def get_repository(call: Call) -> web.Response:
    return call.reply(present.repository(call, call.repository))


@routes.post(API + PROJECT + "/repos", permission=None)
async def create_repository(call: Call) -> web.Response:
    """doc: PROJECT_ADMIN. Into one's own personal project, too, which need not exist before."""
    _personal(call)
    body = await call.body()
    if "slug" in body:
        # assumed: the slug follows from the name, whatever is sent.
        body.pop("slug")
    _administered(call, call.project)
    _checked_default_branch(body)
    repository = call.node.registry.create_repository(call.project, body)
    return call.reply(present.repository(call, repository), 201)


@routes.put(API + REPOSITORY, permission="REPO_ADMIN")
async def update_repository(call: Call) -> web.Response:
    """doc: 201. name, description, public, forkable, archived, defaultBranch; `project.key` moves the repository."""
    body = await call.body()
    _checked_default_branch(body)
    target = call.repository.project
    given = body.get("project")
    if isinstance(given, dict) and str(given.get("key", target.key)).lower() != target.key.lower():
        found = call.node.directory.project(str(given["key"]))
        if found is None:
            raise errors.no_such_project(str(given["key"]))
        # doc: moving needs PROJECT_ADMIN at both ends.
        _administered(call, target)
        _administered(call, found)
        target = found
    if call.repository.archived and body.get("archived") is not False:
        raise errors.archived_repository(call.repository.slug)
    repository = call.node.registry.update_repository(call.repository, body, target)
    if "defaultBranch" in body:
        call.git.set_default_branch(str(body["defaultBranch"]).removeprefix("refs/heads/"))
    return call.reply(present.repository(call, repository), 201)


@routes.delete(API + REPOSITORY, permission=None)
async def delete_repository(call: Call) -> web.Response:
    """doc: 202, and 204 when there was nothing to delete."""
    slug = call.request.match_info["repositorySlug"]
    repository = call.node.directory.repository(call.project.key, slug)
    if repository is None:
        _administered(call, call.project)
        return call.no_content()
    if call.node.directory.repository_level(call.identity.user, repository) < ADMIN or not call.identity.caps(ADMIN):
        raise errors.authentication_required() if call.identity.user is None else errors.not_permitted()
    call.node.registry.delete_repository(repository)
    return call.reply({"context": None, "message": "Repository scheduled for deletion.", "exceptionName": None}, 202)


def _personal(call: Call) -> None:
    """assumed: a user's personal project can always be asked for."""
    if call.project_key.startswith("~") and call.node.directory.project(call.project_key) is None:
        owner = call.node.directory.user_by_slug(call.project_key[1:])
        if owner is not None:
            call.node.registry.personal_project(owner)


def _administered(call: Call, project: Project) -> None:
    if call.node.directory.project_level(call.identity.user, project) < ADMIN or not call.identity.caps(ADMIN):
        raise errors.authentication_required() if call.identity.user is None else errors.not_permitted()


def _checked_default_branch(body: dict[str, Any]) -> None:
    name = body.get("defaultBranch")
    if name is not None and not (isinstance(name, str) and is_valid_branch_name(name.removeprefix("refs/heads/"))):
        raise errors.bad_request(f"'{name}' is not a valid branch name.", "defaultBranch")
