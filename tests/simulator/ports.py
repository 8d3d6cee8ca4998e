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

    def __init__(self, host: str, held: ExitStack) -> None:
        self._host = host
        self._held = held

    def take(self, port: int) -> int:
        """Reserve this port; PortInUseError when that is impossible."""
        if not self._try(port):
            raise PortInUseError(f"port {port} on {self._host} is in use")
        return port

    def take_any(self) -> int:
        for port in random.sample(_RANGE, 200):
            if self._try(port):
                return port
        raise PortInUseError(f"no free port was found on {self._host}")

    def _try(self, port: int) -> bool:
        # Without SO_REUSEPORT: fails when anybody, another simulator too, has the port.
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, port))
            except OSError:
                return False
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            holder.bind((self._host, port))
        except OSError:
            holder.close()
            return False
        self._held.callback(holder.close)
        return True
