# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing rests on a response that was made for an anonymous caller, and a proxy may remove the name of the account.

Each module is run by each way to authenticate, on projects that anybody may read and on projects that nobody else may.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.bench import Bench, Sent
from harness.simulator import running

from .conftest import WORK
from .found import MODULES, TWO_NODES, only_reads
from .modules import Fleet
from .proof import API, Scenario
from .proofs import SCENARIOS

PROOF = "/rest/api/{apiVersion}/profile/recent/repos"
# what no anonymous caller gets: a success proves itself
ADMINISTRATION = ("/rest/zdu/", "/rest/mirroring/", "/admin/")
TOKEN, LOGIN = "admin-oauth-token", ("admin", "admin")
WAYS = pytest.mark.parametrize("credentials", [TOKEN, LOGIN], ids=["token", "password"])
FIRST = {scenario.module: scenario for scenario in reversed(SCENARIOS)}
Outcome = tuple[str, dict[str, Any]]


class Asker:
    """A bench at one node of a cluster whose logins never end in a CAPTCHA, and the cluster."""

    def __init__(self, fleet: Fleet, collections: Path) -> None:
        self.fleet = fleet
        node = fleet.simulator.facts["nodes"][0]["url"] + fleet.simulator.facts["context_path"]
        self.bench = Bench(collections, node, fleet.simulator.administrator)

    def prepare(self, scenario: Scenario) -> None:
        scenario.prepare(self.fleet)

    def run(self, scenario: Scenario, credentials: tuple[str, str] | str) -> Outcome:
        """The outcome of a real run; its requests are in ``heard`` then."""
        self.fleet.listen()
        return self.bench.run(
            scenario.module, scenario.options, reads=only_reads(scenario.module), credentials=credentials
        )

    def heard(self) -> list[dict[str, Any]]:
        return self.fleet.heard()

    def proofs(self) -> int:
        """How often the account was asked for."""
        return [entry["route"] for entry in self.heard()].count(PROOF)

    @contextlib.contextmanager
    def fault(self, kind: str, **rule: Any) -> Iterator[None]:
        """All requests meet the fault, as far as the rule does not say otherwise."""
        self.control("POST", "/faults", {**rule, "fault": {"kind": kind}})
        try:
            yield
        finally:
            self.control("DELETE", "/faults")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.fleet.simulator.at_control(method, path, body)

    def publish(self, public: bool) -> None:
        """Let anybody read the projects, or nobody without permission."""
        for key in ("PLAT", "WEB"):
            self.fleet.api("PUT", f"/rest/api/latest/projects/{key}", {"public": public})


@pytest.fixture(scope="module")
def asker(collections: Path) -> Iterator[Asker]:
    options = (*TWO_NODES, "--setting", "captcha_after_failed_logins=0")
    with running(WORK / "simulator-identity", *options, "--context-path", "/bitbucket") as simulator:
        yield Asker(Fleet(simulator, collections), collections)


@pytest.fixture(params=[True, False], ids=["public", "private"])
def public(asker: Asker, request: pytest.FixtureRequest) -> Iterator[bool]:
    asker.publish(request.param)
    yield request.param
    asker.publish(False)


def refused(outcome: Outcome, credentials: tuple[str, str] | str) -> None:
    """One error of the credentials, in one sentence, with advice that fits them."""
    kind, result = outcome
    assert kind == "authentication", result
    message = result["msg"]
    assert "\n" not in message and message.endswith(".") and result["error"]["retryable"] is False
    assert ("password" in message) is isinstance(credentials, tuple), message
    assert ("token" in message) is isinstance(credentials, str), message


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("setting", ["anonymous", "refused"])
@pytest.mark.usefixtures("public")
def test_a_token_that_is_not_accepted(asker: Asker, module: str, setting: str) -> None:
    asker.prepare(FIRST[module])
    before = asker.fleet.simulator.snapshot()
    asker.control("PUT", "/server", {"unaccepted_tokens": setting})
    refused(asker.run(FIRST[module], "never-a-token"), "a token")
    assert len(asker.heard()) <= 2
    assert asker.fleet.simulator.snapshot() == before


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("public")
def test_a_wrong_password(asker: Asker, module: str) -> None:
    asker.prepare(FIRST[module])
    before = asker.fleet.simulator.snapshot()
    wrong = ("developer", "wrong")
    refused(asker.run(FIRST[module], wrong), wrong)
    assert len(asker.heard()) == 1
    assert asker.fleet.simulator.snapshot() == before


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("public")
@WAYS
def test_an_account_that_is_lost_on_the_way(asker: Asker, module: str, credentials: tuple[str, str] | str) -> None:
    """As when a token expires: from the second response on, from the third, ..., the caller is anonymous."""
    scenario = FIRST[module]
    asker.prepare(scenario)
    outcome = asker.run(scenario, credentials)
    assert outcome[0] == "success", outcome
    requests = len(asker.heard())
    assert not asker.proofs()
    for accepted in range(requests):
        asker.prepare(scenario)
        with asker.fault("anonymous", skip=accepted):
            outcome = asker.run(scenario, credentials)
        refused(outcome, credentials)
        # only the very first response needs a proof
        assert asker.proofs() <= (0 if accepted else 1)


@pytest.mark.parametrize("module", MODULES)
@WAYS
def test_a_proxy_that_removes_the_name_of_the_account(
    asker: Asker, module: str, credentials: tuple[str, str] | str
) -> None:
    scenario = FIRST[module]
    asker.prepare(scenario)
    kind, usual = asker.run(scenario, credentials)
    assert kind == "success" and asker.proofs() == 0
    requests = len(asker.heard())
    asker.prepare(scenario)
    with asker.fault("strip_header"):
        kind, result = asker.run(scenario, credentials)
    assert kind == "success", result
    administrative = all(any(part in entry["path"] for part in ADMINISTRATION) for entry in asker.heard())
    assert asker.proofs() == (0 if administrative else 1)
    assert len(asker.heard()) <= requests + 1
    assert result["changed"] is usual["changed"] and result.keys() == usual.keys()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("public")
def test_a_token_that_is_not_accepted_behind_such_a_proxy(asker: Asker, module: str) -> None:
    asker.prepare(FIRST[module])
    before = asker.fleet.simulator.snapshot()
    with asker.fault("strip_header"):
        refused(asker.run(FIRST[module], "never-a-token"), "a token")
    assert asker.proofs() <= 1
    assert asker.fleet.simulator.snapshot() == before


@pytest.mark.parametrize("module", MODULES)
def test_an_account_without_a_licence(asker: Asker, module: str) -> None:
    asker.prepare(FIRST[module])
    asker.control("PUT", "/users/reader", {"permission": "UNLICENSED"})
    try:
        kind, result = asker.run(FIRST[module], ("reader", "reader"))
    finally:
        asker.control("PUT", "/users/reader", {"permission": "LICENSED_USER"})
    assert kind == "permission", result
    assert "licensed" in result["msg"] and "password" not in result["msg"]
    assert len(asker.heard()) == 1


READS = {
    "branch_info": {**API},
    "commit_info": {**API},
    "project_info": {"project_key": "PLAT"},
    "repository_info": {"project_key": "PLAT"},
    "tag_info": {**API},
}


@pytest.mark.parametrize("module", READS)
def test_without_credentials_what_is_public_is_read(asker: Asker, module: str) -> None:
    asker.publish(True)
    asker.fleet.listen()
    try:
        result = asker.fleet.run(module, READS[module], BITBUCKET_USERNAME=None, BITBUCKET_PASSWORD=None)
    finally:
        asker.publish(False)
    assert not result.get("failed"), result
    assert asker.proofs() == 0


def test_without_credentials_a_refusal_asks_for_them(asker: Asker) -> None:
    result = asker.fleet.run("branch_info", API, BITBUCKET_USERNAME=None, BITBUCKET_PASSWORD=None)
    assert result["error"]["type"] == "authentication"
    assert result["msg"].endswith("; set username and password, or token.")


def test_a_token_that_is_revoked_between_two_requests(asker: Asker) -> None:
    """For real: a read of what is public would go on without the private half."""
    asker.fleet.api("PUT", "/rest/api/latest/projects/WEB", {"public": True})
    tokens = "/rest/access-tokens/latest/users/admin"
    made = asker.fleet.api("PUT", tokens, {"name": "soon gone", "permissions": ["PROJECT_READ"]})

    def revoke(_sent: Sent) -> None:
        if len(sent) == 2:
            asker.fleet.api("DELETE", f"{tokens}/{made['id']}")

    try:
        with asker.bench.watched(revoke) as sent:
            outcome = asker.bench.run("project_info", {"project_key": "*"}, reads=True, credentials=made["token"])
            assert outcome[0] == "success"
            outcome = asker.bench.run("project_info", {"project_key": "*"}, reads=True, credentials=made["token"])
    finally:
        asker.publish(False)
    refused(outcome, "a token")


@pytest.mark.parametrize("token", ["plat-token", "plat-api-token", "developer-token"])
def test_the_tokens_of_projects_and_repositories(asker: Asker, token: str) -> None:
    for fault in ("delay", "strip_header"):
        rule = {"seconds": 0} if fault == "delay" else {}
        asker.control("POST", "/faults", {"fault": {"kind": fault, **rule}})
        try:
            outcome, result = asker.bench.run("branch_info", API, reads=True, credentials=token)
        finally:
            asker.control("DELETE", "/faults")
        assert outcome == "success", result
