# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things lie on disk, for one node's home and for the shared home."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class SharedHome:
    """The directory that every node reaches as `<home>/shared`."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "data" / "bitbucket.db"

    @property
    def repositories(self) -> Path:
        return self.root / "data" / "repositories"

    @property
    def request_log(self) -> Path:
        """One JSON object a line; the nodes append, the control address reads."""
        return self.root / "log" / "requests.jsonl"

    def repository(self, repository_id: int) -> Path:
        return self.repositories / f"{repository_id}.git"

    def create(self) -> None:
        self.repositories.mkdir(parents=True, exist_ok=True)
        self.request_log.parent.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class NodeConfig:
    """`<home>/node.json`: a node's settings; its version comes from its installation.

    `name` is the label by which directories, the control address and tests know the node. The cluster does not show it.
    `host` is the address that the node binds to.
    """

    name: str
    host: str
    port: int
    context_path: str
    start_up_seconds: float
    python: str
    supervisor_lock: str
    # The node's name in the cluster, as -Dcluster.node.name sets it; None: not configured.
    cluster_name: str | None = None
    # What the cluster lists in place of the address and the port that the node binds to; None: those.
    advertised_address: str | None = None
    advertised_port: int | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def address(self) -> str:
        """As the cluster lists it."""
        return self.advertised_address or self.host

    @property
    def listed_port(self) -> int:
        return self.advertised_port or self.port

    @classmethod
    def read(cls, home: Path) -> NodeConfig:
        return cls(**json.loads((home / "node.json").read_text(encoding="utf-8")))

    def write(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        (home / "log").mkdir(exist_ok=True)
        (home / "node.json").write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        # The start and stop scripts read this one, as the vendor's read set-jre-home.sh.
        (home / "runtime.env").write_text(f"PYTHON='{self.python}'\n", encoding="utf-8")
