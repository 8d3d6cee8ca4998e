# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry address: a reverse proxy with health checks and drain, as a load balancer in front of a cluster."""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from simulator.pages import html_page
from simulator.wire import cut, reset

logger = logging.getLogger("simulator.entry")

CHECK_SECONDS = 0.25
# RFC 9110, 7.6.1: these belong to one connection. Expect has been answered by our own server.
_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "expect",
}  # fmt: skip


@dataclass
class Backend:
    """One node as the load balancer sees it."""

    name: str
    url: str
    up: bool = False
    drained: bool = False
    in_flight: int = 0

    def shown(self) -> dict[str, object]:
        return {
            "name": self.name,
            "url": self.url,
            "running": self.up,
            "drained": self.drained,
            "in_flight": self.in_flight,
        }


class Entry:
    """Round robin over the nodes that are up and not drained."""

    def __init__(self, backends: list[Backend], context_path: str, locate: Callable[[str], str | None]) -> None:
        """`locate` finds where a node listens, by its name; None: where it was last."""
        self.backends = backends
        #: While it is not, new connections are refused and open ones are reset with their next request.
        self.listening = False
        self._context_path = context_path
        self._locate = locate
        self._turn = 0

    def backend(self, name: str) -> Backend | None:
        return next((backend for backend in self.backends if backend.name == name), None)

    @asynccontextmanager
    async def serving(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        """Listen while the block runs, but for the time that `listen` is told not to."""
        async with running(self._app()) as runner:
            self._make_site = functools.partial(_site, runner, host, port, tls)
            await self.listen(True)
            yield

    async def listen(self, wanted: bool) -> None:
        """Take the address away, or bring it back: for all clients at once, as when a load balancer dies."""
        if wanted and not self.listening:
            self._site = self._make_site()
            await self._site.start()
        elif self.listening and not wanted:
            await self._site.stop()
        self.listening = wanted

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._forward)
        app.cleanup_ctx.append(self._lifetime)
        return app

    async def _lifetime(self, app: web.Application) -> AsyncIterator[None]:
        # A fresh connection for each request: "could not connect" then surely means that nothing was done.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as self._session:
            checks = [asyncio.create_task(self._check(backend)) for backend in self.backends]
            yield
            for check in checks:
                check.cancel()
            await asyncio.gather(*checks, return_exceptions=True)

    async def _check(self, backend: Backend) -> None:
        limit = aiohttp.ClientTimeout(total=5)
        while True:
            backend.url = self._locate(backend.name) or backend.url
            try:
                async with self._session.get(f"{backend.url}{self._context_path}/status", timeout=limit) as answer:
                    up = answer.status == 200 and (await answer.json(content_type=None)).get("state") == "RUNNING"
            except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
                up = False
            if up != backend.up:
                logger.info("%s is %s", backend.name, "up" if up else "down")
            backend.up = up
            await asyncio.sleep(CHECK_SECONDS)

    def _candidates(self) -> list[Backend]:
        self._turn += 1
        usable = [backend for backend in self.backends if backend.up and not backend.drained]
        pivot = self._turn % len(usable) if usable else 0
        return usable[pivot:] + usable[:pivot]

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        if not self.listening:
            reset(request)
            raise web.HTTPBadGateway
        for backend in self._candidates():
            # The choice and this line are not interrupted: a drain sees every request that it must wait for.
            backend.in_flight += 1
            try:
                return await self._through(request, backend)
            except aiohttp.ClientConnectorError:
                backend.up = False
            finally:
                backend.in_flight -= 1
        return html_page(503, "503 Service Unavailable", "No server is available to handle this request.")

    async def _through(self, request: web.Request, backend: Backend) -> web.StreamResponse:
        """ClientConnectorError when nothing was sent; an answer that breaks off breaks off for the client too."""
        headers = request.headers.copy()
        for name in list(headers):
            if name.lower() in _HOP_BY_HOP:
                headers.popall(name, None)
        headers["X-Forwarded-For"] = request.remote or ""
        headers.setdefault("X-Forwarded-Proto", request.scheme)
        response: web.StreamResponse | None = None
        try:
            async with self._session.request(
                request.method,
                URL(backend.url + request.raw_path, encoded=True),
                headers=headers,
                data=request.content if request.can_read_body else None,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as upstream:
                response = web.StreamResponse(status=upstream.status, reason=upstream.reason)
                for name, value in upstream.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        response.headers.add(name, value)
                await response.prepare(request)
                async for chunk in upstream.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.info("%s %s at %s broke off: %s", request.method, request.path, backend.name, error)
            # As it came: no answer is a reset, half an answer is half an answer.
            if response is None or not response.prepared:
                reset(request)
            else:
                cut(request)
            raise web.HTTPBadGateway from error


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Listen while the block runs."""
    async with running(app) as runner:
        await _site(runner, host, port).start()
        yield


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    """The application, ready to be listened for; closed on leaving. Bodies are passed on as they came."""
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


def _site(runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None = None) -> web.TCPSite:
    return web.TCPSite(runner, host, port, reuse_port=True, backlog=512, ssl_context=tls)
