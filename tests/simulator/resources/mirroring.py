# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/mirroring, as a mirror farm answers: its nodes, and its own switch for a rolling upgrade.

doc: this part of the resource is the mirror's, and is asked for at the farm's address. The simulated cluster plays both
parts: its nodes are those of the farm, too.
"""

from __future__ import annotations

from aiohttp import web

from simulator.call import Call
from simulator.resources.server import shown_member
from simulator.routing import Routes
from simulator.version import Version

routes = Routes()

MIRRORING = r"/rest/mirroring/{apiVersion:latest|1\.0}"


@routes.get(MIRRORING + "/farmNodes", permission="LICENSED_USER")
async def farm_nodes(call: Call) -> web.Response:
    """doc: a list, each node with its buildVersion. assumed: for everybody who may log in."""
    members = call.node.membership.cluster().members
    return call.reply([shown_member(member, call.node.node_id) for member in members if member.live])


def _switch(call: Call, enabled: bool) -> web.Response:
    """doc: {rollingUpgradeEnabled, version}, the lowest version in the farm; there is nothing to read it back by.

    assumed: switching twice changes nothing and is no error.
    """
    call.node.store.set_setting("mirror_upgrade", enabled)
    versions = [Version.parse(member.version) for member in call.node.membership.cluster().members if member.live]
    return call.reply({"rollingUpgradeEnabled": enabled, "version": str(min(versions))})


@routes.post(MIRRORING + "/zdu/start", permission="SYS_ADMIN", reads_body=False)
async def start(call: Call) -> web.Response:
    return _switch(call, True)


@routes.post(MIRRORING + "/zdu/end", permission="SYS_ADMIN", reads_body=False)
async def end(call: Call) -> web.Response:
    return _switch(call, False)
