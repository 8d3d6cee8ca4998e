# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The cluster and its rolling upgrade: the server's zdu resource and the user's view of it."""

from __future__ import annotations

import datetime as dt
import typing as t

from ._client import Client
from ._errors import BitbucketError, InputError
from ._schema import Json, Schema, array
from ._upgrade_plan import known_as, obeyed

# nulls: a node that is OFFLINE has no version, build, tasks or users (assumed); early versions have no load figures
_TEXT: Json = {"type": ["string", "null"]}
_NUMBER: Json = {"type": ["integer", "null"]}
_CLUSTER = Schema(
    {
        "type": "object",
        "required": ["upgradeModeEnabled", "state", "nodes"],
        "properties": {
            "upgradeModeEnabled": {"type": "boolean"},
            "state": {"type": "string"},
            "originalVersion": _TEXT,
            "nodes": array(
                {
                    "type": "object",
                    "required": ["id", "name", "state"],
                    "properties": {
                        "id": {"type": "string"},
                        "name": {"type": "string"},
                        "ipAddress": _TEXT,
                        "portNumber": _NUMBER,
                        "state": {"type": "string"},
                        "version": _TEXT,
                        "buildNumber": {"type": ["string", "integer", "null"]},
                        "tasksTotal": _NUMBER,
                        "activeUserCount": _NUMBER,
                        "local": {"type": ["boolean", "null"]},
                    },
                }
            ),
        },
    }
)

View = dict[str, t.Any]


def _view(cluster: Json) -> View:
    enabled = cluster["upgradeModeEnabled"]
    return {
        "state": cluster["state"],
        "upgrade_mode_enabled": enabled,
        # outside upgrade mode there is nothing that a node could be compared with
        "original_version": cluster.get("originalVersion") if enabled else None,
        "nodes": sorted((_node(node) for node in cluster["nodes"]), key=lambda node: str(node["name"])),
    }


def _node(node: Json) -> View:
    build = node.get("buildNumber")
    return {
        "id": node["id"],
        "name": node["name"],
        "ip_address": node.get("ipAddress"),
        "port_number": node.get("portNumber"),
        "state": node["state"],
        "version": node.get("version"),
        "build_number": None if build is None else str(build),
        "tasks_total": node.get("tasksTotal"),
        "active_user_count": node.get("activeUserCount"),
        "local": node.get("local"),
    }


def read(client: Client, *, once: bool = False) -> View:
    """The cluster as ``{state, upgrade_mode_enabled, original_version, nodes}``, nodes by name. Any BitbucketError.

    ``once``: see ``Client.get``. One answer tells everything of one moment: of the resources beside it, ``state``
    tells of one node only, and ``nodes/{id}`` wants an id, which may be another one by then.
    """
    return _view(client.get("/rest/zdu/cluster", _CLUSTER, once=once))


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


class Watch:
    """Looks at the cluster, acts on it, and remembers what it has seen.

    ``observations`` are ``{at, cluster_state, nodes: [{name, state, version}]}`` in the order of time: one for each
    look that differs from the one before, ``at`` in ISO 8601, UTC, with milliseconds. As a context manager it hands
    them to a BitbucketError that ends the block, among its facts.
    """

    def __init__(self, client: Client, now: t.Callable[[], dt.datetime] = _utc_now) -> None:
        self.observations: list[View] = []
        self._client = client
        self._now = now

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, BitbucketError):
            error.facts["observations"] = self.observations

    def read(self, *, once: bool = False) -> View:
        """See the function ``read``."""
        return self._seen(read(self._client, once=once))

    def act(self, action: str) -> View:
        """POST ``start``, ``approve`` or ``cancel`` and return the cluster as it is then.

        A lost answer is resolved by reading the cluster. Raises ConflictError where the present state does not allow
        the action; any BitbucketError.
        """

        def send() -> View:
            return self._seen(_view(self._client.post(f"/rest/zdu/{action}", _CLUSTER)))

        def done() -> View | None:
            seen = self.read()
            return seen if obeyed(seen, action) else None

        # never twice: what a second approval does while the first is under way is not documented
        return self._client.settle(send, done, resend=False)

    def _seen(self, cluster: View) -> View:
        """The cluster; what is new of it is remembered."""
        names = ("name", "state", "version")
        nodes = [{name: node[name] for name in names} for node in cluster["nodes"]]
        seen = {"cluster_state": cluster["state"], "nodes": nodes}
        *_others, last = self.observations or [{}]
        if seen != {name: value for name, value in last.items() if name != "at"}:
            at = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self.observations.append({"at": at, **seen})
        return cluster


def find_node(cluster: View, wanted: str) -> View | None:
    """The node of this name, else of this address, else of this id, or None. InputError where that means several."""
    found = known_as(cluster["nodes"], wanted)
    if len(found) > 1:
        names = ", ".join(node["name"] for node in found)
        raise InputError(f"{wanted} may be any of several nodes ({names})", "give one of them by its name")
    return dict(found[0]) if found else None


class Node:
    """A node by its name, address or id, the same one each time it is looked for.

    Once it is found it is known by its name: the id may change when a node restarts (documented for containers), and
    so may the address.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted

    def find(self, cluster: View) -> View | None:
        """The node as it is now, None where it is not listed. Raises InputError where several are meant."""
        node = find_node(cluster, self._wanted)
        if node is not None:
            self._wanted = node["name"]
        return node


def summary(cluster: View) -> View:
    """What counts of a cluster when two moments are compared: load figures and ids move by themselves."""
    return {
        "state": cluster["state"],
        "upgrade_mode_enabled": cluster["upgrade_mode_enabled"],
        "original_version": cluster["original_version"],
        "nodes": {node["name"]: {"state": node["state"], "version": node["version"]} for node in cluster["nodes"]},
    }
