# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The bulk engine: what is declared for many repositories comes true, or is predicted, by several clients at once."""

from __future__ import annotations

import copy
import dataclasses
import functools
import threading
import typing as t

from . import _branch_model
from ._account import Known
from ._branch import Branches, drift, view
from ._branch_document import Item, Wanted
from ._branch_guard import Guard
from ._branch_model import Configuration
from ._branch_name import typed_name
from ._branch_plan import Tips, Wish, in_order
from ._branch_report import Report, Row, View, blank, name_of
from ._client import Client
from ._commit import tip
from ._crew import Crew
from ._default_branch import DefaultBranch
from ._errors import (
    BitbucketError,
    ConflictError,
    InputError,
    NotFoundError,
    ValidationError,
)
from ._git_ref import overlap, required_start
from ._outcome import Outcome
from ._refs import HEADS, is_commit_id
from ._repository import Place, Repository, place
from ._restriction import Restrictions

_HEAD = "HEAD"


def steps(wanted: t.Iterable[Wanted]) -> tuple[list[Wanted], list[Wanted], list[Wanted]]:
    """What comes first, next and last: models of projects name branches, restrictions of projects refuse them."""
    models: list[Wanted] = []
    repositories: list[Wanted] = []
    restrictions: list[Wanted] = []
    for each in wanted:
        if each.repository is not None:
            repositories.append(each)
            continue
        if each.branch_model is not None:
            models.append(dataclasses.replace(each, restrictions=None))
        if each.restrictions is not None:
            restrictions.append(dataclasses.replace(each, branch_model=None))
    return models, repositories, restrictions


class _Work:
    """What is wanted of one project, or repository, done or, with ``check``, predicted; ``report`` has the end of it.

    ``stop`` gives up after the first failure. ``planned`` is the configuration of the branch model that the project
    of a repository will have, where that is only predicted; ``unmodelled`` tells that it could not be given the one
    that is declared. ``known`` are the users and groups that were looked up for others.
    """

    def __init__(
        self,
        client: Client,
        place: Place,
        wanted: Wanted,
        *,
        check: bool,
        stop: bool,
        known: Known,
        planned: View | None = None,
        unmodelled: bool = False,
    ) -> None:
        self.client = client
        self.place = place
        self.wanted = wanted
        self.check = check
        self.known = known
        self.planned = planned
        self.unmodelled = unmodelled
        self.report = blank(wanted)
        self.settings = {row["setting"]: row for row in self.report.settings}
        self._stop = stop

    def run(self) -> Report:
        """Work through all of it, in the order that works."""
        self.set("branch_model", self._ensure_model)
        self.between()
        self.set("restrictions", self._ensure_restrictions)
        return self.report.skip()

    def between(self) -> None:
        """What only a repository has: names come of the model, and restrictions might refuse what comes after them."""

    def attempt(self, rows: t.Iterable[Row], act: t.Callable[[], None]) -> None:
        """Do what these rows need, of which some may have failed before; where it fails, the others have failed."""
        pending = [row for row in rows if row["outcome"] is None]
        if not pending or self.report.hopeless or (self._stop and self.report.failed):
            return
        try:
            act()
        except BitbucketError as error:
            for row in pending:
                self.report.fail(row, error)

    def set(self, setting: str, ensure: t.Callable[[], Outcome]) -> None:
        """Have a setting as declared, if it is declared."""
        row = self.settings.get(setting)
        if row is not None:
            self.attempt([row], functools.partial(self._set, row, ensure))

    def _set(self, row: Row, ensure: t.Callable[[], Outcome]) -> None:
        try:
            outcome = ensure()
        except BitbucketError as error:
            self.report.differ(row["setting"], error.partly)
            raise
        row["outcome"] = "changed" if outcome.changed else "unchanged"
        self.report.differ(row["setting"], outcome)

    def _ensure_model(self) -> Outcome:
        configuration = Configuration(self.client, self.place, self.planned)
        outcome = configuration.ensure(self.wanted.branch_model or {}, check=self.check)
        self.report.model = t.cast(View, outcome.after)
        return outcome

    def _ensure_restrictions(self) -> Outcome:
        wanted = self.wanted.restrictions or {}
        restrictions = Restrictions(self.client, self.place, self.known)
        return restrictions.ensure(wanted["rules"], exact=bool(wanted.get("exact")), check=self.check)


class _RepositoryWork(_Work):
    """The same with branches and the default branch."""

    def __init__(self, client: Client, place: Repository, wanted: Wanted, **how: t.Any) -> None:
        super().__init__(client, place, wanted, **how)
        self._repository = place
        self._branches = Branches(client, place)
        # the branches as they were found, with the default one; and as they become
        self._found: dict[str, str] = {}
        self._default: str | None = None
        self._tips = Tips({})
        # the commits of start points that are no branches
        self._commits: dict[str, str | None] = {}
        # the names of the branches that shall be present
        self._declared: set[str] = set()
        # what would be refused to the account, where it is only predicted
        self._guard = Guard(client, place, settled=self._is_settled())
        # the error that creations meet in an archived repository; None where nobody has looked
        self._archived: ConflictError | t.Literal[False] | None = None

    def _is_settled(self) -> bool:
        """Whether the branch model and the default branch stay as they are."""
        declared = self.wanted.branch_model is not None or self.wanted.default_branch is not None
        return not declared and self.planned is None

    def between(self) -> None:
        """Name the branches, look at what there is, and bring each to its state."""
        rows, default = self.report.branches, self.settings.get("default_branch")
        self.attempt((row for row in rows if row["name"] is None), self._name)
        self._refuse_contradictions()
        self.attempt([*rows, *([default] if default else [])], self._read)
        self._bring()

    def _pending(self) -> list[tuple[Row, Item]]:
        return [pair for pair in zip(self.report.branches, self.wanted.branches) if pair[0]["outcome"] is None]

    # -- names -------------------------------------------------------------------------------------------------------

    def _name(self) -> None:
        """Name the branches that are declared by type and text."""
        types: View | BitbucketError
        try:
            types = self._types()
        except BitbucketError as error:
            types = error
        for row, item in self._pending():
            if row["name"] is None:
                try:
                    row["name"] = _named(types, item)
                except BitbucketError as error:
                    # without a name, people are told which one it is
                    told = copy.copy(error)
                    told.cause = f"{item}: {error.cause}"
                    self.report.fail(row, told)

    def _types(self) -> View:
        """The types of the branch model, as it is by now or is going to be."""
        if self.report.model is not None:
            return _branch_model.effective_types(self.report.model)
        if "branch_model" in self.settings or self.unmodelled:
            owner = self.wanted.project_key if self.unmodelled else self.place
            raise InputError(f"The branch model of {owner} is not as declared", "see its own message")
        if self.planned is not None:
            return _branch_model.effective_types(Configuration(self.client, self.place, self.planned).read())
        return _branch_model.read(self.client, self._repository)

    def _refuse_contradictions(self) -> None:
        """Fail what comes to the same name as another one, or to one that cannot exist beside it.

        Among names that are declared, the check of the document has found both.
        """
        seen = set()
        present = Tips({})
        for row, item in self._pending():
            name: str = row["name"]
            other = present.overlapping(name) if item.state == "present" else None
            if name in seen:
                self.report.fail(row, InputError(f"Branch {name} is declared twice", "declare it once"))
            elif other is not None:
                self.report.fail(row, overlap("branch", name, other))
            elif item.state == "present":
                present.add(name, "")
            seen.add(name)

    # -- branches ----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Look at the branches, page by page, until all that matters has been seen."""
        default = self.wanted.default_branch
        unseen = {name for row, item in self._pending() for name in (row["name"], _as_branch(item.start_point)) if name}
        for branch in self._branches.all(order_by="ALPHABETICAL"):
            self._found[branch["name"]] = branch["latest_commit"]
            if branch["is_default"]:
                self._default = branch["name"]
            unseen.discard(branch["name"])
            if not unseen and (default is None or (default in self._found and self._default is not None)):
                break
        self._tips = Tips(self._found)

    def _bring(self) -> None:
        """In order, and with the default branch set as soon as it exists."""
        pending = self._pending()
        self._declared = {row["name"] for row, item in pending if item.state == "present"}
        order = in_order(
            [Wish(row["name"], item.state == "present", self._start_branch(item.start_point)) for row, item in pending],
            self._tips,
            self.wanted.default_branch,
        )
        if self._default is not None:
            self.attempt([row for row, item in pending if item.start_point == _HEAD], self._look_at_head)
        self._bring_some(pending, order.for_default)
        if self.wanted.default_branch is not None and self.wanted.default_branch in self._tips:
            self.set("default_branch", self._ensure_default)
        self._bring_some(pending, [*order.in_the_way, *order.present])
        self.set("default_branch", self._ensure_default)
        self._bring_some(pending, order.absent)

    def _look_at_head(self) -> None:
        """Take HEAD for the default branch as it was found, before another one becomes it."""
        self._commits[_HEAD] = tip(self.client, self._repository, _HEAD)

    def _bring_some(self, pending: t.Sequence[tuple[Row, Item]], numbers: t.Iterable[int]) -> None:
        for number in numbers:
            row, item = pending[number]
            act = self._make_present if item.state == "present" else self._make_absent
            self.attempt([row], functools.partial(act, row, item))

    def _make_present(self, row: Row, item: Item) -> None:
        name: str = row["name"]
        commit = self._tips.get(name)
        start = self._start(item.start_point, name, exists=commit is not None)
        if commit is None:
            commit = required_start(f"Branch {name}", item.start_point, start, "say where it shall start")
            outcome = self._create(name, commit)
        else:
            outcome = _unchanged(view(name, commit))
        self._put_down(row, outcome, "created")
        row["drift"] = drift(outcome.after, start)

    def _create(self, name: str, start: str) -> Outcome:
        if not self.check:
            return self._branches.create(name, start)
        self._refuse_archived()
        other = self._tips.overlapping(name)
        if other is not None:
            raise overlap("branch", name, other)
        self._guard.refuse("create", name)
        return Outcome(None, view(name, start))

    def _refuse_archived(self) -> None:
        """Foresee, by one request for all, what an archived repository refuses."""
        if self._archived is None:
            try:
                self._branches.refuse_archived()
                self._archived = False
            except ConflictError as error:
                self._archived = error
        if self._archived:
            raise self._archived

    def _make_absent(self, row: Row, item: Item) -> None:
        name: str = row["name"]
        commit = self._tips.get(name)
        if commit is not None and self.check and name == self._default and self._moves_default():
            # the server's dry run cannot know that another branch is going to be the default one
            if item.end_point not in (None, commit):
                raise ValidationError(f"Branch {name} is at {commit}, not at its end_point", "look who has moved it")
            self._guard.refuse("delete", name)
        elif commit is not None:
            self._branches.delete(name, item.end_point, dry_run=self.check)
        self._put_down(row, Outcome(None if commit is None else view(name, commit), None), "deleted")

    def _put_down(self, row: Row, outcome: Outcome, changed: str) -> None:
        """What came of a branch, for the report and for what is still to come."""
        name: str = row["name"]
        row["outcome"] = changed if outcome.changed else "unchanged"
        if outcome.after is not None:
            row["latest_commit"] = outcome.after["latest_commit"]
            self._tips.add(name, row["latest_commit"])
        elif outcome.changed:
            self._tips.remove(name)
        if outcome.changed:
            for side, state in ((self.report.before, outcome.before), (self.report.after, outcome.after)):
                branches = side.setdefault("branches", {})
                if state is not None:
                    branches[name] = state["latest_commit"]

    def _start_branch(self, start_point: str | None) -> str | None:
        """As ``_as_branch``. Before a default branch exists, HEAD is the declared one."""
        if start_point == _HEAD and self._default is None:
            return self.wanted.default_branch
        return _as_branch(start_point)

    def _start(self, start_point: str | None, of: str, *, exists: bool) -> str | None:
        """The commit of a start point ``of`` a branch, or None where it names none.

        A branch is meant as it was found, also when it is to be deleted, or as it was created just now; one that is
        declared and could not be created is not taken for a tag of its name. The full id of a commit is only looked
        for where it is needed: for a branch that does not exist yet.
        """
        if start_point is None:
            return None
        name = self._start_branch(start_point)
        commit = name and (self._found.get(name) or self._tips.get(name))
        if commit or start_point.startswith(HEADS) or name in self._declared - {of}:
            return commit
        if exists and is_commit_id(start_point):
            return start_point.lower()
        if start_point not in self._commits:
            self._commits[start_point] = tip(self.client, self._repository, start_point)
        return self._commits[start_point]

    # -- the default branch ------------------------------------------------------------------------------------------

    def _ensure_default(self) -> Outcome:
        name = self.wanted.default_branch or ""
        if name not in self._tips:
            raise NotFoundError(
                f"Branch {name} does not exist in {self.place}, so that it cannot be the default branch",
                "declare it among the branches, or give one that exists",
            )
        if name != self._default:
            if self.check:
                self._refuse_archived()
            else:
                DefaultBranch(self.client, self._repository).set(name)
        return Outcome({"name": self._default}, {"name": name})

    def _moves_default(self) -> bool:
        return self.settings.get("default_branch", {}).get("outcome") == "changed"


def _as_branch(start_point: str | None) -> str | None:
    """The name of the branch that a start point may stand for."""
    if start_point is None or is_commit_id(start_point):
        return None
    name = start_point.removeprefix(HEADS)
    return None if name.startswith("refs/") else name


def _named(types: View | BitbucketError, item: Item) -> str:
    """The name by these types, or the error that reading them met."""
    if isinstance(types, BitbucketError):
        raise types
    return typed_name(types, item.type or "", item.text or "")


def _unchanged(state: View) -> Outcome:
    return Outcome(state, state)


# -- many of them ----------------------------------------------------------------------------------------------------


class BranchSet:
    """Brings many repositories to what is wanted of them, ``concurrency`` at a time, or with ``check`` predicts it.

    ``on_done`` is called with each report and what it stands for, ``foreseen`` or ``done``, by one thread at a time.
    """

    def __init__(
        self,
        client: Client,
        *,
        check: bool,
        concurrency: int,
        stop_on_error: bool,
        on_done: t.Callable[[Report, str], None] = lambda _report, _what: None,
    ) -> None:
        self._client = client
        self._check = check
        self._concurrency = concurrency
        self._stop_on_error = stop_on_error
        self._on_done = on_done
        self._lock = threading.Lock()
        self._stopped = False
        # what the configuration of projects is going to be, and of which it could not be changed
        self._planned: dict[str, View | None] = {}
        self._unmodelled: set[str] = set()
        # who was looked up to predict restrictions
        self._known: Known = {}

    def run(self, wanted: t.Sequence[Wanted]) -> list[Report]:
        """A report for each, in the same order.

        To stop on errors means to predict everything first, and to do nothing where a failure is foreseen. Raises
        no BitbucketError: what failed is in the reports.
        """
        with Crew(self._client, self._concurrency) as crew:
            if self._stop_on_error:
                # all that can be foreseen, not just the first of it
                foreseen = self._pass(crew, wanted, check=True, stop=False)
                if any(report.failed for report in foreseen):
                    return [report.withdraw() for report in foreseen]
                if self._check:
                    return foreseen
            return self._pass(crew, wanted, check=self._check, stop=self._stop_on_error)

    def _pass(self, crew: Crew, wanted: t.Sequence[Wanted], *, check: bool, stop: bool) -> list[Report]:
        """All of it once."""
        # what was foreseen is forgotten where it is done
        self._planned.clear()
        act = functools.partial(self._one, check=check, stop=stop)
        found: dict[str, Report] = {}
        for group in steps(wanted):
            for report in crew.map(act, group):
                if report.place in found:
                    found[report.place].join(report)
                else:
                    found[report.place] = report
        return [found[name_of(each)] for each in wanted]

    def _one(self, client: Client, wanted: Wanted, *, check: bool, stop: bool) -> Report:
        """One project or repository."""
        if self._stopped:
            return blank(wanted).skip()
        where = place(wanted.project_key, wanted.repository)
        how: dict[str, t.Any] = {"check": check, "stop": stop, "known": self._known}
        if isinstance(where, Repository):
            project = wanted.project_key.upper()
            how.update(planned=self._planned.get(project), unmodelled=project in self._unmodelled)
            report = _RepositoryWork(client, where, wanted, **how).run()
        else:
            report = _Work(client, where, wanted, **how).run()
        with self._lock:
            self._stopped = self._stopped or report.hopeless or (stop and report.failed)
            if wanted.repository is None and wanted.branch_model is not None:
                if report.failed:
                    self._unmodelled.add(wanted.project_key.upper())
                elif check and "branch_model" in report.after:
                    self._planned[wanted.project_key.upper()] = report.model
            self._on_done(report, "foreseen" if check else "done")
        return report
