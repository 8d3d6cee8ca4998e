# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories and roles with credentials that the server does not accept, and behind a proxy that hides the account.

Of the two projects anybody may read one: a token that is not accepted sees half of the repositories.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import Playbooks, Run
from harness.simulator import Simulator

from .conftest import SECRET, cluster

TOKEN = "a-t0ken-never-issued"
WRONG = "a-wr0ng-s3cret"
PROOF = "GET /rest/api/{apiVersion}/profile/recent/repos"
LOGIN = {"BITBUCKET_USERNAME": "developer", "BITBUCKET_PASSWORD": WRONG}
# name of the way, its environment, and how every request is answered
WAYS: dict[str, tuple[dict[str, str], str | None]] = {
    "token": ({"BITBUCKET_TOKEN": TOKEN}, None),
    "password": (LOGIN, None),
    "password, served as anonymous": ({"BITBUCKET_USERNAME": "admin", "BITBUCKET_PASSWORD": SECRET}, "anonymous"),
    "token behind a proxy": ({"BITBUCKET_TOKEN": TOKEN}, "strip_header"),
}
ACCEPTED = {
    "token": {"BITBUCKET_TOKEN": "admin-oauth-token"},
    "password": {"BITBUCKET_USERNAME": "admin", "BITBUCKET_PASSWORD": SECRET},
}
UNACCEPTED = pytest.mark.parametrize("way", WAYS)


@dataclasses.dataclass
class Place:
    """A server, and Ansible with credentials that are given for each run."""

    simulator: Simulator
    directory: Path
    playbooks: Playbooks

    @contextlib.contextmanager
    def answering(self, kind: str | None) -> Iterator[None]:
        """All requests meet a fault of this kind."""
        if kind:
            self.simulator.at_control("POST", "/faults", {"fault": {"kind": kind}})
        self.simulator.forget_requests()
        try:
            yield
        finally:
            self.simulator.at_control("DELETE", "/faults")

    def inventory(self, name: str, options: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, str]:
        """Standard output and error of ansible-inventory."""
        path = self.directory / name
        path.write_text(yaml.safe_dump(dict(options)), encoding="utf-8")
        done = self.playbooks.inventory("--inventory", str(path), "--list", environment=environment)
        assert not any(secret in done.stdout + done.stderr for secret in (SECRET, TOKEN, WRONG))
        return done.stdout, done.stderr

    def play(self, playbook: str, variables: Mapping[str, Any], environment: Mapping[str, str]) -> Run:
        run = self.playbooks.run(playbook, "--inventory", "none,", variables=variables, environment=environment)
        assert not any(secret in run.output for secret in (SECRET, TOKEN, WRONG))
        return run


@pytest.fixture(scope="module")
def place(directory: Path) -> Iterator[Place]:
    with cluster(directory / "identity", nodes=2) as simulator:
        simulator.at_control("PUT", "/server", {"captcha_after_failed_logins": 0})
        simulator.api("PUT", "/rest/api/latest/projects/WEB", {"public": True})
        home = directory / "identity" / "ansible"
        yield Place(simulator, directory / "identity", Playbooks(home, {"BITBUCKET_URL": simulator.url}))


INVENTORIES = {
    "estate.bitbucket.yml": {"plugin": "bitbucket.datacenter.repositories"},
    "nodes.bitbucket_cluster.yml": {"plugin": "bitbucket.datacenter.cluster"},
}


@UNACCEPTED
@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_is_complete_or_none(place: Place, name: str, way: str) -> None:
    environment, kind = WAYS[way]
    with place.answering(kind):
        output, error = place.inventory(name, INVENTORIES[name], environment)
    assert "WEB.shop" not in output and "node1" not in output and not json.loads(output)["_meta"]["hostvars"]
    assert ("did not accept" in error or "answered 401" in error) and "Traceback" not in error
    assert sum(place.simulator.requests_served().values()) <= 2


@pytest.mark.parametrize("way", ACCEPTED)
@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_behind_a_proxy_that_hides_the_account(place: Place, name: str, way: str) -> None:
    with place.answering(None):
        usual, _error = place.inventory(name, INVENTORIES[name], ACCEPTED[way])
    requests = place.simulator.requests_served()
    assert PROOF not in requests
    with place.answering("strip_header"):
        output, error = place.inventory(name, INVENTORIES[name], ACCEPTED[way])
    assert json.loads(output)["_meta"]["hostvars"].keys() == json.loads(usual)["_meta"]["hostvars"].keys(), error
    # what only administrators may read proves itself
    proof = {} if "cluster" in name else {PROOF: 1}
    assert place.simulator.requests_served() == {**requests, **proof}


def roles(directory: Path) -> dict[str, dict[str, Any]]:
    """Of each playbook: variables with something to do in what anybody may read, and in what nobody else may."""
    new = {"branches": [{"name": "never/made", "start_point": "main"}]}
    return {
        "branch_provisioning": {
            "branch_provisioning_document": {"repositories": [{"project_key": "*", "repository": "*", **new}]}
        },
        "branch_cleanup": {
            "branch_cleanup_repositories": [{"project_key": "*", "repository": "*"}],
            "branch_cleanup_restore_dir": str(directory),
            "branch_cleanup_merged": False,
            "branch_cleanup_older_than_days": 0,
        },
        "release_notes": {
            "release_notes_project_key": "WEB",
            "release_notes_repository": "shop",
            "release_notes_since": "main",
            "release_notes_until": "feat/WEB-3-search",
            "release_notes_dir": str(directory),
        },
    }


@UNACCEPTED
@pytest.mark.parametrize("playbook", ["branch_provisioning", "branch_cleanup", "release_notes"])
def test_a_role_fails_and_changes_nothing(place: Place, playbook: str, way: str, tmp_path: Path) -> None:
    environment, kind = WAYS[way]
    before = place.simulator.snapshot()
    with place.answering(kind):
        run = place.play(playbook, roles(tmp_path)[playbook], environment)
    assert run.returncode != 0 and run.changed == 0
    (failure,) = run.failures
    assert "did not accept" in failure["msg"] or "answered 401" in failure["msg"], failure
    assert ("password" in failure["msg"]) is ("password" in way)
    assert place.simulator.snapshot() == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", ACCEPTED)
def test_a_role_behind_a_proxy_that_hides_the_account(place: Place, way: str, tmp_path: Path) -> None:
    with place.answering("strip_header"):
        run = place.play("release_notes", roles(tmp_path)["release_notes"], ACCEPTED[way])
    assert run.returncode == 0, run.output
    assert list(tmp_path.iterdir())
