# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Stale branches of many repositories: what the rules of ``_stale`` need is read, by several clients at once."""

from __future__ import annotations

import dataclasses
import typing as t

from . import _branch_model, _glob, _stale
from ._branch_listing import BranchListing
from ._branch_name import type_of
from ._client import Client
from ._crew import Crew
from ._default_branch import is_missing
from ._errors import BitbucketError, NotFoundError
from ._project import Repositories
from ._pull_request import in_review
from ._refs import HEADS, branch_name
from ._repository import Repository
from ._restriction import Restrictions

Row = dict[str, t.Any]

_NO_MODEL: t.Mapping[str, t.Any] = {"development": None, "production": None, "types": []}


@dataclasses.dataclass(frozen=True)
class Place:
    """A repository, and the branch that its others are merged into; None for its default branch."""

    repository: Repository
    base: str | None = None


def places(client: Client, wanted: t.Iterable[t.Mapping[str, t.Any]]) -> list[Place]:
    """The repositories that ``{project_key, repository, exclude, base}`` stand for, each once: the first that does.

    Keys and slugs may be globs, which leave archived repositories out. What is named plainly is not asked for.
    Raises any BitbucketError.
    """
    known = Repositories(client)
    found: dict[tuple[str, str], Place] = {}
    for each in wanted:
        project, repository = each["project_key"], each.get("repository") or "*"
        base = None if each.get("base") is None else branch_name(each["base"], "base")
        if _glob.is_glob(project) or _glob.is_glob(repository):
            views = known.matching(project, repository, exclude=each.get("exclude") or ())
            here = [Repository(view["project_key"], view["slug"]) for view in views]
        else:
            here = [Repository(project, repository)]
        for one in here:
            found.setdefault((one.project_key.upper(), one.slug.lower()), Place(one, base))
    return list(found.values())


def judge(client: Client, place: Place, rules: _stale.Rules, now: float) -> list[Row]:
    """Every branch of one repository by name, as a row; ``reasons`` of stale ones is empty.

    One request for each page of branches and of pull requests, one each for model and restrictions, and one alone
    where there is no branch. Raises any BitbucketError, PermissionDeniedError where the user may not read restrictions.
    """
    repository, base = place.repository, place.base
    listing, compared = BranchListing(client, repository), True
    try:
        found = list(listing.detailed(base=None if base is None else HEADS + base))
    except NotFoundError as error:
        if not is_missing(error):
            raise
        # without a default branch the server compares nothing (seen 10.4): every branch is kept for that reason
        found, compared = list(listing.plain()), False
    branches = sorted(found, key=lambda branch: str(branch["name"]))
    if not branches:
        return []
    if base is None:
        base = next((branch["name"] for branch in branches if branch["is_default"]), None)
    # After the tips: what is opened or restricted meanwhile is seen. A branch that is pushed to meanwhile is saved by
    # the tip that was judged.
    facts = _stale.Facts(
        base,
        _model(client, repository),
        Restrictions(client, repository).all(),
        in_review(client, repository),
        compared,
    )
    return [_row(branch, repository, facts, rules, now) for branch in branches]


def _model(client: Client, repository: Repository) -> t.Mapping[str, t.Any]:
    try:
        return _branch_model.read(client, repository)
    except NotFoundError:
        # the repository is there: it has no model (documented)
        return _NO_MODEL


def _row(
    branch: t.Mapping[str, t.Any], repository: Repository, facts: _stale.Facts, rules: _stale.Rules, now: float
) -> Row:
    told = ("name", "latest_commit", "latest_commit_author", "latest_commit_time", "latest_commit_timestamp")
    return {
        "project_key": repository.project_key,
        "repository": repository.slug,
        **{key: branch[key] for key in told},
        "type": type_of(facts.model, branch["name"]),
        "base": facts.base,
        **{key: branch[key] for key in ("ahead", "behind")},
        "merged_by": _stale.merged_by(branch, facts.base),
        "reasons": _stale.reasons(branch, facts, rules, now),
    }


def judge_all(
    client: Client, wanted: t.Sequence[Place], rules: _stale.Rules, now: float, concurrency: int
) -> t.Iterator[Row]:
    """``judge`` for each place in order, by at most ``concurrency`` clients. An error says which repository it met."""
    with Crew(client, concurrency) as crew:
        for rows in crew.map(lambda mine, place: _judge(mine, place, rules, now), wanted):
            yield from rows


def _judge(client: Client, place: Place, rules: _stale.Rules, now: float) -> list[Row]:
    try:
        return judge(client, place, rules, now)
    except BitbucketError as error:
        error.cause = f"{place.repository}: {error.cause}"
        raise
