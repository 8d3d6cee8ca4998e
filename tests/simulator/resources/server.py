# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health, version and membership of the answering node."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.call import Call
from simulator.membership import Member
from simulator.pages import html_page
from simulator.routing import API, Routes

routes = Routes()


@routes.get("/status", permission=None, always=True)
async def status(call: Call) -> web.Response:
    """doc: STARTING 503, RUNNING 200; anonymous. assumed: ERROR 500."""
    state = call.node.state
    return call.reply({"state": state}, {"RUNNING": 200, "STARTING": 503}.get(state, 500))


@routes.get(API + "/application-properties", permission=None)
async def application_properties(call: Call) -> web.Response:
    """doc: anonymous. The build date is assumed to be in milliseconds, as text."""
    version = call.node.version
    return call.reply(
        {
            "version": str(version),
            "buildNumber": version.build_number,
            "buildDate": str(1_700_000_000_000 + int(version.build_number)),
            "displayName": "Bitbucket",
        }
    )


@routes.get(API + "/admin/cluster", permission="SYS_ADMIN")
async def admin_cluster(call: Call) -> web.Response:
    members = [member for member in call.node.membership.cluster().members if member.live]
    nodes = [shown_member(member, call.node.node_id) for member in members]
    local = next((node for node in nodes if node["local"]), None)
    return call.reply({"localNode": local, "nodes": nodes, "running": True})


def shown_member(member: Member, local_id: str) -> dict[str, Any]:
    """A node as lists of nodes show it; ``local`` is the one that answers."""
    return {
        "id": member.id,
        "name": member.name,
        "address": {"hostName": member.address, "address": member.address, "port": member.port},
        "local": member.id == local_id,
        "buildVersion": member.version,
    }


@routes.get("/", permission=None)
async def home(call: Call) -> web.Response:
    return html_page(200, "Bitbucket", f"Simulated Bitbucket {call.node.version}, node {call.node.config.name}.")


@routes.get("/login", permission=None)
async def login(call: Call) -> web.Response:
    return html_page(200, "Log in - Bitbucket", "Here people would log in.")
