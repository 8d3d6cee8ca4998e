# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the run, who calls it, what the tests work on there, and the ledger of claims."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import target as targets
from conformance.api import Api
from conformance.claims import Ledger, Record, claims_of, table
from conformance.sandbox import RefusedError, Repository, Sandbox
from conformance.target import Target

# One for each dialect, the long-term support release and what is newer, with its context path.
VERSIONS = {"9.4.21": "", "10.4.2": "/bitbucket"}
LEDGER = pytest.StashKey[Ledger]()
RECORDS = pytest.StashKey[list[Record]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--claims", action="store_true", help="list the claims with their evidence, run nothing")
    parser.addoption("--ledger", type=Path, metavar="FILE", help="default: .build/conformance/claims.json")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "claim(text, evidence): what the test checks and how well it is proven: see claims.py",
        "needs(allowance): run where BITBUCKET_ALLOW has the word, and on simulated clusters: see README.md",
    ):
        config.addinivalue_line("markers", line)
    config.stash[LEDGER] = Ledger()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        try:
            real = targets.from_environment(os.environ)
        except targets.NotConfiguredError as error:
            raise pytest.UsageError(str(error)) from None
        given: list[Target | str] = [real] if real else list(VERSIONS)
        names = [real.label if real else f"simulated {version}" for version in VERSIONS][: len(given)]
        metafunc.parametrize("target", given, ids=names, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(Path(__file__).parent):
            continue
        server = item.callspec.id if hasattr(item, "callspec") else ""
        item.stash[RECORDS] = [Record(claim, item.nodeid.partition("[")[0], server) for claim in claims_of(item)]
        config.stash[LEDGER].records += item.stash[RECORDS]


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if config.getoption("--claims"):
        seen = {(record.claim, record.test): None for record in config.stash[LEDGER].records}
        print("\n".join(table(seen)))
        pytest.exit(f"{len(seen)} claims", returncode=0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Writes into the ledger what became of the claims; where only an assumption failed, the run does not."""
    report = yield
    if report.when != "call" and report.passed:
        return report
    records = item.stash[RECORDS]
    outcome = {"passed": "holds", "failed": "differs"}.get(report.outcome, "not checked")
    for record in records:
        # What could not be set up, or taken away, says nothing about the claim.
        record.outcome = outcome if report.when == "call" else record.outcome
        if report.failed and call.excinfo is not None:
            record.detail = call.excinfo.exconly()
        elif report.skipped and isinstance(report.longrepr, tuple):
            record.detail = report.longrepr[2]
    target = item.funcargs.get("target") if hasattr(item, "funcargs") else None
    assumed = any(record.claim.assumed for record in records)
    if report.when == "call" and report.failed and assumed and target is not None and target.simulated is None:
        # A real server is right: the assumption is not. Told below, with the name of the claim.
        report.outcome = "skipped"
        report.wasxfail = "assumed only, and this server differs"
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    ledger = config.stash[LEDGER]
    differing = ledger.differing()
    for assumed, title in ((False, "claims that this server does not keep"), (True, "assumptions that are wrong here")):
        chosen = [record for record in differing if record.claim.assumed is assumed]
        if chosen:
            terminalreporter.section(title)
        for record in chosen:
            terminalreporter.line(f"{record.claim.evidence}: {record.claim.text}")
            terminalreporter.line(f"  {record.test} on {record.server}: {record.detail.splitlines()[0]}")
    checked = [record for record in ledger.records if record.outcome != "not checked"]
    if checked:
        path = config.getoption("--ledger") or config.rootpath / ".build" / "conformance" / "claims.json"
        ledger.write(path)
        kept = len(checked) - len(differing)
        terminalreporter.line(f"{kept} of {len(checked)} checked claims hold; all of them: {path}")


# --- the server ---


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    if isinstance(request.param, Target):
        yield request.param
        return
    directory = tmp_path_factory.mktemp("simulated")
    with targets.simulated(request.param, directory, "--context-path", VERSIONS[request.param]) as started:
        yield started


@pytest.fixture(autouse=True)
def _allowed(request: pytest.FixtureRequest, target: Target) -> None:
    for mark in request.node.iter_markers("needs"):
        if mark.args[0] not in target.allowed:
            pytest.skip(f"not allowed on this server: {mark.args[0]}")


@pytest.fixture(scope="session")
def version(admin_or_user: Api) -> tuple[int, ...]:
    """Of the node that answers: (major, minor, patch)."""
    said = admin_or_user.get("/rest/api/latest/application-properties").json["version"]
    return tuple(int(part) for part in said.split(".")[:3])


# --- callers ---


@pytest.fixture(scope="session")
def api(target: Target) -> Api:
    """The user who administers the sandbox project."""
    return Api(target.url, target.user)


@pytest.fixture(scope="session")
def admin_or_user(target: Target) -> Api:
    return Api(target.url, target.admin or target.user)


@pytest.fixture(scope="session")
def admin(target: Target) -> Api:
    if target.admin is None:
        pytest.skip("needs BITBUCKET_ADMIN_USERNAME and BITBUCKET_ADMIN_PASSWORD")
    return Api(target.url, target.admin)


@pytest.fixture(scope="session")
def reader(target: Target) -> Api:
    if target.reader is None:
        pytest.skip("needs BITBUCKET_READER_USERNAME and BITBUCKET_READER_PASSWORD")
    return Api(target.url, target.reader)


@pytest.fixture(scope="session")
def anonymous(target: Target) -> Api:
    return Api(target.url, None)


# --- what is worked on ---


@pytest.fixture(scope="session")
def sandbox(target: Target, api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(target, api, tmp_path_factory.mktemp("sandbox"))
    yield made
    made.clean_up()


@pytest.fixture(scope="session")
def repository(sandbox: Sandbox) -> Repository:
    """With branches, commits and a tag that git pushed; shared by all tests, which leave those as they are."""
    return sandbox.shared_repository()


@pytest.fixture
def new_repository(sandbox: Sandbox) -> Callable[..., Repository]:
    """Makes a repository of the test's own; ``empty=True``: nothing is pushed."""

    def make(*, empty: bool = False) -> Repository:
        try:
            return sandbox.new_repository(empty=empty)
        except RefusedError as refusal:
            pytest.skip(str(refusal))

    return make
