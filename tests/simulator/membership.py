# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's members and the state that follows from them: nothing but rows, clocks and the rules.

The evidence for how nodes are listed: pictures of an upgrade from 7.9.0 to 7.9.1 in the vendor's documentation of its
Helm charts ("seen 7.9"), and the vendor's component for rolling upgrades in another product ("likely").
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from dataclasses import dataclass, replace

from simulator.behaviour import NodeOverride, read_overrides
from simulator.errors import ApiError
from simulator.layout import NodeConfig
from simulator.store import Store
from simulator.version import Version

HEARTBEAT_SECONDS = 0.5
# A node that was silent for so long is gone.
SILENCE_SECONDS = 4.0
# seen 7.9: the name of every node whose JVM was not given one.
NOT_CONFIGURED = "Not configured"
_THERE_AT_START = "upgrade_nodes"


class JoinRefusedError(Exception):
    """The node may not be part of this cluster; it must end."""


@dataclass(frozen=True)
class Member:
    """One node; the properties are what the cluster lists of it."""

    # Known to the simulator and its tests only, and the same over all restarts.
    label: str
    id: str
    configured_name: str | None
    version: str
    address: str
    port: int
    state: str
    tasks: int
    users: int
    silent: bool = False
    hides_address: bool = False

    @property
    def live(self) -> bool:
        """Whether it is a member; likely: one that has just ended still is, until its peers know."""
        return self.state != "OFFLINE" or self.silent

    @property
    def name(self) -> str:
        """assumed: a configured name is known at any time, also while the node starts."""
        return NOT_CONFIGURED if self.configured_name is None else self.configured_name

    @property
    def listed_state(self) -> str | None:
        """likely: None while the node does not answer its peers."""
        return None if self.silent else self.state

    @property
    def told(self) -> bool:
        """Whether version, build and counts are known; seen 7.9: not of a node that starts or is OFFLINE.

        assumed: of one in ERROR they are.
        """
        return not self.silent and self.state not in ("STARTING", "OFFLINE")

    @property
    def located(self) -> bool:
        """Whether address and port are known; seen 7.9: of an OFFLINE node, but not of one that starts."""
        return self.state != "STARTING" and not self.hides_address

    @property
    def place(self) -> tuple[str, int]:
        """likely: what tells nodes apart over a restart."""
        return self.address, self.port


@dataclass(frozen=True)
class Cluster:
    upgrade_mode: bool
    state: str
    original_version: str
    members: list[Member]


class Membership:
    """Reads and changes the membership; every node has one over its own connection."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- what every node does for itself ---

    def join(self, node: NodeConfig, version: Version, silent_seconds: float = 0.0) -> str:
        """Become a STARTING member under a new id and return that id; JoinRefusedError when the rules say no."""
        node_id = str(uuid.uuid4())
        now = time.monotonic()
        with self._store.write():
            self._check_may_join(node.name, version)
            self._store.execute(
                "INSERT OR REPLACE INTO node"
                " (label, id, name, version, address, port, url, state, heartbeat, silent_until)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'STARTING', ?, ?)",
                node.name, node_id, node.cluster_name, str(version), node.address, node.listed_port, node.url,
                now, now + silent_seconds,
            )  # fmt: skip
            if self._store.setting("cluster_version") is None or not self._upgrade_mode():
                self._store.set_setting("cluster_version", str(version))
        return node_id

    def _check_may_join(self, label: str, version: Version) -> None:
        others = [member for member in self._members() if member.state != "OFFLINE"]
        if label in [member.label for member in others]:
            raise JoinRefusedError(f"node '{label}' is already running")
        known = self._store.setting("cluster_version")
        if known is None:
            return
        cluster = Version.parse(known)
        # doc: only patch levels mix. assumed: refused by ending the start.
        if (others or self._upgrade_mode()) and version.feature != cluster.feature:
            raise JoinRefusedError(f"version {version} is another feature release than the cluster's {cluster}")
        if version < cluster:
            raise JoinRefusedError(f"version {version} is lower than the cluster's {cluster}")
        if others and not self._upgrade_mode() and version != cluster:
            raise JoinRefusedError(f"version {version} differs from the cluster's {cluster} and upgrade mode is off")

    def beat(self, node_id: str, tasks: int, users: int) -> None:
        self._store.execute(
            "UPDATE node SET heartbeat = ?, tasks = ?, users = ? WHERE id = ?", time.monotonic(), tasks, users, node_id
        )

    def set_state(self, node_id: str, state: str, silent_seconds: float = 0.0) -> None:
        """Go on to a state; first, for so many seconds, the node is listed without any."""
        now = time.monotonic()
        self._store.execute(
            "UPDATE node SET state = ?, heartbeat = ?, silent_until = MAX(silent_until, ?) WHERE id = ?",
            state, now, now + silent_seconds, node_id,
        )  # fmt: skip

    def url(self, label: str) -> str | None:
        """Where the node listens, or listened before it ended; None when it was never there."""
        row = self._store.one("SELECT url FROM node WHERE label = ?", label)
        return None if row is None else str(row["url"])

    # --- what clients ask ---

    def cluster(self) -> Cluster:
        """The members, and in upgrade mode those that were there when it was switched on (seen 7.9).

        One of those is OFFLINE as long as no member shows its address and port. Whoever joined later and has stopped is
        not listed (likely), nor is any stopped node outside upgrade mode (assumed).
        """
        mode = self._upgrade_mode()
        members = [member for member in self._members() if member.live]
        if mode:
            taken = {member.place for member in members if member.located}
            members += [member for member in self._there_at_start() if member.place not in taken]
        original = str(self._store.setting("cluster_version"))
        return Cluster(mode, self._state(mode, original, members), original, sorted(members, key=_order))

    def start(self) -> Cluster:
        """Upgrade mode on; 409 unless STABLE (confirmed), or when there is but one node (doc: more than one)."""
        with self._store.write():
            cluster = self.cluster()
            if cluster.state != "STABLE":
                raise _illegal("start", cluster.state)
            if len(cluster.members) < 2:
                raise ApiError(409, "A rolling upgrade needs a cluster of more than one node.")
            there = [
                {"label": each.label, "id": each.id, "name": each.configured_name, "place": each.place}
                for each in cluster.members
                if each.state != "STARTING"
            ]
            self._store.set_setting(_THERE_AT_START, there)
            self._store.set_setting("upgrade_mode", True)
        return self.cluster()

    def cancel(self) -> Cluster:
        """From READY_TO_UPGRADE; from everywhere else 409 (confirmed)."""
        with self._store.write():
            cluster = self.cluster()
            if cluster.state != "READY_TO_UPGRADE":
                raise _illegal("cancel", cluster.state)
            self._end()
        return self.cluster()

    def approve(self) -> Cluster:
        """doc: from READY_TO_RUN_UPGRADE_TASKS; afterwards STABLE. OFFLINE nodes do not block.

        From everywhere else 409 (confirmed), after UPGRADE_TASKS_FAILED too.
        """
        with self._store.write():
            cluster = self.cluster()
            if cluster.state != "READY_TO_RUN_UPGRADE_TASKS":
                raise _illegal("approve", cluster.state)
            plan = self._store.setting("upgrade_tasks", {"seconds": 0, "fail": False})
            if plan["seconds"] or plan["fail"]:
                self._store.set_setting(
                    "upgrade_run", {"ends": time.monotonic() + plan["seconds"], "fail": plan["fail"]}
                )
            else:
                self._finish()
        return self.cluster()

    # --- inside ---

    def _upgrade_mode(self) -> bool:
        return bool(self._store.setting("upgrade_mode", False))

    def _end(self) -> None:
        """The rows of nodes that are OFFLINE are forgotten with the upgrade."""
        self._store.set_setting("upgrade_mode", False)
        self._store.set_setting("upgrade_run", None)
        self._store.set_setting(_THERE_AT_START, [])

    def _finish(self) -> None:
        """The one version that the nodes run is the cluster's."""
        version = next(member.version for member in self._members() if member.told)
        self._store.set_setting("cluster_version", version)
        self._end()

    def _there_at_start(self) -> list[Member]:
        """The nodes that were there when upgrade mode was switched on, as they are listed while they are not."""
        return [
            Member(each["label"], each["id"], each["name"], "", *each["place"], "OFFLINE", 0, 0)
            for each in self._store.setting(_THERE_AT_START, [])
        ]

    def relocate(self, nodes: list[NodeConfig]) -> None:
        """After the whole cluster was down: an upgrade that is under way goes on with the nodes where they are now."""
        known = {each["label"] for each in self._store.setting(_THERE_AT_START, [])}
        there = [
            {"label": each.name, "id": str(uuid.uuid4()), "name": each.cluster_name,
             "place": (each.address, each.listed_port)}
            for each in nodes
            if each.name in known
        ]  # fmt: skip
        self._store.set_setting(_THERE_AT_START, there)

    def _members(self) -> list[Member]:
        now = time.monotonic()
        overrides = read_overrides(self._store)
        members = [_member(row, now) for row in self._store.all("SELECT * FROM node")]
        return [_overridden(member, overrides.get(member.label)) for member in members]

    def _state(self, mode: bool, original: str, members: list[Member]) -> str:
        """confirmed: derived from the nodes that are not OFFLINE each time it is asked for.

        seen 7.9: one that is STARTING, and has no version yet, does not turn READY_TO_UPGRADE into MIXED. likely: one
        without state does, its missing version counts as another one.
        """
        if not mode:
            return "STABLE"
        live = [member for member in members if member.live]
        versions = {member.version if member.told else None for member in live if member.listed_state != "STARTING"}
        if any(member.listed_state == "ERROR" for member in live) or len(versions) > 1:
            return "MIXED"
        if versions <= {original}:
            return "READY_TO_UPGRADE"
        run = self._store.setting("upgrade_run")
        if run is None:
            return "READY_TO_RUN_UPGRADE_TASKS"
        failed = run["fail"] and time.monotonic() >= run["ends"]
        return "UPGRADE_TASKS_FAILED" if failed else "RUNNING_UPGRADE_TASKS"

    def settle(self) -> None:
        """End an upgrade whose tasks have run their time; each node calls this with its heartbeat."""
        run = self._store.setting("upgrade_run")
        if run is None or run["fail"] or time.monotonic() < run["ends"]:
            return
        with self._store.write():
            if self._store.setting("upgrade_run") is not None:
                self._finish()

    def retry_tasks(self) -> None:
        """assumed: once their cause is gone, upgrade tasks that have failed are ready to be run again."""
        with self._store.write():
            run = self._store.setting("upgrade_run")
            if run is not None and run["fail"] and time.monotonic() >= run["ends"]:
                self._store.set_setting("upgrade_run", None)


def _illegal(action: str, state: str) -> ApiError:
    return ApiError(409, f"The rolling upgrade cannot {action} while the cluster is in state {state}.")


def _member(row: sqlite3.Row, now: float) -> Member:
    gone = now - row["heartbeat"] > SILENCE_SECONDS
    return Member(
        row["label"], row["id"], row["name"], row["version"], row["address"], row["port"],
        "OFFLINE" if gone else row["state"], row["tasks"], row["users"], silent=now < row["silent_until"],
    )  # fmt: skip


def _order(member: Member) -> tuple[bool, str, int, str]:
    """seen 7.9, in the pages for people: by the text of the address, those without one at the end."""
    return not member.located, member.address if member.located else "", member.port, member.label


def _overridden(member: Member, override: NodeOverride | None) -> Member:
    """What the control address wants this node to show."""
    if override is None or member.state == "OFFLINE":
        return member
    return replace(
        member,
        state=override.state or member.state,
        tasks=member.tasks if override.tasks_total is None else override.tasks_total,
        users=member.users if override.active_user_count is None else override.active_user_count,
        silent=member.silent or bool(override.silent),
        hides_address=bool(override.hide_address),
    )
