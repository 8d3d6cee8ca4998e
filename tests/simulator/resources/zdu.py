# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/zdu: the rolling upgrade. No version segment in its paths."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.call import Call
from simulator.errors import ApiError
from simulator.membership import Cluster, Member
from simulator.routing import Routes
from simulator.version import Version

routes = Routes(denied_status=403)


@routes.get("/rest/zdu/state", permission="SYS_ADMIN")
async def state(call: Call) -> web.Response:
    cluster = call.node.membership.cluster()
    local = next((member for member in cluster.members if member.id == call.node.node_id), None)
    return call.reply({"state": cluster.state, "buildInfo": None if local is None else _node(call, local)})


@routes.get("/rest/zdu/cluster", permission="SYS_ADMIN")
async def cluster(call: Call) -> web.Response:
    return call.reply(_cluster(call, call.node.membership.cluster()))


@routes.get("/rest/zdu/nodes/{nodeId}", permission="SYS_ADMIN")
async def node(call: Call) -> web.Response:
    wanted = call.request.match_info["nodeId"]
    for member in call.node.membership.cluster().members:
        if member.id == wanted:
            return call.reply(_node(call, member))
    raise ApiError(404, f"No node with id {wanted} exists in the cluster.")


@routes.post("/rest/zdu/start", permission="SYS_ADMIN", reads_body=False)
async def start(call: Call) -> web.Response:
    return call.reply(_cluster(call, call.node.membership.start()))


@routes.post("/rest/zdu/cancel", permission="SYS_ADMIN", reads_body=False)
async def cancel(call: Call) -> web.Response:
    return call.reply(_cluster(call, call.node.membership.cancel()))


@routes.post("/rest/zdu/approve", permission="SYS_ADMIN", reads_body=False)
async def approve(call: Call) -> web.Response:
    return call.reply(_cluster(call, call.node.membership.approve()))


def _cluster(call: Call, cluster: Cluster) -> dict[str, Any]:
    return {
        "upgradeModeEnabled": cluster.upgrade_mode,
        "state": cluster.state,
        "originalVersion": cluster.original_version,
        "nodes": [_node(call, member) for member in cluster.members],
        "links": [],
    }


def _node(call: Call, member: Member) -> dict[str, Any]:
    """seen 7.9: an OFFLINE node keeps id, name and address, one that starts only id and name; the rest is null.

    assumed: portNumber goes with ipAddress, and is the port of HTTP.
    """
    local = member.id == call.node.node_id
    tasks, users = member.tasks, member.users
    if local:
        # The heartbeat's counts are older than what the node knows about itself.
        override = call.node.live.override
        tasks = call.node.git_tasks if override.tasks_total is None else override.tasks_total
        users = call.node.active_users() if override.active_user_count is None else override.active_user_count
    return {
        "id": member.id,
        "name": member.name,
        "ipAddress": member.address if member.located else None,
        "state": member.listed_state,
        "tasksTotal": tasks if member.told else None,
        "activeUserCount": users if member.told else None,
        "buildNumber": Version.parse(member.version).build_number if member.told else None,
        "version": member.version if member.told else None,
        "local": local,
        "portNumber": member.port if member.located else None,
        "links": [],
    }
