# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Mesh nodes, which hold the git repositories: the server's resource, the user's view, and who may be taken out."""

from __future__ import annotations

import typing as t

from ._client import Client, quote
from ._errors import ConflictError, NotFoundError
from ._schema import Json, Schema, array

_PATH = "/rest/api/latest/admin/git/mesh/nodes"
_TEXT: Json = {"type": ["string", "null"]}
_NODE: Json = {
    "type": "object",
    "required": ["id", "name", "state"],
    "properties": {
        # a text in the reference, a number in the vendor's own administration (seen)
        "id": {"type": ["string", "integer"]},
        "name": {"type": "string"},
        "state": {"type": "string"},
        "offline": {"type": ["boolean", "null"]},
        "rpcUrl": _TEXT,
        # from 9.3 on (documented)
        "availabilityZone": _TEXT,
    },
}
_ONE = Schema(_NODE)
# the reference shows one node where it speaks of a list: a list is what comes (assumed)
_ALL = Schema(array(_NODE))

View = dict[str, t.Any]


def _view(node: Json) -> View:
    state = node["state"]
    return {
        "id": str(node["id"]),
        "name": node["name"],
        "state": state,
        # both say it while a node is down (seen); one of them is enough
        "offline": bool(node.get("offline")) or state == "OFFLINE",
        "rpc_url": node.get("rpcUrl"),
        "availability_zone": node.get("availabilityZone"),
    }


def read(client: Client, *, once: bool = False) -> list[View]:
    """Every Mesh node as ``{id, name, state, offline, rpc_url, availability_zone}``, by name. Any BitbucketError.

    ``once``: see ``Client.get``.
    """
    return sorted(map(_view, client.get(_PATH, _ALL, once=once)), key=lambda node: str(node["name"]))


def find(nodes: t.Iterable[View], name: str) -> View | None:
    """The node of this name, else of this id, or None. Both stay as they are (documented of the id)."""
    nodes = list(nodes)
    return next((node for key in ("name", "id") for node in nodes if node[key] == name), None)


def get(nodes: t.Iterable[View], name: str) -> View:
    """The same. Raises NotFoundError, which names those that are there."""
    nodes = list(nodes)
    node = find(nodes, name)
    if node is None:
        known = f"there are {', '.join(each['name'] for each in nodes)}" if nodes else "the server has none"
        raise NotFoundError(f"There is no Mesh node {name}: {known}")
    return node


def condition(node: View) -> str:
    """A node's state in words that go on from "it is"."""
    down = " and offline" if node["offline"] and node["state"] != "OFFLINE" else ""
    return f"{node['state']}{down}"


def describe(node: View) -> str:
    """The same as a sentence."""
    return f"Mesh node {node['name']} is {condition(node)}"


def others_out(nodes: t.Iterable[View], node: View) -> list[View]:
    """Which other nodes take no requests."""
    return [each for each in nodes if each["id"] != node["id"] and (each["state"] != "AVAILABLE" or each["offline"])]


def refuse_second(nodes: t.Iterable[View], node: View) -> None:
    """Raise ConflictError where another node is out: they are taken out one at a time (documented)."""
    out = others_out(nodes, node)
    if out:
        raise ConflictError(
            f"Mesh node {node['name']} must not be taken out as well: {', '.join(map(describe, out))}",
            "have every other Mesh node AVAILABLE first, then run again",
        )


def change(client: Client, node: View, state: str, passing: t.Container[str]) -> View:
    """Ask for a state, and return the node as it is then. Raises ConflictError where that is not allowed.

    Whoever is to be taken out is looked at among the others right before, each time. A lost answer is resolved by
    reading: in one of the ``passing`` states the node was changed, else it is asked for once more.
    """

    def send() -> View:
        if state != "AVAILABLE":
            refuse_second(read(client), node)
        # what is left out stays as it is (documented of the Java API; assumed of this one)
        return _view(client.put(f"{_PATH}/{quote(node['id'])}", _ONE, {"state": state}))

    def done() -> View | None:
        seen = find(read(client), node["id"])
        return seen if seen is not None and seen["state"] in passing else None

    return client.settle(send, done, resend=True)


def summary(node: View) -> View:
    """What counts of a node when two moments are compared."""
    return {"name": node["name"], "state": node["state"], "offline": node["offline"]}
