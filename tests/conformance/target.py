# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the suite runs: the server that the environment names, or a simulated cluster that it starts itself."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from harness.simulator import running

HERE = Path(__file__).resolve().parent

#: What may disturb others on a server, or requires a set-up by its administrator: the word for BITBUCKET_ALLOW, and the
#: reason that the summary reports where the word is missing. See docs/conformance.md.
ALLOWANCES = {
    "captcha": "locks the reader out until an administrator clears the CAPTCHA; allow it with `captcha`",
    "jira": "creates an issue in Jira; allow it with `jira`",
    "mesh": "drains a Mesh node; allow it with `mesh`",
    "mirroring": "switches the upgrade mode of a mirror farm; allow it with `mirroring`",
    "personal": "creates a repository in the personal project of the account; allow it with `personal`",
    "rate-limit": "sends requests as the reader until the server limits them; allow it with `rate-limit`",
    "zdu": "starts and cancels a rolling upgrade; allow it with `zdu`",
}
#: What runs on a simulated cluster only.
SIMULATED_ONLY = {
    "nodes": "stops and upgrades nodes: simulated clusters only",
    "settings": "changes server settings at the control address of the simulator: simulated clusters only",
}
#: How the key of a throw-away project begins.
KEY_PREFIX = "CONFORMANCE"


class NotConfiguredError(Exception):
    """The environment names a server, but not all that is needed with it, or something unknown."""


@dataclass(frozen=True)
class Account:
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Target:
    """A server and what may be done there."""

    label: str
    url: str
    #: May create projects, or administer the given project.
    user: Account
    #: Has SYS_ADMIN.
    admin: Account | None
    #: May read the sandbox project and nothing else.
    reader: Account | None
    project_key: str
    #: A repository of the sandbox project to work in; None: the suite makes one.
    repository: str | None
    allowed: frozenset[str]
    #: The suite creates the project and deletes it.
    throw_away: bool = False
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
    if user is None:
        raise NotConfiguredError(
            "BITBUCKET_URL requires BITBUCKET_USERNAME and BITBUCKET_PASSWORD: see docs/conformance.md"
        )
    project_key = environment.get("BITBUCKET_PROJECT_KEY")
    repository = environment.get("BITBUCKET_REPOSITORY")
    if repository and not project_key:
        raise NotConfiguredError("BITBUCKET_REPOSITORY requires BITBUCKET_PROJECT_KEY")
    allowed = set(environment.get("BITBUCKET_ALLOW", "").replace(",", " ").split())
    if unknown := allowed - ALLOWANCES.keys():
        raise NotConfiguredError(
            f"BITBUCKET_ALLOW: {', '.join(sorted(unknown))} is none of {', '.join(sorted(ALLOWANCES))}"
        )
    return Target(
        label="server",  # not its address: this appears in reports
        url=url,
        user=user,
        admin=_account(environment, "BITBUCKET_ADMIN"),
        reader=_account(environment, "BITBUCKET_READER"),
        project_key=project_key or KEY_PREFIX + secrets.token_hex(4).upper(),
        repository=repository or None,
        allowed=frozenset(allowed),
        throw_away=not project_key,
        jira=_jira(environment, "jira" in allowed),
    )


def _account(environment: Mapping[str, str], prefix: str) -> Account | None:
    name, password = environment.get(f"{prefix}_USERNAME"), environment.get(f"{prefix}_PASSWORD")
    return Account(name, password) if name and password else None


def _jira(environment: Mapping[str, str], needed: bool) -> tuple[str, str] | None:
    if needed and not environment.get("BITBUCKET_PROJECT_KEY"):
        raise NotConfiguredError("jira requires BITBUCKET_PROJECT_KEY, a project that is linked with the Jira project")
    link, key = environment.get("BITBUCKET_JIRA_APPLICATION_ID"), environment.get("BITBUCKET_JIRA_PROJECT_KEY")
    if link and key:
        return link, key
    if needed:
        raise NotConfiguredError("jira requires BITBUCKET_JIRA_APPLICATION_ID and BITBUCKET_JIRA_PROJECT_KEY")
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
            allowed=frozenset({*ALLOWANCES, *SIMULATED_ONLY}),
            jira=("6f1c1a2e-0c5e-4b63-9d3c-4f4b0f9c7a11", "CONFORM"),
            simulated=simulator.facts,
        )
