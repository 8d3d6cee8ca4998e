# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one node process knows and counts while it runs."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator.behaviour import Live
from simulator.dialect import Dialect
from simulator.directory import Directory, User
from simulator.gitrepo import GitRepository
from simulator.layout import NodeConfig, SharedHome
from simulator.limits import RateLimiter
from simulator.membership import Membership
from simulator.registry import Registry
from simulator.store import Store
from simulator.tokens import Tokens
from simulator.version import Version

ACTIVE_USER_SECONDS = 60.0


@dataclass
class NodeRuntime:
    """Shared by all requests of one node; lives in the event loop's thread."""

    config: NodeConfig
    version: Version
    home: Path
    shared: SharedHome
    store: Store
    node_id: str = ""
    # When the node became ready, on the monotonic clock; None while it is not.
    ready_since: float | None = None
    rest_delay_seconds: float = 0.0
    # It was told to come up in ERROR, and did.
    failed: bool = False
    git_tasks: int = 0
    _seen_users: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dialect = Dialect(self.version)
        self.directory = Directory(self.store)
        self.membership = Membership(self.store)
        self.registry = Registry(self.store, self.shared)
        self.tokens = Tokens(self.store)
        self.live = Live(self.store, self.config.name)
        self.rate_limiter = RateLimiter()
        self._log = os.open(self.shared.request_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    @property
    def ready(self) -> bool:
        return self.ready_since is not None

    @property
    def state(self) -> str:
        """STARTING, RUNNING or ERROR, as /status says it."""
        if self.failed or self.live.override.state == "ERROR":
            return "ERROR"
        return "RUNNING" if self.ready else "STARTING"

    @property
    def rest_ready(self) -> bool:
        """Whether authenticated REST works already; a delay that is set later is for the next start."""
        delay = min(self.rest_delay_seconds, self.live.behaviour.rest_delay_seconds)
        return self.ready_since is not None and time.monotonic() >= self.ready_since + delay

    @property
    def silent_seconds(self) -> float:
        """How long the cluster lists the node without state where its state changes."""
        return self.live.behaviour.null_state_seconds

    def come_up(self) -> None:
        self.rest_delay_seconds = self.live.behaviour.rest_delay_seconds
        self.ready_since = time.monotonic()

    def git(self, repository_id: int) -> GitRepository:
        return GitRepository(self.shared.repository(repository_id))

    def saw_user(self, name: str) -> None:
        self._seen_users[name] = time.monotonic()

    def active_users(self) -> int:
        since = time.monotonic() - ACTIVE_USER_SECONDS
        return sum(1 for seen in list(self._seen_users.values()) if seen >= since)

    # --- logins: counted in the database, over all nodes ---

    def failed_logins(self, user: User) -> int:
        row = self.store.one("SELECT failed_logins FROM user WHERE id = ?", user.id)
        return 0 if row is None else int(row["failed_logins"])

    def login_failed(self, user: User) -> None:
        self.store.execute("UPDATE user SET failed_logins = failed_logins + 1 WHERE id = ?", user.id)

    def login_worked(self, user: User) -> None:
        self.store.execute("UPDATE user SET failed_logins = 0 WHERE id = ?", user.id)

    def log_request(self, **facts: Any) -> None:
        """One line, one write: several nodes append to the same file."""
        os.write(self._log, (json.dumps({"node": self.config.name, **facts}) + "\n").encode())


RUNTIME = web.AppKey("runtime", NodeRuntime)
