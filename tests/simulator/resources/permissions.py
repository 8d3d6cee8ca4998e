# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: who may do what to a project or a repository, by user, by group and by default."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.directory import LEVELS, User
from simulator.errors import ApiError
from simulator.resources import present
from simulator.routing import API, PROJECT, REPOSITORY, Routes

routes = Routes()

_SCOPES = ((PROJECT, "PROJECT_ADMIN"), (REPOSITORY, "REPO_ADMIN"))


def _scope(call: Call) -> tuple[str, int]:
    if "repositorySlug" in call.request.match_info:
        return "REPOSITORY", call.repository.id
    return "PROJECT", call.project.id


def _wanted(call: Call) -> str:
    """The permission that is to be granted: one of this scope's."""
    permission = call.request.match_info.get("permission") or call.query("permission") or ""
    prefix = "REPO_" if _scope(call)[0] == "REPOSITORY" else "PROJECT_"
    if permission not in LEVELS or not permission.startswith(prefix) or permission == "PROJECT_VIEW":
        raise errors.bad_request(f"'{permission}' is not a permission of this resource", "permission")
    return permission


def _names(call: Call) -> list[str]:
    names = call.request.query.getall("name", [])
    if not names:
        raise errors.bad_request("At least one name is required", "name")
    return names


def _level(call: Call) -> int:
    if "repositorySlug" in call.request.match_info:
        return call.node.directory.repository_level(call.user, call.repository)
    return call.node.directory.project_level(call.user, call.project)


def _replace(call: Call, column: str, value: Any, permission: str | None) -> None:
    """doc: promotes, demotes or revokes; 409 for what would take away one's own permission."""
    store, before = call.node.store, _level(call)
    with store.write():
        store.execute(f"DELETE FROM permission WHERE scope = ? AND resource_id = ? AND {column} = ?",
                      *_scope(call), value)  # fmt: skip
        if permission is not None:
            store.execute(f"INSERT INTO permission (scope, resource_id, {column}, permission) VALUES (?, ?, ?, ?)",
                          *_scope(call), value, permission)  # fmt: skip
        if _level(call) < before:
            raise ApiError(409, "You cannot reduce your own permission.", "permission.PermissionReducedException")


# --- users ---


def _user(call: Call, name: str) -> User:
    user = call.node.directory.user(name)
    if user is None:
        raise errors.no_such_user(name)
    return user


async def list_users(call: Call) -> web.Response:
    """doc: `filter` is a part of the name, the display name or the address."""
    rows = call.node.store.all(
        "SELECT user_id, permission FROM permission WHERE scope = ? AND resource_id = ? AND user_id IS NOT NULL"
        " ORDER BY rowid", *_scope(call)
    )  # fmt: skip
    found = [
        (user, row["permission"])
        for row in rows
        if (user := call.node.directory.user_by_id(row["user_id"])) and matches(user, call.query("filter"))
    ]
    return call.reply(call.page().of(found, lambda each: {"user": present.user(call, each[0]), "permission": each[1]}))


async def list_users_without(call: Call) -> web.Response:
    rows = call.node.store.all("SELECT user_id FROM permission WHERE scope = ? AND resource_id = ?", *_scope(call))
    granted = {row["user_id"] for row in rows}
    found = [
        user
        for user in call.node.directory.users()
        if user.id not in granted and matches(user, call.query("filter"))
    ]  # fmt: skip
    return call.reply(call.page().of(found, lambda user: present.user(call, user)))


async def grant_users(call: Call) -> web.Response:
    permission = _wanted(call)
    for user in [_user(call, name) for name in _names(call)]:
        _replace(call, "user_id", user.id, permission)
    return call.no_content()


async def revoke_users(call: Call) -> web.Response:
    for user in [_user(call, name) for name in _names(call)]:
        _replace(call, "user_id", user.id, None)
    return call.no_content()


def matches(user: User, text: str | None) -> bool:
    wanted = (text or "").lower()
    return any(wanted in value.lower() for value in (user.name, user.display_name, user.email))


# --- groups ---


def _group(call: Call, name: str) -> str:
    for group in call.node.directory.groups():
        if group.lower() == name.lower():
            return group
    raise errors.no_such_group(name)


async def list_groups(call: Call) -> web.Response:
    rows = call.node.store.all(
        "SELECT group_name, permission FROM permission WHERE scope = ? AND resource_id = ?"
        " AND group_name IS NOT NULL ORDER BY rowid", *_scope(call)
    )  # fmt: skip
    wanted = (call.query("filter") or "").lower()
    found = [row for row in rows if wanted in row["group_name"].lower()]
    return call.reply(
        call.page().of(found, lambda row: {"group": {"name": row["group_name"]}, "permission": row["permission"]})
    )


async def list_groups_without(call: Call) -> web.Response:
    rows = call.node.store.all("SELECT group_name FROM permission WHERE scope = ? AND resource_id = ?", *_scope(call))
    granted = {(row["group_name"] or "").lower() for row in rows}
    wanted = (call.query("filter") or "").lower()
    found = [name for name in call.node.directory.groups() if name.lower() not in granted and wanted in name.lower()]
    return call.reply(call.page().of(found, lambda name: {"name": name}))


async def grant_groups(call: Call) -> web.Response:
    permission = _wanted(call)
    for group in [_group(call, name) for name in _names(call)]:
        _replace(call, "group_name", group, permission)
    return call.no_content()


async def revoke_groups(call: Call) -> web.Response:
    for group in [_group(call, name) for name in _names(call)]:
        _replace(call, "group_name", group, None)
    return call.no_content()


for _path, _permission in _SCOPES:
    _users, _groups = API + _path + "/permissions/users", API + _path + "/permissions/groups"
    routes.get(_users, permission=_permission)(list_users)
    routes.get(_users + "/none", permission=_permission)(list_users_without)
    routes.put(_users, permission=_permission, reads_body=False)(grant_users)
    routes.delete(_users, permission=_permission)(revoke_users)
    routes.get(_groups, permission=_permission)(list_groups)
    routes.get(_groups + "/none", permission=_permission)(list_groups_without)
    routes.put(_groups, permission=_permission, reads_body=False)(grant_groups)
    routes.delete(_groups, permission=_permission)(revoke_groups)


# --- everybody who is licensed: projects only (doc) ---

_DEFAULT = "scope = 'PROJECT' AND resource_id = ? AND user_id IS NULL AND group_name IS NULL"


@routes.get(API + PROJECT + "/permissions/{permission}/all", permission="PROJECT_ADMIN")
async def get_default(call: Call) -> web.Response:
    row = call.node.store.one(f"SELECT permission FROM permission WHERE {_DEFAULT}", call.project.id)
    return call.reply({"permitted": row is not None and row["permission"] == _wanted(call)})


@routes.post(API + PROJECT + "/permissions/{permission}/all", permission="PROJECT_ADMIN", reads_body=False)
async def set_default(call: Call) -> web.Response:
    """doc: `allow` true or false. atlassian-python-api sends it with a capital letter."""
    permission = _wanted(call)
    allow = (call.query("allow") or "").lower()
    if allow not in ("true", "false"):
        raise errors.bad_request("allow must be true or false", "allow")
    if permission == "PROJECT_ADMIN":
        raise errors.bad_request("PROJECT_ADMIN cannot be granted to everybody", "permission")  # assumed
    with call.node.store.write():
        if allow == "true":
            call.node.store.execute(f"DELETE FROM permission WHERE {_DEFAULT}", call.project.id)
            call.node.store.execute(
                "INSERT INTO permission VALUES ('PROJECT', ?, NULL, NULL, ?)", call.project.id, permission
            )
        else:
            call.node.store.execute(
                f"DELETE FROM permission WHERE {_DEFAULT} AND permission = ?", call.project.id, permission
            )
    return call.no_content()
