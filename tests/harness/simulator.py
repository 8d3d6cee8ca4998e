# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cluster, started by its command line, and looked at without the collection: by git and by raw HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
import yaml

from .options import names
from .rows import by_label

TESTS = Path(__file__).resolve().parents[1]
SECONDS_TO_START = 90
SECONDS_TO_STOP = 60
# tables of the simulator
_SETTINGS = ("branch_model", "restriction", "mesh_node", "watch", "comment", "jira_issue")


class Simulator:
    """A running cluster. ``facts`` is the content of its ready file."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.url: str = facts["entry"] + facts["context_path"]
        self.control: str = facts["control"]
        self.http = requests.Session()
        self.http.trust_env = False

    @property
    def administrator(self) -> tuple[str, str]:
        """Name and password of the user with SYS_ADMIN."""
        return self.facts["users"][0]["name"], self.facts["users"][0]["password"]

    @property
    def connection(self) -> dict[str, str]:
        """The environment by which the collection finds the entry address."""
        name, password = self.administrator
        return {"BITBUCKET_URL": self.url, "BITBUCKET_USERNAME": name, "BITBUCKET_PASSWORD": password}

    def refs(self) -> dict[str, dict[str, str]]:
        """Every ref of every repository, listed by git itself: ``{"PLAT/api": {"refs/heads/main": "<commit>"}}``."""
        return {f"{each['project_key']}/{each['repository']}": ls_remote(each["path"]) for each in self.repositories}

    @property
    def repositories(self) -> list[dict[str, str]]:
        """``project_key``, ``repository`` and the ``path`` of the bare repository, of each."""
        return list(self.facts["repositories"])

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The raw API, as the administrator. Raises AssertionError for an answer that is an error."""
        answer = self.http.request(
            method,
            self.url + path,
            data=None if body is None else json.dumps(body),
            auth=self.administrator,
            headers={"Content-Type": "application/json", "X-Atlassian-Token": "no-check"},
            timeout=30,
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def at_control(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the control address, whose index tells what there is."""
        answer = self.http.request(method, self.control + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def cluster(self) -> dict[str, Any]:
        """The cluster's state and, for each node, its state and version.

        The keys are the labels node1, node2, ..., whatever names and addresses the cluster lists; see by_label.
        """
        seen, rows = by_label(self.listed, lambda: list(self.backends().values()))
        return {
            "state": seen["state"],
            "upgrade_mode": seen["upgradeModeEnabled"],
            "nodes": {label: (row["state"], row["version"]) for label, row in rows.items()},
        }

    def listed(self) -> dict[str, Any]:
        """The cluster as /rest/zdu/cluster lists it."""
        answer = self.http.get(f"{self.url}/rest/zdu/cluster", auth=self.administrator, timeout=30)
        answer.raise_for_status()
        listed: dict[str, Any] = answer.json()
        return listed

    def label(self, name: str) -> str:
        """What the collection calls a node by: its name in the cluster, else its address and port."""
        (node,) = (node for node in self.facts["nodes"] if node["name"] == name)
        return str(node["cluster_name"] or f"{node['address']}:{node['port']}")

    def shown(self, name: str) -> str:
        """How the plan calls a node whose host has the name of the node here."""
        label = self.label(name)
        return label if label == name else f"{label} ({name})"

    def snapshot(self) -> dict[str, Any]:
        """What must be equal before and after something that changes nothing."""
        return {"refs": self.refs(), "cluster": self.cluster(), "settings": self.settings()}

    def settings(self) -> dict[str, Any]:
        """What is stored of branch models, restrictions, watchers, Mesh nodes and mirrors; default branches, by git."""
        paths = [Path(each["path"]) for each in self.repositories]
        database = f"file:{paths[0].parents[1] / 'bitbucket.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(database, uri=True, timeout=30)) as connection:
            stored = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in _SETTINGS}
            switch = "SELECT value FROM setting WHERE name = 'mirror_upgrade'"
            stored["mirror_upgrade"] = connection.execute(switch).fetchall()
        return {**stored, "default_branches": [(path / "HEAD").read_text(encoding="utf-8") for path in paths]}

    def backends(self) -> dict[str, dict[str, Any]]:
        """The nodes as the entry address, the load balancer, sees them, and their ids; by label."""
        return {node["name"]: node for node in self.at_control("GET", "/nodes")["nodes"]}

    def requests_served(self) -> dict[str, int]:
        """How often each method and route was asked for since forget_requests."""
        counts: dict[str, int] = self.at_control("GET", "/requests?limit=0")["counts"]
        return counts

    def forget_requests(self) -> None:
        """Begin counting anew."""
        self.at_control("DELETE", "/requests")

    def fetch_archive(self, version: str) -> Path:
        """The release archive of a version, fetched once."""
        path = Path(self.facts["data_dir"]).parent / f"atlassian-bitbucket-{version}.tar.gz"
        if not path.exists():
            answer = self.http.get(f"{self.facts['releases']}/{path.name}", timeout=60)
            answer.raise_for_status()
            path.write_bytes(answer.content)
        return path

    def archive(self, version: str) -> dict[str, str]:
        """The variables of the role that name the release archive of a version."""
        return self._release(version, ".tar.gz")

    def installer(self, version: str) -> dict[str, str]:
        """The variables of the role that name the vendor's installer of a version."""
        return {"rolling_upgrade_install_method": "installer", **self._release(version, "-x64.bin")}

    def _release(self, version: str, suffix: str) -> dict[str, str]:
        url = f"{self.facts['releases']}/atlassian-bitbucket-{version}{suffix}"
        checksum = self.http.get(f"{url}.sha256", timeout=60)
        checksum.raise_for_status()
        return {
            "rolling_upgrade_target_version": version,
            "rolling_upgrade_archive": url,
            "rolling_upgrade_archive_checksum": f"sha256:{checksum.text.split()[0]}",
        }

    def write_inventory(self, path: Path, **more: Any) -> Path:
        """An inventory of the nodes, by label; ``more`` are variables for all of them."""
        context = self.facts["context_path"]
        hosts = {
            node["name"]: {
                "ansible_host": node["address"],
                **({"rolling_upgrade_node_port": node["port"]} if self.facts["shared_address"] else {}),
                "rolling_upgrade_install_dir": node["install_dir"],
                "rolling_upgrade_home": node["home"],
                "rolling_upgrade_status_url": f"{node['url']}{context}/status",
            }
            for node in self.facts["nodes"]
        }
        local = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "rolling_upgrade_become": False,
            "rolling_upgrade_control": "scripts",
        }
        return self.write_hosts(path, hosts, **{**local, **more})

    def write_hosts(self, path: Path, hosts: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
        """An inventory of ``hosts``, each with variables of its own; ``more`` are variables for all of them."""
        common = {
            "rolling_upgrade_min_free_mb": 100,
            "rolling_upgrade_wait_timeout": 120,
            "rolling_upgrade_wait_delay": 1,
            "load_balancer": self.control,
            "rolling_upgrade_hooks": hooks(),
            "rolling_upgrade_report_dir": str(path.parent),
            **more,
        }
        inventory = {"bitbucket": {"hosts": hosts, "vars": common}}
        path.write_text(yaml.safe_dump(inventory, sort_keys=False), encoding="utf-8")
        return path


def hooks() -> dict[str, str]:
    """The hooks that take a node out of the simulator's entry address and put it back."""
    return {name: str(TESTS / "demo" / "hooks" / f"{name}.yml") for name in ("drain", "undrain")}


def ls_remote(address: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The refs of a repository, by ``git ls-remote``."""
    listed = subprocess.run(
        ["git", "ls-remote", "--refs", address],
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **(environment or {})},
        capture_output=True, encoding="utf-8", check=True, timeout=60,
    )  # fmt: skip
    return {ref: commit for commit, ref in (line.split("\t") for line in listed.stdout.split("\n") if line)}


@contextlib.contextmanager
def running(directory: Path, *options: str, within: Sequence[str] = ()) -> Iterator[Simulator]:
    """A fresh cluster on free ports with everything below ``directory``; ended with all its nodes on leaving.

    ``within`` is the beginning of its command, which runs the rest in surroundings of its own. The nodes have the names
    of this run of the tests, see options.py, unless ``options`` give others.
    Raises RuntimeError with the simulator's last words when it does not come up.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    ready, log = directory / "ready.json", directory / "simulator.log"
    command = [*within, sys.executable, "-m", "simulator", "--port", "0", "--until-eof", *names()]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*command, "--data-dir", str(directory / "data"), "--ready-file", str(ready), *options],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            # never written to: its end tells the cluster that whoever uses it has gone, even if by kill -9
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to whoever uses the cluster, who then ends it
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The simulator did not come up:\n{log.read_text(encoding='utf-8')[-4000:]}")
            time.sleep(0.05)
        simulator = Simulator(json.loads(ready.read_text(encoding="utf-8")))
        with simulator.http:
            yield simulator
    finally:
        process.terminate()
        try:
            process.communicate(timeout=SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
