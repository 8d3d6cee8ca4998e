# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run as Markdown, made to be published: no names, no addresses, no secrets (see seen.py)."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import yaml

from conformance.api import Api
from conformance.claims import Claim, Record
from conformance.target import HERE, Target

ROOT = HERE.parents[1]
RESULTS = ("not confirmed", "not checked", "confirmed")
_HEADINGS = {"not confirmed": "expected and seen", "not checked": "reason", "confirmed": "remark"}


@dataclass
class Server:
    """One server of the run. Everything here may be published."""

    #: Major.minor.patch, empty: it could not be read.
    version: str = ""
    simulated: bool = False
    #: The words of BITBUCKET_ALLOW, and the accounts that were given.
    allowed: Sequence[str] = ()
    accounts: Sequence[str] = ()
    #: What became of the project and the repositories that the suite created.
    clean_up: str = "nothing was created"
    records: list[Record] = field(default_factory=list)


def version_of(target: Target) -> str:
    """Major.minor.patch, empty if the server does not report it."""
    answer = Api(target.url, None).get("/rest/api/latest/application-properties", status=None)
    found = re.match(r"[0-9]+\.[0-9]+\.[0-9]+", answer.json["version"]) if answer.status == 200 else None
    return found[0] if found else ""


@dataclass(frozen=True)
class Row:
    """What the run found out about one claim."""

    result: str
    claim: Claim
    note: str = ""


def rows(records: Iterable[Record]) -> list[Row]:
    """One for each claim, in the order of the tests; a claim that several tests check is as good as the worst."""
    by_claim: dict[Claim, list[Record]] = {}
    for record in records:
        by_claim.setdefault(record.claim, []).append(record)
    return [_row(claim, found) for claim, found in by_claim.items()]


def _row(claim: Claim, found: list[Record]) -> Row:
    differing = [record for record in found if record.outcome == "differs"]
    unchecked = [record for record in found if record.outcome == "not checked"]
    if differing:
        shared = differing[0].shared
        remark = f" (the test checks {shared} behaviours, at least one of which differs)" if shared > 1 else ""
        return Row("not confirmed", claim, differing[0].public + remark)
    if len(unchecked) == len(found):
        return Row("not checked", claim, unchecked[0].public)
    return Row("confirmed", claim, f"in part: {unchecked[0].public}" if unchecked else "")


def markdown(servers: Iterable[Server], *, interrupted: bool = False, complete: bool = True) -> str:
    """The summary of all servers; ``complete=False`` leaves out what was confirmed."""
    lines = ["# Conformance summary"]
    for server in servers:
        found = rows(server.records)
        lines += ["", *_head(server, found, interrupted=interrupted)]
        for result in RESULTS if complete else RESULTS[:-1]:
            chosen = [row for row in found if row.result == result]
            if chosen:
                lines += ["", f"### {result.capitalize()}: {len(chosen)}", "", *_table(chosen, _HEADINGS[result])]
    return "\n".join(lines) + "\n"


def _head(server: Server, found: list[Row], *, interrupted: bool) -> list[str]:
    kind = "simulated, which proves nothing about a real server" if server.simulated else "at BITBUCKET_URL"
    counts = ", ".join(f"{sum(row.result == result for row in found)} {result}" for result in reversed(RESULTS))
    lines = [
        f"## Bitbucket Data Center {server.version or 'of an unknown version'} ({kind})",
        "",
        f"- Behaviours: {counts}",
        f"- Clean-up: {server.clean_up}",
        f"- Accounts: {', '.join(server.accounts) or 'none'}; allowed: {', '.join(server.allowed) or 'nothing more'}",
        f"- Suite: {suite()}",
    ]
    if interrupted:
        lines.append("- The run was interrupted.")
    return lines


def suite() -> str:
    """The versions of what was run here."""
    collection = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    revision = _output("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    git = re.search(r"[0-9]+(\.[0-9]+)+", _output("git", "--version"))
    return ", ".join(
        [
            f"collection {collection}" + (f" at {revision}" if revision else ""),
            f"Python {platform.python_version()}",
            f"git {git[0] if git else 'of an unknown version'}",
        ]
    )


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _table(chosen: list[Row], heading: str) -> list[str]:
    noted = any(row.note for row in chosen)
    head = ["result", "evidence", "behaviour"] + [heading] * noted
    lines = [_line(head), _line(["---"] * len(head))]
    cells = ([row.result, _evidence(row.claim), row.claim.text] + [row.note] * noted for row in chosen)
    return [*lines, *map(_line, cells)]


def _evidence(claim: Claim) -> str:
    return claim.evidence.replace("doc", "documented")


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
