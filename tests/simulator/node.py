# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node: joins the cluster, serves, beats, drains and leaves. Started by bin/start-bitbucket.sh."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from aiohttp import web

from simulator.app import build_app
from simulator.behaviour import take_next_start
from simulator.layout import NodeConfig, SharedHome
from simulator.locks import is_locked
from simulator.membership import HEARTBEAT_SECONDS, JoinRefusedError, Membership
from simulator.runtime import NodeRuntime
from simulator.store import Store
from simulator.version import Version

logger = logging.getLogger("simulator.node")

EXIT_JOIN_REFUSED = 3
EXIT_TOLD_TO = 4
# doc: requests in flight have 30 s by default; the stop script waits as long.
GRACE_SECONDS = 28.0
# What a release says of programs that it refuses; the words are assumed.
_REFUSALS = {
    "REFUSED_GIT": "git version 2.48.1 is not supported",
    "REFUSED_JAVA": "Java version 17 is not supported",
}


class Heart(threading.Thread):
    """Beats beside the event loop, so that a busy loop is not taken for a dead node."""

    def __init__(self, node: NodeRuntime) -> None:
        super().__init__(daemon=True)
        self._node = node
        self._ended = threading.Event()

    def run(self) -> None:
        store = Store(self._node.shared.database)
        membership = Membership(store)
        while not self._ended.wait(HEARTBEAT_SECONDS):
            if not is_locked(Path(self._node.config.supervisor_lock)):
                logger.warning("The supervisor is gone: the node ends")
                os._exit(0)
            membership.beat(self._node.node_id, self._node.git_tasks, self._node.active_users())
            membership.settle()
        store.close()

    def stop(self) -> None:
        self._ended.set()
        self.join()


async def serve(node: NodeRuntime, outcome: str | None) -> None:
    """From listening to the last answer; returns after SIGTERM or SIGINT. `outcome`: other than ACTIVE."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # git decompresses its own requests, REST clients send plain JSON.
    runner = web.AppRunner(build_app(node), access_log=None, shutdown_timeout=GRACE_SECONDS)
    await runner.setup()
    # The supervisor holds the port with a bound socket of its own, so that nobody else takes it meanwhile.
    await web.TCPSite(runner, node.config.host, node.config.port, reuse_port=True, backlog=512).start()
    logger.info("Listening on %s:%s, starting up", node.config.host, node.config.port)
    try:
        await asyncio.wait_for(stop.wait(), node.silent_seconds + node.config.start_up_seconds)
    except TimeoutError:
        _come_up(node, outcome)
        await stop.wait()
    logger.info("Stopping: requests in flight are finished")
    node.membership.set_state(node.node_id, "DRAINING", node.silent_seconds)
    await runner.cleanup()
    node.membership.set_state(node.node_id, "TERMINATING")


def _come_up(node: NodeRuntime, outcome: str | None) -> None:
    if outcome is None:
        node.membership.set_state(node.node_id, "ACTIVE", node.silent_seconds)
        node.come_up()
        logger.info("Bitbucket %s is running as node %s (%s)", node.version, node.config.name, node.node_id)
    elif outcome == "ERROR":
        node.membership.set_state(node.node_id, "ERROR")
        node.failed = True
        logger.error("Bitbucket could not start: the node was told to end up in state ERROR")
    elif outcome in _REFUSALS:
        # seen 10.4 for git: it has started by its own account, and then parks in ERROR. assumed for Java.
        logger.info("Bitbucket %s has started", node.version)
        node.membership.set_state(node.node_id, "ERROR")
        node.failed = True
        logger.error("Bitbucket %s cannot be used: %s", node.version, _REFUSALS[outcome])
    else:
        logger.warning("The node was told to stay in state STARTING")


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulator.node", description="One node of the simulated cluster.")
    parser.add_argument("--home", type=Path, required=True, help="the node's home directory")
    parser.add_argument("--install-dir", type=Path, required=True, help="the unpacked release")
    arguments = parser.parse_args()
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)-5s %(name)s %(message)s"
    )
    version = Version.parse((arguments.install_dir / "version").read_text(encoding="utf-8"))
    config = NodeConfig.read(arguments.home)
    shared = SharedHome((arguments.home / "shared").resolve())
    node = NodeRuntime(config, version, arguments.home, shared, Store(shared.database))
    logger.info("Starting Bitbucket %s (build %s)", version, version.build_number)
    outcome = take_next_start(node.store, config.name)
    if outcome == "EXIT":
        logger.error("The node was told to end while it starts")
        return EXIT_TOLD_TO
    try:
        node.node_id = node.membership.join(config, version, node.silent_seconds)
    except JoinRefusedError as reason:
        logger.error("Node %s cannot join the cluster: %s", config.name, reason)
        return EXIT_JOIN_REFUSED
    heart = Heart(node)
    heart.start()
    try:
        asyncio.run(serve(node, outcome))
    finally:
        heart.stop()
        node.membership.set_state(node.node_id, "OFFLINE")
        logger.info("Bitbucket has stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
