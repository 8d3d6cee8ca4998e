# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: Mesh nodes, the part of the product that holds git repositories; rows only, nothing runs behind them."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.errors import ApiError
from simulator.routing import API, Routes

routes = Routes()

ALL = API + "/admin/git/mesh/nodes"
ONE = ALL + r"/{nodeId:\d+}"
# doc: AVAILABLE takes requests; DRAINING is on the way from AVAILABLE to DISABLED; DISABLED may be stopped. What nobody
# can ask for, such as OFFLINE, is refused. assumed: everything else about which state may be asked for in which.
TRANSITIONS = {
    "AVAILABLE": ("DRAINING", "DISABLED"),
    "DRAINING": ("AVAILABLE", "DISABLED"),
    "DISABLED": ("AVAILABLE",),
    "DELETING": (),
}
STATES = (*TRANSITIONS, "OFFLINE")
SETTLED = {"DRAINING": "DISABLED"}


def _settle(call: Call) -> None:
    """doc: a drained node is DISABLED. assumed: a node that was being deleted is gone."""
    with call.node.store.write():
        for row in call.node.store.all("SELECT * FROM mesh_node WHERE until IS NOT NULL AND until <= ?", time.time()):
            if row["state"] == "DELETING":
                call.node.store.execute("DELETE FROM mesh_node WHERE id = ?", row["id"])
            else:
                _set_state(call, row["id"], SETTLED[row["state"]], None)


def _set_state(call: Call, node_id: int, state: str, until: float | None) -> None:
    call.node.store.execute("UPDATE mesh_node SET state = ?, until = ? WHERE id = ?", state, until, node_id)


def _rows(call: Call) -> list[sqlite3.Row]:
    _settle(call)
    return call.node.store.all("SELECT * FROM mesh_node ORDER BY id")


def _named(call: Call) -> sqlite3.Row:
    wanted = call.request.match_info["nodeId"]
    for row in _rows(call):
        if str(row["id"]) == wanted:
            return row
    raise ApiError(404, f"No mesh node exists with ID {wanted}.", "mesh.NoSuchMeshNodeException")  # assumed


def _state(row: sqlite3.Row) -> str:
    """seen: a node that is down is OFFLINE. assumed: what it was before comes back with it."""
    return "OFFLINE" if row["offline"] else str(row["state"])


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    """doc: the fields, and the id as text. seen: a number in an answer to the vendor's own pages."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "rpcUrl": row["rpc_url"],
        "rpcId": str(row["id"]),
        "state": _state(row),
        "offline": bool(row["offline"]),
        "lastSeenDate": int(time.time() * 1000),
    }


@routes.get(ALL, permission="SYS_ADMIN")
async def list_nodes(call: Call) -> web.Response:
    return call.reply([_shown(row) for row in _rows(call)])


@routes.get(ONE, permission="SYS_ADMIN")
async def get_node(call: Call) -> web.Response:
    return call.reply(_shown(_named(call)))


@routes.put(ONE, permission="SYS_ADMIN")
async def update_node(call: Call) -> web.Response:
    """doc: name, rpcUrl and state; what is left out stays as it is (doc: of the Java API; assumed here)."""
    body = await call.body()
    row = _named(call)
    state = body.get("state", _state(row))
    if state not in STATES:
        raise errors.bad_request(f"'{state}' is not a state of a mesh node", "state")
    with call.node.store.write():
        if state != _state(row):
            _check_transition(call, row, state)
            until = time.time() + row["drain_seconds"] if state in SETTLED else None
            _set_state(call, row["id"], state, until)
        call.node.store.execute(
            "UPDATE mesh_node SET name = ?, rpc_url = ? WHERE id = ?",
            body.get("name", row["name"]), body.get("rpcUrl", row["rpc_url"]), row["id"],
        )  # fmt: skip
    return call.reply(_shown(_named(call)))


@routes.delete(ONE, permission="SYS_ADMIN")
async def delete_node(call: Call) -> web.Response:
    """doc: 202; it is emptied first."""
    row = _named(call)
    with call.node.store.write():
        _check_alone(call, row)
        _set_state(call, row["id"], "DELETING", time.time() + row["drain_seconds"])
    return web.Response(status=202)


def _check_transition(call: Call, row: sqlite3.Row, state: str) -> None:
    """doc: InvalidMeshNodeStateException. assumed: 409; and that a node is not changed while it is down."""
    if row["offline"] or state not in TRANSITIONS[row["state"]]:
        raise ApiError(
            409, f"Mesh node {row['name']} cannot go from {_state(row)} to {state}.",
            "mesh.InvalidMeshNodeStateException",
        )  # fmt: skip
    if state != "AVAILABLE":
        _check_alone(call, row)


def _check_alone(call: Call, row: sqlite3.Row) -> None:
    """doc: one at a time. assumed: a second one is refused, with 409."""
    for other in call.node.store.all("SELECT * FROM mesh_node WHERE id <> ? ORDER BY id", row["id"]):
        if _state(other) != "AVAILABLE":
            raise ApiError(409, f"Mesh node {other['name']} is {_state(other)}: only one node at a time.")
