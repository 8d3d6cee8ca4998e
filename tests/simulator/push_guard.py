# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pre-receive hook: git runs it with the pushed objects at hand, and its words reach the client as `remote: `.

Imports nothing but the standard library beyond the simulator itself, so that a push is not slowed down.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from simulator.directory import Directory
from simulator.restrictions import ADVICE, Guard, RefChange
from simulator.store import Store

HOOKS = Path(__file__).resolve().parent / "dist" / "hooks"


def environment(database: Path, repository_id: int, user_id: int) -> dict[str, str]:
    """What the hook has to be told."""
    return {
        "SIMULATOR_PYTHON": sys.executable,
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SIMULATOR_DATABASE": str(database),
        "SIMULATOR_REPOSITORY": str(repository_id),
        "SIMULATOR_USER": str(user_id),
    }


def _change(old: str, new: str, ref: str) -> RefChange:
    if not old.strip("0"):
        return RefChange(ref, "create")
    if not new.strip("0"):
        return RefChange(ref, "delete")
    ancestor = subprocess.run(["git", "merge-base", "--is-ancestor", old, new], check=False, stderr=subprocess.DEVNULL)
    return RefChange(ref, "update", fast_forward=ancestor.returncode == 0)


def main() -> int:
    store = Store(Path(os.environ["SIMULATOR_DATABASE"]))
    directory = Directory(store)
    repository = directory.repository_by_id(int(os.environ["SIMULATOR_REPOSITORY"]))
    user = directory.user_by_id(int(os.environ["SIMULATOR_USER"]))
    if repository is None or user is None:
        print("The repository is gone.", file=sys.stderr)
        return 1
    head = subprocess.run(["git", "symbolic-ref", "HEAD"], check=True, capture_output=True, text=True).stdout
    guard = Guard(store, repository, head.strip().removeprefix("refs/heads/"), user)
    refusals = [sentence for line in sys.stdin if (sentence := guard.refusal(_change(*line.split())))]
    for sentence in refusals:
        print(f"{sentence}\n{ADVICE}", file=sys.stderr)
    return 1 if refusals else 0


if __name__ == "__main__":
    sys.exit(main())
