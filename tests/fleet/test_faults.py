# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every endpoint that the modules use, met by every fault, once and for as long as it lasts.

The tables say what must come of it: success, or the type of the error. Of a write they say besides whether it is
carried out, and that is looked at through the raw API and git, never through the module.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from harness.simulator import running

from .conftest import WORK
from .found import COLLECTION, MODULES, only_reads
from .modules import Fleet

API = {"project_key": "PLAT", "repository": "api"}
REPOSITORY = "/projects/{projectKey}/repos/{repositorySlug}"
COMMITS = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/commits")
BRANCHES = ("GET", f"/rest/api/{{apiVersion}}{REPOSITORY}/branches")
CREATE = ("POST", f"/rest/branch-utils/{{apiVersion}}{REPOSITORY}/branches")
DELETE = ("DELETE", f"/rest/branch-utils/{{apiVersion}}{REPOSITORY}/branches")
MODEL = ("GET", f"/rest/branch-utils/{{apiVersion}}{REPOSITORY}/branchmodel")
CLUSTER = ("GET", "/rest/zdu/cluster")
START, APPROVE, CANCEL = (("POST", f"/rest/zdu/{action}") for action in ("start", "approve", "cancel"))

# seconds that the client waits for an answer, and that a delay lasts beyond it
TIMEOUT, TOO_LONG = 0.4, 0.8

FAULTS: dict[str, dict[str, Any]] = {
    "delay": {"kind": "delay", "seconds": 0.05},
    "too late": {"kind": "delay", "seconds": TOO_LONG, "when": "after"},
    "reset before": {"kind": "reset_before"},
    "reset after": {"kind": "reset_after"},
    "truncated": {"kind": "truncate"},
    "wrong shape": {"kind": "wrong_shape"},
    "html 200": {"kind": "html"},
    "500": {"kind": "status", "status": 500},
    "502 after": {"kind": "status", "status": 502, "when": "after"},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504},
    "429": {"kind": "status", "status": 429, "retry_after": 1},
    "redirect": {"kind": "redirect"},
    "slow drip": {"kind": "slow_drip", "pause": 0.002},
}

# of a read: what comes of the fault that happens once, and of the one that lasts
READ = {
    "delay": ("success", "success"),
    "too late": ("success", "unreachable"),
    "reset before": ("success", "unreachable"),
    "reset after": ("success", "unreachable"),
    "truncated": ("success", "unreachable"),
    "wrong shape": ("contract", "contract"),
    "html 200": ("contract", "contract"),
    "500": ("server", "server"),
    "502 after": ("success", "server"),
    "503": ("success", "server"),
    "504": ("success", "server"),
    "429": ("success", "rate_limited"),
    "redirect": ("contract", "contract"),
    "slow drip": ("success", "success"),
}
# of a write that may be sent once more after reading back: success means that it is carried out, an error that not
REPEATED = {
    "delay": ("success", "success"),
    "too late": ("success", "success"),
    "reset before": ("success", "unreachable"),
    "reset after": ("success", "success"),
    "truncated": ("success", "success"),
    "wrong shape": ("success", "success"),
    "html 200": ("success", "contract"),
    "500": ("success", "server"),
    "502 after": ("success", "success"),
    "503": ("success", "server"),
    "504": ("success", "server"),
    "429": ("success", "rate_limited"),
    "redirect": ("contract", "contract"),
    "slow drip": ("success", "success"),
}
# of a write that is never sent twice
ONCE = {
    **REPEATED,
    "reset before": ("unreachable", "unreachable"),
    "html 200": ("contract", "contract"),
    "500": ("server", "server"),
    "503": ("server", "server"),
    "504": ("server", "server"),
}


@dataclasses.dataclass(frozen=True)
class Use:
    """A module that uses the endpoint. ``done`` looks whether a write is carried out; None for a read."""

    module: str
    options: dict[str, Any]
    outcomes: dict[str, tuple[str, str]]
    prepare: Callable[[Fleet], None] = lambda _fleet: None
    done: Callable[[Fleet], bool] | None = None
    check: bool = False


def has_branch(fleet: Fleet, name: str) -> bool:
    return f"refs/heads/{name}" in fleet.simulator.refs()["PLAT/api"]


def upgraded(fleet: Fleet) -> None:
    """Have upgrade mode on, and every node at a later version than the original one."""
    fleet.upgrade_mode(True)
    if fleet.simulator.cluster()["state"] == "READY_TO_UPGRADE":
        major, minor, patch = next(iter(fleet.simulator.cluster()["nodes"].values()))[1].split(".")
        fleet.upgrade_every_node(f"{major}.{minor}.{int(patch) + 1}")


def upgrade_mode_off(fleet: Fleet) -> None:
    if fleet.simulator.cluster()["state"] == "READY_TO_RUN_UPGRADE_TASKS":
        fleet.api("POST", "/rest/zdu/approve")
    fleet.upgrade_mode(False)


def upgrade_mode_on(fleet: Fleet) -> None:
    upgrade_mode_off(fleet)
    fleet.upgrade_mode(True)


def is_on(fleet: Fleet) -> bool:
    return bool(fleet.simulator.cluster()["upgrade_mode"])


PLAN = {"target_version": "9.4.99", "nodes": {"a": "node1", "b": "node2"}, "node": None, "on_blockers": "report"}
WAIT = {"wait": True, "wait_timeout": 20, "wait_delay": 0.1}
NEW = {**API, "name": "fault/new", "state": "present", "start_point": "main", "end_point": None}
GONE = {**API, "name": "fault/gone", "state": "absent", "start_point": None, "end_point": None}
LISTED = {**API, "name": None, "filter_text": None, "order_by": None}

USES: dict[tuple[str, str], list[Use]] = {
    COMMITS: [Use("branch", {**NEW, "name": "main"}, READ)],
    BRANCHES: [Use("branch_info", LISTED, READ)],
    MODEL: [Use("branch_model_info", API, READ)],
    CLUSTER: [Use("cluster_info", {}, READ), Use("rolling_upgrade_plan", PLAN, READ)],
    CREATE: [
        Use("branch", NEW, REPEATED, lambda fleet: fleet.delete_branch("fault/new"),
            lambda fleet: has_branch(fleet, "fault/new")),
    ],
    DELETE: [
        Use("branch", GONE, REPEATED, lambda fleet: fleet.create_branch("fault/gone"),
            lambda fleet: not has_branch(fleet, "fault/gone")),
        # a dry run is a read in all but name
        Use("branch", GONE, READ,
            lambda fleet: fleet.create_branch("fault/gone"), check=True),
    ],
    START: [Use("rolling_upgrade", {"state": "started", **WAIT}, ONCE, upgrade_mode_off, is_on)],
    CANCEL: [Use("rolling_upgrade", {"state": "cancelled", **WAIT}, ONCE, upgrade_mode_on, lambda f: not is_on(f))],
    APPROVE: [Use("rolling_upgrade", {"state": "approved", **WAIT}, ONCE, upgraded, lambda f: not is_on(f))],
}  # fmt: skip
# Waiting is what these do about faults: see test_a_wait_outlasts_what_passes.
WAITS = {"cluster_wait"}

CASES = [
    pytest.param(endpoint, use, fault, lasting, id=f"{use.module}-{endpoint[0]}-{endpoint[1].rsplit('/', 1)[-1]}-"
                 f"{'check-' if use.check else ''}{fault}-{'lasting' if lasting else 'once'}")
    for endpoint, uses in USES.items()
    for use in uses
    for fault in FAULTS
    for lasting in (False, True)
]  # fmt: skip


class Bench:
    """Runs the modules' own ``run`` in this process, with a client that is quick to give up."""

    def __init__(self, fleet: Fleet, collections: Path) -> None:
        sys.path.insert(0, str(collections))
        self.fleet = fleet
        self._package = f"ansible_collections.{COLLECTION}.plugins"
        transport = self._import("module_utils._transport")
        name, password = fleet.simulator.administrator
        # at one node, so that the entry address does not try again by itself
        node = fleet.simulator.facts["nodes"][0]["url"] + fleet.simulator.facts["context_path"]
        self._connection = transport.Connection((node,), transport.basic(name, password), timeout=TIMEOUT)
        self._retry = self._import("module_utils._retry").Retry(most=2, total=10, base=0.01)

    def _import(self, name: str) -> types.ModuleType:
        return importlib.import_module(f"{self._package}.{name}")

    def run(self, module: str, options: dict[str, Any], *, check: bool = False) -> tuple[str, dict[str, Any]]:
        """``success`` and the result, or the type of the error and the error for machines."""
        told = types.SimpleNamespace(params=options, check_mode=check)
        client = self._import("module_utils._client").Client(
            self._connection, read_only=check or only_reads(module), retry=self._retry
        )
        try:
            with client:
                return "success", self._import(f"modules.{module}").run(told, client)
        except self._import("module_utils._errors").BitbucketError as error:
            return error.type, error.to_dict()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the control address of the simulator."""
        answer = requests.request(method, self.fleet.simulator.control + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def fleet(collections: Path) -> Iterator[Fleet]:
    """A cluster of its own: these tests take it from release to release."""
    options = ("--nodes", "2", "--start-up-seconds", "0.2", "--context-path", "/bitbucket")
    with running(WORK / "simulator-faults", *options) as simulator:
        yield Fleet(simulator, collections)


@pytest.fixture(scope="module")
def bench(fleet: Fleet, collections: Path) -> Bench:
    return Bench(fleet, collections)


@pytest.mark.parametrize(("endpoint", "use", "fault", "lasting"), CASES)
def test_a_fault_ends_as_written(bench: Bench, endpoint: tuple[str, str], use: Use, fault: str, lasting: bool) -> None:
    use.prepare(bench.fleet)
    method, route = endpoint
    rule = {"method": method, "route": route, "fault": FAULTS[fault], **({} if lasting else {"count": 1})}
    bench.control("POST", "/faults", rule)
    try:
        outcome, result = bench.run(use.module, use.options, check=use.check)
        (hit,) = bench.control("GET", "/faults")["faults"]
    finally:
        bench.control("DELETE", "/faults")
    assert hit["hits"] >= 1, "the fault was not met: the endpoint is not used as the table says"
    assert outcome == use.outcomes[fault][lasting], result
    if use.done is None:
        return
    assert use.done(bench.fleet) == (outcome == "success")
    if outcome == "success":
        assert result["changed"] is True


def test_every_module_stands_in_the_table() -> None:
    used = {use.module for uses in USES.values() for use in uses}
    assert used | WAITS == set(MODULES)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"wrong shape", "html 200", "500", "redirect"}))
def test_a_wait_outlasts_what_passes(bench: Bench, fault: str) -> None:
    upgrade_mode_off(bench.fleet)
    rule = {"method": CLUSTER[0], "route": CLUSTER[1], "fault": FAULTS[fault], "count": 4}
    bench.control("POST", "/faults", rule)
    options = {"node": None, "state": "STABLE", "version": None, "failed_states": None, "wait_timeout": 20}
    try:
        outcome, result = bench.run("cluster_wait", {**options, "wait_delay": 0.05})
    finally:
        bench.control("DELETE", "/faults")
    assert outcome == "success", result
    assert result["cluster"]["state"] == "STABLE"


def test_every_endpoint_that_is_used_stands_in_the_table(bench: Bench) -> None:
    for uses in USES.values():
        for use in uses:
            use.prepare(bench.fleet)
            bench.fleet.listen()
            bench.run(use.module, use.options, check=use.check)
            asked = {(entry["method"], entry["route"]) for entry in bench.fleet.heard()}
            assert asked <= set(USES), f"{use.module} uses an endpoint without a row"
