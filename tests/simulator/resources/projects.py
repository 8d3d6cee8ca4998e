# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: projects."""

from __future__ import annotations

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.resources import present
from simulator.routing import API, PROJECT, Routes

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


@routes.post(API + "/projects", permission="PROJECT_CREATE")
async def create_project(call: Call) -> web.Response:
    project = call.node.registry.create_project(await call.body(), call.user)
    return call.reply(present.project(call, project), 201)


@routes.put(API + PROJECT, permission="PROJECT_ADMIN")
async def update_project(call: Call) -> web.Response:
    if call.project.owner_id is not None:
        raise errors.bad_request("A personal project cannot be changed.")  # assumed
    return call.reply(present.project(call, call.node.registry.update_project(call.project, await call.body())))


@routes.delete(API + PROJECT, permission="PROJECT_ADMIN")
async def delete_project(call: Call) -> web.Response:
    call.node.registry.delete_project(call.project)
    return call.no_content()
