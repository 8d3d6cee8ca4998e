# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/build-status: what builds say about commits; shown with the details of branches."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.routing import Routes

routes = Routes()

PATH = r"/rest/build-status/{apiVersion:latest|1\.0}/commits/{commitId}"
# State to the name of its count.
STATES = {
    "SUCCESSFUL": "successful",
    "INPROGRESS": "inProgress",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "UNKNOWN": "unknown",
}


def build_counts(call: Call, commit_id: str) -> dict[str, int]:
    """doc: how many builds of the commit are in which state; empty when it has none."""
    rows = call.node.store.all("SELECT state FROM build_status WHERE commit_id = ?", commit_id)
    counts = Counter(STATES[row["state"]] for row in rows)
    return {name: counts[name] for name in STATES.values()} if rows else {}


@routes.get(PATH, permission="LICENSED_USER")
async def list_builds(call: Call) -> web.Response:
    rows = call.node.store.all(
        "SELECT * FROM build_status WHERE commit_id = ? ORDER BY created DESC", call.request.match_info["commitId"]
    )

    def show(row: Any) -> dict[str, Any]:
        shown = {name: row[name] for name in ("state", "key", "name", "url", "description") if row[name] is not None}
        return {**shown, "dateAdded": row["created"]}

    return call.reply(call.page().of(rows, show))


@routes.post(PATH, permission="LICENSED_USER")
async def add_build(call: Call) -> web.Response:
    """doc: 204; the same key replaces."""
    body = await call.body()
    state, key, url = body.get("state"), body.get("key"), body.get("url")
    if state not in STATES or not isinstance(key, str) or not isinstance(url, str) or not key or not url:
        raise errors.bad_request("state, key and url are required")
    call.node.store.execute(
        "INSERT OR REPLACE INTO build_status VALUES (?, ?, ?, ?, ?, ?, ?)", call.request.match_info["commitId"],
        key, state, url, body.get("name"), body.get("description"), int(time.time() * 1000),
    )  # fmt: skip
    return call.no_content()
