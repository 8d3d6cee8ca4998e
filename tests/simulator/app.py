# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web application of one node: every resource's calls below the context path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.call import Call
from simulator.errors import ApiError
from simulator.middlewares import MIDDLEWARES, log_response
from simulator.resources import ALL_ROUTES
from simulator.routing import Route
from simulator.runtime import RUNTIME, NodeRuntime


def build_app(node: NodeRuntime) -> web.Application:
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=16 * 1024 * 1024)
    app[RUNTIME] = node
    app.on_response_prepare.append(log_response)
    app.on_response_prepare.append(_name_json)
    for route in ALL_ROUTES:
        for path in _paths(route.path):
            app.router.add_route(route.method, node.config.context_path + path, _endpoint(route))
            if route.method == "GET":
                app.router.add_route("HEAD", node.config.context_path + path, _endpoint(route))
    return app


async def _name_json(request: web.Request, response: web.StreamResponse) -> None:
    """seen: unmodified clients compare the header of a 401 with this very text."""
    if response.headers.get("Content-Type") == "application/json; charset=utf-8":
        response.headers["Content-Type"] = "application/json;charset=UTF-8"


def _paths(path: str) -> list[str]:
    """doc: /rest/api/.../users/{slug}/repos/... leads to the repositories of the personal project ~{slug}.

    assumed for the other resources; unmodified clients use it there, too.
    """
    if path.startswith("/rest/") and "/projects/{projectKey}/repos" in path:
        return [path, path.replace("/projects/{projectKey}/", "/users/{userSlug}/")]
    return [path]


def _endpoint(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        call = Call(request)
        # doc: POST, PUT and DELETE with a body want the JSON content type.
        if route.reads_body and request.content_type not in route.media_types:
            raise ApiError(415, "Unsupported Media Type")
        if (
            not route.reads_body
            and request.can_read_body
            and request.method == "DELETE"
            and (request.content_type != "application/json")
        ):
            raise ApiError(415, "Unsupported Media Type")
        call.check(route)
        return await route.handler(call)

    return endpoint
