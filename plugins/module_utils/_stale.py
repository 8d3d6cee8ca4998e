# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Which branches are stale: what is known of a repository and some rules in, reasons to keep each branch out."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ._branch_name import type_of
from ._glob import any_matches
from ._refs import HEADS

View = t.Mapping[str, t.Any]

#: Every reason to keep a branch, in the order in which they are told.
REASONS = (
    "default",
    "base",
    "development",
    "production",
    "protected",
    "keep_list",
    "open_pull_request",
    "other_name",
    "other_type",
    "not_merged",
    "at_base",
    "recent",
    "no_default_branch",
    "unknown",
)
#: Restrictions that say that a branch is not to be deleted.
PROTECTING = ("read-only", "no-deletes")

HISTORY, PULL_REQUEST = "history", "pull_request"


class Restricting(t.Protocol):
    """What is looked at in a branch restriction."""

    @property
    def type(self) -> str:
        """Such as read-only."""

    @property
    def matcher_type(self) -> str:
        """BRANCH, PATTERN, MODEL_BRANCH, MODEL_CATEGORY, ANY_REF, or what a later server knows."""

    @property
    def matcher_id(self) -> str:
        """What is matched: a full ref, a pattern, a part in the model or a type."""


@dataclasses.dataclass(frozen=True)
class Rules:
    """What the user calls stale. ``older_than`` is in seconds; no ``types`` are all, of no type too."""

    merged: bool = True
    by_pull_request: bool = True
    older_than: float = 0
    types: t.Sequence[str] = ()
    globs: t.Sequence[str] = ("*",)
    keep: t.Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of one repository.

    ``base`` is the name of the branch that others are merged into, ``model`` the view of ``_branch_model.read``,
    ``in_review`` are the names of branches that an open pull request comes from or goes to. ``compared`` is false if
    the server gave no details because the default branch does not exist.
    """

    base: str | None
    model: View
    restrictions: t.Sequence[Restricting]
    in_review: t.Collection[str]
    compared: bool = True


def reasons(branch: View, facts: Facts, rules: Rules, now: float) -> list[str]:
    """Why a branch is kept; an empty list for a stale one.

    ``branch`` is a view of ``_branch_listing`` with details, ``now`` are seconds since 1970. What the server does not
    tell is a reason to keep.
    """
    name = branch["name"]
    found = {
        "default": branch["is_default"],
        "base": name == facts.base,
        **{role: (facts.model.get(role) or {}).get("name") == name for role in ("development", "production")},
        "protected": is_protected(name, facts.model, facts.restrictions, default=branch["is_default"]),
        "keep_list": any_matches(rules.keep, name),
        # those to other repositories are told with the branch only
        "open_pull_request": name in facts.in_review or bool(branch["open_pull_requests"]),
        "other_name": not any_matches(rules.globs, name),
        "other_type": bool(rules.types) and type_of(facts.model, name) not in rules.types,
        "no_default_branch": not facts.compared,
        **_work(branch, facts.base, rules),
    }
    found.update(_age(branch, rules, now, bool(found["unknown"])))
    return [reason for reason in REASONS if found[reason]]


def merged_by(branch: View, base: str | None) -> str | None:
    """How the branch came into the base: ``history`` has it, or a ``pull_request`` brought it; None where neither.

    A pull request counts where it is the branch's only one, went into the base, and the branch has not moved since:
    it may have been squashed, so that the base has none of its commits.
    """
    if branch["ahead"] == 0:
        return HISTORY
    through = base is not None and branch["pull_request_state"] == "MERGED" and branch["pull_request_target"] == base
    return PULL_REQUEST if through and branch["pull_request_commit"] == branch["latest_commit"] else None


def _work(branch: View, base: str | None, rules: Rules) -> dict[str, bool]:
    if not rules.merged or branch["name"] == base:
        return {"not_merged": False, "at_base": False, "unknown": False}
    how = merged_by(branch, base)
    unknown = branch["ahead"] is None and how is None
    return {
        "not_merged": not unknown and (how is None or (how == PULL_REQUEST and not rules.by_pull_request)),
        # it may have been created a moment ago, and nothing tells when
        "at_base": branch["ahead"] == 0 and branch["behind"] == 0,
        "unknown": unknown,
    }


def _age(branch: View, rules: Rules, now: float, unknown: bool) -> dict[str, bool]:
    time = branch["latest_commit_timestamp"]
    if time is None:
        return {"recent": False, "unknown": unknown or rules.older_than > 0}
    return {"recent": rules.older_than > 0 and time > now - rules.older_than, "unknown": unknown}


# -- restrictions ----------------------------------------------------------------------------------------------------


def is_protected(name: str, model: View, restrictions: t.Iterable[Restricting], *, default: bool = False) -> bool:
    """Whether a restriction says that the branch is not to be deleted, whoever is exempt from it.

    ``default`` is whether it is the default branch.
    """
    return any(each.type in PROTECTING and concerns(each, name, model, default) for each in restrictions)


def concerns(restriction: Restricting, name: str, model: View, default: bool, *, certain: bool = False) -> bool:
    """Whether the restriction's matcher takes the branch in. What is doubtful does, unless it has to be ``certain``.

    ``default`` is whether it is the default branch.
    """
    kind, wanted = restriction.matcher_type, restriction.matcher_id
    if kind == "DEFAULT_BRANCH":
        # from 10.2 on, for other resources (seen)
        return default
    if kind == "BRANCH":
        return wanted.removeprefix(HEADS) == name
    if kind == "PATTERN":
        return pattern(wanted, certain=certain).fullmatch(HEADS + name) is not None
    if kind == "MODEL_BRANCH":
        return bool((model.get(wanted.lower()) or {}).get("name") == name)
    if kind == "MODEL_CATEGORY":
        return any(each["id"] == wanted and name.startswith(each["prefix"]) for each in model["types"])
    # any ref, or something that a later server knows
    return kind == "ANY_REF" or not certain


_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def pattern(text: str, *, certain: bool = False) -> re.Pattern[str]:
    """A pattern of branch restrictions, for full refs (documented).

    ``*`` and ``?`` stop at a slash, ``**`` does not, a slash at the end takes all below, and a pattern begins after
    any slash of the ref.
    """
    # as in Ant, what stands before takes part itself (assumed: protecting too much harms nobody)
    end = "/.*" if certain else "(?:/.*)?"
    above, below = (text[: text.rindex("/")], end) if text.endswith(("/", "/**")) else (text, "")
    parts = (_WILD.get(token, re.escape(token)) for token in _TOKEN.findall(above))
    return re.compile("(?:.*/)?" + "".join(parts) + below, re.DOTALL)
