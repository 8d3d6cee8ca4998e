# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that stay ours while a node is stopped and started again."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

# Below the range from which kernels take ports for outgoing connections.
_RANGE = range(20_000, 32_000)


class PortInUseError(Exception):
    """Somebody else listens at the port."""


class Ports:
    """Holds each port by a bound socket that does not listen: connects are refused, other binds too."""

    def __init__(self, held: ExitStack) -> None:
        self._held = held
        self._taken: set[tuple[str, int]] = set()

    def take(self, host: str, port: int) -> int:
        """Reserve this port, or find it reserved by us; PortInUseError when neither is possible."""
        if (host, port) not in self._taken:
            holder = _bound(host, port)
            if holder is None:
                raise PortInUseError(f"port {port} on {host} is in use")
            self._held.callback(holder.close)
            self._taken.add((host, port))
        return port

    def take_any(self, *hosts: str) -> int:
        """Reserve one port that is free on all of the hosts."""
        for port in random.sample(_RANGE, 200):
            with ExitStack() as tried:
                for host in hosts:
                    holder = None if (host, port) in self._taken else _bound(host, port)
                    if holder is None:
                        break
                    tried.callback(holder.close)
                else:
                    self._held.callback(tried.pop_all().close)
                    self._taken.update((host, port) for host in hosts)
                    return port
        raise PortInUseError(f"no free port was found on {', '.join(hosts)}")


def _bound(host: str, port: int) -> socket.socket | None:
    """A socket that is bound there and does not listen; None when anybody has the port."""
    # Without SO_REUSEPORT: fails when anybody, another simulator too, has the port.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return None
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        holder.bind((host, port))
    except OSError:
        holder.close()
        return None
    return holder
