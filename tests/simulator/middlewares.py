# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens around every request of a node, from the outside in."""

from __future__ import annotations

import json
import logging
import secrets
import subprocess
import time
from urllib.parse import quote, quote_plus, urlsplit

from aiohttp import web

from simulator.auth import ANONYMOUS, IDENTITY, authenticate, claimed_name, is_bearer, takes_tokens
from simulator.errors import ApiError, license_limit
from simulator.fault_kinds import FAULT, LOGGED, STRIPPED, UNKNOWN, Next, act
from simulator.faults import Facts, choose
from simulator.pages import html_page
from simulator.runtime import RUNTIME
from simulator.sent import SENT, remember

logger = logging.getLogger("simulator.node")

STARTED = web.RequestKey("started", float)
_CHANGING = ("POST", "PUT", "DELETE")
# Media types that a browser's form can send: the XSRF check looks at these.
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/octet-stream")


def _path(request: web.Request) -> str:
    """The path below the context path."""
    return request.path.removeprefix(request.config_dict[RUNTIME].config.context_path)


def _route(request: web.Request) -> str | None:
    """The path as it was declared, below the context path; None when nothing is there."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    return resource.canonical.removeprefix(request.config_dict[RUNTIME].config.context_path)


def _log(request: web.Request, status: int | None) -> None:
    """One entry; the status is None when no answer was made."""
    identity = request.get(IDENTITY, ANONYMOUS)
    request.config_dict[RUNTIME].log_request(
        time=time.time(),
        method=request.method,
        path=_path(request),
        query=request.query_string,
        route=_route(request),
        status=status,
        user=identity.user.name if identity.user else None,
        milliseconds=round((time.monotonic() - request.get(STARTED, time.monotonic())) * 1000, 1),
        fault=request.get(FAULT),
        **request.get(SENT, {}),
    )


async def log_response(request: web.Request, response: web.StreamResponse) -> None:
    """Log when the head of the answer leaves, so that a client that has its answer finds the line.

    seen 10.4.1: every answer for an account names it, refusals too, and no other does.
    """
    if request.get(LOGGED):
        return
    identity = request.get(IDENTITY, ANONYMOUS)
    response.headers.setdefault("X-AREQUESTID", secrets.token_hex(6))
    if identity.user is not None:
        # seen 9.4, 10.4: encoded, slashes too; assumed: a space becomes a plus sign.
        response.headers.setdefault("X-AUSERNAME", quote_plus(identity.user.name))
    if STRIPPED in request:
        response.headers.pop(request[STRIPPED], None)
    _log(request, response.status)


@web.middleware
async def starting(request: web.Request, handler: Next) -> web.StreamResponse:
    """seen: an HTML page with 503 while a node starts; later, too, where authenticated REST is late (assumed)."""
    request[STARTED] = time.monotonic()
    node = request.config_dict[RUNTIME]
    path = _path(request)
    if path != "/status":
        if node.state == "ERROR":
            return html_page(503, "Bitbucket could not start", "The server is in an error state.")
        if not node.ready or (path.startswith("/rest/") and "Authorization" in request.headers and not node.rest_ready):
            return html_page(503, "Bitbucket is starting up", "The server is starting and will be available shortly.")
    return await handler(request)


@web.middleware
async def faults_on_demand(request: web.Request, handler: Next) -> web.StreamResponse:
    node = request.config_dict[RUNTIME]
    path = _path(request)
    if request.method in _CHANGING and path.startswith("/rest/"):
        await remember(request)
    rules = node.live.rules
    if not rules:
        return await handler(request)
    facts = Facts(request.method, path, _route(request), node.config.name, claimed_name(node, request))
    rule = choose(node.store, rules, facts)
    if rule is None:
        return await handler(request)
    logger.info("%s %s meets fault %s: %s", request.method, path, rule.id, rule.fault["kind"])
    return await act(request, handler, rule.fault, _log)


@web.middleware
async def errors_to_answers(request: web.Request, handler: Next) -> web.StreamResponse:
    """Refusals to bodies of this version's dialect; whatever is not routed to the body of a missing plugin."""
    try:
        return await handler(request)
    except ApiError as error:
        return _refusal(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            return web.Response(status=error.status, headers={"Location": error.headers["Location"]})
        if _path(request).startswith("/rest/"):
            return _unrouted(request, error)
        return html_page(error.status, error.reason, "The page you requested is not here.")
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        logger.exception("%s %s failed", request.method, request.path)
        return _refusal(request, ApiError(500, f"An error occurred: {error}"))


def _refusal(request: web.Request, error: ApiError) -> web.Response:
    node = request.config_dict[RUNTIME]
    path = _path(request)
    if path.startswith("/scm/"):
        return _git_error(error)
    if error.status == 409 and path.startswith("/rest/zdu/") and node.live.behaviour.zdu_conflict_body == "empty":
        # doc: the body is empty or has errors[].
        return web.Response(status=409)
    return web.json_response(node.dialect.error_body(error), status=error.status, headers=error.headers)


def _git_error(error: ApiError) -> web.Response:
    headers = {"WWW-Authenticate": 'Basic realm="Atlassian Bitbucket"'} if error.status == 401 else {}
    return web.Response(status=error.status, text=str(error) + "\n", headers={**headers, **error.headers})


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
    path = _path(request)
    if path == "/status":
        return await handler(request)
    node = request.config_dict[RUNTIME]
    if request.get(UNKNOWN):
        return await handler(request)
    if is_bearer(request) and not takes_tokens(path):
        # doc, seen 10.2: a token elsewhere leads to the login page.
        location = f"{node.config.context_path}/login?next={quote(path, safe='')}"
        return web.Response(status=302, headers={"Location": location})
    request[IDENTITY] = identity = authenticate(node, request, path)
    if identity.user is not None:
        node.saw_user(identity.user.name)
    return await handler(request)


@web.middleware
async def limits(request: web.Request, handler: Next) -> web.StreamResponse:
    """doc: the rate limit counts requests with Basic or Bearer, of REST and git; anonymous ones are not counted."""
    node = request.config_dict[RUNTIME]
    path = _path(request)
    user = request[IDENTITY].user
    if user is not None and takes_tokens(path):
        node.rate_limiter.take(node.live.behaviour.rate_limit, user.name)
    if (
        request.method in _CHANGING
        and path.startswith("/rest/")
        and not path.startswith("/rest/zdu/")
        and node.live.behaviour.license_limit_exceeded
    ):
        raise license_limit()
    return await handler(request)


@web.middleware
async def forged_requests(request: web.Request, handler: Next) -> web.StreamResponse:
    """doc, seen: a POST without JSON content type and without the token header may come from a foreign page.

    assumed: so may whatever changes something and names a foreign `Origin`, with any content type.
    """
    if (
        request.method in _CHANGING
        and _path(request).startswith("/rest/")
        and request.headers.get("X-Atlassian-Token", "") not in ("no-check", "nocheck")
        and ((request.method == "POST" and request.content_type in _FORM_TYPES) or _foreign_origin(request))
    ):
        return web.Response(status=403, text="XSRF check failed", content_type="text/html")
    return await handler(request)


def _foreign_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


# Faults act outside of everything but the start-up page; limits come right after `identify`: they count by user.
MIDDLEWARES = (starting, faults_on_demand, errors_to_answers, identify, limits, forged_requests)
