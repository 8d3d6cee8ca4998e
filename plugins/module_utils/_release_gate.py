# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What a release gate asks of commits, which of them break it, and how that is said."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ._issue_key import keys_in
from ._text import counted, one_line

View = dict[str, t.Any]
Known = t.Mapping[str, t.Any]

NO_ISSUE_KEY, NOT_LINKED, NOT_CONTAINED = "no_issue_key", "not_linked", "not_contained"
# offenders of each kind that a message names
_NAMED = 3
_SUBJECT, _ID = 50, 11


@dataclasses.dataclass(frozen=True)
class Rules:
    """How an issue is named, and which commits need not name one: by what is in the message, by full id."""

    pattern: re.Pattern[str]
    allowed_messages: tuple[re.Pattern[str], ...] = ()
    allowed_commits: frozenset[str] = frozenset()

    def exempt(self, commit: Known) -> bool:
        """Whether the commit needs no issue."""
        return commit["id"] in self.allowed_commits or any(
            pattern.search(commit["message"]) for pattern in self.allowed_messages
        )


def judge(commits: t.Iterable[Known], rules: Rules) -> tuple[dict[str, Known], list[View]]:
    """The issue keys, each with the first commit that names it, and a violation for each commit that names none.

    ``commits`` are views with id, subject, message and author_name. Those that are exempt are not looked at: what
    reads like a key in them is none.
    """
    named: dict[str, Known] = {}
    violations = []
    for commit in commits:
        if rules.exempt(commit):
            continue
        found = keys_in(commit["message"], rules.pattern)
        if not found:
            violations.append(violation(NO_ISSUE_KEY, commit))
        for key in found:
            named.setdefault(key, commit)
    return named, violations


def violation(reason: str, commit: Known, *, issue_key: str | None = None, branch: str | None = None) -> View:
    """One violation as the user sees it; of the commit nothing but its id needs to be known."""
    return {
        "reason": reason,
        "commit": commit["id"],
        "subject": commit.get("subject"),
        "author_name": commit.get("author_name"),
        "issue_key": issue_key,
        "branch": branch,
    }


def told(violations: t.Sequence[Known], commits: int) -> str:
    """All violations, at least one, as a clause: how many there are of each kind, and the first of each."""
    clauses = []
    without = _of(violations, NO_ISSUE_KEY)
    if without:
        which = [f"{each['commit'][:_ID]} {one_line(each['subject'], _SUBJECT)!r}" for each in without[:_NAMED]]
        verb = "names" if len(without) == 1 else "name"
        clauses.append(f"{len(without)} of {counted(commits, 'commit')} {verb} no issue ({_listed(which, without)})")
    unlinked = _of(violations, NOT_LINKED)
    if unlinked:
        which = [f"{one_line(each['issue_key'], _SUBJECT)} of {each['commit'][:_ID]}" for each in unlinked[:_NAMED]]
        verb = "is" if len(unlinked) == 1 else "are"
        clauses.append(f"{counted(len(unlinked), 'issue')} {verb} not linked with Jira ({_listed(which, unlinked)})")
    elsewhere = _of(violations, NOT_CONTAINED)
    if elsewhere:
        missing = [str(each["branch"]) for each in elsewhere[:_NAMED]]
        clauses.append(f"{elsewhere[0]['commit'][:_ID]} is not contained in {_listed(missing, elsewhere)}")
    return ", and ".join(clauses)


def _of(violations: t.Sequence[Known], reason: str) -> list[Known]:
    return [each for each in violations if each["reason"] == reason]


def _listed(named: list[str], of: t.Sequence[Known]) -> str:
    more = len(of) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
