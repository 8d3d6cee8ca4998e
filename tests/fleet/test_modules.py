# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module promises, on a real run of each against the simulator."""

from __future__ import annotations

import dataclasses
import http.server
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .found import MODULES, documented, only_reads
from .modules import Fleet, Result, steady, unforeseen
from .proof import Scenario
from .proofs import SCENARIOS


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_scenario_for_each_of_its_states(module: str) -> None:
    mine = [scenario for scenario in SCENARIOS if scenario.module == module]
    assert mine, f"{module} has no scenario in tests/fleet/proofs"
    state = documented("modules", module, "DOCUMENTATION").get("options", {}).get("state", {})
    if only_reads(module):
        assert not any(scenario.changes for scenario in mine)
        return
    changing = {scenario.options.get("state", state.get("default")) for scenario in mine if scenario.changes}
    assert changing == set(state.get("choices", [None])), "no scenario in which each state changes something"


def test_a_scenario_is_of_a_module_that_exists() -> None:
    assert {scenario.module for scenario in SCENARIOS} <= set(MODULES)


def writes(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is neither a read nor the server's own dry run."""
    return [
        request
        for request in requests
        if request["method"] != "GET" and not (request["method"] == "DELETE" and request["dry_run"])
    ]


def promised(result: Result, scenario: Scenario) -> Result:
    assert not result.get("failed"), result
    assert not result.get("skipped"), "check mode is not supported"
    assert result.keys() >= set(scenario.witnesses)
    return steady({name: value for name, value in result.items() if name not in scenario.witnesses})


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "bool": (bool,), "int": (int,), "float": (float, int), "dict": (dict,), "list": (list,),
}  # fmt: skip


def compare(values: dict[str, Any], told: dict[str, Any], where: str) -> None:
    """That values have exactly the documented keys, and of the documented types where they are not null."""
    assert set(values) == set(told), where
    for name, value in values.items():
        path, kind = f"{where}.{name}", told[name]["type"]
        if value is None:
            continue
        assert isinstance(value, _TYPES[kind]), path
        inner = told[name].get("contains")
        for each in (value if kind == "list" else [value]) if inner else []:
            compare(each, inner, path)


#: Modules that have no diff for each object: their diff of many repositories names the repository in each line.
BULK = ("branches",)
#: Modules whose option ``name`` is the object itself.
NAMED = ("branch", "tag", "mesh_node")


def assert_diff_names_its_object(module: str, diff: dict[str, Any], options: dict[str, Any]) -> None:
    """The header of a diff names its object and its repository, as given in the options."""
    if module in BULK:
        assert all(re.match(r"~?[A-Za-z0-9_-]+(/[\w.-]+)? [a-z]", line) for line in [*diff["before"], *diff["after"]])
        return
    assert diff["before_header"] == diff["after_header"]
    names = [options[option] for option in ("project_key", "repository") if options.get(option)]
    header = diff["after_header"]
    assert header.endswith("/".join(names)) and len(header.split()) >= 2
    if module in NAMED:
        assert options["name"].removeprefix("refs/heads/").removeprefix("refs/tags/") in header


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_check_mode_predicts_and_the_second_run_changes_nothing(scenario: Scenario, fleet: Fleet) -> None:
    scenario.prepare(fleet)
    before = fleet.simulator.snapshot()

    fleet.listen()
    predicted = promised(fleet.run(scenario.module, scenario.options, check=True), scenario)
    heard = fleet.heard()
    assert heard and not writes(heard)
    assert fleet.simulator.snapshot() == before

    fleet.listen()
    result = fleet.run(scenario.module, scenario.options)
    real = promised(result, scenario)
    heard = fleet.heard()
    after = fleet.simulator.snapshot()
    assert real["changed"] is scenario.changes
    assert (after != before) is scenario.changes
    assert bool(writes(heard)) is scenario.changes
    assert predicted == unforeseen(real, scenario.given)
    if not only_reads(scenario.module):
        assert (real["diff"]["before"] != real["diff"]["after"]) is scenario.changes
        assert_diff_names_its_object(scenario.module, real["diff"], scenario.options)

    returned = {key: value for key, value in result.items() if key not in ("changed", "diff", "invocation")}
    promises = documented("modules", scenario.module, "RETURN")
    # what is returned "when" something is wrong is not
    always = {name: value for name, value in promises.items() if not value["returned"].startswith("when")}
    compare(returned, always, scenario.module)

    again = promised(fleet.run(scenario.module, scenario.options), scenario)
    assert again["changed"] is scenario.unread
    assert fleet.simulator.snapshot() == after
    # what a run returns besides the change is the same for whoever comes later
    told = {"changed", "diff", *scenario.tells}
    assert {key: again[key] for key in again.keys() - told} == {key: real[key] for key in real.keys() - told}
    assert promised(fleet.run(scenario.module, scenario.options, check=True), scenario) == again


# -- bad input: one sentence, and nothing is changed -----------------------------------------------------------------


@pytest.fixture(scope="module")
def closed_port() -> Iterator[str]:
    """An address where nothing listens: a port that is taken and not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


class _Html(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html><title>Log in</title></html>")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def html_server() -> Iterator[str]:
    """A server that answers every request with a page, and status 200, as single sign-on does."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Html) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


SECRET = "a-wr0ng-s3cret"
FIRST = {scenario.module: scenario for scenario in reversed(SCENARIOS)}


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A failed run: its result, its error for machines, and what the server heard."""

    result: Result
    heard: list[dict[str, Any]]

    @property
    def message(self) -> str:
        return str(self.result["msg"])

    @property
    def error(self) -> dict[str, Any]:
        return dict(self.result["error"])


def refused(fleet: Fleet, module: str, options: dict[str, Any], **connection: str | None) -> Refusal:
    """A run that must fail, with what holds for every failure."""
    fleet.listen()
    result = fleet.run(module, options, **connection)
    heard = fleet.heard()
    # whatever was asked for and granted was a read: nothing can have changed
    assert not writes([request for request in heard if request["status"] < 400])
    assert result.get("failed") is True, result
    message = result["msg"]
    assert "; " in message and message.endswith(".") and "\n" not in message and "Traceback" not in message
    assert SECRET not in str({key: value for key, value in result.items() if key != "invocation"})
    assert SECRET not in str(result["invocation"])
    return Refusal(result, heard)


@pytest.mark.parametrize("module", MODULES)
def test_nobody_listens(module: str, fleet: Fleet, closed_port: str) -> None:
    impatient = {"BITBUCKET_URL": closed_port, "BITBUCKET_PATIENCE": "0"}
    refusal = refused(fleet, module, {**FIRST[module].options, **short(module)}, **impatient)
    assert closed_port in refusal.message or refusal.error["type"] == "wait"
    assert "refused" in refusal.message.lower()


def short(module: str) -> dict[str, Any]:
    """For a wait, which takes an unreachable server for one that is about to come: not to wait."""
    options = documented("modules", module, "DOCUMENTATION")["extends_documentation_fragment"]
    return {"wait_timeout": 0} if "bitbucket.datacenter.wait" in options else {}


@pytest.mark.parametrize("module", MODULES)
def test_a_page_instead_of_an_answer(module: str, fleet: Fleet, html_server: str) -> None:
    refusal = refused(fleet, module, FIRST[module].options, BITBUCKET_URL=html_server)
    assert "with an HTML page instead of JSON" in refusal.message
    assert refusal.error["type"] == "contract"


@pytest.mark.parametrize("module", MODULES)
def test_a_wrong_password(module: str, fleet: Fleet) -> None:
    # somebody else than the administrator: after some failed log-ins the server wants a CAPTCHA of that account
    wrong = {"BITBUCKET_USERNAME": "developer", "BITBUCKET_PASSWORD": SECRET}
    refusal = refused(fleet, module, FIRST[module].options, **wrong)
    assert refusal.error["type"] == "authentication" and refusal.error["status"] == 401
    assert len(refusal.heard) == 1, "a refused log-in must not be tried again: it may lock the account"


@pytest.mark.parametrize("module", MODULES)
def test_a_base_address_without_its_context_path(module: str, fleet: Fleet) -> None:
    refusal = refused(fleet, module, FIRST[module].options, BITBUCKET_URL=fleet.simulator.facts["entry"])
    assert "url" in refusal.message


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("connection", "cause"),
    [
        ({"BITBUCKET_URL": None}, "url is not set"),
        ({"BITBUCKET_URL": f"https://admin:{SECRET}@127.0.0.1"}, "url carries credentials"),
        ({"BITBUCKET_TOKEN": SECRET}, "token and username are given together"),
        ({"BITBUCKET_PASSWORD": None}, "only one of username and password is given"),
        ({"BITBUCKET_TIMEOUT": "0"}, "timeout is not positive"),
        ({"BITBUCKET_PATIENCE": "-1"}, "patience is negative"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_connection_that_cannot_be(module: str, connection: dict[str, str | None], cause: str, fleet: Fleet) -> None:
    refusal = refused(fleet, module, FIRST[module].options, **connection)
    assert refusal.message.startswith(cause)
    assert refusal.error["type"] == "input"
    assert refusal.heard == []


@pytest.mark.parametrize("module", MODULES)
def test_an_account_that_may_not(module: str, fleet: Fleet) -> None:
    """Each module either works for a reader or says that it may not."""
    reader = {"BITBUCKET_USERNAME": "reader", "BITBUCKET_PASSWORD": "reader"}
    first = FIRST[module]
    reads = only_reads(module)
    if reads and "project_key" in first.options if first.reader is None else first.reader:
        assert not fleet.run(module, first.options, **reader).get("failed")
        return
    if not reads:
        # so that it has something to do
        first.prepare(fleet)
    refusal = refused(fleet, module, first.options, **reader)
    assert refusal.error["type"] == "permission"
