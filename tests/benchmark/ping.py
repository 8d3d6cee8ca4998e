# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that an aiohttp server can do: the baseline for requests per second. Prints its address."""

from __future__ import annotations

import socket

from aiohttp import web


async def ping(request: web.Request) -> web.Response:
    return web.json_response({"state": "RUNNING"})


def main() -> None:
    app = web.Application()
    app.router.add_get("/ping", ping)
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/ping", flush=True)
    web.run_app(app, sock=listener, access_log=None, print=None)


if __name__ == "__main__":
    main()
