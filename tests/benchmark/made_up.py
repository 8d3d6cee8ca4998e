# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An estate that is made up: a server that lists repositories and branches as Bitbucket does, and has none.

Project ESTATE30 has 30 repositories, each with main and ten branches. Real repositories for the largest estate would
take longer to make than all else takes. Whoever asks may read; nothing can be written. Prints its address.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from typing import Any

from aiohttp import web

BRANCHES = ["main", *(f"feature/{number}" for number in range(10))]


def repository(key: str, number: int) -> dict[str, Any]:
    project = {"key": key, "id": 1, "name": key, "public": False, "type": "NORMAL"}
    return {
        "slug": f"repo-{number}",
        "id": number,
        "name": f"repo-{number}",
        "hierarchyId": "6cbbb3ee",
        "scmId": "git",
        "state": "AVAILABLE",
        "statusMessage": "Available",
        "forkable": True,
        "project": project,
        "public": False,
        "archived": False,
        "links": {"self": [{"href": f"https://bitbucket.example.com/projects/{key}/repos/repo-{number}/browse"}]},
    }


def branch(place: str, name: str) -> dict[str, Any]:
    # commits that differ, so that no text is kept once for all of them
    commit = hashlib.sha1(f"{place}/{name}".encode(), usedforsecurity=False).hexdigest()
    return {
        "id": f"refs/heads/{name}",
        "displayId": name,
        "type": "BRANCH",
        "latestCommit": commit,
        "latestChangeset": commit,
        "isDefault": name == "main",
    }


def page(request: web.Request, count: int, make: Callable[[int], dict[str, Any]]) -> web.Response:
    """A page of so many values, each made from its number."""
    start, limit = int(request.query.get("start", 0)), min(1000, int(request.query.get("limit", 25)))
    last = start + limit >= count
    values = [make(number) for number in range(start, min(count, start + limit))]
    document = {
        "size": len(values),
        "limit": limit,
        "isLastPage": last,
        "values": values,
        "start": start,
        "nextPageStart": None if last else start + limit,
    }
    return web.Response(text=json.dumps(document), content_type="application/json", charset="UTF-8")


async def repositories(request: web.Request) -> web.Response:
    key = request.match_info["key"]
    return page(request, int(key.removeprefix("ESTATE")), lambda number: repository(key, number + 1))


async def one_repository(request: web.Request) -> web.Response:
    number = int(request.match_info["slug"].removeprefix("repo-"))
    return web.json_response(repository(request.match_info["key"], number))


async def branches(request: web.Request) -> web.Response:
    place = f"{request.match_info['key']}/{request.match_info['slug']}"
    return page(request, len(BRANCHES), lambda number: branch(place, BRANCHES[number]))


def main() -> None:
    app = web.Application()
    project = "/rest/api/latest/projects/{key}/repos"
    app.router.add_get(project, repositories)
    app.router.add_get(project + "/{slug}", one_repository)
    app.router.add_get(project + "/{slug}/branches", branches)
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    web.run_app(app, sock=listener, access_log=None, print=None)


if __name__ == "__main__":
    main()
