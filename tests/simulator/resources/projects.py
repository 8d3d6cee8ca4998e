# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects and repositories."""

from __future__ import annotations

from aiohttp import web

from simulator.call import Call
from simulator.resources import present
from simulator.routing import API, PROJECT, REPOSITORY, Routes

routes = Routes()


@routes.get(API + "/projects", permission=None)
async def list_projects(call: Call) -> web.Response:
    """doc: only those the caller may see; `name` filters. Personal projects are not listed (assumed)."""
    wanted = (call.query("name") or "").lower()
    found = (
        project
        for project in call.node.directory.projects()
        if project.owner_id is None
        and wanted in project.name.lower()
        and call.node.directory.project_visible(call.identity.user, project)
    )
    return call.reply(call.page().of(found, lambda project: present.project(call, project)))


@routes.get(API + PROJECT, permission="PROJECT_VIEW")
async def get_project(call: Call) -> web.Response:
    return call.reply(present.project(call, call.project))


@routes.get(API + PROJECT + "/repos", permission="PROJECT_VIEW")
async def list_repositories(call: Call) -> web.Response:
    found = (repository for repository in call.node.directory.repositories(call.project) if call.can_read(repository))
    return call.reply(call.page().of(found, lambda repository: present.repository(call, repository)))


@routes.get(API + "/repos", permission=None)
async def search_repositories(call: Call) -> web.Response:
    """doc: across projects, by `name`, `projectkey` and `projectname`."""
    name, key, project_name = ((call.query(which) or "").lower() for which in ("name", "projectkey", "projectname"))
    found = (
        repository
        for repository in call.node.directory.repositories()
        if name in repository.name.lower()
        and (not key or key == repository.project.key.lower())
        and project_name in repository.project.name.lower()
        and call.can_read(repository)
    )
    return call.reply(call.page().of(found, lambda repository: present.repository(call, repository)))


@routes.get(API + REPOSITORY, permission="REPO_READ")
async def get_repository(call: Call) -> web.Response:
    return call.reply(present.repository(call, call.repository))
