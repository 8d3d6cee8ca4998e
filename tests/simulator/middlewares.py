# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens around every request of a node, from the outside in."""

from __future__ import annotations

import json
import logging
import secrets
import subprocess
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.auth import ANONYMOUS, IDENTITY, authenticate
from simulator.errors import ApiError
from simulator.pages import html_page
from simulator.runtime import RUNTIME

logger = logging.getLogger("simulator.node")

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
STARTED = web.RequestKey("started", float)
# Media types that a browser's form can send: the XSRF check looks at these.
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/octet-stream")


def _path(request: web.Request) -> str:
    """The path below the context path."""
    return request.path.removeprefix(request.config_dict[RUNTIME].config.context_path)


async def log_response(request: web.Request, response: web.StreamResponse) -> None:
    """Log when the head of the answer leaves, so that a client that has its answer finds the line."""
    node = request.config_dict[RUNTIME]
    response.headers.setdefault("X-AREQUESTID", secrets.token_hex(6))
    identity = request.get(IDENTITY, ANONYMOUS)
    resource = request.match_info.route.resource
    node.log_request(
        time=time.time(),
        method=request.method,
        path=_path(request),
        query=request.query_string,
        route=resource.canonical.removeprefix(node.config.context_path) if resource is not None else None,
        status=response.status,
        user=identity.user.name if identity.user else None,
        milliseconds=round((time.monotonic() - request.get(STARTED, time.monotonic())) * 1000, 1),
    )


@web.middleware
async def starting(request: web.Request, handler: Next) -> web.StreamResponse:
    """seen: an HTML page with 503 while a node starts."""
    request[STARTED] = time.monotonic()
    if not request.config_dict[RUNTIME].ready and _path(request) != "/status":
        return html_page(503, "Bitbucket is starting up", "The server is starting and will be available shortly.")
    return await handler(request)


@web.middleware
async def errors_to_answers(request: web.Request, handler: Next) -> web.StreamResponse:
    """Refusals to bodies of this version's dialect; whatever is not routed to the body of a missing plugin."""
    node = request.config_dict[RUNTIME]
    try:
        return await handler(request)
    except ApiError as error:
        if _path(request).startswith("/scm/"):
            return _git_error(error)
        return web.json_response(node.dialect.error_body(error), status=error.status, headers=error.headers)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        if _path(request).startswith("/rest/"):
            return _unrouted(request, error)
        return html_page(error.status, error.reason, "The page you requested is not here.")
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        logger.exception("%s %s failed", request.method, request.path)
        return web.json_response(node.dialect.error_body(ApiError(500, f"An error occurred: {error}")), status=500)


def _git_error(error: ApiError) -> web.Response:
    headers = {"WWW-Authenticate": 'Basic realm="Atlassian Bitbucket"'} if error.status == 401 else {}
    return web.Response(status=error.status, text=str(error) + "\n", headers=headers)


def _unrouted(request: web.Request, error: web.HTTPException) -> web.Response:
    """seen 10.x: JSON for a JSON `Accept`, XML without."""
    message = f"HTTP {error.status} {error.reason}"
    if "json" in request.headers.get("Accept", ""):
        return web.Response(
            status=error.status,
            text=json.dumps({"message": message, "status-code": error.status, "sub-code": -1}),
            content_type="application/json",
        )
    return web.Response(
        status=error.status,
        text='<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<status><status-code>{error.status}</status-code><sub-code>-1</sub-code><message>{message}</message></status>",
        content_type="application/xml",
    )


@web.middleware
async def identify(request: web.Request, handler: Next) -> web.StreamResponse:
    request[IDENTITY] = ANONYMOUS
    if _path(request) != "/status":
        node = request.config_dict[RUNTIME]
        request[IDENTITY] = identity = authenticate(node, request)
        if identity.user is not None:
            node.saw_user(identity.user.name)
    return await handler(request)


@web.middleware
async def forged_requests(request: web.Request, handler: Next) -> web.StreamResponse:
    """doc, seen: a POST without JSON content type and without the token header may come from a foreign page."""
    if (
        request.method == "POST"
        and _path(request).startswith("/rest/")
        and request.content_type in _FORM_TYPES
        and request.headers.get("X-Atlassian-Token", "") not in ("no-check", "nocheck")
    ):
        return web.Response(status=403, text="XSRF check failed", content_type="text/html")
    return await handler(request)


# Faults set over the control address act outside of everything but the start-up page; the rate limit
# comes right after `identify`, because it counts by user.
MIDDLEWARES = (starting, errors_to_answers, identify, forged_requests)
