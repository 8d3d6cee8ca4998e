# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration targets of ansible-test against the server that the environment names, in a throw-away project.

    python -m conformance.integration [TARGET ...]

Writes .build/conformance/integration.md, without names: which targets passed, failed, or were not tested.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import requests
import yaml

from conformance import target as targets
from conformance.api import Api
from conformance.sandbox import CleanUp, RefusedError, Repository, Sandbox
from conformance.summary import ROOT, suite, version_of
from conformance.target import Target

CONFIG = ROOT / "tests" / "integration" / "integration_config.yml"
SUMMARY = ROOT / ".build" / "conformance" / "integration.md"
# The release of ansible-core that runs on every Python of the tests; nox has its session among the long ones.
SESSION = "integration-2.19"
WORKSPACE = ROOT / ".build" / "gates" / SESSION / "ansible_collections" / "bitbucket" / "datacenter"
CLEAN_UP_SECONDS = 60.0


def configuration(target: Target, repository: Repository) -> dict[str, Any]:
    """The content of integration_config.yml: see its template."""
    assert target.admin is not None
    return {
        "bitbucket_url": target.url,
        "bitbucket_username": target.admin.name,
        "bitbucket_password": target.admin.password,
        "bitbucket_project_key": repository.key,
        "bitbucket_repository": repository.slug,
        "bitbucket_start_point": repository.base,
        "bitbucket_upgrade_mode_allowed": "zdu" in target.allowed,
    }


def run(content: dict[str, Any], arguments: list[str]) -> int:
    """The exit code of ansible-test. Raises FileExistsError where there is a configuration already."""
    command = [sys.executable, "-m", "nox", "--session", SESSION, "--", "--continue-on-error", *arguments]
    # The configuration alone says where the server is.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BITBUCKET_")}
    descriptor = os.open(CONFIG, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            yaml.safe_dump(content, stream)
        return subprocess.run(
            command, cwd=ROOT, env={**environment, "BITBUCKET_TEST_LONG": "1"}, check=False
        ).returncode
    finally:
        # ansible-test leaves copies behind where it was interrupted.
        for path in (CONFIG, *WORKSPACE.rglob(CONFIG.name)):
            path.unlink(missing_ok=True)


def results(directory: Path) -> dict[str, str]:
    """Of each target passed, failed or not tested, from the reports that ansible-test wrote."""
    found: dict[str, str] = {}
    for path in sorted(directory.glob("*.xml")):
        named = re.fullmatch(r"([a-z0-9_]+)-[a-z0-9_]{8}-[0-9.]+", path.stem)
        if named is None:
            continue
        suites = ET.parse(path).getroot()
        failed = any(suites.find(f".//{fault}") is not None for fault in ("failure", "error"))
        untested = any(_is_remark(case) for case in suites.iter("testcase"))
        found[named[1]] = "failed" if failed else "not tested in part" if untested else "passed"
    return found


def _is_remark(case: ET.Element) -> bool:
    """Whether the task that reports an untested target was not skipped."""
    return "was not tested" in (case.get("name") or "") and case.find("skipped") is None


def markdown(target: Target, found: dict[str, str], clean_up: CleanUp, *, interrupted: bool) -> str:
    """The summary, without names."""
    lines = [
        f"## Integration targets, Bitbucket Data Center {version_of(target) or 'of an unknown version'}",
        "",
        f"- Targets: {len(found)} run, {sum(result == 'failed' for result in found.values())} failed",
        f"- Clean-up: {clean_up.public(throw_away=target.throw_away)}",
        f"- Suite: {suite()}",
        *["- The run was interrupted."] * interrupted,
        "",
        "| target | result |",
        "| --- | --- |",
        *(f"| {name} | {result} |" for name, result in found.items()),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    target = _configured()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    SUMMARY.unlink(missing_ok=True)
    code, interrupted = 1, False
    with tempfile.TemporaryDirectory() as directory:
        sandbox = Sandbox(target, Api(target.url, target.user), Path(directory), Api(target.url, target.admin))
        try:
            sandbox.open()
            code = run(configuration(target, sandbox.shared_repository()), arguments)
        except RefusedError as refusal:
            print(refusal, file=sys.stderr)
        except FileExistsError:
            print(f"Move {CONFIG} away: it would be overwritten", file=sys.stderr)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            clean_up = sandbox.clean_up(CLEAN_UP_SECONDS)
    for line in [*clean_up.left, *filter(None, [clean_up.problem])]:
        print(f"Left behind on the server: {line}", file=sys.stderr)
    text = markdown(target, results(WORKSPACE / "tests" / "output" / "junit"), clean_up, interrupted=interrupted)
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(text, encoding="utf-8")
    print(f"\n{text}\nThis summary is also in {SUMMARY}")
    return code if clean_up.complete else 1


def _configured() -> Target:
    """The server. Exits where something is missing."""
    try:
        target = targets.from_environment(os.environ)
    except targets.NotConfiguredError as error:
        sys.exit(str(error))
    if target is None or target.admin is None:
        sys.exit("Set BITBUCKET_URL and the accounts, that with SYS_ADMIN too: see docs/conformance.md")
    for account in (target.user, target.admin):
        try:
            status = Api(target.url, account).get("/rest/api/latest/projects?limit=1", status=None).status
        except requests.RequestException as error:
            sys.exit(f"The server cannot be reached: {type(error).__name__}; check BITBUCKET_URL")
        if status in (401, 403):
            sys.exit(f"The server refuses the login of {account.name}; check its password")
    return target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
