# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address: faults on demand, settings of the servers, overrides of nodes, and locked users."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from aiohttp import web

from simulator import behaviour, faults
from simulator.directory import Directory
from simulator.jira import Jira
from simulator.schemas import control_schema, faults_in
from simulator.store import Store

HELP = {
    "GET /faults": "the rules, each with its counters: seen (requests that it met) and hits (those that it acted on)",
    "POST /faults": 'add a rule, e.g. {"method": "POST", "path": "/branches$", "count": 1, "fault": {"kind": '
    '"reset_after"}}; also route, node, user, skip, probability, seed; kinds: delay (seconds), reset_before,'
    " reset_after, truncate (bytes), wrong_shape (body, status), html (status), status (status, retry_after, body),"
    " redirect (to, status), slow_drip (bytes, pause), anonymous,"
    " strip_header (name); when: before or after the action is done",
    "GET and DELETE /faults/{id}": "one rule",
    "DELETE /faults": "forget all rules",
    "GET, PUT and DELETE /server": "settings of the servers: basic_authentication, captcha_after_failed_logins,"
    " unaccepted_tokens (anonymous or refused),"
    " rest_delay_seconds, zdu_conflict_body (errors or empty), license_limit_exceeded, page_max {resource: cap},"
    " rate_limit {enabled, capacity, refill, exempt}, null_state_seconds (how long a node is listed without state when it"
    " joins, becomes ACTIVE and begins to stop); PUT changes what it names, DELETE brings the defaults back",
    "GET, PUT and DELETE /nodes/{name}/override": "what a node shows in place of the truth: tasks_total,"
    " active_user_count, state (ERROR), silent (listed without state and version), hide_address (listed without"
    " address and port); next_start {outcome: ERROR, REFUSED_GIT, REFUSED_JAVA, STARTING or EXIT, times}; null: the"
    " truth",
    "PUT /mesh-nodes/{name}": 'body {"offline": true or false, "drain_seconds": how long it is DRAINING}, or one of'
    " them",
    "GET /jira/issues": "the issues that were created from comments, each with its application, comment and fields",
    "GET /users": "users with their failed logins and whether they must solve a CAPTCHA",
    "PUT /users/{name}": 'body {"failed_logins": 0} takes the CAPTCHA away; {"password": "other"} ends the present one,'
    ' {"permission": "UNLICENSED"} takes the licence away',
}


class ServerControl:
    """Writes to the shared database, where the nodes look with every request."""

    def __init__(self, store: Store, nodes: Collection[str]) -> None:
        self._store = store
        self._nodes = nodes

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/faults", self._faults)
        router.add_post("/faults", self._add_fault)
        router.add_delete("/faults", self._clear_faults)
        router.add_get(r"/faults/{id:\d+}", self._fault)
        router.add_delete(r"/faults/{id:\d+}", self._delete_fault)
        router.add_get("/server", self._server)
        router.add_put("/server", self._change_server)
        router.add_delete("/server", self._reset_server)
        router.add_get("/nodes/{name}/override", self._override)
        router.add_put("/nodes/{name}/override", self._change_override)
        router.add_delete("/nodes/{name}/override", self._forget_override)
        router.add_put("/mesh-nodes/{name}", self._change_mesh_node)
        router.add_get("/jira/issues", self._jira_issues)
        router.add_get("/users", self._users)
        router.add_put("/users/{name}", self._change_user)

    # --- faults ---

    async def _faults(self, request: web.Request) -> web.Response:
        return web.json_response({"faults": faults.show_rules(self._store)})

    async def _add_fault(self, request: web.Request) -> web.Response:
        rule_id = faults.add_rule(self._store, await document(request, "rule"))
        return web.json_response(self._shown_fault(rule_id), status=201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        faults.delete_rules(self._store)
        return web.Response(status=204)

    async def _fault(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown_fault(int(request.match_info["id"])))

    async def _delete_fault(self, request: web.Request) -> web.Response:
        shown = self._shown_fault(int(request.match_info["id"]))
        faults.delete_rules(self._store, shown["id"])
        return web.json_response(shown)

    def _shown_fault(self, rule_id: int) -> dict[str, Any]:
        for rule in faults.show_rules(self._store):
            if rule["id"] == rule_id:
                return rule
        raise _not_found(f"there is no fault {rule_id}")

    # --- settings ---

    async def _server(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(behaviour.read_behaviour(self._store)))

    async def _change_server(self, request: web.Request) -> web.Response:
        changes = await document(request, "server")
        return web.json_response(asdict(behaviour.change_behaviour(self._store, changes)))

    async def _reset_server(self, request: web.Request) -> web.Response:
        behaviour.reset_behaviour(self._store)
        return await self._server(request)

    # --- nodes ---

    def _node(self, request: web.Request) -> str:
        name = request.match_info["name"]
        if name not in self._nodes:
            raise _not_found(f"there is no node named '{name}'")
        return name

    async def _override(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(behaviour.read_override(self._store, self._node(request))))

    async def _change_override(self, request: web.Request) -> web.Response:
        name = self._node(request)
        changes = await document(request, "node")
        return web.json_response(asdict(behaviour.change_override(self._store, name, changes)))

    async def _forget_override(self, request: web.Request) -> web.Response:
        behaviour.forget_override(self._store, self._node(request))
        return await self._override(request)

    async def _change_mesh_node(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        changes = await document(request, "mesh_node")
        for column, value in changes.items():
            # the names of columns are those of the schema
            if self._store.execute(f"UPDATE mesh_node SET {column} = ? WHERE name = ?", value, name).rowcount == 0:
                raise _not_found(f"there is no mesh node named '{name}'")
        return web.json_response({"name": name, **changes})

    # --- Jira ---

    async def _jira_issues(self, request: web.Request) -> web.Response:
        return web.json_response({"issues": Jira(self._store).issues()})

    # --- users ---

    async def _users(self, request: web.Request) -> web.Response:
        allowed = behaviour.read_behaviour(self._store).captcha_after_failed_logins
        users = {user.name: self._failed_logins(user.name) for user in Directory(self._store).users()}
        return web.json_response(
            {
                "users": [
                    {"name": name, "failed_logins": failed, "captcha": bool(allowed) and failed >= allowed}
                    for name, failed in users.items()
                ]
            }
        )

    def _failed_logins(self, name: str) -> int:
        row = self._store.one("SELECT failed_logins FROM user WHERE name = ?", name)
        return 0 if row is None else int(row["failed_logins"])

    async def _change_user(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        changes = await document(request, "user")
        # the schema allows no other names than those of columns
        columns = ", ".join(f"{column} = ?" for column in changes)
        sql = f"UPDATE user SET {columns} WHERE name = ?"
        if self._store.execute(sql, *changes.values(), name).rowcount == 0:
            raise _not_found(f"there is no user named '{name}'")
        return web.json_response({"name": name, "changed": sorted(changes)})


async def document(request: web.Request, definition: str) -> dict[str, Any]:
    """The JSON object in the body, checked; HTTPBadRequest names every fault."""
    try:
        document: dict[str, Any] = json.loads(await request.text())
    except ValueError as error:
        found = [f"the body is not JSON: {error}"]
    else:
        found = faults_in(document, control_schema(definition))
    if found:
        raise web.HTTPBadRequest(text=json.dumps({"error": "; ".join(found)}), content_type="application/json")
    return document


def _not_found(message: str) -> web.HTTPNotFound:
    return web.HTTPNotFound(text=json.dumps({"error": message}), content_type="application/json")
