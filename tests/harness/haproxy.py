# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HAProxy in front of the nodes of a simulated cluster, configured as the README of the role tells."""

from __future__ import annotations

import base64
import contextlib
import csv
import dataclasses
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.simulator import Simulator

BACKEND = "bitbucket"
#: Why tests that need it are skipped, or None. Debian puts it where only root looks.
PROGRAM = shutil.which("haproxy", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
MISSING = None if PROGRAM else "HAProxy is not installed on this machine: apt-get install haproxy"
SECONDS_TO_START = 30

_CONFIGURATION = """\
global
    stats socket {socket} mode 600 level admin
    stats socket {socket}.operator mode 600 level operator
    log stdout format raw local0 info

defaults
    mode http
    log global
    log-format "request %Ts.%ms %s %ST %tsc %HM %HP"
    timeout connect 5s
    timeout client 60s
    timeout http-request 10s
    timeout http-keep-alive 10s
    # the longest silence of a server: git may think for long before it answers
    timeout server 60s
    option http-server-close
    option redispatch 1
    retries 3

frontend entry
    bind fd@{descriptor}
    default_backend {backend}

backend {backend}
    balance roundrobin
    option httpchk
    http-check connect
    http-check send meth GET uri {context}/status ver HTTP/1.1 hdr Host bitbucket
    http-check expect string RUNNING
    http-check connect
    http-check send meth GET uri {context}/rest/api/latest/projects?limit=1 ver HTTP/1.1 hdr Host bitbucket \
        hdr Authorization "Basic {credentials}"
    http-check expect status 200
    default-server check inter 500ms rise 2 fall 2
{servers}
"""

# Ends the command, by its process id, when standard input ends.
_UNTIL_EOF = '"$@" & cat; kill $!; wait $!'


@dataclasses.dataclass(frozen=True)
class Request:
    """One line of HAProxy's log: what one client asked for, and how that ended.

    ``at`` is when it came, in seconds since the epoch. ``server`` is ``<NOSRV>`` when none was there. ``status`` is
    -1 when there was no answer. ``end`` are HAProxy's two letters for it; ``--`` is a proper end.
    """

    at: float
    server: str
    status: int
    end: str
    method: str
    path: str

    @property
    def failed(self) -> bool:
        """Whether a client could not have what it asked for, through no fault of its own."""
        return self.end != "--" or self.status < 0 or self.status >= 500


class Balancer:
    """A running HAProxy; ``url`` is where clients go, ``socket`` is of level admin."""

    def __init__(self, url: str, configuration: str, path: Path, log: Path) -> None:
        self.url = url
        self.configuration = configuration
        self.socket = path
        self._log = log

    @property
    def variables(self) -> dict[str, object]:
        """The variables of the role by which it drains nodes here."""
        return {
            "rolling_upgrade_load_balancer": "haproxy",
            "rolling_upgrade_haproxy_hosts": ["localhost"],
            "rolling_upgrade_haproxy_socket": str(self.socket),
            "rolling_upgrade_haproxy_backends": [BACKEND],
        }

    def command(self, command: str) -> str:
        """The answer of the stats socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.socket))
            connection.sendall(command.encode() + b"\n")
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts).decode()

    def set_state(self, server: str, state: str) -> None:
        """``ready``, ``drain`` or ``maint``, as an operator would."""
        said = self.command(f"set server {BACKEND}/{server} state {state}").strip()
        assert not said, said

    def servers(self) -> dict[str, str]:
        """The status of each server: UP, DOWN, DRAIN, MAINT, or on the way there, such as ``UP 1/2``."""
        rows = csv.DictReader(self.command("show stat").lstrip("# ").splitlines())
        return {row["svname"]: row["status"] for row in rows if row["type"] == "2"}

    def wait(self, server: str, status: str) -> None:
        """Wait until a server has this status. Raises AssertionError when that takes too long."""
        deadline = time.monotonic() + SECONDS_TO_START
        while (seen := self.servers()[server]) != status:
            assert time.monotonic() < deadline, f"{server} is {seen} and not {status}"
            time.sleep(0.05)

    def requests(self) -> list[Request]:
        """Everything that was asked for and is done with, oldest first."""
        return [_request(line) for line in self.said().splitlines() if line.startswith("request ")]

    def said(self) -> str:
        """All of its log."""
        return self._log.read_text(encoding="utf-8")


def _request(line: str) -> Request:
    _word, at, server, status, end, method, path = line.split(" ", 6)
    return Request(float(at), server, int(status), end[:2], method, path)


@contextlib.contextmanager
def balancing(simulator: Simulator, directory: Path) -> Iterator[Balancer]:
    """HAProxy on a free port of loopback, with its configuration and its log below ``directory``; ended on leaving.

    Raises RuntimeError with HAProxy's last words when it does not come up with every server.
    """
    assert PROGRAM, MISSING
    directory.mkdir(parents=True, exist_ok=True)
    nodes = {node["name"]: node["url"].rpartition("//")[2] for node in simulator.facts["nodes"]}
    # the address of a socket may be a hundred characters long, which a clone somewhere deep would use up
    with tempfile.TemporaryDirectory(prefix="haproxy-") as short, socket.create_server(("127.0.0.1", 0)) as listener:
        path, log = Path(short, "admin.sock"), directory / "haproxy.log"
        configuration = _configuration(simulator, nodes, path, listener.fileno())
        (directory / "haproxy.cfg").write_text(configuration, encoding="utf-8")
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                ["sh", "-c", _UNTIL_EOF, "sh", PROGRAM, "-db", "-f", str(directory / "haproxy.cfg")],
                pass_fds=[listener.fileno()],
                # never written to: its end tells that whoever uses HAProxy has gone, even if by kill -9
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{simulator.facts['context_path']}"
        balancer = Balancer(url, configuration, path, log)
        try:
            _wait(balancer, nodes)
            yield balancer
        finally:
            process.communicate(timeout=30)


def _configuration(simulator: Simulator, nodes: Mapping[str, str], path: Path, descriptor: int) -> str:
    reader = simulator.facts["users"][2]
    return _CONFIGURATION.format(
        credentials=base64.b64encode(f"{reader['name']}:{reader['password']}".encode()).decode(),
        socket=path,
        descriptor=descriptor,
        backend=BACKEND,
        context=simulator.facts["context_path"],
        servers="\n".join(f"    server {name} {address}" for name, address in nodes.items()),
    )


def _wait(balancer: Balancer, nodes: Mapping[str, str]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not balancer.socket.exists() or set(balancer.servers().items()) != {(name, "UP") for name in nodes}:
        if time.monotonic() > deadline:
            raise RuntimeError(f"HAProxy did not come up:\n{balancer.said()[-4000:]}")
        time.sleep(0.05)
