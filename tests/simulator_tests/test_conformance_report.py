# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance suite against a server that differs: a wrong assumption is told, a broken claim fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TESTS, Cluster


@pytest.fixture
def differing(cluster: Cluster) -> Iterator[Cluster]:
    """A server that refuses every new branch with 400 and words of its own."""
    rule = {"method": "POST", "path": "/branches$", "fault": {"kind": "status", "status": 400}}
    cluster.control("POST", "/faults", json=rule).raise_for_status()
    yield cluster
    cluster.control("DELETE", "/faults")


def run(cluster: Cluster, directory: Path, test: str, **environment: str) -> tuple[int, str, list[dict[str, str]]]:
    """Exit code, output and ledger of one test, run as a user runs the suite against a server."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("BITBUCKET_", "PYTEST_"))}
    given |= {
        "BITBUCKET_URL": cluster.base,
        "BITBUCKET_USERNAME": "admin",
        "BITBUCKET_PASSWORD": "admin",
        "BITBUCKET_PROJECT_KEY": "PLAT",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-o", f"cache_dir={directory / 'cache'}", f"--basetemp={directory / 'tmp'}",
         f"--ledger={directory / 'claims.json'}", str(TESTS / "conformance"), "-k", test],
        env=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    ledger = directory / "claims.json"
    records = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else []
    return done.returncode, done.stdout + done.stderr, records


def test_a_wrong_assumption_is_told(differing: Cluster, tmp_path: Path) -> None:
    code, said, records = run(differing, tmp_path, "test_unknown_start_point and 0123456789")
    assert code == 0, said
    assert "assumptions that are wrong here" in said
    assert "assumed: A start point that is not there is refused with 404 NoSuchCommitException" in said
    checked = [record for record in records if record["outcome"] != "not checked"]
    assert [(record["evidence"], record["outcome"]) for record in checked] == [("assumed", "differs")]


def test_a_broken_claim_fails(differing: Cluster, tmp_path: Path) -> None:
    code, said, records = run(differing, tmp_path, "test_branches.py and test_create")
    assert code == 1, said
    assert "claims that this server does not keep" in said
    assert "differs" in {record["outcome"] for record in records}


def test_what_is_missing_is_said(cluster: Cluster, tmp_path: Path) -> None:
    code, said, _report = run(cluster, tmp_path, "test_create", BITBUCKET_PROJECT_KEY="")
    assert code != 0
    assert "With BITBUCKET_URL go BITBUCKET_USERNAME, BITBUCKET_PASSWORD and BITBUCKET_PROJECT_KEY" in said
    code, said, _report = run(cluster, tmp_path, "test_create", BITBUCKET_ALLOW="zdu everything")
    assert code != 0
    assert "BITBUCKET_ALLOW: everything is none of" in said
