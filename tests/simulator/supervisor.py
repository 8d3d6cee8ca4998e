# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets up the cluster's directories, starts its nodes, serves the entry and the control address, ends it all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.behaviour import change_behaviour, forget_overrides
from simulator.control import Control
from simulator.directory import ADMIN, READ, WRITE, Directory, User
from simulator.entry import Backend, Entry, serving
from simulator.faults import EXAMPLE, delete_rules
from simulator.layout import NodeConfig, SharedHome
from simulator.locks import try_lock
from simulator.membership import Membership
from simulator.moving import Moves
from simulator.ports import Ports
from simulator.release import build_release, install
from simulator.seed import Seeder, read_seed
from simulator.store import Store
from simulator.version import Version

HOST = "127.0.0.1"
# Of the nodes that do not share the entry's address: this and their number. Several simulators differ in the port.
_NODES = "127.0.10."
_MARKER = "simulator.lock"


class SetUpError(Exception):
    """The cluster cannot be set up; the text says why and what to do."""


@dataclass(frozen=True)
class Options:
    data_dir: Path
    nodes: int
    port: int
    version: Version
    context_path: str
    seed: Path
    # In place of the seed document's, of users with SYS_ADMIN; None: as there.
    administrator_password: str | None
    start_up_seconds: float
    ready_file: Path | None
    fresh: bool
    until_eof: bool
    # Settings of the servers, checked: see behaviour.py.
    settings: dict[str, Any]
    # HTTPS at the entry address: the certificate with its key in one file, and who may sign those of clients.
    tls_certificate: Path | None
    tls_client_ca: Path | None
    # Whether all nodes are at the entry's address, with a port each, and how they are named: none, unique or same.
    shared_address: bool
    node_names: str

    def tls(self) -> ssl.SSLContext | None:
        """What the entry address serves with, None for plain HTTP. SetUpError for files that do not do."""
        if self.tls_certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.tls_certificate)
            if self.tls_client_ca is not None:
                context.load_verify_locations(self.tls_client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:
            raise SetUpError(f"the certificates cannot be used ({error}): give PEM files") from None
        return context


@dataclass(frozen=True)
class NodePlace:
    config: NodeConfig
    install_dir: Path
    home: Path

    @property
    def name(self) -> str:
        return self.config.name

    def script(self, action: str) -> list[str]:
        return [str(self.install_dir / "current" / "bin" / f"{action}-bitbucket.sh"), "--no-search"]

    def run(self, action: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.script(action),
            env={**os.environ, "BITBUCKET_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )


class Supervisor:
    """One cluster, from set-up to the last process."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self._options = options
        self._say = say
        self._data = options.data_dir.resolve()
        self._shared = SharedHome(self._data / "shared")
        self._lock_path = self._data / _MARKER
        self._places: list[NodePlace] = []

    def run(self) -> None:
        """Returns after SIGINT or SIGTERM, with every process gone. SetUpError and PortInUseError before that."""
        with contextlib.ExitStack() as held:
            self._take_data_dir(held)
            asyncio.run(self._serve(held))

    # --- directories ---

    def _take_data_dir(self, held: contextlib.ExitStack) -> None:
        """The lock in the data directory: the nodes end when nobody holds it, however that came about."""
        if self._data.exists() and any(self._data.iterdir()) and not self._lock_path.exists():
            raise SetUpError(f"{self._data} is not empty and no data directory of the simulator: name another one")
        self._data.mkdir(parents=True, exist_ok=True)
        lock = try_lock(self._lock_path, patience=5.0)
        if lock is None:
            raise SetUpError(f"a simulator is running in {self._data}: stop it or name another directory")
        held.callback(os.close, lock)
        if self._options.fresh:
            for name in ("nodes", "shared"):
                shutil.rmtree(self._data / name, ignore_errors=True)
        # Archives are built from the sources of this run.
        shutil.rmtree(self._data / "releases", ignore_errors=True)

    def _prepare_shared_home(self) -> None:
        new = not self._shared.database.exists()
        document = read_seed(self._options.seed) if new else None
        for user in (document or {}).get("users", ()):
            if user.get("permission") == "SYS_ADMIN" and self._options.administrator_password is not None:
                user["password"] = self._options.administrator_password
        self._shared.create()
        self._shared.request_log.unlink(missing_ok=True)
        # A database that was not finished is not one: it gets its name at the end.
        path = self._shared.database.with_suffix(".new") if new else self._shared.database
        if new:
            for leftover in path.parent.glob("bitbucket.new*"):
                leftover.unlink()
            shutil.rmtree(self._shared.repositories)
            self._shared.create()
        store = Store(path)
        store.create_tables()
        Membership(store).relocate([place.config for place in self._places])
        # What was wrong on purpose in a former run is not wrong in this one.
        delete_rules(store)
        forget_overrides(store)
        if document is not None:
            try:
                Seeder(store, self._shared).apply(document)
            except (ValueError, KeyError, OSError) as error:
                raise SetUpError(f"{self._options.seed}: {error}") from error
        change_behaviour(store, self._options.settings)
        # Checkpoints the write-ahead log into the one file that is renamed.
        store.execute("PRAGMA journal_mode = DELETE")
        store.close()
        path.replace(self._shared.database)

    def _addresses(self, ports: Ports) -> list[tuple[str, int]]:
        """One for each node, reserved."""
        numbers, first = range(1, self._options.nodes + 1), self._options.port
        if self._options.shared_address:
            return [(HOST, ports.take(HOST, first + number) if first else ports.take_any(HOST)) for number in numbers]
        hosts = [f"{_NODES}{number}" for number in numbers]
        if first:
            return [(host, ports.take(host, first)) for host in hosts]
        port = ports.take_any(*hosts)
        return [(host, port) for host in hosts]

    def _prepare_nodes(self, ports: Ports) -> None:
        archive: Path | None = None
        for number, (host, port) in enumerate(self._addresses(ports), start=1):
            name = f"node{number}"
            root = self._data / "nodes" / name
            config = NodeConfig(
                name=name,
                host=host,
                port=port,
                context_path=self._options.context_path,
                start_up_seconds=self._options.start_up_seconds,
                python=sys.executable,
                supervisor_lock=str(self._lock_path),
                cluster_name={"none": None, "unique": name, "same": "bitbucket"}[self._options.node_names],
            )
            place = NodePlace(config, root / "install", root / "home")
            config.write(place.home)
            link = place.home / "shared"
            if not link.is_symlink():
                link.symlink_to(self._shared.root)
            if not (place.install_dir / "current").exists():
                if archive is None:
                    archive, _digest = build_release(self._options.version, self._data / "releases")
                install(archive, self._options.version, place.install_dir)
            self._places.append(place)

    # --- life ---

    async def _serve(self, held: contextlib.ExitStack) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        if self._options.until_eof:
            loop.add_reader(sys.stdin.fileno(), stop.set)
        options = self._options
        ports = Ports(held)
        entry_port = ports.take(HOST, options.port) if options.port else ports.take_any(HOST)
        control_port = ports.take(HOST, options.port - 1) if options.port else ports.take_any(HOST)
        self._prepare_nodes(ports)
        await asyncio.to_thread(self._prepare_shared_home)
        store = Store(self._shared.database)
        backends = [Backend(place.name, place.config.url) for place in self._places]
        entry = Entry(backends, options.context_path, Membership(store).url)
        control = Control(entry, store, self._shared, self._data / "releases", options.version).app()
        Moves({place.name: place.home for place in self._places}, ports).add_to(control.router)
        try:
            async with (
                serving(control, HOST, control_port),
                entry.serving(HOST, entry_port, options.tls()),
            ):
                await asyncio.gather(*(self._script(place, "start") for place in self._places))
                if await self._all_active(store, entry, stop):
                    facts = self._facts(store, entry_port, control_port)
                    self._announce(facts)
                    await stop.wait()
        finally:
            self._say("Stopping the nodes ...")
            await asyncio.gather(*(self._script(place, "stop") for place in self._places))
            store.close()
            if options.ready_file is not None:
                options.ready_file.unlink(missing_ok=True)
            self._say("Stopped.")

    async def _script(self, place: NodePlace, action: str) -> None:
        done = await asyncio.to_thread(place.run, action)
        if done.returncode != 0:
            self._say(f"{place.name}: {action} failed: {done.stderr.strip() or done.stdout.strip()}")

    async def _all_active(self, store: Store, entry: Entry, stop: asyncio.Event) -> bool:
        """False when it was told to stop meanwhile; SetUpError when a node does not come up."""
        membership = Membership(store)
        deadline = asyncio.get_running_loop().time() + 60 + self._options.start_up_seconds
        while not stop.is_set():
            active = {member.label for member in membership.cluster().members if member.listed_state == "ACTIVE"}
            if len(active) == len(self._places) and all(backend.up for backend in entry.backends):
                return True
            if asyncio.get_running_loop().time() > deadline:
                missing = next(place for place in self._places if place.name not in active)
                log = missing.home / "log" / "atlassian-bitbucket.log"
                tail = log.read_text(encoding="utf-8").splitlines()[-5:] if log.exists() else []
                raise SetUpError(f"{missing.name} did not start; the end of {log}:\n  " + "\n  ".join(tail))
            await asyncio.sleep(0.05)
        return False

    # --- what the outside gets to know ---

    def _facts(self, store: Store, entry_port: int, control_port: int) -> dict[str, Any]:
        directory = Directory(store)
        members = {member.label: member for member in Membership(store).cluster().members if member.live}
        repositories = directory.repositories()
        control = f"http://{HOST}:{control_port}"
        return {
            "entry": f"{'http' if self._options.tls_certificate is None else 'https'}://{HOST}:{entry_port}",
            "control": control,
            "context_path": self._options.context_path,
            "version": members[self._places[0].name].version,
            "data_dir": str(self._data),
            "git_dir": str(self._shared.repositories),
            "releases": control + "/releases",
            "shared_address": self._options.shared_address,
            "nodes": [
                {
                    "name": place.name,
                    "cluster_name": place.config.cluster_name,
                    "id": members[place.name].id,
                    "url": place.config.url,
                    "address": place.config.address,
                    "port": place.config.listed_port,
                    "install_dir": str(place.install_dir),
                    "home": str(place.home),
                }
                for place in self._places
            ],
            "users": [
                {"name": user.name, "password": user.password, "permission": _label(directory, user)}
                for user in directory.users()
            ],
            "repositories": [
                {
                    "project_key": repository.project.key,
                    "repository": repository.slug,
                    "path": str(self._shared.repository(repository.id)),
                }
                for repository in repositories
            ],
        }

    def _announce(self, facts: dict[str, Any]) -> None:
        self._say(f"Bitbucket {facts['version']} with {len(facts['nodes'])} nodes is running")
        self._say(f"  entry     {facts['entry']}{facts['context_path']}")
        for node in facts["nodes"]:
            self._say(f"  {node['name']:<9} {node['url']}{facts['context_path']}")
        self._say(f"  control   {facts['control']}/")
        self._say(f"  data      {facts['data_dir']}")
        for user in facts["users"][:10]:
            self._say(f"  user      {user['name']} / {user['password']} ({user['permission']})")
        for repository in facts["repositories"][:10]:
            self._say(
                f"  git       {facts['entry']}{facts['context_path']}/scm/"
                f"{repository['project_key'].lower()}/{repository['repository']}.git"
            )
        if len(facts["repositories"]) > 10:
            self._say(f"            and {len(facts['repositories']) - 10} more repositories")
        self._say(f"  faults    curl -X POST {facts['control']}/faults -d '{EXAMPLE}'")
        self._say(f"            curl -X DELETE {facts['control']}/faults")
        self._say("Ctrl-C stops it.")
        ready = self._options.ready_file
        if ready is not None:
            ready.parent.mkdir(parents=True, exist_ok=True)
            temporary = ready.with_name(f".{ready.name}.{os.getpid()}")
            temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
            temporary.replace(ready)


def _label(directory: Directory, user: User) -> str:
    """The user's highest permission in one word."""
    if user.permission != "LICENSED_USER":
        return user.permission
    names = {READ: "REPO_READ", WRITE: "REPO_WRITE", ADMIN: "REPO_ADMIN"}
    levels = [directory.repository_level(user, repository) for repository in directory.repositories()[:100]]
    return names.get(max(levels, default=0), user.permission)
