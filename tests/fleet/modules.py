# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules as Ansible does on a host: a process each, options as JSON on its input, the result on its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from harness.nodes import nodes_of
from harness.playbook import OURS
from harness.simulator import Simulator

from .found import COLLECTION

Result = dict[str, Any]

# What moves by itself, or depends on when and which node was asked: not part of what a module promises to predict.
_VOLATILE = {"tasks_total", "active_user_count", "local", "elapsed", "at", "invocation"}


def steady(value: Any) -> Any:
    """A result less what moves by itself."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in _VOLATILE}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def unforeseen(value: Any, keys: Collection[str]) -> Any:
    """A result with null for what only the server can give, as check mode shows it."""
    if isinstance(value, dict):
        return {key: None if key in keys else unforeseen(inner, keys) for key, inner in value.items()}
    return [unforeseen(inner, keys) for inner in value] if isinstance(value, list) else value


class _Warm:
    """A process that runs modules in processes of their own, see warm.py; it ends with this one."""

    def __init__(self, collections: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("warm.py"))],
            env={**os.environ, "PYTHONPATH": str(collections)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, module: str, arguments: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
        """One run: its returncode, stdout and stderr."""
        assert self._process.stdin and self._process.stdout
        order = json.dumps({"module": module, "arguments": arguments, "environment": environment})
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        done: dict[str, Any] = json.loads(self._process.stdout.readline())
        return done


class Fleet:
    """Every module, and the world that they act on, seen without them."""

    def __init__(self, simulator: Simulator, collections: Path) -> None:
        self.simulator = simulator
        self._warm = _Warm(collections)

    # -- the modules -------------------------------------------------------------------------------------------------

    def run(self, module: str, options: dict[str, Any], *, check: bool = False, **connection: str | None) -> Result:
        """The result of one run. ``connection`` overrides the environment; None takes a variable away.

        Raises AssertionError where a module ends in any other way than with one result.
        """
        given = {**self.simulator.connection, **connection}
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "BITBUCKET_"))}
        done = self._warm.run(
            f"ansible_collections.{COLLECTION}.plugins.modules.{module}",
            {**options, "_ansible_check_mode": check, "_ansible_diff": True},
            {**clean, "no_proxy": OURS, **{name: value for name, value in given.items() if value is not None}},
        )
        assert not done["stderr"], done["stderr"]
        result: Result = json.loads(done["stdout"])
        assert done["returncode"] == (1 if result.get("failed") else 0), done["stdout"]
        return result

    # -- the world ---------------------------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The raw API, as the administrator."""
        return self.simulator.api(method, path, body)

    def create_branch(self, name: str, start_point: str = "main", repository: str = "api") -> None:
        """Have a branch, by the raw API."""
        if f"refs/heads/{name}" not in self.simulator.refs()[f"PLAT/{repository}"]:
            self.api("POST", _branches(repository), {"name": name, "startPoint": start_point})

    def delete_branch(self, name: str, repository: str = "api") -> None:
        """Have no such branch, by the raw API, which does not mind when it is not there."""
        self.api("DELETE", _branches(repository), {"name": f"refs/heads/{name}", "dryRun": False})

    def upgrade_mode(self, wanted: bool) -> None:
        """Have upgrade mode on or off, by the raw API."""
        if self.simulator.cluster()["upgrade_mode"] != wanted:
            self.api("POST", f"/rest/zdu/{'start' if wanted else 'cancel'}")

    def upgrade_every_node(self, version: str) -> None:
        """Have every node run a version, by the scripts of the release and nothing else."""
        for node in nodes_of(self.simulator).values():
            node.run(version)

    # -- what was asked of the server --------------------------------------------------------------------------------

    def listen(self) -> None:
        """Forget what was asked of the server so far."""
        self.simulator.forget_requests()

    def heard(self) -> list[dict[str, Any]]:
        """Every request since listen, in order."""
        heard = self.simulator.at_control("GET", "/requests")
        assert heard["total"] == len(heard["requests"])
        return list(heard["requests"])


def _branches(repository: str) -> str:
    return f"/rest/branch-utils/latest/projects/PLAT/repos/{repository}/branches"
