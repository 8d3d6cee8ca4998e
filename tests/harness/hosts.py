# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a simulated cluster as hosts of their own: reached by OpenSSH, changed through sudo.

Each host is a mount namespace with an sshd on a loopback address. In it the node lies where the vendor puts it, the
service atlbitbucket runs it as a user of that name, and an account without rights may log in by its key and become
anybody. Nothing of that exists outside of the namespace, or after its last process. Needs Linux, root, OpenSSH's
server and sudo.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .playbook import kill_tree
from .simulator import SECONDS_TO_START, TESTS, Simulator

_FILES = Path(__file__).parent / "host"
_PROGRAMS = ("/usr/sbin/sshd", "ssh", "ssh-keygen", "sudo", "service", "useradd")
# No account of the machine, since they are counted from below.
_UID = 47_990
_WRITTEN = ("etc", "home", "opt", "srv", "var")


class World:
    """A mount namespace in which the user atlbitbucket can run what the tests run with.

    ``data`` is the one directory that is the same inside and outside.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        named = [Path(sys.executable), Path(sys.prefix), Path(sys.base_prefix), TESTS, data]
        needed = [*named, *(path.resolve() for path in named)]
        ancestors = {ancestor for path in needed for ancestor in path.parents if ancestor != Path("/")}
        closed = sorted(str(path) for path in ancestors if not path.stat().st_mode & 0o001)
        self._traversed = " ".join(closed)
        self._overlaid = " ".join(dict.fromkeys([*_WRITTEN, *(path.split("/")[1] for path in closed)]))

    def command(self, *command: str) -> list[str]:
        """The command that runs another one as root in a namespace of its own."""
        scratch = self._data.with_name(f"{self._data.name}.scratch")
        world = [str(_FILES / "world.sh"), str(scratch), str(self._data), str(_UID), self._overlaid, self._traversed]
        return ["unshare", "--mount", "--propagation", "private", *world, *command]

    def as_bitbucket(self) -> list[str]:
        """The beginning of a command that runs the rest as atlbitbucket in a namespace of its own."""
        identity = [f"--reuid={_UID}", f"--regid={_UID}", "--clear-groups"]
        return self.command("env", f"HOME={self._data}", "setpriv", *identity, "--")


def obstacle(directory: Path) -> str | None:
    """Why there can be no such hosts on this machine, None when there can."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} cannot be found"
    directory.mkdir(parents=True, exist_ok=True)
    tried = subprocess.run(
        [*World(directory).as_bitbucket(), sys.executable, "-c", ""], capture_output=True, text=True, check=False
    )
    return f"no mount namespace can be made ({tried.stderr.strip()})" if tried.returncode else None


class Host:
    """One node's host."""

    def __init__(self, address: str, command: Sequence[str], log: Path) -> None:
        self.address = address
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, port: int) -> None:
        """Serve SSH; returns when it can be reached. RuntimeError with its last words when it cannot."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                socket.create_connection((self.address, port), timeout=5).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = self._log.read_text(encoding="utf-8")[-4000:]
                    raise RuntimeError(f"The host {self.address} did not come up:\n{said}") from None
                time.sleep(0.05)
            else:
                return

    @property
    def pid(self) -> int:
        """The process that serves SSH."""
        assert self._process is not None, f"the host {self.address} is stopped"
        return self._process.pid

    def stop(self) -> None:
        """Be gone for everybody, those who are logged in too. The node, which is nobody's child, goes on."""
        if self._process is None:
            return
        kill_tree(self._process.pid, spare="simulator.node")
        self._process.wait()
        self._process = None


class Hosts:
    """Every node of a cluster as a host: ``each["node1"]``. Its address is that of the node, which none may share."""

    def __init__(self, simulator: Simulator, world: World, directory: Path) -> None:
        self._simulator = simulator
        self._directory = directory
        addresses = {node["name"]: node["address"] for node in simulator.facts["nodes"]}
        self.port = _free_port(list(addresses.values()))
        self._key("login")
        known = []
        self.each: dict[str, Host] = {}
        for name, address in addresses.items():
            public = self._key(f"{name}-host").read_text(encoding="utf-8").split()
            known.append(f"[{address}]:{self.port} {public[0]} {public[1]}")
            config = _SSHD.format(address=address, port=self.port, key=self._at(f"{name}-host"))
            login = [str(_FILES / "login.sh"), f"{simulator.facts['data_dir']}/nodes/{name}", self._at("login.pub")]
            command = world.command(*login, self._write(f"{name}.sshd", config), str(_FILES / "atlbitbucket"))
            self.each[name] = Host(address, command, directory / f"{name}.log")
        self._write("known_hosts", "\n".join(known) + "\n")

    def _at(self, name: str) -> str:
        return str(self._directory / name)

    def _key(self, name: str) -> Path:
        """Make a pair of keys; the path of the public one."""
        for path in (self._directory / name, self._directory / f"{name}.pub"):
            path.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._at(name)], check=True)
        return self._directory / f"{name}.pub"

    def _write(self, name: str, text: str) -> str:
        (self._directory / name).write_text(text, encoding="utf-8")
        return self._at(name)

    def write_inventory(self, path: Path, **more: Any) -> Path:
        """An inventory of the hosts, in which the role's defaults hold; ``more`` are variables for all of them."""
        options = [
            f"UserKnownHostsFile={self._at('known_hosts')}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes",
        ]
        hosts = {
            node["name"]: {
                "ansible_host": self.each[node["name"]].address,
                "rolling_upgrade_status_url": f"{node['url']}{self._simulator.facts['context_path']}/status",
            }
            for node in self._simulator.facts["nodes"]
        }
        common = {
            "ansible_port": self.port,
            "ansible_user": "deploy",
            "ansible_ssh_private_key_file": self._at("login"),
            "ansible_ssh_common_args": " ".join(["-F none", *(f"-o {option}" for option in options)]),
            "ansible_remote_tmp": "~/.ansible/tmp",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        return self._simulator.write_hosts(path, hosts, **common, **more)

    def run(self, name: str, script: str) -> str:
        """What a shell script that runs at a host as root says. Raises subprocess.CalledProcessError."""
        entered = ["nsenter", f"--mount=/proc/{self.each[name].pid}/ns/mnt", "sh", "-euc", script]
        return subprocess.run(entered, capture_output=True, text=True, check=True, timeout=60).stdout

    def start(self, name: str) -> None:
        """Let a host be reached."""
        self.each[name].start(self.port)


_SSHD = """\
ListenAddress {address}
Port {port}
HostKey {key}
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowUsers deploy
"""


def _free_port(addresses: Sequence[str]) -> int:
    """One that is free at all of the addresses just now."""
    with contextlib.ExitStack() as held:
        first = held.enter_context(socket.socket())
        first.bind((addresses[0], 0))
        port: int = first.getsockname()[1]
        for address in addresses[1:]:
            held.enter_context(socket.socket()).bind((address, port))
        return port


@contextlib.contextmanager
def hosts(simulator: Simulator, world: World, directory: Path) -> Iterator[Hosts]:
    """The hosts of a cluster that runs in such a world, gone on leaving; the nodes end with the cluster."""
    directory.mkdir(parents=True, exist_ok=True)
    every = Hosts(simulator, world, directory)
    try:
        for name in every.each:
            every.start(name)
        yield every
    finally:
        for host in every.each.values():
            host.stop()
