# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: the profile of the caller."""

from __future__ import annotations

from aiohttp import web

from simulator.call import Call
from simulator.resources import present
from simulator.routing import API, Routes

routes = Routes()


@routes.get(API + "/profile/recent/repos", permission="LICENSED_USER")
async def recent_repositories(call: Call) -> web.Response:
    """doc: for authenticated users only, else 401; seen: where public access is on, too.

    assumed: for the tokens of projects and repositories as well; simulated: all that the caller may read.
    """
    found = (repository for repository in call.node.directory.repositories() if call.can_read(repository))
    return call.reply(call.page().of(found, lambda repository: present.repository(call, repository)))
