# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the servers of this cluster are set up: what an administrator configures, and what tests ask for.

Kept in the shared database, so that a change through the control address counts at every node with the next
request. A seed document gives first values under `server`, the command line with `--setting NAME=VALUE`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from simulator.faults import Rule, read_rules
from simulator.store import Store

_SETTING = "server"
_NODE_SETTING = "node:"

# Names as in the vendor's page.max.*; doc for commits, branches, repositories; assumed for the others.
PAGE_MAX = {
    "branches": 1000,
    "commits": 100,
    "groups": 1000,
    "projects": 1000,
    "pullrequests": 100,
    "repositories": 1000,
    "tags": 1000,
    "users": 1000,
}
OTHER_PAGES = 1000


@dataclass(frozen=True)
class RateLimit:
    """doc: off by default; a bucket per user and node, of 60, refilled with 5 a second."""

    enabled: bool = False
    capacity: int = 60
    refill: float = 5.0
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Behaviour:
    """The cluster's settings."""

    # doc: 10.x fresh installs switch Basic off for REST.
    basic_authentication: bool = True
    # After so many failed logins in a row; 0: never. assumed: 5.
    captcha_after_failed_logins: int = 5
    # A bearer token that is unknown, revoked or expired, or of a user who is not active: served as anonymous (seen
    # 10.4.1), or refused with 401, as other releases may do (assumed).
    unaccepted_tokens: str = "anonymous"
    # seen 7.21 to 10.2: /status says RUNNING before authenticated REST works.
    rest_delay_seconds: float = 0.0
    # The body of a 409 of /rest/zdu: empty (confirmed by the evidence for start, cancel, approve) or errors[] (doc).
    zdu_conflict_body: str = "empty"
    # likely: how long a node is listed without state and version when it joins, becomes ACTIVE, and begins to stop.
    null_state_seconds: float = 0.0
    # doc: 403; assumed: for writes over REST.
    license_limit_exceeded: bool = False
    page_max: dict[str, int] = field(default_factory=lambda: dict(PAGE_MAX))
    rate_limit: RateLimit = field(default_factory=RateLimit)

    @classmethod
    def of(cls, changes: dict[str, Any]) -> Behaviour:
        values = dict(changes)
        limit = values.get("rate_limit", {})
        values["rate_limit"] = RateLimit(**{**limit, "exempt": tuple(limit.get("exempt", ()))})
        values["page_max"] = {**PAGE_MAX, **values.get("page_max", {})}
        return cls(**values)


@dataclass(frozen=True)
class NodeOverride:
    """What one node shows in place of the truth; None: the truth."""

    tasks_total: int | None = None
    active_user_count: int | None = None
    # ERROR: the node is in that state and serves nothing. Others are shown only, it serves as before.
    state: str | None = None
    # Listed without state and version, as a node that does not answer its peers in time.
    silent: bool | None = None
    # Listed without address and port.
    hide_address: bool | None = None
    # {outcome: ERROR, REFUSED_GIT, REFUSED_JAVA, STARTING (for ever) or EXIT, times}: how the next starts end.
    next_start: dict[str, Any] | None = None


def read_behaviour(store: Store) -> Behaviour:
    return Behaviour.of(store.setting(_SETTING, {}))


def change_behaviour(store: Store, changes: dict[str, Any]) -> Behaviour:
    """Take over the settings that are given (checked against the schema), leave the others; rate_limit likewise."""
    with store.write():
        kept = store.setting(_SETTING, {})
        for name in ("rate_limit", "page_max"):
            if name in changes:
                changes = {**changes, name: {**kept.get(name, {}), **changes[name]}}
        store.set_setting(_SETTING, {**kept, **changes})
    return read_behaviour(store)


def reset_behaviour(store: Store) -> None:
    store.set_setting(_SETTING, {})


def read_override(store: Store, node: str) -> NodeOverride:
    return NodeOverride(**store.setting(_NODE_SETTING + node, {}))


def read_overrides(store: Store) -> dict[str, NodeOverride]:
    """By node, only the nodes that have one."""
    rows = store.all("SELECT name, value FROM setting WHERE name LIKE ?", _NODE_SETTING + "%")
    return {row["name"].removeprefix(_NODE_SETTING): NodeOverride(**json.loads(row["value"])) for row in rows}


def change_override(store: Store, node: str, changes: dict[str, Any]) -> NodeOverride:
    """Take over what is given (checked against the schema); null brings the truth back."""
    with store.write():
        store.set_setting(_NODE_SETTING + node, {**store.setting(_NODE_SETTING + node, {}), **changes})
    return read_override(store, node)


def forget_override(store: Store, node: str) -> None:
    store.execute("DELETE FROM setting WHERE name = ?", _NODE_SETTING + node)


def forget_overrides(store: Store) -> None:
    store.execute("DELETE FROM setting WHERE name LIKE ?", _NODE_SETTING + "%")


def take_next_start(store: Store, node: str) -> str | None:
    """How this start of the node is to end, other than ACTIVE; counts it."""
    with store.write():
        plan = read_override(store, node).next_start
        if plan is None:
            return None
        times = plan.get("times", 1) - 1
        left = {**plan, "times": times} if times else None
        kept = store.setting(_NODE_SETTING + node, {})
        store.set_setting(_NODE_SETTING + node, {**kept, "next_start": left})
    return str(plan["outcome"])


class Live:
    """All of the above as one node sees it now: read again only when another process has written."""

    def __init__(self, store: Store, node: str) -> None:
        self._store = store
        self._node = node
        self._version: int | None = None
        self._behaviour = Behaviour()
        self._override = NodeOverride()
        self._rules: list[Rule] = []

    def _refresh(self) -> None:
        version = self._store.data_version()
        if version != self._version:
            self._version = version
            self._behaviour = read_behaviour(self._store)
            self._override = read_override(self._store, self._node)
            self._rules = read_rules(self._store)

    @property
    def behaviour(self) -> Behaviour:
        self._refresh()
        return self._behaviour

    @property
    def override(self) -> NodeOverride:
        self._refresh()
        return self._override

    @property
    def rules(self) -> list[Rule]:
        self._refresh()
        return self._rules

    def page_cap(self, resource: str) -> int:
        """`resource`: the last fixed word of the route."""
        name = {"repos": "repositories", "pull-requests": "pullrequests"}.get(resource, resource)
        return self.behaviour.page_max.get(name, OTHER_PAGES)
