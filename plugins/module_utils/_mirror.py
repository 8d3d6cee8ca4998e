# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""A mirror farm and its switch for a rolling upgrade: the server's resource, asked for at the farm's own address."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._errors import InputError
from ._refs import version as parse_version
from ._schema import Json, Schema, array

_PATH = "/rest/mirroring/latest"
_TEXT: Json = {"type": ["string", "null"]}
_SWITCH = Schema(
    {
        "type": "object",
        "required": ["rollingUpgradeEnabled"],
        "properties": {"rollingUpgradeEnabled": {"type": "boolean"}, "version": _TEXT},
    }
)
_FARM = Schema(array({"type": "object", "properties": {"buildVersion": _TEXT}}))

View = dict[str, t.Any]


def view(enabled: bool | None, version: str | None) -> View:
    """The user's view; null where nobody can tell."""
    return {"rolling_upgrade_enabled": enabled, "version": version}


def lowest_version(client: Client) -> str | None:
    """The lowest version in the farm, None where a node reports none, or one that is not a release number.

    Raises NotSupportedError where the address is none of a mirror's; any BitbucketError.
    """
    versions = [node.get("buildVersion") for node in client.get(f"{_PATH}/farmNodes", _FARM)]
    try:
        return min(versions, key=parse_version) if versions and all(versions) else None
    except InputError:
        return None


def switch(client: Client, action: str) -> View:
    """POST ``start`` or ``end`` and return the switch as it is then. Any BitbucketError.

    The server has nothing to read it back by (documented: there is none). Setting it twice does no harm (assumed).
    """

    def send() -> View:
        answer = client.post(f"{_PATH}/zdu/{action}", _SWITCH)
        return view(answer["rollingUpgradeEnabled"], answer.get("version"))

    return client.settle_unread(send, "whether the switch was set")
