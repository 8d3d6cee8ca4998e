# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says how the gates ended: one line while they run, a table when all have.

`python -m gates.report line GATE` and `python -m gates.report table GATE ...`; the table exits with 1 when a gate
failed, or when every gate of a kind that must run at least once (on some ansible-core) could not run.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import re
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from .workspace import GATES, ROOT

REPORTS = ROOT / ".build" / "reports"

#: These have a gate for each ansible-core; where an interpreter is missing one may be skipped, but not all.
REQUIRED_KINDS = ("sanity", "units", "integration")

#: How a gate or ansible-test says in its log that it left something out.
LEFT_OUT = re.compile(r"^(?:Not run: |WARNING: (?=Skipping |Required program ))(.*)$", re.MULTILINE)

#: What ansible-test calls skipped where there is nothing to look at, such as PowerShell.
NOTHING_TO_TEST = "No tests applicable."


@dataclasses.dataclass
class Outcome:
    """How one gate ended: result is passed, failed or skipped; tests counts its tests by result, if it has any."""

    gate: str
    result: str
    seconds: float
    reason: str
    tests: collections.Counter[str]
    left_out: list[str]
    #: What its tests found out: those that record the property "says" for their suite.
    says: list[str] = dataclasses.field(default_factory=list)

    def counts(self) -> collections.Counter[str]:
        """Returns what the gate adds to the totals: its tests, or itself where it has none or failed without one."""
        if self.result == "failed" and not self.tests["failed"]:
            return self.tests + collections.Counter(failed=1)
        return self.tests or collections.Counter({self.result: 1})

    def __str__(self) -> str:
        tests = ", ".join(f"{number} {result}" for result, number in sorted(self.tests.items()))
        return "\n".join([f"{self.gate:20} {self.result:8} {self.seconds:6.0f} s  {tests}".rstrip(), *self.says])


def _suites(gate: str) -> Iterator[ET.Element]:
    """Yields what a gate reported in JUnit's format, a file each."""
    for place in ("junit", "ansible_collections/bitbucket/datacenter/tests/output/junit"):
        yield from (ET.parse(file).getroot() for file in sorted(GATES.joinpath(gate, place).glob("*.xml")))


def _cases(gate: str) -> Iterator[tuple[str, str]]:
    """Yields result and message of each test of a gate.

    ansible-test writes a file for each integration target, with a case for each task: here the target is the test.
    """
    for suites in _suites(gate):
        cases = [_case(case) for case in suites.iter("testcase")]
        if gate.startswith("integration"):
            cases = [("failed", "") if ("failed", "") in cases else ("passed", "")]
        yield from (case for case in cases if case != ("skipped", NOTHING_TO_TEST))


def _says(gate: str) -> list[str]:
    """Returns what the tests of a gate found out, in sentences."""
    return [
        f"  {each.get('value')}"
        for suites in _suites(gate)
        for each in suites.iterfind(".//testsuite/properties/property[@name='says']")
    ]


def _case(case: ET.Element) -> tuple[str, str]:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if skipped is None:
        return "passed", ""
    return "skipped", (skipped.get("message") or skipped.text or "without a reason").strip()


def outcome(gate: str) -> Outcome:
    """Returns how a gate ended, from nox's report, its log and its JUnit files."""
    log = REPORTS.joinpath(f"{gate}.log").read_text(encoding="utf-8", errors="replace")
    report = REPORTS / f"{gate}.json"
    if not report.exists():
        return Outcome(gate, "failed", 0, "nox did not get to run it", collections.Counter(), [])
    (session,) = json.loads(report.read_text(encoding="utf-8"))["sessions"]
    result = {"success": "passed", "skipped": "skipped"}.get(session["result"], "failed")
    cases = [] if result == "skipped" else list(_cases(gate))
    tests = collections.Counter(case[0] for case in cases)
    skipped = collections.Counter(case[1] for case in cases if case[0] == "skipped")
    left_out = [f"{message} ({number})" if number > 1 else message for message, number in skipped.items()]
    left_out += [message for message in dict.fromkeys(LEFT_OUT.findall(log)) if message not in skipped]
    says = [] if result == "skipped" else _says(gate)
    return Outcome(gate, result, session["duration"], session["reason"] or "", tests, left_out, says)


def table(gates: list[str]) -> int:
    """Prints how all these gates ended, what was not run and why, and the totals; returns the exit status."""
    outcomes = [outcome(gate) for gate in gates]
    print("\nEvery gate\n")
    for each in outcomes:
        print(textwrap.indent(str(each), "  "))
    missing = [f"{each.gate}: {each.reason}" for each in outcomes if each.result == "skipped"]
    missing += [f"{each.gate}: {what}" for each in outcomes for what in each.left_out]
    if missing:
        print("\nNot run, and why\n", *(f"  {line}" for line in missing), sep="\n")
    never = [
        kind
        for kind in REQUIRED_KINDS
        if {each.result for each in outcomes if each.gate.startswith(f"{kind}-")} == {"skipped"}
    ]
    failed = [each.gate for each in outcomes if each.result == "failed"]
    if failed or never:
        print("\nFailed\n")
        for gate in failed:
            print(f"  {gate}: see .build/reports/{gate}.log, again with make gate-{gate}")
        for kind in never:
            print(f"  {kind}: not run on any ansible-core")
    total = sum((each.counts() for each in outcomes), collections.Counter(failed=len(never)))
    print("\nA test counts one, and so does a gate without tests of its own:")
    print(f"{total['passed']} passed, {total['failed']} failed", end="")
    print(f", {total['skipped']} skipped" if total["skipped"] else "")
    return 1 if failed or never else 0


def main() -> int:
    """Runs line or table on the gates named on the command line."""
    what, *gates = sys.argv[1:]
    if what == "table":
        return table(gates)
    for gate in gates:
        print(outcome(gate), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
