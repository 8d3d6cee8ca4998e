# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Branch restrictions of repositories and projects: the server's resource, and what comes of a wanted one."""

from __future__ import annotations

import dataclasses
import typing as t

from ._account import Accounts, Known
from ._branch_model import ROLES
from ._branch_model import TYPES as CATEGORIES
from ._client import Client, quote
from ._errors import BitbucketError, ConflictError, InputError, ValidationError
from ._outcome import Outcome
from ._refs import HEADS, branch_name
from ._repository import Place, Repository
from ._schema import Json, Schema, page

TYPES = ("read-only", "no-deletes", "fast-forward-only", "pull-request-only", "no-creates")
MATCHERS = ("BRANCH", "PATTERN", "MODEL_BRANCH", "MODEL_CATEGORY", "ANY_REF")
LISTS = ("users", "groups", "access_keys")
# the id that the server shows for any ref (seen)
_ANY_REF = "ANY_REF_MATCHER_ID"

_RESTRICTION: Json = {
    "type": "object",
    # without its scope nobody knows whether deleting one deletes it from the project
    "required": ["id", "type", "matcher", "scope"],
    "properties": {
        "id": {"type": "integer"},
        "type": {"type": "string"},
        "matcher": {
            "type": "object",
            "required": ["id", "type"],
            "properties": {
                "id": {"type": "string"},
                "type": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            },
        },
        "scope": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}},
        "users": {
            "type": "array",
            "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        },
        "groups": {"type": "array", "items": {"type": "string"}},
        "accessKeys": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key"],
                "properties": {
                    "key": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
                },
            },
        },
    },
}
T = t.TypeVar("T", str, int)

_ONE = Schema(_RESTRICTION)
_PAGE = Schema(page(_RESTRICTION))


@dataclasses.dataclass(frozen=True)
class Restriction:
    """One restriction; equal to another that says the same, whatever their ids are.

    ``inherited`` is true in a repository for what its project restricts. Users and groups are in lower case, since
    the server does not tell them apart by case; all lists are sorted. The type and the matcher's type may be ones that
    only a later server knows.
    """

    type: str
    matcher_type: str
    matcher_id: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    access_keys: tuple[int, ...] = ()
    inherited: bool = False
    id: int | None = dataclasses.field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.type} for {self.matcher_type} {self.matcher_id}".replace(f" {_ANY_REF}", "")

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one restriction of in a place: the server updates the one with the same (seen on 10.4)."""
        return self.type, self.matcher_type, self.matcher_id

    @property
    def known(self) -> bool:
        """Whether people can declare one like it."""
        return self.type in TYPES and self.matcher_type in MATCHERS

    def view(self) -> dict[str, t.Any]:
        """The user's view, without its id and where it comes from."""
        return {
            "type": self.type,
            "matcher": {"type": self.matcher_type, "id": self.matcher_id},
            **{name: list(getattr(self, name)) for name in LISTS},
        }


class Restrictions:
    """The restrictions of one project or repository. Every method may raise any BitbucketError.

    ``known`` are the users and groups that were looked up before, see ``_account``.
    """

    def __init__(self, client: Client, place: Place, known: Known | None = None) -> None:
        self._client = client
        self._place = place
        self._path = place.path("branch-permissions/latest", "restrictions")
        self._accounts = Accounts(client, known)

    def all(self) -> list[Restriction]:
        """Every one that holds here, in the server's order; a repository shows its project's, too (seen)."""
        return [self._read(answer) for answer in self._client.items(self._path, _PAGE)]

    def save(self, restriction: Restriction) -> Restriction:
        """Create it, or replace the one with the same key, and return what the server makes of it.

        Raises ValidationError, also if the server is too old for the type.
        """
        body: Json = {
            "type": restriction.type,
            "matcher": {"id": restriction.matcher_id, "type": {"id": restriction.matcher_type}},
            "users": list(restriction.users),
            "groups": list(restriction.groups),
            "accessKeys": list(restriction.access_keys),
        }

        def send() -> Restriction:
            return self._read(self._client.post(self._path, _ONE, body))

        def done() -> Restriction | None:
            return next((found for found in self.all() if found == restriction), None)

        try:
            return self._client.settle(send, done, resend=True)
        except ValidationError as error:
            # 9.2.1 and 9.3.2 call the type invalid (seen)
            if restriction.type == "no-creates" and any("type" in message.lower() for message in error.messages):
                error.next_step = "check the version of the server: no-creates needs Bitbucket 9.4 or later"
            raise

    def foresee(self, before: Restriction | None, restriction: Restriction) -> Restriction:
        """What ``save`` would return, or raise: the server refuses who is exempt and does not exist (assumed).

        Who is exempt already is not looked up. Access keys are not either: what the server makes of one that does not
        exist is not known.
        """
        there = before or dataclasses.replace(restriction, users=(), groups=())
        self._accounts.refuse_missing(
            (name for name in restriction.users if name not in there.users),
            (name for name in restriction.groups if name not in there.groups),
        )
        return restriction

    def delete(self, restriction: Restriction) -> None:
        """Delete one that is this place's own. Raises ConflictError for an inherited one, which stays.

        The server would take it, and delete it from the project and so from every repository of it (seen).
        """
        if restriction.inherited or restriction.id is None:
            raise ConflictError(
                f"Restriction {restriction} belongs to the project of {self._place}", "delete it in the project"
            )
        path = f"{self._path}/{quote(restriction.id)}"

        def send() -> bool:
            self._client.delete(path)
            return True

        def done() -> bool | None:
            return None if any(found.id == restriction.id for found in self.all()) else True

        self._client.settle(send, done, resend=True)

    def ensure(self, rules: t.Iterable[t.Mapping[str, t.Any]], *, exact: bool, check: bool) -> Outcome:
        """Have the rules here, see ``rule``; ``exact``: nothing else, and nobody else exempt. ``check`` only tells.

        What fails on the way says what was changed before it.
        """
        before = here = self.all()
        to_save, to_delete = plan(before, map(rule, rules), exact)
        mine = own(before)
        try:
            for each in to_delete:
                if not check:
                    self.delete(each)
                here = after(here, [], [each])
            for each in to_save:
                saved = self.foresee(mine.get(each.key), each) if check else self.save(each)
                here = after(here, [saved], [])
        except BitbucketError as error:
            error.partly = Outcome(_views(before), _views(here))
            raise
        return Outcome(_views(before), _views(here))

    def _read(self, answer: Json) -> Restriction:
        matcher = answer["matcher"]
        return Restriction(
            answer["type"],
            matcher["type"]["id"],
            _shown_id(matcher["type"]["id"], matcher["id"]),
            _folded(user["name"] for user in answer.get("users", ())),
            _folded(answer.get("groups", ())),
            tuple(sorted(access["key"]["id"] for access in answer.get("accessKeys", ()))),
            answer["scope"]["type"] != ("REPOSITORY" if isinstance(self._place, Repository) else "PROJECT"),
            answer["id"],
        )


# -- what is wanted, without the server ------------------------------------------------------------------------------


def rule(wanted: t.Mapping[str, t.Any]) -> Restriction:
    """``{type, matcher: {type, id}, users, groups, access_keys}`` with lists that may be missing. Raises InputError."""
    matcher = wanted["matcher"]
    return Restriction(
        wanted["type"],
        matcher["type"],
        _matcher_id(matcher["type"], matcher.get("id")),
        _folded(wanted.get("users") or ()),
        _folded(wanted.get("groups") or ()),
        tuple(sorted(set(wanted.get("access_keys") or ()))),
    )


def _folded(names: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name.lower() for name in names}))


def _shown_id(kind: str, shown: str) -> str:
    """The matcher's id in the one form that is compared, whatever form a version of the server shows."""
    if kind == "BRANCH":
        return HEADS + shown.removeprefix(HEADS)
    return {"MODEL_BRANCH": shown.lower(), "MODEL_CATEGORY": shown.upper(), "ANY_REF": _ANY_REF}.get(kind, shown)


def _matcher_id(kind: str, given: str | None) -> str:
    """The matcher's id in the form that is compared. Raises InputError."""
    if kind not in MATCHERS:
        raise InputError(f"Matcher {kind} is none of {', '.join(MATCHERS)}", "choose one of them")
    if kind == "ANY_REF":
        if given not in (None, "", _ANY_REF):
            raise InputError(f"Matcher ANY_REF has an id ({given!r})", "leave the id out, or choose another matcher")
        return _ANY_REF
    if not given:
        raise InputError(f"Matcher {kind} has no id", "say what it shall match")
    if kind == "BRANCH":
        return HEADS + branch_name(given, "id of the matcher")
    choices = {"MODEL_BRANCH": ROLES, "MODEL_CATEGORY": CATEGORIES}.get(kind)
    shown = _shown_id(kind, given)
    if choices is not None and shown not in choices:
        raise InputError(f"Matcher {kind} has the id {given!r}", f"use one of {', '.join(choices)}")
    return shown


def own(existing: t.Iterable[Restriction]) -> dict[tuple[str, str, str], Restriction]:
    """Those of the place itself, by their key."""
    return {found.key: found for found in existing if not found.inherited}


def merged(before: Restriction | None, wanted: Restriction, exact: bool) -> Restriction:
    """What is to be saved: who is exempt already stays exempt, unless exactly the wanted ones shall be."""
    if before is None or exact:
        return wanted
    return dataclasses.replace(
        wanted,
        users=_union(before.users, wanted.users),
        groups=_union(before.groups, wanted.groups),
        access_keys=_union(before.access_keys, wanted.access_keys),
    )


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(sorted(set(first + second)))


def plan(
    existing: t.Iterable[Restriction], wanted: t.Iterable[Restriction], exact: bool
) -> tuple[list[Restriction], list[Restriction]]:
    """What to save and what to delete. What a repository inherits is neither looked at nor touched.

    ``exact``: who is exempt is exactly as wanted, and what is not wanted is deleted, except what people cannot declare.
    Raises InputError where one restriction is wanted twice.
    """
    here, asked = own(existing), {}
    for each in wanted:
        if each.key in asked:
            raise InputError(f"Restriction {each} is given twice", "give it once, with everybody who is exempt from it")
        asked[each.key] = merged(here.get(each.key), each, exact)
    to_save = [each for key, each in asked.items() if here.get(key) != each]
    return to_save, [each for key, each in here.items() if exact and each.known and key not in asked]


def after(
    existing: t.Iterable[Restriction], to_save: t.Iterable[Restriction], to_delete: t.Iterable[Restriction]
) -> list[Restriction]:
    """What holds once a plan is carried out: what is inherited comes last, each part in the order of the keys."""
    existing = list(existing)
    gone = {each.key for each in to_delete}
    here = {key: each for key, each in own(existing).items() if key not in gone}
    here.update({each.key: each for each in to_save})
    inherited = [each for each in existing if each.inherited]
    return sorted(here.values(), key=_key) + sorted(inherited, key=_key)


def _views(restrictions: t.Iterable[Restriction]) -> dict[str, t.Any]:
    return {"rules": [each.view() for each in after(restrictions, [], [])]}


def _key(restriction: Restriction) -> tuple[str, str, str]:
    return restriction.key
