# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of recognisable text run through everything, with every word that Ansible can say; none of them shows.

Looked through are the output at -vvvv with --diff, in YAML and in JSON, the log file, the results that the tree
callback writes, the fact cache, and whatever else lies where Ansible writes.
"""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import ROOT, Playbooks, Run
from harness.simulator import Simulator

from .conftest import SECRET, cluster

WRONG = "canary wrong/pässword&x=1"
TOKEN = "canary-t0ken-8d2f"
# of an address that a store has signed: what knows it may fetch the archive
SIGNATURE = "canary-s1gnature/9c&e3"
# those that send requests
MODULES = sorted({path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - {"cluster_lock"})
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))

API = {"project_key": "PLAT", "repository": "api"}
NODES = {"node1": "node1", "node2": "node2"}
# the application link of the seed
JIRA = "6b5f0c0e-4f3b-3d0c-9f0e-0d9c3a1b2c3d"
FIELDS = {"project": {"key": "PLAT"}, "summary": "Switch it off in tests"}
# every module, so that it succeeds and changes something where it can
TASKS: dict[str, dict[str, Any]] = {
    "branch": {**API, "name": "canary-module", "start_point": "main"},
    "branch_info": API,
    "branch_model": {**API, "types": [{"id": "HOTFIX", "prefix": "canary-fix/"}]},
    "branch_model_info": API,
    "branch_restriction": {**API, "type": "no-deletes", "matcher": {"type": "BRANCH", "id": "main"}},
    "branch_restriction_info": API,
    "branches": {"branches": [{**API, "name": "canary-many", "start_point": "main"}]},
    "cluster_info": {},
    "cluster_wait": {"state": "STABLE", "wait_timeout": 10},
    "commit_info": API,
    "commit_watch": {**API, "commit": "main"},
    "default_branch": {**API, "name": "develop"},
    "default_branch_info": API,
    "jira_entity_link_info": {"project_key": "PLAT"},
    "jira_issue": {**API, "pull_request_id": 1, "comment_id": 2, "application_id": JIRA, "fields": FIELDS},
    "jira_issue_commit_info": {"issue_key": "PLAT-7"},
    "mesh_node": {"name": "mesh1", "state": "disabled"},
    "mesh_node_info": {},
    "mirror_upgrade": {"state": "started"},
    "project_info": {},
    "pull_request_issue_info": {**API, "pull_request_id": 1},
    "release_gate": {**API, "since": "v1.0.0", "until": "develop", "branches": ["develop"]},
    "repository_info": {},
    "rolling_upgrade": {"state": "started"},
    "rolling_upgrade_plan": {"target_version": "9.4.23", "nodes": NODES},
    "stale_branch_info": {"repositories": [API]},
    "tag": {**API, "name": "canary-tag", "start_point": "main"},
    "tag_info": API,
}
# begun and taken back, then the whole, of which nothing is left to do afterwards
IN_ORDER = [
    "branch_provisioning",
    "branch_cleanup",
    "branch_restore",
    "release_notes",
    "rolling_upgrade_preflight",
    "rolling_upgrade_begin",
    "rolling_upgrade_rollback",
    "rolling_upgrade",
    "rolling_upgrade_nodes",
    "rolling_upgrade_finalize",
    "rolling_restart",
]
DOCUMENT = {"repositories": [{**API, "branches": [{"name": "canary/document", "start_point": "main"}]}]}
# commits made from the seed have the same ids each time
RESTORE = [{**API, "name": "canary/restored", "start_point": "3a13e09b84a7e230d95ed74961020ab62646b083"}]


def forms(user: str, secret: str) -> set[bytes]:
    """The secret as it is, as it travels, and as it would stand in an address or in JSON."""
    return {
        secret.encode(),
        base64.b64encode(f"{user}:{secret}".encode()),
        urllib.parse.quote(secret).encode(),
        urllib.parse.quote(secret, safe="").encode(),
        urllib.parse.quote_plus(secret).encode(),
        secret.encode("unicode_escape"),
    }


class Canary:
    """Runs playbooks so that Ansible says and writes all it can, and looks for secrets in all of it."""

    def __init__(self, simulator: Simulator, directory: Path) -> None:
        self.simulator = simulator
        self._directory = directory
        self._home = directory / "ansible"
        self._playbooks = Playbooks(self._home, {"BITBUCKET_URL": simulator.url})
        self._inventory = simulator.write_inventory(directory / "inventory.yml")
        archive = simulator.archive("9.4.22")
        archive["rolling_upgrade_archive"] += f"?X-Expires=60&X-Signature={urllib.parse.quote(SIGNATURE, safe='')}"
        self._home.mkdir(exist_ok=True)
        self._variables = {
            **archive,
            "branch_provisioning_document": DOCUMENT,
            "branch_cleanup_repositories": [API],
            "branch_cleanup_restore_dir": str(self._home),
            "branch_cleanup_restore_list": RESTORE,
            **{
                f"release_notes_{name}": value for name, value in {**API, "since": "v1.0.0", "until": "develop"}.items()
            },
            "release_notes_dir": str(self._home),
        }

    def list_inventory(self, ending: str, connection: dict[str, str]) -> str:
        """What ansible-inventory says of all repositories or nodes; AssertionError where a secret shows."""
        cache = {
            "cache": True,
            "cache_plugin": "ansible.builtin.jsonfile",
            "cache_connection": str(self._home / "cache"),
        }
        options = {
            "bitbucket": {"plugin": "bitbucket.datacenter.repositories", **cache},
            "bitbucket_cluster": {"plugin": "bitbucket.datacenter.cluster"},
        }[ending]
        path = self._directory / f"canary.{ending}.yml"
        path.write_text(yaml.safe_dump({**options, **connection}), encoding="utf-8")
        log = {"ANSIBLE_LOG_PATH": str(self._home / "ansible.log")}
        done = self._playbooks.inventory("-vvvv", "--inventory", str(path), "--list", environment=log)
        self._look_for_secrets(done.stdout + done.stderr, connection)
        return done.stdout

    def play(self, playbook: str, connection: dict[str, str], *options: str, style: str = "yaml") -> Run:
        """One run with ``connection`` from a file of variables; AssertionError where a secret shows."""
        secrets = self._directory / "secrets.yml"
        secrets.write_text(yaml.safe_dump({"bitbucket_connection": connection, **self._variables}), encoding="utf-8")
        run = self._playbooks.run(
            playbook, "-vvvv", "--diff", "--inventory", str(self._inventory), "--extra-vars", f"@{secrets}", *options,
            environment={
                "ANSIBLE_CALLBACK_RESULT_FORMAT": style,
                "ANSIBLE_CALLBACKS_ENABLED": "harness_events,ansible.builtin.tree",
                "ANSIBLE_CALLBACK_TREE_DIR": str(self._home / "tree"),
                "ANSIBLE_CACHE_PLUGIN": "jsonfile",
                "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self._home / "facts"),
                "ANSIBLE_LOG_PATH": str(self._home / "ansible.log"),
            },
        )  # fmt: skip
        self._look_for_secrets(run.output, connection)
        return run

    def _look_for_secrets(self, output: str, connection: dict[str, str]) -> None:
        written = [output.encode(), *(path.read_bytes() for path in self._home.rglob("*") if path.is_file())]
        assert len(written) > 1
        user = connection.get("username", "")
        for secret in (connection.get("password"), connection.get("token"), TOKEN, SIGNATURE):
            for form in forms(user, secret) if secret else ():
                assert not any(form in text for text in written), "a secret shows"


@pytest.fixture(scope="module")
def canary(directory: Path) -> Iterator[Canary]:
    # nodes by names, which stand in tasks that are written before anybody knows addresses
    with cluster(directory / "canary", 2, "--node-names", "unique") as simulator:
        yield Canary(simulator, directory / "canary")


RIGHT = {"username": "admin", "password": SECRET}
REFUSED = {"username": "developer", "password": WRONG}


def every_module(canary: Canary, *options: str, modules: Collection[str] = tuple(TASKS)) -> str:
    """A playbook that gives the credentials to every task as options, and goes on after failures.

    By variables: what stands in a task itself, Ansible shows as the place of a failure.
    """
    connection = {option: f"{{{{ bitbucket_connection.{option} }}}}" for option in options}
    tasks = [
        {f"bitbucket.datacenter.{module}": {**TASKS[module], **connection}, "ignore_errors": True} for module in modules
    ]
    path = Path(canary.simulator.facts["data_dir"]).parent / "modules.yml"
    play = {"name": "Modules", "hosts": "localhost", "gather_facts": True, "tasks": tasks}
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    return str(path)


def failures(run: Run) -> int:
    return len([event for event in run.events if event.get("status") == "failed"])


def test_nothing_is_left_out() -> None:
    assert sorted(TASKS) == MODULES
    assert sorted(IN_ORDER) == PLAYBOOKS


# a run of every module takes its time: failures are said in JSON here, and in YAML of a token
def test_modules_with_refused_credentials(canary: Canary) -> None:
    run = canary.play(every_module(canary, "username", "password"), REFUSED, style="json")
    assert failures(run) == len(MODULES), run.output


def test_modules_with_a_token_that_may_not(canary: Canary) -> None:
    run = canary.play(every_module(canary, "token"), {"token": TOKEN})
    assert failures(run) == len(MODULES), run.output


@pytest.mark.parametrize("style", ["yaml", "json"])
def test_a_token_from_a_file(canary: Canary, tmp_path: Path, style: str) -> None:
    """Read by the same code for all: one module that an action plugin runs, one that Ansible runs itself."""
    modules = ["branch", "branches"]
    (tmp_path / "token").write_text(TOKEN, encoding="ascii")
    way = {"token_file": str(tmp_path / "token")}
    run = canary.play(every_module(canary, *way, modules=modules), way, style=style)
    assert failures(run) == len(modules), run.output


@pytest.mark.parametrize("playbook", IN_ORDER)
def test_playbooks_with_refused_credentials(canary: Canary, playbook: str) -> None:
    assert canary.play(playbook, REFUSED).returncode != 0


@pytest.mark.parametrize("playbook", IN_ORDER)
def test_playbooks(canary: Canary, playbook: str) -> None:
    run = canary.play(playbook, RIGHT, style="json")
    assert run.returncode == 0, run.output


def test_modules(canary: Canary) -> None:
    run = canary.play(every_module(canary, "username", "password"), RIGHT)
    assert failures(run) == 0, run.output


@pytest.mark.parametrize("connection", [RIGHT, REFUSED, {"token": TOKEN}], ids=["right", "refused", "token"])
@pytest.mark.parametrize(("ending", "host"), [("bitbucket", "PLAT.api"), ("bitbucket_cluster", "node2")])
def test_inventory(canary: Canary, ending: str, host: str, connection: dict[str, str]) -> None:
    # with the credentials in the file of the inventory, which is where nobody should keep them
    listed = canary.list_inventory(ending, connection)
    assert (host in listed) is (connection is RIGHT)
