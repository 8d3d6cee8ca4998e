# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/access-tokens: HTTP access tokens of users, projects and repositories."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.errors import ApiError
from simulator.resources import present
from simulator.routing import PROJECT, REPOSITORY, Routes
from simulator.tokens import PERMISSIONS, Token

routes = Routes()

_TOKENS = r"/rest/access-tokens/{apiVersion:latest|1\.0}"
_DAY = 86_400_000

# Says the scope and the id of what the tokens in the path belong to.
OwnerOf = Callable[[Call], "tuple[str, int]"]


def _user(call: Call) -> tuple[str, int]:
    """doc: a user's own tokens; assumed: administrators may see them, too."""
    slug = call.request.match_info["userSlug"]
    owner = call.node.directory.user_by_slug(slug)
    caller = call.user
    if owner is None or owner.service:
        raise ApiError(404, f"User {slug} does not exist.", "user.NoSuchUserException")
    administers = caller.is_at_least("ADMIN") and call.identity.token is None
    if caller.id != owner.id and not administers:
        raise errors.not_permitted()
    return "USER", owner.id


def _project(call: Call) -> tuple[str, int]:
    return "PROJECT", call.project.id


def _repository(call: Call) -> tuple[str, int]:
    return "REPOSITORY", call.repository.id


async def _list(call: Call, owner: OwnerOf) -> web.Response:
    return call.reply(call.page().of(call.node.tokens.of(*owner(call)), lambda token: _shown(call, token)))


async def _create(call: Call, owner: OwnerOf) -> web.Response:
    """doc: 200 and the secret, shown this one time."""
    scope, resource_id = owner(call)
    _not_by_token(call)
    body = await call.body()
    name, permissions = _name(body), _permissions(body, scope)
    days = body.get("expiryDays")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
        raise errors.bad_request("expiryDays must be a positive number", "expiryDays")
    with call.node.store.write():
        token, secret = call.node.tokens.create(scope, resource_id, name, permissions, days=days)
    return call.reply({**_shown(call, token), "token": secret})


async def _get(call: Call, owner: OwnerOf) -> web.Response:
    return call.reply(_shown(call, _token(call, owner)))


async def _change(call: Call, owner: OwnerOf) -> web.Response:
    """doc: name and permissions of a token can be changed, its expiry cannot."""
    token = _token(call, owner)
    _not_by_token(call)
    body = await call.body()
    name = _name(body) if "name" in body else token.name
    permissions = _permissions(body, token.scope) if "permissions" in body else token.permissions
    call.node.tokens.change(token, name, permissions)
    return call.reply(_shown(call, _token(call, owner)))


async def _delete(call: Call, owner: OwnerOf) -> web.Response:
    token = _token(call, owner)
    _not_by_token(call)
    call.node.tokens.delete(token)
    return call.no_content()


for _path, _permission, _owner in (
    (_TOKENS + "/users/{userSlug}", "LICENSED_USER", _user),
    (_TOKENS + PROJECT, "PROJECT_ADMIN", _project),
    (_TOKENS + REPOSITORY, "REPO_ADMIN", _repository),
):
    routes.get(_path, permission=_permission)(partial(_list, owner=_owner))
    routes.put(_path, permission=_permission)(partial(_create, owner=_owner))
    routes.get(_path + "/{tokenId}", permission=_permission)(partial(_get, owner=_owner))
    routes.post(_path + "/{tokenId}", permission=_permission)(partial(_change, owner=_owner))
    routes.delete(_path + "/{tokenId}", permission=_permission)(partial(_delete, owner=_owner))


def _not_by_token(call: Call) -> None:
    """assumed: a token cannot make or change tokens."""
    if call.identity.token is not None:
        raise errors.not_permitted()


def _token(call: Call, owner: OwnerOf) -> Token:
    wanted = call.request.match_info["tokenId"]
    for token in call.node.tokens.of(*owner(call)):
        if token.id == wanted:
            return token
    raise ApiError(404, f"No access token with the ID {wanted} exists.", "accesstoken.NoSuchAccessTokenException")


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise errors.bad_request("The name of the token is required", "name")
    return name


def _permissions(body: dict[str, Any], scope: str) -> list[str]:
    """doc: never ADMIN or SYS_ADMIN; a repository's token has permissions on repositories only."""
    permissions = body.get("permissions")
    allowed = [each for each in PERMISSIONS if scope != "REPOSITORY" or each.startswith("REPO_")]
    if not isinstance(permissions, list) or not permissions:
        raise errors.bad_request("At least one permission is required", "permissions")
    for permission in permissions:
        if permission not in allowed:
            raise errors.bad_request(f"'{permission}' is not a permission that this token can have", "permissions")
    return permissions


def _shown(call: Call, token: Token) -> dict[str, Any]:
    user = call.node.directory.user_by_id(token.user_id)
    shown: dict[str, Any] = {
        "id": token.id,
        "createdDate": token.created,
        "name": token.name,
        "permissions": token.permissions,
        "user": None if user is None else present.user(call, user),
    }
    if token.last_used is not None:
        shown["lastAuthenticated"] = token.last_used
    if token.expires is not None:
        shown["expiryDate"] = token.expires
        shown["expiryDays"] = (token.expires - token.created) // _DAY
    return shown
