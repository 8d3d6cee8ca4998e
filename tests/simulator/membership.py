# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's members and the state that follows from them: nothing but rows, clocks and the rules."""

from __future__ import annotations

import sqlite3
import time
import uuid
from dataclasses import dataclass, replace

from simulator.behaviour import NodeOverride, read_overrides
from simulator.errors import ApiError
from simulator.store import Store
from simulator.version import Version

HEARTBEAT_SECONDS = 0.5
# A node that was silent for so long is gone.
SILENCE_SECONDS = 4.0


class JoinRefusedError(Exception):
    """The node may not be part of this cluster; it must end."""


@dataclass(frozen=True)
class Member:
    """One node as the cluster sees it."""

    name: str
    id: str
    version: str
    address: str
    port: int
    state: str
    tasks: int
    users: int

    @property
    def live(self) -> bool:
        return self.state != "OFFLINE"


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

    def join(self, name: str, version: Version, address: str, port: int) -> str:
        """Become a STARTING member under a new id and return that id; JoinRefusedError when the rules say no."""
        node_id = str(uuid.uuid4())
        with self._store.write():
            self._check_may_join(name, version)
            self._store.execute(
                "INSERT OR REPLACE INTO node (name, id, version, address, port, state, heartbeat)"
                " VALUES (?, ?, ?, ?, ?, 'STARTING', ?)",
                name, node_id, str(version), address, port, time.monotonic(),
            )  # fmt: skip
            if self._store.setting("cluster_version") is None or not self._upgrade_mode():
                self._store.set_setting("cluster_version", str(version))
        return node_id

    def _check_may_join(self, name: str, version: Version) -> None:
        others = []
        for member in self._members():
            if member.live and member.name == name:
                raise JoinRefusedError(f"a node named '{name}' is already running")
            if member.live:
                others.append(member)
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

    def set_state(self, node_id: str, state: str) -> None:
        self._store.execute("UPDATE node SET state = ?, heartbeat = ? WHERE id = ?", state, time.monotonic(), node_id)

    # --- what clients ask ---

    def cluster(self) -> Cluster:
        mode = self._upgrade_mode()
        members = self._members()
        if not mode:
            # assumed: outside upgrade mode a node that is gone is not listed.
            members = [member for member in members if member.live]
        original = str(self._store.setting("cluster_version"))
        return Cluster(mode, self._state(mode, original, members), original, members)

    def start(self) -> Cluster:
        """Upgrade mode on; 409 when it is on already (assumed) or there is but one node (doc: more than one)."""
        with self._store.write():
            cluster = self.cluster()
            if cluster.state != "STABLE":
                raise _illegal("start", cluster.state)
            if len(cluster.members) < 2:
                raise ApiError(409, "A rolling upgrade needs a cluster of more than one node.")
            self._forget_the_gone()
            self._store.set_setting("upgrade_mode", True)
        return self.cluster()

    def cancel(self) -> Cluster:
        """doc: surely from READY_TO_UPGRADE; from everywhere else 409 (assumed for READY_TO_RUN_UPGRADE_TASKS)."""
        with self._store.write():
            cluster = self.cluster()
            if cluster.state != "READY_TO_UPGRADE":
                raise _illegal("cancel", cluster.state)
            self._end()
        return self.cluster()

    def approve(self) -> Cluster:
        """doc: from READY_TO_RUN_UPGRADE_TASKS; afterwards STABLE. OFFLINE nodes do not block.

        assumed: after UPGRADE_TASKS_FAILED it may be tried again.
        """
        with self._store.write():
            cluster = self.cluster()
            if cluster.state not in ("READY_TO_RUN_UPGRADE_TASKS", "UPGRADE_TASKS_FAILED"):
                raise _illegal("approve", cluster.state)
            versions = {member.version for member in cluster.members if member.live}
            plan = self._store.setting("upgrade_tasks", {"seconds": 0, "fail": False})
            if plan["seconds"] or plan["fail"]:
                self._store.set_setting(
                    "upgrade_run", {"ends": time.monotonic() + plan["seconds"], "fail": plan["fail"]}
                )
            else:
                self._finish(versions.pop())
        return self.cluster()

    # --- inside ---

    def _upgrade_mode(self) -> bool:
        return bool(self._store.setting("upgrade_mode", False))

    def _end(self) -> None:
        self._store.set_setting("upgrade_mode", False)
        self._store.set_setting("upgrade_run", None)
        self._forget_the_gone()

    def _finish(self, version: str) -> None:
        self._store.set_setting("cluster_version", version)
        self._end()

    def _forget_the_gone(self) -> None:
        for member in self._members():
            if not member.live:
                self._store.execute("DELETE FROM node WHERE id = ?", member.id)

    def _members(self) -> list[Member]:
        now = time.monotonic()
        overrides = read_overrides(self._store)
        members = [_member(row, now) for row in self._store.all("SELECT * FROM node ORDER BY name")]
        return [_overridden(member, overrides.get(member.name)) for member in members]

    def _state(self, mode: bool, original: str, members: list[Member]) -> str:
        """assumed, agrees with doc: derived from the nodes each time it is asked for."""
        if not mode:
            return "STABLE"
        live = [member for member in members if member.live]
        versions = {member.version for member in live}
        if any(member.state == "ERROR" for member in live) or len(versions) > 1:
            return "MIXED"
        if versions == {original}:
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
                self._finish(next(member.version for member in self._members() if member.live))


def _illegal(action: str, state: str) -> ApiError:
    return ApiError(409, f"The rolling upgrade cannot {action} while the cluster is in state {state}.")


def _member(row: sqlite3.Row, now: float) -> Member:
    member = Member(
        row["name"], row["id"], row["version"], row["address"], row["port"], row["state"], row["tasks"], row["users"]
    )
    if now - row["heartbeat"] > SILENCE_SECONDS:
        return replace(member, state="OFFLINE")
    return member


def _overridden(member: Member, override: NodeOverride | None) -> Member:
    """What the control address wants this node to show."""
    if override is None or not member.live:
        return member
    return replace(
        member,
        state=override.state or member.state,
        tasks=member.tasks if override.tasks_total is None else override.tasks_total,
        users=member.users if override.active_user_count is None else override.active_user_count,
    )
