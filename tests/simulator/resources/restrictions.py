# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/branch-permissions: restrictions of repositories and projects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.branching import HEADS, ROLES
from simulator.branching import TYPES as CATEGORIES
from simulator.call import Call
from simulator.errors import ApiError
from simulator.gitrepo import is_valid_branch_name
from simulator.resources import present
from simulator.restrictions import ANY_REF_ID, DEFAULT_BRANCH_ID, MATCHERS, TYPES, Restriction, Restrictions
from simulator.routing import JSON, PROJECT, REPOSITORY, Routes

routes = Routes()

ROOT = r"/rest/branch-permissions/{apiVersion:latest|2\.0}"
BULK = "application/vnd.atl.bitbucket.bulk+json"  # doc
_PERMISSIONS = ((PROJECT, "PROJECT_ADMIN"), (REPOSITORY, "REPO_ADMIN"))


def _scope(call: Call) -> tuple[str, int]:
    if "repositorySlug" in call.request.match_info:
        return "REPOSITORY", call.repository.id
    return "PROJECT", call.project.id


def _visible(call: Call) -> list[Restriction]:
    """seen: a repository shows its project's restrictions, too; `scope` tells them apart."""
    restrictions = Restrictions(call.node.store)
    scope, resource_id = _scope(call)
    if scope == "REPOSITORY":
        return restrictions.effective(call.repository)
    return restrictions.of(scope, resource_id)


async def list_restrictions(call: Call) -> web.Response:
    """doc: filtered by `type`, `matcherType` and `matcherId`."""
    wanted = [(call.query("type"), "type"), (call.query("matcherType"), "matcher_type"),
              (call.query("matcherId"), "matcher_id")]  # fmt: skip
    if wanted[0][0] is not None:
        _check_type(call, wanted[0][0])
    if wanted[2][0] is not None and wanted[1][0] is None:
        raise errors.bad_request("matcherId needs matcherType", "matcherId")  # doc
    found = [
        restriction
        for restriction in _visible(call)
        if all(value is None or value == getattr(restriction, name) for value, name in wanted)
    ]
    return call.reply(call.page().of(found, lambda restriction: _shown(call, restriction)))


async def get_restriction(call: Call) -> web.Response:
    return call.reply(_shown(call, _named(call, _visible(call))))


async def save_restrictions(call: Call) -> web.Response:
    """doc: one, or with the bulk content type a list of them; 200 with what was saved."""
    given = await call.json()
    bulk = call.request.content_type == BULK
    if not isinstance(given, list if bulk else dict):
        raise errors.bad_request("The request body must be " + ("a list" if bulk else "an object") + " of JSON")
    checked = [_checked(call, entry) for entry in (given if bulk else [given])]
    restrictions = Restrictions(call.node.store)
    with call.node.store.write():
        saved = [restrictions.save(*_scope(call), values) for values in checked]
    shown = [_shown(call, restriction) for restriction in saved]
    return call.reply(shown if bulk else shown[0])


async def delete_restriction(call: Call) -> web.Response:
    """seen: what the project set is deleted through its repository, too, from the project and so from all of it.

    assumed: whoever administers the repository alone may do so.
    """
    Restrictions(call.node.store).delete(_named(call, _visible(call)))
    return call.no_content()


for _path, _permission in _PERMISSIONS:
    _all, _one = ROOT + _path + "/restrictions", ROOT + _path + "/restrictions/{restrictionId}"
    routes.get(_all, permission=_permission)(list_restrictions)
    routes.post(_all, permission=_permission, media_types=(JSON, BULK))(save_restrictions)
    routes.get(_one, permission=_permission)(get_restriction)
    routes.delete(_one, permission=_permission)(delete_restriction)


def _named(call: Call, among: list[Restriction]) -> Restriction:
    wanted = call.request.match_info["restrictionId"]
    for restriction in among:
        if str(restriction.id) == wanted:
            return restriction
    # seen 9.2 to 10.4
    raise ApiError(404, f"There is no restriction with ID {wanted}", "NoSuchEntityException")


def _shown(call: Call, restriction: Restriction) -> dict[str, Any]:
    users = (call.node.directory.user_by_id(user_id) for user_id in restriction.users)
    display_id = restriction.matcher_id
    if restriction.matcher_type == "BRANCH":
        display_id = display_id.removeprefix(HEADS)
    elif restriction.matcher_type == "MODEL_CATEGORY":
        display_id = CATEGORIES[display_id]
    return {
        "id": restriction.id,
        "scope": {"type": restriction.scope, "resourceId": restriction.resource_id},
        "type": restriction.type,
        "matcher": {
            "id": restriction.matcher_id,
            "displayId": display_id,
            "type": {"id": restriction.matcher_type, "name": MATCHERS[restriction.matcher_type]},
            "active": True,
        },
        # doc: names go in, users come out.
        "users": [present.user(call, user) for user in users if user is not None],
        "groups": list(restriction.groups),
        # seen: with label and text
        "accessKeys": [
            {"key": {"id": key, "label": f"key-{key}", "text": f"ssh-ed25519 AAAA key-{key}"}}
            for key in restriction.access_keys
        ],
    }


def _checked(call: Call, given: Any) -> dict[str, Any]:
    """doc: the fields; 400 for whatever does not fit (the words are assumed)."""
    if not isinstance(given, dict):
        raise errors.bad_request("A restriction must be an object")
    kind = given.get("type")
    _check_type(call, kind)
    matcher = given.get("matcher")
    matcher_type = matcher.get("type", {}).get("id") if isinstance(matcher, dict) else None
    if not isinstance(matcher, dict) or matcher_type not in MATCHERS:
        raise errors.bad_request("A matcher with a known type is required", "matcher")
    if matcher_type == "DEFAULT_BRANCH" and not call.node.dialect.default_branch_matcher:
        # seen 9.3.2 to 10.1.5 for required builds
        raise errors.bad_request("The ref matcher provider of type DEFAULT_BRANCH could not be found", "matcher")
    return {
        "type": kind,
        "matcher_type": matcher_type,
        "matcher_id": _matcher_id(call, matcher_type, matcher.get("id")),
        "users": _listed(given, ("users", "userSlugs"), lambda value: _user_id(call, value)),
        "groups": _listed(given, ("groups", "groupNames"), lambda value: _group(call, value)),
        "access_keys": _listed(given, ("accessKeys", "accessKeyIds"), _access_key),
    }


def _check_type(call: Call, kind: Any) -> None:
    """seen 9.2.1, 9.3.2: 400 in these words for no-creates, in a listing filtered by it too."""
    if kind not in TYPES or (kind == "no-creates" and not call.node.dialect.no_creates_restriction):
        raise errors.bad_request("Invalid type", "type")


def _matcher_id(call: Call, matcher_type: str, given: Any) -> str:
    if matcher_type == "ANY_REF":
        return ANY_REF_ID
    if matcher_type == "DEFAULT_BRANCH":
        return DEFAULT_BRANCH_ID
    if not isinstance(given, str) or not given:
        raise errors.bad_request("The matcher needs an id", "matcher")
    if matcher_type == "BRANCH":
        name = given.removeprefix(HEADS)
        if not is_valid_branch_name(name):
            raise errors.bad_request(f"'{given}' is not a valid branch name", "matcher")
        # assumed: a short name is taken for the branch.
        return HEADS + name
    if matcher_type == "MODEL_CATEGORY" and given not in CATEGORIES:
        raise errors.bad_request(f"'{given}' is not a category of the branch model", "matcher")
    if matcher_type == "MODEL_BRANCH":
        if given.lower() not in ROLES:
            raise errors.bad_request(f"'{given}' is not a branch of the branch model", "matcher")
        return given.lower()
    return given


def _listed(given: dict[str, Any], names: tuple[str, ...], read: Callable[[Any], Any]) -> list[Any]:
    """Each value once, in the order given."""
    values: list[Any] = []
    for name in names:
        entries = given.get(name) or []
        if not isinstance(entries, list):
            raise errors.bad_request(f"{name} must be a list", name)
        values += [value for entry in entries if (value := read(entry)) not in values]
    return values


def _user_id(call: Call, given: Any) -> int:
    """By name or slug; objects with a name, as answers have them, are taken, too (assumed)."""
    name = given.get("name") if isinstance(given, dict) else given
    user = call.node.directory.user(str(name)) or call.node.directory.user_by_slug(str(name))
    if user is None:
        raise errors.bad_request(f"User '{name}' does not exist", "users")
    return user.id


def _group(call: Call, given: Any) -> str:
    for group in call.node.directory.groups():
        if isinstance(given, str) and group.lower() == given.lower():
            return group
    raise errors.bad_request(f"Group '{given}' does not exist", "groups")


def _access_key(given: Any) -> int:
    """assumed: any id is taken; SSH, where access keys matter, is not simulated."""
    value = given.get("key", {}).get("id") if isinstance(given, dict) else given
    if not isinstance(value, int) or isinstance(value, bool):
        raise errors.bad_request("An access key is given by its id", "accessKeys")
    return value
