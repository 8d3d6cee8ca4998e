# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies that clients sent, for the log of requests: as JSON, without secrets."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

# Set by remember() for requests that change something.
SENT = web.RequestKey("sent", dict)

_SECRET = re.compile(r"password|secret|token|credential|private", re.IGNORECASE)
_HIDDEN = "(not shown)"
_LARGEST = 16 * 1024


async def remember(request: web.Request) -> None:
    """Read a REST body ahead of everything else, so that it is known even when nothing else reads it.

    Sets {"body": the JSON, or null, "dry_run": whether the body or the query says dryRun=true}.
    """
    body = None
    if request.content_type == "application/json" and request.can_read_body:
        content = await request.read()
        try:
            body = json.loads(content) if len(content) <= _LARGEST else f"({len(content)} bytes)"
        except ValueError:
            body = f"({len(content)} bytes that are no JSON)"
    dry_run = request.query.get("dryRun", "").lower() == "true"
    if isinstance(body, dict):
        dry_run = dry_run or body.get("dryRun") is True
    request[SENT] = {"body": _without_secrets(body), "dry_run": dry_run}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _HIDDEN if _SECRET.search(name) else _without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
