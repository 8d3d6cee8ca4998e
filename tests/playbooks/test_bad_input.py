# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: one sentence that names the cause and the next step, no traceback, no secret, nothing changed."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from harness.playbook import Run
from harness.simulator import Simulator

from .conftest import Play

HTML = b"<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>"
WRONG_PASSWORD = "not-the-password-0815"


def rule(project_key: str = "PLAT", repository: str = "api", **branch: str) -> dict[str, Any]:
    branches = [branch or {"name": "release/7.0", "start_point": "main"}]
    return {"project_key": project_key, "repository": repository, "branches": branches}


def documents(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"branch_provisioning_document": {"repositories": list(rules)}}


def document(project_key: str = "PLAT", repository: str = "api", **branch: str) -> dict[str, Any]:
    return documents(rule(project_key, repository, **branch))


class Html(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(HTML)))
        self.end_headers()
        self.wfile.write(HTML)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def html_server() -> Iterator[str]:
    """Answers every GET with a page, as a login page of single sign-on does."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Html) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> str:
    """Where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(autouse=True)
def unchanged(simulator: Simulator) -> Iterator[None]:
    """Every test here leaves the cluster and every ref as they were, and none writes."""
    before = simulator.snapshot()
    simulator.forget_requests()
    yield
    assert simulator.snapshot() == before
    assert not [route for route in simulator.requests_served() if not route.startswith("GET")]


def assert_refused(run: Run, *words: str) -> None:
    """One sentence, the same for every host but for the host's name, with each of the words."""
    assert run.returncode != 0
    assert "Traceback" not in run.output
    assert run.failures
    for failure in run.failures:
        message = failure["msg"]
        assert "\n" not in message
        assert message.endswith(".")
        for word in words:
            assert word in message, message
    assert run.changed == 0


def test_wrong_password(simulator: Simulator, play: Play) -> None:
    for playbook, variables in (
        ("branch_provisioning", document()),
        ("rolling_upgrade", simulator.archive("9.4.22")),
    ):
        simulator.forget_requests()
        run = play(playbook, variables=variables, password=WRONG_PASSWORD)
        assert_refused(run, "401", "check username and password")
        # tried again and again it would end in a CAPTCHA
        assert sum(simulator.requests_served().values()) == 1


def test_without_permission(simulator: Simulator, play: Play) -> None:
    user = simulator.facts["users"][2]
    run = play(
        "rolling_upgrade", variables=simulator.archive("9.4.22"), username=user["name"], password=user["password"]
    )
    assert_refused(run, "403", "use an account that has the permission")


@pytest.mark.parametrize("target", ["closed_port", "html_server"])
def test_no_bitbucket_there(simulator: Simulator, play: Play, target: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(target)
    words = {"closed_port": [url.removeprefix("http://")], "html_server": ["HTML"]}[target]
    for playbook, variables in (
        ("branch_provisioning", document()),
        ("rolling_upgrade", simulator.archive("9.4.22")),
    ):
        assert_refused(play(playbook, variables=variables, url=url, patience="0"), *words)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param(document("NOPE"), ["NOPE", "does not exist"], id="project key"),
        pytest.param(document("PLAT", "nope"), ["nope", "does not exist"], id="repository"),
        pytest.param(document(name="x/y", start_point="nope"), ["x/y", "start_point 'nope'"], id="start point"),
        pytest.param(document(name="x/y"), ["x/y", "start_point is not set"], id="no start point"),
        pytest.param(document(name="a..b", start_point="main"), ["branches[0].name", "a..b"], id="branch name"),
        pytest.param(document(type="NONE", text="x"), ["branches[0].type", "'NONE' is none of"], id="branch type"),
        pytest.param(
            document(nmae="x"), ["branches[0] of PLAT/api: unknown key 'nmae' (did you mean name?)"], id="typing error"
        ),
        pytest.param(documents(rule("NOPE", "*")), ["repositories[0]: NOPE/* stands for nothing"], id="glob"),
        pytest.param(
            documents(rule("*", "a*"), rule("plat", "ap?")),
            [
                "repositories[1].branches[0] of plat/ap?: branch release/7.0 is declared already at $.repositories[0]",
                "(both stand for PLAT/api)",
            ],
            id="contradiction",
        ),
        pytest.param(
            documents(rule(name="rel"), rule(name="rel/1")),
            ["repositories[1].branches[0] of PLAT/api: branch rel/1 cannot exist beside branch rel"],
            id="overlap",
        ),
    ],
)
def test_branches(play: Play, variables: dict[str, Any], words: list[str]) -> None:
    run = play("branch_provisioning", variables=variables)
    assert_refused(run, *words)
    assert "Finalization" not in run.output


@pytest.mark.parametrize("count", [2, 21])
def test_faults_of_a_document_are_shown_one_to_a_line(simulator: Simulator, play: Play, count: int) -> None:
    simulator.forget_requests()
    run = play("branch_provisioning", variables=documents(*(rule(name=f"a b{number}!") for number in range(count))))
    assert_refused(run, f"its {count} faults are listed above", "nothing was changed")
    (shown,) = run.messages("Show the faults of the document")
    places = [fault.split(":")[0] for fault in shown]
    assert places == [f"$.repositories[{number}].branches[0].name of PLAT/api" for number in range(count)]
    # each in a line of its own, and once
    lines = run.output.splitlines()
    for number in range(count):
        (line,) = [line for line in lines if f"a b{number}!" in line]
        assert line.count(": ") <= 2
    assert not simulator.requests_served()


def test_globs_that_match_nothing_are_listed_together(play: Play) -> None:
    run = play("branch_provisioning", variables=documents(rule("NOPE", "*"), rule("PLAT", "nope-*"), rule()))
    assert_refused(run, "its 2 faults are listed above")
    (shown,) = run.messages("Show the faults of the document")
    assert [fault.split(";")[0] for fault in shown] == [
        "$.repositories[0]: NOPE/* stands for nothing that is there and visible",
        "$.repositories[1]: PLAT/nope-* stands for nothing that is there and visible",
    ]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("9.5.0", ["runs 9.4.21", "9.5.0 is no later bug-fix release", "choose a target 9.4.x"]),
        ("9.4.20", ["runs 9.4.21", "9.4.20 is no later bug-fix release"]),
        ("9.4", ["9.4, which is no release number", "9.4.22"]),
    ],
)
def test_target_version(simulator: Simulator, play: Play, target: str, words: list[str]) -> None:
    variables = {**simulator.archive("9.4.22"), "rolling_upgrade_target_version": target}
    assert_refused(play("rolling_upgrade", variables=variables), *words)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param(
            {"rolling_upgrade_archive_checksum": "abc"},
            ["rolling_upgrade_archive_checksum", "64 hex"],
            id="no checksum",
        ),
        pytest.param(
            {"rolling_upgrade_archive": "http://user:hidden-pw@127.0.0.1:9/x.tar.gz?signature=hidden-pw"},
            ["127.0.0.1:9/x.tar.gz", "no answer", "correct rolling_upgrade_archive"],
            id="no server",
        ),
        pytest.param({"rolling_upgrade_archive": "/no/where.tar.gz"}, ["no archive /no/where.tar.gz"], id="no file"),
        pytest.param(
            {"rolling_upgrade_archive": f"file://{__file__}"}, ["has the SHA-256", "wanted is"], id="other file"
        ),
        pytest.param(
            {"rolling_upgrade_archive_checksum": f"sha256:{'0' * 64}"},
            ["did not match 000", "no upgrade was begun", "rolling_upgrade_archive_checksum"],
            id="other archive",
        ),
        pytest.param({"rolling_upgrade_min_free_mb": 1 << 40}, ["MB left", "make room"], id="disk"),
        pytest.param({"rolling_upgrade_control": "service"}, ["no service atlbitbucket"], id="service"),
        pytest.param({"rolling_upgrade_install_dir": "/no/where"}, ["/no/where", "no directory"], id="directory"),
        pytest.param(
            {"rolling_upgrade_hooks": "drian: /no/where.yml"}, ["unknown key drian", "rollback"], id="hook as text"
        ),
        pytest.param(
            {"rolling_upgrade_hooks": "/no/where.yml"}, ["rolling_upgrade_hooks is not a mapping"], id="hooks"
        ),
        pytest.param({"rolling_upgrade_hooks": {"drain": "/no/where.yml"}}, ["hook drain", "/no/where.yml"], id="hook"),
        pytest.param(
            {"rolling_upgrade_nodes": {"node1": "no-such-node"}},
            ["inventory host node1 does not match any node", "set rolling_upgrade_node_name of node1"],
            id="inventory",
        ),
    ],
)
def test_preflight(simulator: Simulator, play: Play, variables: dict[str, Any], words: list[str]) -> None:
    run = play("rolling_upgrade", variables={**simulator.archive("9.4.22"), **variables})
    assert_refused(run, *words)
    assert "hidden-pw" not in "".join(failure["msg"] for failure in run.failures)


def test_nodes_before_begin(simulator: Simulator, play: Play) -> None:
    run = play("rolling_upgrade_nodes", variables=simulator.archive("9.4.22"))
    assert_refused(run, "not in upgrade mode", "rolling_upgrade_begin")


def test_finalize_before_nodes(simulator: Simulator, play: Play) -> None:
    run = play("rolling_upgrade_finalize", variables=simulator.archive("9.4.22"))
    assert_refused(run, "not approved", "rolling_upgrade to do what is left")


def test_part_of_the_nodes(simulator: Simulator, play: Play) -> None:
    run = play("rolling_upgrade", "--limit", "node1", variables=simulator.archive("9.4.22"))
    assert_refused(run, "node2 would be left out", "run it without a limit")
