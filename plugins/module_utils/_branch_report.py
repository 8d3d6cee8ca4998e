# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What came of many repositories: a row for each branch and each setting, and what a module returns of all of them."""

from __future__ import annotations

import collections
import copy
import dataclasses
import itertools
import typing as t

from ._branch_document import SETTINGS, Wanted
from ._errors import AuthenticationError, BitbucketError, MissingLibraryError, UnlicensedError
from ._outcome import Outcome

Row = dict[str, t.Any]
View = dict[str, t.Any]

OUTCOMES = ("created", "deleted", "unchanged", "failed", "skipped")
SETTING_OUTCOMES = ("changed", "unchanged", "failed", "skipped")
# every further request would be refused for the same reason
_HOPELESS = (AuthenticationError, MissingLibraryError, UnlicensedError)
_SKIPPED = "Not tried, because something else failed."


@dataclasses.dataclass
class Report:
    """What came of one repository, or of one project where ``repository`` is None: a row for each branch and setting.

    ``before`` and ``after`` have only what differs, branches by their names with their commits. ``error`` is what
    failed first, ``label`` says with what. ``model`` is the configuration of the branch model, where one is declared.
    """

    place: str
    repository: str | None
    branches: list[Row]
    settings: list[Row]
    before: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    after: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    error: BitbucketError | None = None
    label: str = ""
    model: View | None = None

    @property
    def rows(self) -> t.Iterator[Row]:
        """Settings and branches."""
        return itertools.chain(self.settings, self.branches)

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return self.before != self.after

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return self.error is not None

    @property
    def hopeless(self) -> bool:
        """Whether whatever comes next would meet the same: wrong credentials, or a server that stays away."""
        error = self.error
        return error is not None and (error.retryable or isinstance(error, _HOPELESS))

    def differ(self, part: str, outcome: Outcome | None) -> None:
        """Put down what changed of a part, if anything did."""
        if outcome is not None and outcome.changed:
            self.before[part], self.after[part] = outcome.before, outcome.after

    def fail(self, row: Row, error: BitbucketError) -> None:
        """Put a failure down."""
        row.update(outcome="failed", message=str(error))
        if self.error is None or (error.retryable and not self.hopeless):
            self.error = error
            self.label = f"{self.place} {row['setting'] if 'setting' in row else row['name'] or 'branch'}"

    def skip(self) -> Report:
        """Say of all that has no outcome that it was not tried."""
        for row in self.rows:
            if row["outcome"] is None:
                row.update(outcome="skipped", message=_SKIPPED)
        return self

    def join(self, later: Report) -> None:
        """Take up what came of the same place in a later step."""
        self.settings += later.settings
        self.before.update(later.before)
        self.after.update(later.after)
        if self.error is None or (later.hopeless and not self.hopeless):
            self.error, self.label = later.error, later.label

    def withdraw(self) -> Report:
        """Say of all that was only foreseen that it was not tried."""
        self.before, self.after = {}, {}
        for row in self.rows:
            if row["outcome"] in ("created", "deleted", "changed"):
                row.update(outcome="skipped", message=_SKIPPED, latest_commit=None, drift=None)
        return self


def name_of(wanted: Wanted) -> str:
    """What people call the repository, or the project."""
    return wanted.project_key if wanted.repository is None else f"{wanted.project_key}/{wanted.repository}"


def blank(wanted: Wanted) -> Report:
    """The rows for what is wanted, without an outcome."""
    where = {"project_key": wanted.project_key, "repository": wanted.repository}
    found = {"outcome": None, "message": None}
    return Report(
        name_of(wanted),
        wanted.repository,
        [
            {
                **where,
                "name": item.name,
                "state": item.state,
                "start_point": item.start_point,
                "latest_commit": None,
                "drift": None,
                **found,
            }
            for item in wanted.branches
        ],
        [{**where, "setting": setting, **found} for setting in SETTINGS if getattr(wanted, setting) is not None],
    )


def result(reports: t.Sequence[Report]) -> dict[str, t.Any]:
    """What a module returns of these reports: the rows, a summary, ``changed`` and ``diff``."""
    different = [report for report in reports if report.changed]
    branches = [row for report in reports for row in report.branches]
    settings = [row for report in reports for row in report.settings]
    of_branches = collections.Counter(row["outcome"] for row in branches)
    of_settings = collections.Counter(row["outcome"] for row in settings)
    return {
        "changed": bool(different),
        "diff": {
            "before": _flat((report.place, report.before) for report in different),
            "after": _flat((report.place, report.after) for report in different),
        },
        "branches": branches,
        "settings": settings,
        "summary": {
            "repositories": sum(1 for report in reports if report.repository is not None),
            "declared": len(branches),
            **{outcome: of_branches[outcome] for outcome in OUTCOMES},
            "drifted": sum(1 for row in branches if row["drift"]),
            **{f"settings_{outcome}": of_settings[outcome] for outcome in SETTING_OUTCOMES},
        },
    }


def _flat(sides: t.Iterable[tuple[str, t.Mapping[str, t.Any]]]) -> dict[str, t.Any]:
    """What differs as one mapping: Ansible shows an entry in one line, and braces around entries in two more."""
    flat = {}
    for where, parts in sides:
        for part, value in parts.items():
            if part == "branches":
                flat.update({f"{where} branch {name}": commit for name, commit in value.items()})
            else:
                flat[f"{where} {part}"] = value
    return flat


def failure(reports: t.Sequence[Report], facts: t.Mapping[str, t.Any]) -> BitbucketError | None:
    """One error for everything that failed, with the type and the cause of the first, or None where nothing did.

    ``facts`` are what the module returns all the same.
    """
    failed = [report for report in reports if report.failed]
    if not failed:
        return None
    # what ended the run says more than what one repository met before it
    first = next((report for report in failed if report.hopeless), failed[0])
    error = copy.copy(t.cast(BitbucketError, first.error))
    outcomes = collections.Counter(row["outcome"] for report in reports for row in report.rows)
    others = {"failed": outcomes["failed"] - 1, "not tried": outcomes["skipped"]}
    told = ", ".join(f"{count} more {what}" for what, count in others.items() if count)
    error.cause = f"{first.label}: {error.cause.rstrip('. ')}" + (f" ({told})" if told else "")
    error.facts = {**error.facts, **facts}
    return error
