# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cluster for the time of a gate."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS_TO_START = 60
SECONDS_TO_STOP = 60


@contextlib.contextmanager
def cluster(directory: Path) -> Iterator[dict[str, Any]]:
    """Runs the simulator on free ports with its data below directory; yields the content of its ready file.

    Errors: RuntimeError with the simulator's last words when it does not come up.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    ready, log = directory / "ready.json", directory / "simulator.log"
    command = [sys.executable, "-m", "simulator", "--port", "0", "--data-dir", directory / "data", "--ready-file"]
    command.append(ready)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The simulator did not come up:\n{log.read_text(encoding='utf-8')[-4000:]}")
            time.sleep(0.1)
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def connection(ready: dict[str, Any]) -> dict[str, str]:
    """Returns the address and an administrator's credentials as bitbucket_url, bitbucket_username and so on."""
    administrator = ready["users"][0]
    return {
        "bitbucket_url": ready["entry"] + ready["context_path"],
        "bitbucket_username": administrator["name"],
        "bitbucket_password": administrator["password"],
    }


def integration_config(ready: dict[str, Any]) -> dict[str, Any]:
    """Returns the variables that integration targets read, from what the simulator wrote into its ready file.

    Against a real server somebody writes the connection by hand; bitbucket_simulator is then missing, and with it what
    only a simulator has: its control address and the bare repositories.
    """
    return {**connection(ready), "bitbucket_simulator": ready}
