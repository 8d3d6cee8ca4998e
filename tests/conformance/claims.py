# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claim each test checks, how well it is proven, and what this run said about it.

    @pytest.mark.claim("A repeated start is refused with 409", evidence="assumed")

`evidence` is `doc` (the vendor states it), `seen VERSION` (published observation of a real server), `likely`
(observation of the same component in another product of the vendor) or `assumed` (our inference). Separate several
with commas where the parts of a claim have different evidence: the claim is as weak as its weakest part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

_EVIDENCE = re.compile(r"doc|seen|seen [0-9][0-9.x]*( to [0-9][0-9.x]*)?|likely|assumed")


@dataclass(frozen=True)
class Claim:
    """One sentence about the server, and where it comes from."""

    text: str
    evidence: str

    @property
    def assumed(self) -> bool:
        """Not proven: neither documented nor observed."""
        return "assumed" in self.evidence or "likely" in self.evidence


@dataclass
class Record:
    """The result of one test. `outcome`: holds, differs, or not checked."""

    claim: Claim
    test: str
    #: The test's parameters, the first of which names the server.
    server: str
    outcome: str = "not checked"
    #: For the user alone: it has names and addresses of the server.
    detail: str = ""
    #: For the summary: without names and addresses. What was expected and seen, or why it was not checked.
    public: str = "the run ended before this test"
    #: How many claims the test checks at once.
    shared: int = 1


@dataclass
class Ledger:
    """All records of a run, in the order of the tests."""

    records: list[Record] = field(default_factory=list)

    def differing(self) -> list[Record]:
        return [record for record in self.records if record.outcome == "differs"]

    def write(self, path: Path) -> None:
        """As JSON, a list of objects."""
        shown = [{**asdict(record.claim), **asdict(record)} for record in self.records]
        for record in shown:
            del record["claim"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(shown, indent=2) + "\n", encoding="utf-8")


def claims_of(item: pytest.Item) -> list[Claim]:
    """The claims that a test names, the first one first. UsageError when it has none, or one of another form."""
    # The marker nearest to the test comes first: with decorators that is the lowest.
    marks = list(item.iter_markers("claim"))[::-1]
    if not marks:
        raise pytest.UsageError(f"{item.nodeid} names no claim")
    return [_claim(item, mark) for mark in marks]


def _claim(item: pytest.Item, mark: pytest.Mark) -> Claim:
    if len(mark.args) != 1 or set(mark.kwargs) != {"evidence"}:
        raise pytest.UsageError(f"{item.nodeid}: a claim is one sentence and its evidence")
    evidence = str(mark.kwargs["evidence"])
    if not all(_EVIDENCE.fullmatch(part) for part in evidence.split(", ")):
        raise pytest.UsageError(f"{item.nodeid}: '{evidence}' is no evidence")
    return Claim(mark.args[0], evidence)


def table(claims: Iterable[tuple[Claim, str]]) -> list[str]:
    """Lines for people: evidence, claim, the test below it."""
    lines = []
    for claim, test in claims:
        lines += [f"{claim.evidence:<14} {claim.text}", f"{'':<14}   {test}"]
    return lines
