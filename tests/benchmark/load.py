# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed loop of clients in a process of its own: how many answers a second.

Started on a core that the measured process does not use, where the machine has two.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

CLIENTS = 8
SECONDS = 2.0
WARM_UP_SECONDS = 0.5


def answers_per_second(
    url: str, *, method: str = "GET", json_body: str | None = None, user: str | None = None, core: int | None = None
) -> float:
    """Send the same request again and again; `{n}` in the body becomes a number of its own each time.

    Raises RuntimeError when an answer is not of 2xx. `user` has its name for a password.
    """
    command = [sys.executable, "-m", "benchmark.load", url, "--method", method]
    command += [f"--body={json_body}"] if json_body else []
    command += [f"--user={user}"] if user else []
    command += [f"--core={core}"] if core is not None else []
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return float(json.loads(done.stdout))


async def _load(arguments: argparse.Namespace) -> float:
    numbers = itertools.count(time.time_ns())
    headers = {"Content-Type": "application/json"}
    if arguments.user:
        headers["Authorization"] = aiohttp.encode_basic_auth(arguments.user, arguments.user)
    begin = time.monotonic() + WARM_UP_SECONDS
    end = begin + SECONDS
    count = 0

    async def client(session: aiohttp.ClientSession) -> None:
        nonlocal count
        while time.monotonic() < end:
            more: dict[str, Any] = {}
            if arguments.body:
                more["data"] = arguments.body.replace("{n}", str(next(numbers)))
            async with session.request(arguments.method, arguments.url, **more) as answer:
                text = await answer.read()
                if not 200 <= answer.status < 300:
                    raise RuntimeError(f"{answer.status} {text[:500]!r}")
            if begin <= time.monotonic() < end:
                count += 1

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(client(session) for _attempt in range(CLIENTS)))
    return count / SECONDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmark.load")
    parser.add_argument("url")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--body")
    parser.add_argument("--user")
    parser.add_argument("--core", type=int)
    arguments = parser.parse_args()
    if arguments.core is not None:
        os.sched_setaffinity(0, {arguments.core})
    print(json.dumps(asyncio.run(_load(arguments))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
