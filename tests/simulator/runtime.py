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

from simulator.dialect import Dialect
from simulator.directory import Directory
from simulator.gitrepo import GitRepository
from simulator.layout import NodeConfig, SharedHome
from simulator.membership import Membership
from simulator.store import Store
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
    ready: bool = False
    git_tasks: int = 0
    _seen_users: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dialect = Dialect(self.version)
        self.directory = Directory(self.store)
        self.membership = Membership(self.store)
        self._log = os.open(self.shared.request_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def git(self, repository_id: int) -> GitRepository:
        return GitRepository(self.shared.repository(repository_id))

    def saw_user(self, name: str) -> None:
        self._seen_users[name] = time.monotonic()

    def active_users(self) -> int:
        since = time.monotonic() - ACTIVE_USER_SECONDS
        return sum(1 for seen in list(self._seen_users.values()) if seen >= since)

    def log_request(self, **facts: Any) -> None:
        """One line, one write: several nodes append to the same file."""
        os.write(self._log, (json.dumps({"node": self.config.name, **facts}) + "\n").encode())


RUNTIME = web.AppKey("runtime", NodeRuntime)
