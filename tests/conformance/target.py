# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the suite runs: the server that the environment names, or a simulated cluster that it starts itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from harness.simulator import running

HERE = Path(__file__).resolve().parent

# What may disturb others on a server, or needs something that its administrator sets up first: see README.md.
ALLOWANCES = {"captcha", "jira", "mesh", "mirroring", "rate-limit", "zdu"}
# What no administrator would have done by a test suite: stopping nodes, changing the server's settings.
SIMULATED_ONLY = {"nodes", "settings"}


class NotConfiguredError(Exception):
    """The environment names a server, but not all that is needed with it, or something unknown."""


@dataclass(frozen=True)
class Account:
    name: str
    password: str


@dataclass(frozen=True)
class Target:
    """A server and what may be done there."""

    label: str
    url: str
    #: May administer the sandbox project.
    user: Account
    #: Has SYS_ADMIN.
    admin: Account | None
    #: May read the sandbox project and nothing else.
    reader: Account | None
    project_key: str
    #: A repository of the sandbox project to work in; None: the suite makes one.
    repository: str | None
    allowed: frozenset[str]
    #: Application link, and the Jira project that the sandbox project is linked with.
    jira: tuple[str, str] | None = None
    #: The content of the ready file, of a simulated cluster only.
    simulated: dict[str, Any] | None = None

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Set up the simulated cluster. On a real server its administrator has done that, or it was not allowed."""
        if self.simulated is None:
            return None
        answer = requests.request(method, self.simulated["control"] + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def from_environment(environment: Mapping[str, str]) -> Target | None:
    """The server that the environment names; None when it names none. NotConfiguredError when something is missing."""
    url = environment.get("BITBUCKET_URL", "").rstrip("/")
    if not url:
        return None
    user = _account(environment, "BITBUCKET")
    project_key = environment.get("BITBUCKET_PROJECT_KEY")
    if user is None or not project_key:
        raise NotConfiguredError(
            "With BITBUCKET_URL go BITBUCKET_USERNAME, BITBUCKET_PASSWORD and BITBUCKET_PROJECT_KEY: "
            "see tests/conformance/README.md"
        )
    allowed = set(environment.get("BITBUCKET_ALLOW", "").replace(",", " ").split())
    if unknown := allowed - ALLOWANCES:
        raise NotConfiguredError(
            f"BITBUCKET_ALLOW: {', '.join(sorted(unknown))} is none of {', '.join(sorted(ALLOWANCES))}"
        )
    return Target(
        label=url,
        url=url,
        user=user,
        admin=_account(environment, "BITBUCKET_ADMIN"),
        reader=_account(environment, "BITBUCKET_READER"),
        project_key=project_key,
        repository=environment.get("BITBUCKET_REPOSITORY") or None,
        allowed=frozenset(allowed),
        jira=_jira(environment, "jira" in allowed),
    )


def _account(environment: Mapping[str, str], prefix: str) -> Account | None:
    name, password = environment.get(f"{prefix}_USERNAME"), environment.get(f"{prefix}_PASSWORD")
    return Account(name, password) if name and password else None


def _jira(environment: Mapping[str, str], needed: bool) -> tuple[str, str] | None:
    link, key = environment.get("BITBUCKET_JIRA_APPLICATION_ID"), environment.get("BITBUCKET_JIRA_PROJECT_KEY")
    if link and key:
        return link, key
    if needed:
        raise NotConfiguredError("jira needs BITBUCKET_JIRA_APPLICATION_ID and BITBUCKET_JIRA_PROJECT_KEY")
    return None


@contextlib.contextmanager
def simulated(version: str, directory: Path, *options: str) -> Iterator[Target]:
    """A fresh simulated cluster with the sandbox of seed.yml; ended with all its nodes on leaving."""
    fixed = ("--version", version, "--seed", str(HERE / "seed.yml"), "--start-up-seconds", "0.2")
    with running(directory, *fixed, *options) as simulator:
        yield Target(
            label=f"simulated {version}",
            url=simulator.url,
            user=Account("owner", "owner"),
            admin=Account("admin", "admin"),
            reader=Account("reader", "reader"),
            project_key="SANDBOX",
            repository=None,
            allowed=frozenset(ALLOWANCES | SIMULATED_ONLY),
            jira=("6f1c1a2e-0c5e-4b63-9d3c-4f4b0f9c7a11", "CONFORM"),
            simulated=simulator.facts,
        )
