# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address: where a node listens, and what it advertises, from its next start on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from simulator.control_server import document
from simulator.layout import NodeConfig
from simulator.ports import PortInUseError, Ports

HELP = {
    "PUT /nodes/{name}/move": "from its next start on, a node binds to another loopback address or port, or advertises"
    ' another one: body {"address", "port", "advertised_address", "advertised_port"}, or some of them; what is not'
    " given is bound as before, and advertised as bound",
}


class Moves:
    """Writes node.json, which a node reads when it starts; the entry address follows a node to where it listens."""

    def __init__(self, homes: Mapping[str, Path], ports: Ports) -> None:
        """`homes` are the home directories of the nodes, by name."""
        self._homes = homes
        self._ports = ports

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_put("/nodes/{name}/move", self._move)

    async def _move(self, request: web.Request) -> web.Response:
        """409 when somebody else has the port."""
        name = request.match_info["name"]
        if name not in self._homes:
            return web.json_response({"error": f"there is no node named '{name}'"}, status=404)
        wanted = await document(request, "move")
        configs = {node: NodeConfig.read(home) for node, home in self._homes.items()}
        present = configs.pop(name)
        moved = dataclasses.replace(
            present,
            host=wanted.get("address", present.host),
            port=wanted.get("port", present.port),
            advertised_address=wanted.get("advertised_address"),
            advertised_port=wanted.get("advertised_port"),
        )
        try:
            if moved.url in [config.url for config in configs.values()]:
                raise PortInUseError(f"another node has {moved.url}")
            self._ports.take(moved.host, moved.port)
        except PortInUseError as error:
            return web.json_response({"error": str(error)}, status=409)
        moved.write(self._homes[name])
        return web.json_response({"name": name, "url": moved.url, "address": moved.address, "port": moved.listed_port})
