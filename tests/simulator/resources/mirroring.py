# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/mirroring: the mirrors' own switch for a rolling upgrade, apart from the cluster's."""

from __future__ import annotations

from aiohttp import web

from simulator.call import Call
from simulator.routing import Routes

routes = Routes()

ZDU = r"/rest/mirroring/{apiVersion:latest|1\.0}/zdu"


def _switch(call: Call, enabled: bool) -> web.Response:
    """doc: {rollingUpgradeEnabled, version}. assumed: switching twice changes nothing and is no error."""
    call.node.store.set_setting("mirror_upgrade", enabled)
    return call.reply({"rollingUpgradeEnabled": enabled, "version": str(call.node.version)})


@routes.post(ZDU + "/start", permission="SYS_ADMIN", reads_body=False)
async def start(call: Call) -> web.Response:
    return _switch(call, True)


@routes.post(ZDU + "/end", permission="SYS_ADMIN", reads_body=False)
async def end(call: Call) -> web.Response:
    return _switch(call, False)
