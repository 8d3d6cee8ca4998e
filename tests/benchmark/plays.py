# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook as users run it, with Ansible's own defaults, and how long it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Plays:
    """Plays on this machine, with the collection as `make collection` has built it. Writes below the directory."""

    def __init__(self, directory: Path, connection: Mapping[str, str]) -> None:
        self._directory = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "BITBUCKET_"))},
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
            "ANSIBLE_HOME": str(directory / "ansible"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TEMP": str(directory / "ansible" / "tmp"),
            **connection,
        }
        (directory / "ansible.cfg").touch()

    def command(self, tasks: Sequence[dict[str, Any]], *options: str, **variables: Any) -> list[str]:
        """The command line that runs these tasks, with variables of the play."""
        playbook = self._directory / "play.json"
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        ansible = Path(sys.executable).with_name("ansible-playbook")
        return [str(ansible), "-i", "localhost,", "-c", "local", *options, str(playbook)]

    def seconds(self, tasks: Sequence[dict[str, Any]], *options: str, **variables: Any) -> float:
        """From the start of the command to its end. Raises RuntimeError with its output when it fails."""
        command = self.command(tasks, *options, **variables)
        began = time.monotonic()
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        if done.returncode != 0:
            raise RuntimeError(f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return took

    def seconds_each(self, task: dict[str, Any], items: Sequence[Any], **variables: Any) -> tuple[float, float]:
        """What the play costs with the first item alone, and what each of the other items adds to it."""
        first = self.seconds([{**task, "loop": items[:1]}], **variables)
        return first, (self.seconds([{**task, "loop": items[1:]}], **variables) - first) / (len(items) - 2)
