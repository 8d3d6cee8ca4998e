# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address: nodes, releases and the log of requests, apart from the API."""

from __future__ import annotations

import asyncio
import collections
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator import moving
from simulator.control_server import HELP, ServerControl, document
from simulator.entry import Entry
from simulator.layout import SharedHome
from simulator.membership import Membership
from simulator.release import archive_name, build_installer, build_release, installer_name
from simulator.store import Store
from simulator.version import Version

DRAIN_SECONDS = 30.0


class Control:
    """Its answers are for test code and playbooks: JSON with plain names."""

    def __init__(self, entry: Entry, store: Store, shared: SharedHome, releases: Path, version: Version) -> None:
        self._entry = entry
        self._store = store
        self._shared = shared
        self._releases = releases
        self._version = version

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/nodes", self._nodes)
        app.router.add_put("/nodes/{name}", self._change_node)
        app.router.add_get("/entry", self._shown_entry)
        app.router.add_put("/entry", self._change_entry)
        app.router.add_put("/upgrade-tasks", self._upgrade_tasks)
        app.router.add_get("/requests", self._requests)
        app.router.add_delete("/requests", self._forget_requests)
        app.router.add_get("/releases", self._list_releases)
        app.router.add_get("/releases/", self._list_releases)
        app.router.add_get(r"/releases/atlassian-bitbucket-{version:\d+\.\d+\.\d+}{kind:\.tar\.gz|-x64\.bin}{sum:(\.sha256)?}",
                           self._release)  # fmt: skip
        ServerControl(self._store, [backend.name for backend in self._entry.backends]).add_to(app.router)
        return app

    async def _index(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "GET /nodes": "the nodes as the entry address sees them; id, address and port as a member of the"
                " cluster (else null); listed: the ids of all its rows in /rest/zdu/cluster",
                **moving.HELP,
                "PUT /nodes/{name}": 'body {"drained": true or false, "timeout": seconds}',
                "GET and PUT /entry": 'body {"listening": false} takes the entry address away, true brings it back',
                "PUT /upgrade-tasks": 'body {"seconds": how long they run after approve, "fail": true or false}; after'
                " UPGRADE_TASKS_FAILED it makes the cluster READY_TO_RUN_UPGRADE_TASKS again",
                "GET /requests": "requests served by the nodes, newest last, and counts; ?limit=, ?method=, ?route=,"
                " ?node=; those that change something with dry_run and their body, without secrets",
                "DELETE /requests": "forget them",
                "GET /releases/": "release archives with their SHA-256; the installers -x64.bin are beside them",
                **HELP,
            }
        )

    async def _nodes(self, request: web.Request) -> web.Response:
        cluster = Membership(self._store).cluster()
        shown = []
        for backend in self._entry.backends:
            rows = [member for member in cluster.members if member.label == backend.name]
            member = next((row for row in rows if row.live), None)
            facts = {name: getattr(member, name, None) for name in ("id", "address", "port")}
            shown.append({**backend.shown(), **facts, "listed": [row.id for row in rows]})
        return web.json_response({"nodes": shown})

    async def _change_node(self, request: web.Request) -> web.Response:
        """Drain waits for the requests in flight; 409 when they do not end in time, the node stays drained then."""
        name = request.match_info["name"]
        backend = self._entry.backend(name)
        if backend is None:
            return web.json_response({"error": f"there is no node named '{name}'"}, status=404)
        try:
            body: dict[str, Any] = await request.json()
            drained = body["drained"]
            patience = float(body.get("timeout", DRAIN_SECONDS))
        except (ValueError, KeyError, TypeError):
            drained = None
        if not isinstance(drained, bool):
            return web.json_response({"error": 'the body must be {"drained": true} or {"drained": false}'}, status=400)
        backend.drained = drained
        if drained:
            deadline = asyncio.get_running_loop().time() + patience
            while backend.in_flight:
                if asyncio.get_running_loop().time() >= deadline:
                    return web.json_response(
                        {"error": f"{backend.in_flight} requests are still in flight", **backend.shown()}, status=409
                    )
                await asyncio.sleep(0.02)
        return web.json_response(backend.shown())

    async def _shown_entry(self, request: web.Request) -> web.Response:
        return web.json_response({"listening": self._entry.listening})

    async def _change_entry(self, request: web.Request) -> web.Response:
        """Requests that are under way get their answers."""
        wanted = await document(request, "entry")
        await self._entry.listen(wanted["listening"])
        return await self._shown_entry(request)

    async def _upgrade_tasks(self, request: web.Request) -> web.Response:
        """What the next approve does: RUNNING_UPGRADE_TASKS for a while, then STABLE or UPGRADE_TASKS_FAILED.

        Tasks that have failed before may be run again then.
        """
        try:
            body = await request.json()
            plan = {"seconds": float(body.get("seconds", 0)), "fail": bool(body.get("fail", False))}
        except (ValueError, AttributeError, TypeError):
            return web.json_response({"error": 'the body must be like {"seconds": 5, "fail": false}'}, status=400)
        self._store.set_setting("upgrade_tasks", plan)
        Membership(self._store).retry_tasks()
        return web.json_response(plan)

    async def _requests(self, request: web.Request) -> web.Response:
        """`counts` is over all, `requests` are the newest ones."""
        try:
            limit = int(request.query.get("limit", "1000"))
        except ValueError:
            return web.json_response({"error": "limit must be a number"}, status=400)
        entries = []
        if self._shared.request_log.exists():
            for line in self._shared.request_log.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                # The health checks of the entry address would drown everything else.
                if entry["route"] == "/status":
                    continue
                if all(request.query.get(name, entry[name]) == entry[name] for name in ("method", "route", "node")):
                    entries.append(entry)
        counts = collections.Counter(f"{entry['method']} {entry['route'] or entry['path']}" for entry in entries)
        newest = entries[max(0, len(entries) - limit) :]
        return web.json_response({"total": len(entries), "counts": dict(sorted(counts.items())), "requests": newest})

    async def _forget_requests(self, request: web.Request) -> web.Response:
        # The nodes append, so they go on at the new end.
        self._shared.request_log.write_bytes(b"")
        return web.Response(status=204)

    async def _list_releases(self, request: web.Request) -> web.Response:
        """The running version and the next bug-fix releases; any other x.y.z is built when it is asked for."""
        shown = []
        for step in range(4):
            version = Version(self._version.major, self._version.minor, self._version.patch + step)
            _path, digest = await self._built(archive_name(version), version)
            shown.append({"version": str(version), "file": archive_name(version), "sha256": digest})
        return web.json_response({"releases": shown})

    async def _built(self, name: str, version: Version) -> tuple[Path, str]:
        path = self._releases / name
        checksum = path.with_name(path.name + ".sha256")
        if checksum.exists():
            return path, checksum.read_text(encoding="ascii").split()[0]
        build = build_installer if name == installer_name(version) else build_release
        return await asyncio.to_thread(build, version, self._releases)

    async def _release(self, request: web.Request) -> web.StreamResponse:
        try:
            version = Version.parse(request.match_info["version"])
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=404)
        name = installer_name(version) if request.match_info["kind"] == "-x64.bin" else archive_name(version)
        path, _digest = await self._built(name, version)
        return web.FileResponse(path.with_name(path.name + request.match_info["sum"]))
