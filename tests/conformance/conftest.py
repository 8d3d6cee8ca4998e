# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the run, who calls it, what the tests work on there, and the ledger of claims."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from conformance import seen, summary
from conformance import target as targets
from conformance.api import Api
from conformance.claims import Ledger, Record, claims_of, table
from conformance.sandbox import RefusedError, Repository, Sandbox
from conformance.summary import Server
from conformance.target import Target

# One for each dialect, the long-term support release and what is newer, with its context path.
VERSIONS = {"9.4.21": "", "10.4.2": "/bitbucket"}
LEDGER = pytest.StashKey[Ledger]()
RECORDS = pytest.StashKey[list[Record]]()
REAL = pytest.StashKey[Target | None]()
SERVERS = pytest.StashKey[dict[str, Server]]()
#: The comparison that failed last, without names.
COMPARED = pytest.StashKey[str]()
#: What is left behind on the server, with names.
LEFT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--claims", action="store_true", help="list the claims with their evidence, run nothing")
    parser.addoption("--ledger", type=Path, metavar="FILE", help="default: .build/conformance/claims.json")
    parser.addoption("--summary", type=Path, metavar="FILE", help="default: .build/conformance/summary.md")
    parser.addoption("--clean-up-seconds", type=float, default=60.0, help="how long deletion may take at the end")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "claim(text, evidence): what the test checks and how well it is proven: see claims.py",
        "needs(allowance): run where BITBUCKET_ALLOW has the word, and on simulated clusters: see docs/conformance.md",
    ):
        config.addinivalue_line("markers", line)
    config.stash[LEDGER] = Ledger()
    config.stash[SERVERS] = {}
    config.stash[COMPARED] = ""
    config.stash[LEFT] = []


def _real(config: pytest.Config) -> Target | None:
    """The server that the environment names, the same one for all tests: the key of its project is random."""
    if REAL not in config.stash:
        try:
            config.stash[REAL] = targets.from_environment(os.environ)
        except targets.NotConfiguredError as error:
            raise pytest.UsageError(str(error)) from None
        if config.stash[REAL]:
            # The long form shows arguments of functions, and tokens are among them.
            config.option.tbstyle = "short"
    return config.stash[REAL]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        real = _real(metafunc.config)
        given: list[Target | str] = [real] if real else list(VERSIONS)
        names = [_label(each) for each in given]
        metafunc.parametrize("target", given, ids=names, indirect=True, scope="session")


def _label(target: Target | str) -> str:
    return target.label if isinstance(target, Target) else f"simulated {target}"


def _server(config: pytest.Config, label: str) -> Server:
    return config.stash[SERVERS].setdefault(label, Server())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(Path(__file__).parent):
            continue
        server = item.callspec.id if hasattr(item, "callspec") else ""
        claims = claims_of(item)
        test = item.nodeid.partition("[")[0]
        item.stash[RECORDS] = [Record(claim, test, server, shared=len(claims)) for claim in claims]
        config.stash[LEDGER].records += item.stash[RECORDS]
        if hasattr(item, "callspec"):
            _server(config, _label(item.callspec.params["target"])).records += item.stash[RECORDS]


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if config.getoption("--claims"):
        found = {(record.claim, record.test): None for record in config.stash[LEDGER].records}
        print("\n".join(table(found)))
        pytest.exit(f"{len(found)} claims", returncode=0)
    _summary_path(config).unlink(missing_ok=True)  # no run may be taken for another one
    if config.stash.get(REAL, None):
        _end_after_the_test(session)


def _end_after_the_test(session: pytest.Session) -> None:
    """Lets Ctrl-C and SIGTERM end the run after the present test, so that no request is cut off before the clean-up."""

    def handle(number: int, frame: object) -> None:
        session.shouldstop = "the run was interrupted"
        # The second one ends the run at once, still with the clean-up.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, handle)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what is not allowed on a server, before any fixture sends a request."""
    item.config.stash[COMPARED] = ""
    target = item.callspec.params["target"] if hasattr(item, "callspec") else None
    if not isinstance(target, Target):
        return
    words = [mark.args[0] for mark in item.iter_markers("needs")]
    if "personal" in getattr(item, "fixturenames", ()):
        words.append("personal")  # the only object outside of the sandbox project
    for word in words:
        if word not in target.allowed:
            pytest.skip({**targets.ALLOWANCES, **targets.SIMULATED_ONLY}[word])


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Keeps what the summary may show of a comparison that failed."""
    config.stash[COMPARED] = f"{seen.value(left)} {op} {seen.value(right)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Writes the result into the ledger; where only an assumption failed on a real server, the run does not fail."""
    report = yield
    if report.when != "call" and report.passed:
        return report
    target = item.funcargs.get("target") if hasattr(item, "funcargs") else None
    real = isinstance(target, Target) and target.simulated is None
    records = item.stash[RECORDS]
    if report.skipped and isinstance(report.longrepr, tuple):
        for record in records:
            record.detail, record.public = report.longrepr[2], seen.reason(report.longrepr[2])
    elif report.failed and call.excinfo is not None:
        _record_failure(item, report, call.excinfo, real=real)
    else:
        for record in records:
            record.outcome, record.public = "holds", ""
    differs = any(record.outcome == "differs" for record in records)
    if report.when == "call" and report.failed and differs and real and any(each.claim.assumed for each in records):
        # A real server is right: the assumption is not. The summary names the claim.
        report.outcome = "skipped"
        report.wasxfail = "assumed only, and this server differs"
    return report


def _record_failure(
    item: pytest.Item, report: pytest.TestReport, found: pytest.ExceptionInfo[BaseException], *, real: bool
) -> None:
    unavailable = seen.unavailable(found) if real else None
    for record in item.stash[RECORDS]:
        record.detail = found.exconly()
        if report.when == "call" and unavailable is None:
            record.outcome, record.public = "differs", seen.failure(found, item.config.stash[COMPARED])
        elif report.when != "teardown":
            # What could not be set up says nothing about the claim.
            record.public = unavailable or f"could not be set up: {seen.failure(found, item.config.stash[COMPARED])}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What is left behind fails the run; fixtures have cleaned up before."""
    if session.config.stash[LEFT] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    ledger = config.stash[LEDGER]
    differing = ledger.differing()
    for assumed, title in ((False, "claims that this server does not keep"), (True, "assumptions that are wrong here")):
        chosen = [record for record in differing if record.claim.assumed is assumed]
        if chosen:
            terminalreporter.section(title)
        for record in chosen:
            terminalreporter.line(f"{record.claim.evidence}: {record.claim.text}")
            terminalreporter.line(f"  {record.test} on {record.server}: {record.detail.splitlines()[0]}")
    if config.stash[LEFT]:
        terminalreporter.section("left behind on the server: delete it")
        for line in config.stash[LEFT]:
            terminalreporter.line(line)
    if not ledger.records or config.getoption("--claims") or config.getoption("collectonly"):
        return
    directory = config.rootpath / ".build" / "conformance"
    path = config.getoption("--ledger") or directory / "claims.json"
    ledger.write(path)
    _write_summary(terminalreporter, config, interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
    checked = [record for record in ledger.records if record.outcome != "not checked"]
    kept = len(checked) - len(differing)
    terminalreporter.line(f"{kept} of {len(checked)} checked claims hold; all of them, with names: {path}")


def _summary_path(config: pytest.Config) -> Path:
    return Path(config.getoption("--summary") or config.rootpath / ".build" / "conformance" / "summary.md")


def _write_summary(terminalreporter: Any, config: pytest.Config, *, interrupted: bool) -> None:
    path = _summary_path(config)
    servers = config.stash[SERVERS].values()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(summary.markdown(servers, interrupted=interrupted), encoding="utf-8")
    real = config.stash.get(REAL, None) is not None
    terminalreporter.section("summary: without names, to be pasted into an issue")
    # Of a simulated cluster, that everything was confirmed needs no list.
    terminalreporter.write(summary.markdown(servers, interrupted=interrupted, complete=real))
    terminalreporter.section(f"end of the summary, which is also in {path}")


# --- the server ---


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with contextlib.ExitStack() as stack:
        if isinstance(request.param, Target):
            used = request.param
            _log_in(used)
        else:
            options = ("--context-path", VERSIONS[request.param])
            directory = tmp_path_factory.mktemp("simulated")
            used = stack.enter_context(targets.simulated(request.param, directory, *options))
        server = _server(request.config, used.label)
        server.version = summary.version_of(used)
        server.simulated = used.simulated is not None
        server.allowed = sorted(used.allowed & targets.ALLOWANCES.keys())
        accounts = {"user": used.user, "administrator": used.admin, "reader": used.reader}
        server.accounts = [role for role, account in accounts.items() if account]
        yield used


def _log_in(target: Target) -> None:
    """Ends the run where a login fails: hundreds of failed logins would lock the account."""
    for account in filter(None, (target.user, target.admin, target.reader)):
        try:
            answer = Api(target.url, account).get("/rest/api/latest/projects?limit=1", status=None)
        except requests.RequestException as error:
            pytest.exit(f"The server cannot be reached: {type(error).__name__}; check BITBUCKET_URL", returncode=4)
        if answer.status in (401, 403):
            pytest.exit(f"The server refuses the login of {account.name}; check its password", returncode=4)


@pytest.fixture(autouse=True)
def _several_nodes(request: pytest.FixtureRequest, target: Target) -> None:
    needed = any(mark.args[0] == "zdu" for mark in request.node.iter_markers("needs"))
    if needed and target.simulated is None:
        admin: Api = request.getfixturevalue("admin")
        if len(admin.get("/rest/zdu/cluster").json["nodes"]) < 2:
            pytest.skip("needs a cluster of several nodes")


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
    made = Api(target.url, target.admin)
    if made.get("/rest/api/latest/admin/cluster", status=None).status in (401, 403):
        pytest.skip("the account in BITBUCKET_ADMIN_USERNAME does not have SYS_ADMIN")
    return made


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
def sandbox(
    request: pytest.FixtureRequest, target: Target, api: Api, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    admin = Api(target.url, target.admin) if target.admin else None
    made = Sandbox(target, api, tmp_path_factory.mktemp("sandbox"), admin)
    try:
        made.open()
        yield made
    except RefusedError as refusal:
        pytest.skip(str(refusal))
    finally:
        result = made.clean_up(request.config.getoption("--clean-up-seconds"))
        _server(request.config, target.label).clean_up = result.public(throw_away=target.throw_away)
        request.config.stash[LEFT] += [*result.left, *filter(None, [result.problem])]


@pytest.fixture(scope="session")
def repository(sandbox: Sandbox) -> Repository:
    """With branches, commits and a tag that git pushed; shared by all tests, which leave those as they are."""
    try:
        return sandbox.shared_repository()
    except RefusedError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture
def new_repository(sandbox: Sandbox) -> Callable[..., Repository]:
    """Makes a repository of the test's own; ``empty=True``: nothing is pushed."""

    def make(*, empty: bool = False) -> Repository:
        try:
            return sandbox.new_repository(empty=empty)
        except RefusedError as refusal:
            pytest.skip(str(refusal))

    return make
