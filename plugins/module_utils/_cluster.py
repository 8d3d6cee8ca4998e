# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The cluster and its rolling upgrade: the server's zdu resource and the user's view of it."""

from __future__ import annotations

import datetime as dt
import typing as t

from ._client import Client
from ._errors import BitbucketError, InputError
from ._node_identity import (
    UNNAMED,
    References,
    address_of,
    find,
    is_anonymous,
    is_live,
    labelled,
    not_found,
    searched,
)
from ._schema import Json, Schema, array
from ._upgrade_plan import obeyed

# nulls: a node that is OFFLINE has no version, build, tasks or users (seen 7.9), one that is STARTING no version and no
# address (seen 7.9), and one that does not answer the others for a moment no state (likely); early versions have no
# load figures
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
                    "required": ["id"],
                    "properties": {
                        "id": {"type": "string"},
                        "name": _TEXT,
                        "ipAddress": _TEXT,
                        "portNumber": _NUMBER,
                        "state": _TEXT,
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
        "nodes": labelled(_node(node) for node in cluster["nodes"]),
    }


def _node(node: Json) -> View:
    build, name = node.get("buildNumber"), node.get("name")
    return {
        "id": node["id"],
        "name": None if name == UNNAMED else name or None,
        "ip_address": node.get("ipAddress"),
        "port_number": node.get("portNumber"),
        "state": node.get("state"),
        "version": node.get("version"),
        "build_number": None if build is None else str(build),
        "tasks_total": node.get("tasksTotal"),
        "active_user_count": node.get("activeUserCount"),
        "local": node.get("local"),
    }


def read(client: Client, *, once: bool = False) -> View:
    """The cluster as ``{state, upgrade_mode_enabled, original_version, nodes}``, nodes by label. Any BitbucketError.

    ``once``: see ``Client.get``. One answer tells everything of one moment: of the resources beside it, ``state``
    tells of one node only, and ``nodes/{id}`` wants an id, which may be another one by then.
    """
    return _view(client.get("/rest/zdu/cluster", _CLUSTER, once=once))


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


class Watch:
    """Looks at the cluster, acts on it, and remembers what it has seen.

    ``observations`` are ``{at, cluster_state, nodes: [{id, label, state, version}]}`` in the order of time: one for
    each look that differs from the one before, ``at`` in ISO 8601, UTC, with milliseconds. As a context manager it
    hands them to a BitbucketError that ends the block, among its facts. ``acted`` is ``{action, at}`` of what the
    server obeyed, None before that.
    """

    def __init__(self, client: Client, now: t.Callable[[], dt.datetime] = _utc_now) -> None:
        self.observations: list[View] = []
        self.acted: View | None = None
        self._client = client
        self._now = now

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, BitbucketError):
            error.facts["observations"] = self.observations
            if self.acted:
                error.facts["acted"] = self.acted

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

        at = self._at()
        # never twice: what a second approval does while the first is under way is not documented
        cluster: View = self._client.settle(send, done, resend=False)
        self.acted = {"action": action, "at": at}
        return cluster

    def _at(self) -> str:
        return self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _seen(self, cluster: View) -> View:
        """The cluster; what is new of it is remembered."""
        names = ("id", "label", "state", "version")
        nodes = [{name: node[name] for name in names} for node in cluster["nodes"]]
        seen = {"cluster_state": cluster["state"], "nodes": nodes}
        *_others, last = self.observations or [{}]
        if seen != {name: value for name, value in last.items() if name != "at"}:
            self.observations.append({"at": self._at(), **seen})
        return cluster


def find_node(cluster: View, wanted: References) -> View | None:
    """The node that the references name, see ``_node_identity.find``, or None. InputError where they name several."""
    found = find(cluster["nodes"], wanted)
    if _several(found):
        raise _ambiguous([wanted] if isinstance(wanted, str) else wanted, found)
    return dict(found[0]) if found else None


def _several(found: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    return len(found) > 1 and is_live(found[0])


def _ambiguous(wanted: t.Sequence[str], found: t.Iterable[t.Mapping[str, t.Any]]) -> InputError:
    labels = ", ".join(node["label"] for node in found)
    return InputError(f"{searched(wanted)} matches several nodes ({labels})", "give one of them as address:port")


class Node:
    """A node by its references, the same one at each poll, also over a restart that gives it another id.

    A node that does not show its address may be this one, unless its id is one of ``former``, which were there before.
    """

    def __init__(self, wanted: References, former: t.Iterable[str] = ()) -> None:
        self._wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        self._former = frozenset(former)
        self._learned: list[str] = []
        self.subject = f"node {self._wanted[0]}"

    def missing(self, cluster: View) -> str:
        """That the node is not listed, in words, with what was searched for and the nodes that are listed."""
        return not_found(cluster["nodes"], self._wanted)

    def find(self, cluster: View) -> View | None:
        """The node as it is now, None where it is not listed. Raises InputError where several match at first.

        Later a node may be listed twice for a moment, until the others notice that its former process is gone: then
        it is not listed yet.
        """
        found = self._matches(cluster)
        if _several(found):
            if self._learned:
                return None
            raise _ambiguous(self._wanted, found)
        if not found:
            return None
        node = dict(found[0])
        self._learned = [each for each in (address_of(node), node["name"]) if each] or self._learned
        return node

    def _matches(self, cluster: View) -> list[t.Mapping[str, t.Any]]:
        """What the given references name; where that is not live, what an earlier poll has seen of the node names."""
        found = [find(cluster["nodes"], references) for references in (self._wanted, self._learned)]
        live = (nodes for nodes in found if nodes and is_live(nodes[0]))
        return next(live, found[0] or found[1])

    def presumed(self, cluster: View) -> View | None:
        """The same, or the only live node that nothing identifies yet where this one is down or not listed."""
        node = self.find(cluster)
        if node is None or not is_live(node):
            anonymous = self._anonymous(cluster)
            if len(anonymous) == 1:
                return dict(anonymous[0])
        return node

    def is_gone(self, cluster: View) -> bool:
        """Whether the node is OFFLINE or not listed, and no node that is not identified yet may be this one."""
        self.find(cluster)
        return not any(is_live(node) for node in [*self._matches(cluster), *self._anonymous(cluster)])

    def _anonymous(self, cluster: View) -> list[View]:
        """The nodes that nothing identifies yet and that may be this one."""
        return [node for node in cluster["nodes"] if is_anonymous(node) and node["id"] not in self._former]


def summary(cluster: View) -> View:
    """What counts of a cluster when two moments are compared: load figures and ids move by themselves."""
    return {
        "state": cluster["state"],
        "upgrade_mode_enabled": cluster["upgrade_mode_enabled"],
        "original_version": cluster["original_version"],
        "nodes": {node["label"]: {"state": node["state"], "version": node["version"]} for node in cluster["nodes"]},
    }
