# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The branch model: what is in effect in a repository, and its configuration, inherited from project to repository."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._errors import InputError, PermissionDeniedError
from ._outcome import Outcome
from ._refs import HEADS, branch_name
from ._repository import Place, Project, Repository
from ._schema import Json, Schema, array

# the vendor's types, in the vendor's order (documented)
TYPES = ("BUGFIX", "FEATURE", "HOTFIX", "RELEASE")
ROLES = ("development", "production")

View = dict[str, t.Any]
Wanted = t.Mapping[str, t.Any]

_REF: Json = {
    "type": ["object", "null"],
    "required": ["id"],
    "properties": {"id": {"type": "string"}},
}
_MODEL = Schema(
    {
        "type": "object",
        # a branch that is configured and does not exist may be left out (assumed)
        "required": ["types"],
        "properties": {
            "development": _REF,
            "production": _REF,
            "types": array(
                {
                    "type": "object",
                    "required": ["id", "prefix"],
                    "properties": {
                        "id": {"type": "string"},
                        "displayName": {"type": "string"},
                        "prefix": {"type": "string"},
                    },
                }
            ),
        },
    }
)
_ROLE: Json = {
    "type": ["object", "null"],
    "properties": {"refId": {"type": ["string", "null"]}, "useDefault": {"type": "boolean"}},
}
_CONFIGURATION = Schema(
    {
        "type": "object",
        "required": ["types", "scope"],
        "properties": {
            "development": _ROLE,
            "production": _ROLE,
            "types": array(
                {
                    "type": "object",
                    "required": ["id", "enabled", "prefix"],
                    "properties": {
                        "id": {"type": "string"},
                        "enabled": {"type": "boolean"},
                        "prefix": {"type": "string"},
                    },
                }
            ),
            "scope": {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"type": "string"}},
            },
        },
    }
)


# -- what is in effect -----------------------------------------------------------------------------------------------


def read(client: Client, repository: Repository) -> View:
    """The user's view ``{development, production, types}``: branches as ``{id, name}`` or None, enabled types only.

    Raises any BitbucketError; NotFoundError where the repository is missing or no model is defined, ConflictError
    where the repository is empty (documented).
    """
    answer = client.get(repository.path("branch-utils/latest", "branchmodel"), _MODEL)
    return {
        "development": _branch(answer.get("development")),
        "production": _branch(answer.get("production")),
        "types": [
            {"id": kind["id"], "name": kind.get("displayName", kind["id"]), "prefix": kind["prefix"]}
            for kind in answer["types"]
        ],
    }


def _branch(ref: Json | None) -> dict[str, str] | None:
    if ref is None:
        return None
    return {"id": ref["id"], "name": ref["id"].removeprefix(HEADS)}


# -- what is configured ----------------------------------------------------------------------------------------------


class Configuration:
    """The configuration of a project or of a repository.

    Its view is ``{development, production, types, inherited}``: a role is ``{name, use_default}`` or None where no
    branch plays it, a type is ``{id, enabled, prefix}``. ``inherited`` is true for a repository that shows its
    project's. ``planned`` is what the project will have, where that is only predicted: it is seen as if it were there.
    Every method may raise any BitbucketError.
    """

    def __init__(self, client: Client, place: Place, planned: View | None = None) -> None:
        self._client = client
        self._place = place
        self._planned = planned
        self._path = _path(place)

    def read(self) -> View:
        """What is configured here, or inherited."""
        view = self._view(self._client.get(self._path, _CONFIGURATION))
        return {**self._planned, "inherited": True} if self._planned and view["inherited"] else view

    def save(self, view: View) -> View:
        """Configure exactly this here, and return what the server makes of it."""

        def send() -> View:
            return self._view(self._client.put(self._path, _CONFIGURATION, _document(view)))

        def done() -> View | None:
            found = self.read()
            return found if found == view else None

        return self._client.settle(send, done, resend=True)

    def inherit(self) -> None:
        """Take the repository's own configuration away, so that it has its project's again (seen)."""

        def send() -> bool:
            self._client.delete(self._path)
            return True

        self._client.settle(send, lambda: True if self.read()["inherited"] else None, resend=True)

    def ensure(self, wanted: Wanted, *, check: bool) -> Outcome:
        """Bring the configuration to what is wanted, see ``checked``; with ``check`` only tell what comes of it.

        Where that is the project's configuration, and the user may not look at it, check mode has None for its parts.
        """
        before = self.read()
        if wanted.get("state") == "inherited":
            return self._ensure_inherited(before, check)
        after = configured(before, wanted)
        if not check and after != before:
            after = self.save(after)
        return Outcome(before, after)

    def _ensure_inherited(self, before: View, check: bool) -> Outcome:
        if before["inherited"]:
            return Outcome(before, before)
        if check:
            return Outcome(before, self._inheritance())
        self.inherit()
        return Outcome(before, self.read())

    def _inheritance(self) -> View:
        """What the repository would inherit; its parts are None where the user may not look at the project."""
        if self._planned:
            return {**self._planned, "inherited": True}
        project = Project(self._place.project_key)
        try:
            view = self._view(self._client.get(_path(project), _CONFIGURATION))
        except PermissionDeniedError:
            view = {**dict.fromkeys(ROLES), "types": None}
        return {**view, "inherited": True}

    def _view(self, answer: Json) -> View:
        return {
            **{role: _role(answer.get(role)) for role in ROLES},
            "types": sorted(
                ({key: kind[key] for key in ("id", "enabled", "prefix")} for kind in answer["types"]),
                key=lambda kind: str(kind["id"]),
            ),
            # the scope of what a repository inherits is that of its project (seen)
            "inherited": isinstance(self._place, Repository) and answer["scope"]["type"] != "REPOSITORY",
        }


def _path(place: Place) -> str:
    return place.path("branch-utils/latest", "branchmodel/configuration")


def _role(answer: Json | None) -> View | None:
    """``{name, use_default}``: the default branch has no name here; None for no branch at all."""
    if not answer:
        return None
    if answer.get("useDefault"):
        return {"name": None, "use_default": True}
    name = (answer.get("refId") or "").removeprefix(HEADS)
    return {"name": name, "use_default": False} if name else None


def _document(view: View) -> Json:
    """The view as the server wants it, every type listed; a role that no branch plays is left out (documented)."""
    roles: Json = {
        role: {"refId": view[role]["name"] and HEADS + view[role]["name"], "useDefault": view[role]["use_default"]}
        for role in ROLES
        if view[role]
    }
    return {**roles, "types": view["types"]}


# -- what is wanted, without the server ------------------------------------------------------------------------------


def checked(wanted: Wanted, place: Place) -> Wanted:
    """What is wanted, when it makes sense, else an InputError.

    ``{state, development, production, types}``, each of them optional: ``state`` is present (the default) or
    inherited, a role is ``{name, use_default}``, one of the two, or ``{use_default: False}`` for no branch, a type
    is ``{id, enabled, prefix}`` where ``enabled`` is true unless given and a missing ``prefix`` stays as it is.
    """
    given = [part for part in (*ROLES, "types") if wanted.get(part) is not None]
    if wanted.get("state") == "inherited":
        if isinstance(place, Project):
            raise InputError(
                f"Project {place} has nothing to inherit a branch model from",
                "give a repository, or say with state present what the project shall have",
            )
        if given:
            raise InputError(
                f"{given[0]} is given although the branch model shall be inherited",
                "leave it out, or use state present",
            )
    elif not given:
        raise InputError(
            "Nothing is said of the branch model", "give at least one of development, production and types"
        )
    for role in ROLES:
        if wanted.get(role) is not None:
            _wanted_role(role, wanted[role])
    seen: set[str] = set()
    for kind in wanted.get("types") or ():
        if kind["id"] in seen:
            raise InputError(f"Branch type {kind['id']} is given twice", "give each type once")
        seen.add(kind["id"])
        if kind.get("prefix") is not None:
            _check_prefix(kind["id"], kind["prefix"])
    return wanted


def _check_prefix(kind: str, prefix: str) -> None:
    try:
        branch_name(f"{prefix}x")
    except InputError:
        fits = False
    else:
        fits = prefix != ""
    if not fits:
        raise InputError(f"prefix {prefix!r} of branch type {kind} cannot begin a branch name", "choose another one")


def _wanted_role(role: str, wanted: Wanted) -> View | None:
    """The view of a role. Raises InputError."""
    name, use_default = wanted.get("name"), wanted.get("use_default")
    if name is not None:
        if use_default:
            raise InputError(f"{role} has both a name and use_default", "give one of them")
        return {"name": branch_name(name, f"name of {role}"), "use_default": False}
    if use_default:
        return {"name": None, "use_default": True}
    if use_default is None or role == "development":
        raise InputError(
            f"{role} names no branch",
            "give its name, or use_default" + (" (false for none)" if role == "production" else ""),
        )
    return None


def configured(before: View, wanted: Wanted) -> View:
    """What a repository or project has of its own once this is wanted; what is not mentioned stays as it is.

    Raises InputError where the two together make no branch model.
    """
    roles = {role: before[role] if wanted.get(role) is None else _wanted_role(role, wanted[role]) for role in ROLES}
    types = {kind["id"]: kind for kind in before["types"]}
    for kind in wanted.get("types") or ():
        known = types.get(kind["id"], {"prefix": f"{kind['id'].lower()}/"})
        types[kind["id"]] = {
            "id": kind["id"],
            "enabled": kind.get("enabled") is not False,
            "prefix": known["prefix"] if kind.get("prefix") is None else kind["prefix"],
        }
    _refuse_same_prefix(types.values())
    return {**roles, "types": [types[name] for name in sorted(types)], "inherited": False}


def _refuse_same_prefix(types: t.Iterable[View]) -> None:
    owners: dict[str, str] = {}
    for kind in types:
        if kind["enabled"] and owners.setdefault(kind["prefix"], kind["id"]) != kind["id"]:
            raise InputError(
                f"Branch types {owners[kind['prefix']]} and {kind['id']} would have the same prefix {kind['prefix']!r}",
                "give each enabled type a prefix of its own",
            )


def as_model(view: View, default: str | None) -> View:
    """A configuration in the form of ``read``, also with branches that do not exist. ``default`` is the default one."""
    roles: View = {}
    for role in ROLES:
        configured = view[role] or {}
        name = default if configured.get("use_default") else configured.get("name")
        roles[role] = name and {"id": HEADS + name, "name": name}
    return {**roles, "types": [kind for kind in view["types"] or () if kind["enabled"]]}


def effective_types(view: View) -> View:
    """What a configuration says of names, in the form that ``_branch_name.typed_name`` wants: enabled types only.

    Raises PermissionDeniedError where they are not known, see ``Configuration.ensure``.
    """
    if view["types"] is None:
        raise PermissionDeniedError("The branch types that the project's configuration would give are not known")
    return {"types": [{"id": kind["id"], "prefix": kind["prefix"]} for kind in view["types"] if kind["enabled"]]}
