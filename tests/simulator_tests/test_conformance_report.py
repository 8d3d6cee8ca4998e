# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance suite as its users run it against a server: summary, clean-up, and what it must not publish."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from conformance import integration
from conformance.sandbox import CleanUp
from conformance.target import NotConfiguredError, from_environment
from conftest import JSON, TESTS, Cluster, running

PASSWORDS = {"sysadm-quokka": "pw-quokka-77", "owner-wombat": "pw-wombat-77", "reader-numbat": "pw-numbat-77"}
LOGIN = {"BITBUCKET_USERNAME": "me", "BITBUCKET_PASSWORD": "secret"}
SEED = {
    "users": [
        {"name": "sysadm-quokka", "display_name": "Quentin Quokka", "permission": "SYS_ADMIN"},
        {"name": "owner-wombat", "display_name": "Wanda Wombat", "permission": "PROJECT_CREATE"},
        {"name": "reader-numbat", "display_name": "Nora Numbat"},
    ],
    "groups": [{"name": "group-bilby", "members": ["owner-wombat"]}],
    "projects": [
        {
            "key": "POTOROO",
            "name": "Secret Potoroo",
            "permissions": [{"user": "owner-wombat", "permission": "PROJECT_ADMIN"}],
            "repositories": [
                {"slug": "repo-dunnart", "branches": [{"name": "main", "commits": [{"message": "Begin"}]}]}
            ],
        }
    ],
}
for each in SEED["users"]:
    each |= {"password": PASSWORDS[each["name"]], "email": f"{each['name']}@marsupial.example"}
# Parts of every name above, the address and the context path. No claim contains one of them.
TELLING = (
    "quokka", "wombat", "numbat", "bilby", "potoroo", "dunnart", "marsupial", "bandicoot", "pw-", "127.0.0.1",
    "localhost", "http:", "conformance-", "node1", "node2", "node3",
)  # fmt: skip


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server whose every name can be recognized."""
    directory = tmp_path_factory.mktemp("telling")
    seed = directory / "seed.yml"
    seed.write_text(yaml.safe_dump(SEED), encoding="utf-8")
    with running(directory / "data", "--seed", str(seed), "--context-path", "/bandicoot") as started:
        yield started


@pytest.fixture
def server(telling: Cluster) -> Iterator[Cluster]:
    """The same, without faults before and after."""
    yield telling
    telling.control("DELETE", "/faults")
    for key in projects(telling) - {"POTOROO"}:
        path = f"/rest/api/latest/projects/{key}"
        for repository in call(telling, "GET", f"{path}/repos").json()["values"]:
            call(telling, "DELETE", f"{path}/repos/{repository['slug']}")
        call(telling, "DELETE", path)


def call(cluster: Cluster, method: str, path: str) -> Any:
    name = "sysadm-quokka"
    return requests.request(method, cluster.base + path, auth=(name, PASSWORDS[name]), headers=JSON, timeout=30)


def projects(cluster: Cluster) -> set[str]:
    return {project["key"] for project in call(cluster, "GET", "/rest/api/latest/projects").json()["values"]}


def fault(cluster: Cluster, method: str, path: str, **what: Any) -> None:
    rule = {"method": method, "path": path, "fault": what}
    cluster.control("POST", "/faults", json=rule).raise_for_status()


@dataclass
class Run:
    code: int
    #: The output on the terminal.
    said: str
    summary: str
    ledger: str

    @property
    def records(self) -> list[dict[str, str]]:
        return list(json.loads(self.ledger)) if self.ledger else []

    def result(self, text: str) -> str:
        """The line of the summary about one claim."""
        (line,) = (line for line in self.summary.splitlines() if f"| {text} |" in line)
        return line


def command(directory: Path, test: str) -> list[str]:
    return [
        sys.executable, "-m", "pytest", "-o", f"cache_dir={directory / 'cache'}", f"--basetemp={directory / 'tmp'}",
        f"--ledger={directory / 'claims.json'}", f"--summary={directory / 'summary.md'}", "--clean-up-seconds=3",
        str(TESTS / "conformance"), "-k", test,
    ]  # fmt: skip


def variables(cluster: Cluster, **more: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("BITBUCKET_", "PYTEST_"))}
    accounts = {"": "owner-wombat", "ADMIN_": "sysadm-quokka", "READER_": "reader-numbat"}
    for role, name in accounts.items():
        given |= {f"BITBUCKET_{role}USERNAME": name, f"BITBUCKET_{role}PASSWORD": PASSWORDS[name]}
    return {**given, "BITBUCKET_URL": cluster.base, **more}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def run(cluster: Cluster, directory: Path, test: str, **more: str) -> Run:
    """Some tests, run as a user runs the suite against a server."""
    done = subprocess.run(
        command(directory, test), env=variables(cluster, **more), capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    return Run(done.returncode, said, read(directory / "summary.md"), read(directory / "claims.json"))


def assert_without_names(text: str, *more: str) -> None:
    found = [word for word in (*TELLING, *more) if word.lower() in text.lower()]
    assert found == [], text


# --- what is confirmed, and what is not ---

UNKNOWN_START = "A start point that is not there is refused with 404 NoSuchCommitException"
CREATED = "A created branch is answered with 201 and {id, displayId, type, latestCommit, latestChangeset, isDefault}"


def test_a_server_that_agrees(server: Cluster, tmp_path: Path) -> None:
    done = run(server, tmp_path, "test_branches.py or test_nodes.py or test_zdu.py or test_basic_off or test_personal")
    assert done.code == 0, done.said
    assert "## Bitbucket Data Center 9.4.21 (at BITBUCKET_URL)" in done.summary
    assert done.result(CREATED) == f"| confirmed | documented | {CREATED} |"
    assert done.result(UNKNOWN_START) == f"| confirmed | assumed | {UNKNOWN_START} |"
    assert done.summary in done.said


def test_what_a_server_does_not_offer_is_not_checked(server: Cluster, tmp_path: Path) -> None:
    chosen = "test_nodes.py or test_zdu.py or test_basic_off or test_personal or test_jira.py or test_token"
    none = {"BITBUCKET_ADMIN_USERNAME": "", "BITBUCKET_READER_USERNAME": ""}
    done = run(server, tmp_path, chosen, **none)
    assert done.code == 0, done.said
    reasons = {
        "A node that is stopped refuses connections": "stops and upgrades nodes: simulated clusters only",
        "Where Basic is off for REST, it is refused there and tokens still work":
            "changes server settings at the control address of the simulator: simulated clusters only",
        "Personal repositories are in the project ~slug":
            "creates a repository in the personal project of the account; allow it with `personal`",
        "A repeated start answers 409": "starts and cancels a rolling upgrade; allow it with `zdu`",
        "An unknown application link is refused with 400": "creates an issue in Jira; allow it with `jira`",
        "zdu has no version segment": "needs BITBUCKET_ADMIN_USERNAME and BITBUCKET_ADMIN_PASSWORD",
        "zdu is for SYS_ADMIN: others get 403": "needs BITBUCKET_READER_USERNAME and BITBUCKET_READER_PASSWORD",
    }  # fmt: skip
    for text, reason in reasons.items():
        line = done.result(text)
        assert line.startswith("| not checked |") and line.endswith(f"| {reason} |"), line
    # An account without SYS_ADMIN proves nothing about an administrator's requests.
    other = {"BITBUCKET_ADMIN_USERNAME": "owner-wombat", "BITBUCKET_ADMIN_PASSWORD": PASSWORDS["owner-wombat"]}
    done = run(server, tmp_path, "test_zdu.py and test_cluster", **other)
    assert "| the account in BITBUCKET_ADMIN_USERNAME does not have SYS_ADMIN |" in done.summary, done.said


def test_a_cluster_of_one_node_does_not_refute_rolling_upgrades(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yml"
    seed.write_text(yaml.safe_dump(SEED), encoding="utf-8")
    with running(tmp_path / "data", "--seed", str(seed), "--nodes", "1") as single:
        done = run(single, tmp_path, "test_start_and_cancel", BITBUCKET_ALLOW="zdu")
    assert done.code == 0, done.said
    assert done.result("Started: READY_TO_UPGRADE; cancelled: STABLE").endswith("| needs a cluster of several nodes |")


def test_a_wrong_assumption_is_reported(server: Cluster, tmp_path: Path) -> None:
    fault(server, "POST", "/branches$", kind="status", status=400)
    done = run(server, tmp_path, "test_unknown_start_point and 0123456789")
    assert done.code == 0, done.said
    assert "assumptions that are wrong here" in done.said
    assert f"assumed: {UNKNOWN_START}" in done.said
    checked = [record for record in done.records if record["outcome"] != "not checked"]
    assert [(record["evidence"], record["outcome"]) for record in checked] == [("assumed", "differs")]
    line = done.result(UNKNOWN_START)
    assert line.startswith("| not confirmed | assumed |")
    assert "expected `" in line and "404" in line and "; seen 400" in line
    assert "- Behaviours: 0 confirmed, 0 not checked, 1 not confirmed" in done.summary


def test_a_broken_claim_fails(server: Cluster, tmp_path: Path) -> None:
    fault(server, "POST", "/branches$", kind="status", status=400)
    done = run(server, tmp_path, "test_branches.py and test_create")
    assert done.code == 1, done.said
    assert "claims that this server does not keep" in done.said
    assert done.result(CREATED).startswith("| not confirmed | documented |")
    assert projects(server) == {"POTOROO"}
    assert "- Clean-up: complete: the throw-away project was deleted" in done.summary


def test_a_busy_server_refutes_nothing(server: Cluster, tmp_path: Path) -> None:
    fault(server, "POST", "/branches$", kind="status", status=503)
    done = run(server, tmp_path, "test_branches.py and test_create")
    assert done.code == 1, done.said
    assert done.result(CREATED).endswith("| the server was busy or unavailable: 503 |")


# --- no names ---


def test_the_summary_has_no_names(server: Cluster, tmp_path: Path) -> None:
    """Of a server that differs in many ways, all of which the ledger and the terminal show with names."""
    port = server.base.split(":")[2].split("/")[0]
    user = {"name": "owner-wombat", "emailAddress": "wombat@marsupial.example", "active": "Wanda Wombat"}
    fault(server, "POST", "/branches$", kind="status", status=400)
    fault(server, "GET", "/rest/zdu/cluster$", kind="wrong_shape", body={"nodes": [{"name": "quokka"}], "wombat": 1})
    fault(server, "GET", "/users/.*$", kind="wrong_shape", body=user)
    fault(server, "GET", "/default-branch$", kind="wrong_shape", body={"id": "refs/heads/wombat"})
    properties = {"version": "9.4.21-wombat", "buildNumber": "wombat", "displayName": "Bitbucket at Wombat Ltd"}
    fault(server, "GET", "/application-properties$", kind="wrong_shape", body=properties)
    chosen = "test_branches.py or test_zdu.py or test_errors.py or test_restrictions.py or test_branch_model.py"
    done = run(server, tmp_path, chosen)
    assert done.code == 1, done.said
    not_confirmed = [line for line in done.summary.splitlines() if line.startswith("| not confirmed |")]
    assert len(not_confirmed) > 10
    for word in ("wombat", "marsupial", "127.0.0.1", "bandicoot", "conformance-"):
        assert word in done.ledger
    assert_without_names(done.summary, port)
    # What helps whoever reads it is there.
    assert "seen 200 application/json" in done.summary
    assert "violates required" in done.summary and "<text>" in done.summary


def test_the_terminal_has_no_secrets(server: Cluster, tmp_path: Path) -> None:
    """Tracebacks name the server, but no password and no token."""
    fault(server, "GET", "/repos/.*$", kind="wrong_shape", body={"wombat": True})
    done = run(server, tmp_path, "test_token or test_git.py or test_restrictions.py")
    assert done.code == 1, done.said
    for secret in (*PASSWORDS.values(), "BBDC-"):
        assert secret not in done.said.replace("BBDC-not-a-token", "")


# --- clean-up ---


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(server: Cluster, tmp_path: Path, number: signal.Signals) -> None:
    before = projects(server)
    with subprocess.Popen(
        command(tmp_path, "test_branches.py or test_restrictions.py"),
        env=variables(server), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while not (made := projects(server) - before) or not repositories(server, *made):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said, _none = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert projects(server) == before
    written = read(tmp_path / "summary.md")
    assert "- The run was interrupted." in written
    assert "- Clean-up: complete: the throw-away project was deleted; list of projects: the same as before" in written
    assert "| the run ended before this test |" in written


def repositories(cluster: Cluster, key: str) -> list[Any]:
    return list(call(cluster, "GET", f"/rest/api/latest/projects/{key}/repos").json().get("values", []))


def test_what_is_left_behind_fails_the_run(server: Cluster, tmp_path: Path) -> None:
    fault(server, "DELETE", "/projects/CONFORMANCE[0-9A-F]*$", kind="status", status=500)
    done = run(server, tmp_path, "test_branches.py and test_exists")
    assert done.code == 1, done.said
    assert "- Clean-up: NOT COMPLETE: 1 objects were left behind" in done.summary
    assert_without_names(done.summary)
    (key,) = projects(server) - {"POTOROO"}
    assert f"project {key}" in done.said


def test_the_administrator_creates_the_project_where_the_user_may_not(server: Cluster, tmp_path: Path) -> None:
    reader = {"BITBUCKET_USERNAME": "reader-numbat", "BITBUCKET_PASSWORD": PASSWORDS["reader-numbat"],
              "BITBUCKET_READER_USERNAME": ""}  # fmt: skip
    done = run(server, tmp_path, "test_branches.py and test_exists", **reader)
    assert done.code == 0, done.said
    assert "| confirmed | seen 10.4.2 |" in done.summary
    assert projects(server) == {"POTOROO"}
    done = run(server, tmp_path, "test_branches.py and test_exists", **reader, BITBUCKET_ADMIN_USERNAME="")
    assert "| needs an account that may create projects |" in done.summary, done.said
    assert "- Clean-up: nothing was created" in done.summary


def test_a_given_project_stays(server: Cluster, tmp_path: Path) -> None:
    given = {"BITBUCKET_PROJECT_KEY": "POTOROO", "BITBUCKET_REPOSITORY": "repo-dunnart"}
    before = call(server, "GET", "/rest/api/latest/projects/POTOROO/repos/repo-dunnart/branches").json()["values"]
    done = run(server, tmp_path, "test_branches.py and (test_exists or test_empty)", **given)
    assert done.code == 0, done.said
    assert [each["slug"] for each in repositories(server, "POTOROO")] == ["repo-dunnart"]
    after = call(server, "GET", "/rest/api/latest/projects/POTOROO/repos/repo-dunnart/branches").json()["values"]
    assert after == before
    assert "- Clean-up: complete: everything created in the project was deleted" in done.summary


# --- configuration ---


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"BITBUCKET_USERNAME": "me"}, "BITBUCKET_URL requires BITBUCKET_USERNAME and BITBUCKET_PASSWORD"),
        ({**LOGIN, "BITBUCKET_ALLOW": "zdu everything"}, "BITBUCKET_ALLOW: everything is none of"),
        ({**LOGIN, "BITBUCKET_REPOSITORY": "api"}, "BITBUCKET_REPOSITORY requires BITBUCKET_PROJECT_KEY"),
        ({**LOGIN, "BITBUCKET_ALLOW": "jira"}, "jira requires BITBUCKET_PROJECT_KEY"),
        ({**LOGIN, "BITBUCKET_ALLOW": "jira", "BITBUCKET_PROJECT_KEY": "PLAT"},
         "jira requires BITBUCKET_JIRA_APPLICATION_ID and BITBUCKET_JIRA_PROJECT_KEY"),
    ],
)  # fmt: skip
def test_incomplete_configuration(environment: dict[str, str], message: str) -> None:
    with pytest.raises(NotConfiguredError, match=message):
        from_environment({"BITBUCKET_URL": "https://bitbucket.example.com", **environment})


def test_a_throw_away_project_has_a_random_key() -> None:
    environment = {"BITBUCKET_URL": "https://bitbucket.example.com", **LOGIN}
    first, second = from_environment(environment), from_environment(environment)
    assert first is not None and second is not None
    assert first.throw_away and first.project_key != second.project_key
    assert re.fullmatch("CONFORMANCE[0-9A-F]{8}", first.project_key)


def test_a_refused_login_ends_the_run_at_once(server: Cluster, tmp_path: Path) -> None:
    """Else the account would be locked by a CAPTCHA."""
    server.control("DELETE", "/requests")
    done = run(server, tmp_path, "test_branches.py", BITBUCKET_PASSWORD="wrong")
    assert done.code == 4, done.said
    assert "The server refuses the login of owner-wombat" in done.said
    assert sum(server.control("GET", "/requests?limit=0").json()["counts"].values()) == 1
    assert call(server, "GET", "/rest/api/latest/projects").status_code == 200


# --- integration targets ---

REPORT = "<testsuites><testsuite><testcase name='{}'>{}</testcase></testsuite></testsuites>"


def test_results_of_integration_targets(tmp_path: Path) -> None:
    remark = "Tell that nothing was tested msg=it was not tested: this is a real server"
    reports = {
        "branch-ab12_cd3-1795841440.87": REPORT.format("Create, modify", ""),
        "branch_info-rvvtxzg6-1795841448.6": REPORT.format("Read", "<failure>of owner-wombat</failure>"),
        "mesh_node-rvvtxzg7-1795841449.6": REPORT.format(remark, ""),
        "mirror_upgrade-rvvtxzg8-1795841450.6": REPORT.format(remark, "<skipped/>"),
        "something else": REPORT.format("Read", ""),
    }
    for name, text in reports.items():
        (tmp_path / f"{name}.xml").write_text(text, encoding="utf-8")
    assert integration.results(tmp_path) == {
        "branch": "passed", "branch_info": "failed", "mesh_node": "not tested in part", "mirror_upgrade": "passed",
    }  # fmt: skip


def test_summary_of_integration_targets(server: Cluster) -> None:
    target = from_environment({**variables(server), "BITBUCKET_URL": server.base})
    assert target is not None
    left = CleanUp(left=["project POTOROO"])
    written = integration.markdown(target, {"branch": "passed", "tag": "failed"}, left, interrupted=True)
    assert "Bitbucket Data Center 9.4.21" in written and "| tag | failed |" in written
    assert "- Targets: 2 run, 1 failed" in written and "- The run was interrupted." in written
    assert "- Clean-up: NOT COMPLETE: 1 objects were left behind" in written
    assert_without_names(written)


def test_a_configuration_of_the_user_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "integration_config.yml"
    config.write_text("mine: true", encoding="utf-8")
    monkeypatch.setattr(integration, "CONFIG", config)
    with pytest.raises(FileExistsError):
        integration.run({"bitbucket_url": "https://bitbucket.example.com"}, [])
    assert config.read_text(encoding="utf-8") == "mine: true"
