# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a resource declares its calls: method, path, who may, and whether it reads a body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from simulator.call import Call

Handler = Callable[["Call"], Awaitable[web.StreamResponse]]

JSON = "application/json"

# doc: `latest` and `1.0` name the same version.
API = r"/rest/api/{apiVersion:latest|1\.0}"
BRANCH_UTILS = r"/rest/branch-utils/{apiVersion:latest|1\.0}"
PROJECT = "/projects/{projectKey}"
REPOSITORY = PROJECT + "/repos/{repositorySlug}"


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    # REPO_* and PROJECT_* are checked on the resource in the path, the others are global; None: anybody.
    permission: str | None
    # doc: ZDU answers 403 where the others answer 401.
    denied_status: int
    # Whether the call reads a JSON body: another content type than these is refused with 415 then.
    reads_body: bool = False
    media_types: tuple[str, ...] = (JSON,)
    # Served while the node starts.
    always: bool = False


class Routes:
    """The calls of one resource file."""

    def __init__(self, *, denied_status: int = 401) -> None:
        self.items: list[Route] = []
        self._denied_status = denied_status

    def _add(self, method: str, path: str, permission: str | None, **more: Any) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.items.append(Route(method, path, handler, permission, denied_status=self._denied_status, **more))
            return handler

        return register

    def get(self, path: str, *, permission: str | None, always: bool = False) -> Callable[[Handler], Handler]:
        return self._add("GET", path, permission, always=always)

    def post(
        self,
        path: str,
        *,
        permission: str | None,
        reads_body: bool = True,
        media_types: tuple[str, ...] = (JSON,),
    ) -> Callable[[Handler], Handler]:
        return self._add("POST", path, permission, reads_body=reads_body, media_types=media_types)

    def put(self, path: str, *, permission: str | None, reads_body: bool = True) -> Callable[[Handler], Handler]:
        return self._add("PUT", path, permission, reads_body=reads_body)

    def delete(self, path: str, *, permission: str | None, reads_body: bool = False) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path, permission, reads_body=reads_body)
