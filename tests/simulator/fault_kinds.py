# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds of faults do to one request; faults.py describes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from simulator.auth import IDENTITY, recognised
from simulator.errors import ApiError
from simulator.pages import html_page
from simulator.runtime import RUNTIME
from simulator.wire import cut, reset

logger = logging.getLogger("simulator.node")

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Set when a fault needs the whole answer before the first byte of it leaves.
WHOLE = web.RequestKey("whole", bool)
# What befell this request, for the log of requests.
FAULT = web.RequestKey("fault", str)
# The caller is anonymous, whatever the credentials.
UNKNOWN = web.RequestKey("unknown", bool)
# A header that something before the node takes away from its answer.
STRIPPED = web.RequestKey("stripped", str)
# An answer that never left has been logged: not once more.
LOGGED = web.RequestKey("logged", bool)

LogUnsent = Callable[[web.Request, "int | None"], None]

# The rest of a broken answer may overtake the news of the end, in the proxy before us: the end waits a little.
_SETTLE_SECONDS = 0.2
_AFTER = ("reset_after", "truncate", "wrong_shape", "slow_drip")
_REASONS = {429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


async def act(request: web.Request, handler: Next, fault: dict[str, Any], log: LogUnsent) -> web.StreamResponse:
    """Do to the request what the fault says; `log` notes an answer that is never sent."""
    kind = fault["kind"]
    request[FAULT] = kind
    if fault.get("when", "after" if kind in _AFTER else "before") == "before":
        return await _before(request, handler, fault, log)
    request[WHOLE] = True
    response = await handler(request)
    if kind == "reset_after":
        log(request, response.status)
        return _gone(request)
    if kind == "truncate":
        return await _truncated(request, response, fault.get("bytes"))
    if kind == "slow_drip":
        return await _dripping(request, response, fault.get("bytes", 1), fault.get("pause", 0.1))
    if kind == "delay":
        await asyncio.sleep(fault["seconds"])
        return response
    return _instead(request, fault)


async def _before(request: web.Request, handler: Next, fault: dict[str, Any], log: LogUnsent) -> web.StreamResponse:
    if fault["kind"] in ("delay", "anonymous", "strip_header"):
        await asyncio.sleep(fault.get("seconds", 0))
        request[UNKNOWN] = fault["kind"] == "anonymous"
        if fault["kind"] == "strip_header":
            request[STRIPPED] = fault.get("name", "X-AUSERNAME")
        return await handler(request)
    if fault["kind"] == "reset_before":
        log(request, None)
        return _gone(request)
    return _instead(request, fault)


def _gone(request: web.Request) -> web.Response:
    request[LOGGED] = True
    reset(request)
    # Nothing of it is sent any more, the server's frame wants an answer only.
    return web.Response()


def _instead(request: web.Request, fault: dict[str, Any]) -> web.Response:
    """Another answer than the action's."""
    if fault["kind"] == "html":
        return html_page(fault.get("status", 200), "Log in", "Please log in with your company account.")
    if fault["kind"] == "wrong_shape":
        _recognise(request)
        return web.json_response(fault.get("body", {"unexpected": ["shape"]}), status=fault.get("status", 200))
    if fault["kind"] == "redirect":
        location = fault.get("to", "http://elsewhere.invalid").rstrip("/") + request.raw_path
        return web.Response(status=fault.get("status", 302), headers={"Location": location})
    return _status(request, fault)


def _recognise(request: web.Request) -> None:
    """What a node itself answers names the account."""
    if IDENTITY not in request:
        node = request.config_dict[RUNTIME]
        request[IDENTITY] = recognised(node, request, request.path.removeprefix(node.config.context_path))


def _status(request: web.Request, fault: dict[str, Any]) -> web.Response:
    status = fault["status"]
    reason = _REASONS.get(status, "Error")
    # 501 and more come from what stands before the server, which knows nothing of errors[].
    body = fault.get("body", "errors" if status <= 500 else "html")
    if body == "errors":
        _recognise(request)
        error = ApiError(status, f"A fault on demand: {reason}")
        response = web.json_response(request.config_dict[RUNTIME].dialect.error_body(error), status=status)
    elif body == "html":
        response = html_page(status, f"{status} {reason}", "A fault on demand.")
    else:
        response = web.Response(status=status)
    if "retry_after" in fault:
        response.headers["Retry-After"] = str(fault["retry_after"])
    return response


def _content(response: web.StreamResponse) -> bytes:
    return bytes(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""


def _announced(response: web.StreamResponse, length: int) -> web.StreamResponse:
    """A head like the answer's, for a body of `length` bytes; an answer that has no body gets one (and 200)."""
    copy = web.StreamResponse(status=200 if response.status == 204 else response.status)
    for name, value in response.headers.items():
        if name.lower() not in ("content-length", "transfer-encoding"):
            copy.headers.add(name, value)
    copy.content_length = length
    return copy


async def _truncated(request: web.Request, response: web.StreamResponse, keep: int | None) -> web.StreamResponse:
    content = _content(response) or b'{"errors": []}'
    kept = min(len(content) // 2 if keep is None else keep, len(content) - 1)
    broken = _announced(response, len(content))
    await broken.prepare(request)
    await broken.write(content[: max(kept, 1)])
    await asyncio.sleep(_SETTLE_SECONDS)
    cut(request)
    return broken


async def _dripping(request: web.Request, response: web.StreamResponse, size: int, pause: float) -> web.StreamResponse:
    content = _content(response)
    if not content:
        return response
    slow = _announced(response, len(content))
    await slow.prepare(request)
    try:
        for start in range(0, len(content), size):
            if start:
                await asyncio.sleep(pause)
            await slow.write(content[start : start + size])
    except ConnectionError:
        logger.info("%s %s: the client did not wait for the drip", request.method, request.path)
    return slow
