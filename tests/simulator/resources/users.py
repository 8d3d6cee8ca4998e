# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: users and groups, as far as clients look them up or make them."""

from __future__ import annotations

import sqlite3

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.directory import GLOBAL_PERMISSIONS, User
from simulator.errors import ApiError
from simulator.resources import present
from simulator.resources.permissions import matches
from simulator.routing import API, Routes

routes = Routes()


def slug_of(name: str) -> str:
    """assumed: lower case, and an at sign becomes an underscore."""
    return name.lower().replace("@", "_")


def _named(call: Call, name: str | None = None) -> User:
    name = name if name is not None else call.query("name") or ""
    user = call.node.directory.user(name)
    if user is None:
        raise errors.no_such_user(name)
    return user


def _matching(call: Call) -> list[User]:
    group = call.query("group")
    users = call.node.directory.users() if group is None else call.node.directory.members(group)
    return [user for user in users if matches(user, call.query("filter"))]


@routes.get(API + "/users", permission="LICENSED_USER")
async def list_users(call: Call) -> web.Response:
    """doc: `filter` and `group`; only active ones are seen."""
    found = [user for user in _matching(call) if user.active]
    return call.reply(call.page().of(found, lambda user: present.user(call, user)))


@routes.get(API + "/users/{userSlug}", permission=None)
async def get_user(call: Call) -> web.Response:
    slug = call.request.match_info["userSlug"].removeprefix("~")
    user = call.node.directory.user_by_slug(slug)
    if user is None:
        raise errors.no_such_user(slug)
    return call.reply(present.user(call, user))


@routes.get(API + "/admin/users", permission="LICENSED_USER")
async def admin_list_users(call: Call) -> web.Response:
    return call.reply(call.page().of(_matching(call), lambda user: present.user(call, user)))


@routes.post(API + "/admin/users", permission="ADMIN", reads_body=False)
async def create_user(call: Call) -> web.Response:
    """doc: everything in the query; 204."""
    name, password, display_name, email = (
        call.query(field) or "" for field in ("name", "password", "displayName", "emailAddress")
    )
    if not (name and password and display_name and email):
        raise errors.bad_request("name, password, displayName and emailAddress are required")
    try:
        call.node.store.execute(
            "INSERT INTO user (name, slug, display_name, email, password, permission) VALUES (?, ?, ?, ?, ?, ?)",
            name, slug_of(name), display_name, email, password, "LICENSED_USER",
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise ApiError(409, f"User '{name}' exists.", "user.UserAlreadyExistsException") from None  # assumed
    return call.no_content()


@routes.get(API + "/groups", permission="LICENSED_USER")
async def list_groups(call: Call) -> web.Response:
    """doc: names alone."""
    wanted = (call.query("filter") or "").lower()
    found = [name for name in call.node.directory.groups() if wanted in name.lower()]
    return call.reply(call.page().of(found, str))


@routes.get(API + "/admin/groups", permission="LICENSED_USER")
async def admin_list_groups(call: Call) -> web.Response:
    wanted = (call.query("filter") or "").lower()
    found = [name for name in call.node.directory.groups() if wanted in name.lower()]
    return call.reply(call.page().of(found, lambda name: {"name": name, "deletable": True}))


@routes.post(API + "/admin/groups", permission="ADMIN", reads_body=False)
async def create_group(call: Call) -> web.Response:
    name = call.query("name") or ""
    if not name:
        raise errors.bad_request("The name of the group is required", "name")
    try:
        call.node.store.execute("INSERT INTO user_group VALUES (?)", name)
    except sqlite3.IntegrityError:
        raise ApiError(409, f"Group '{name}' exists.", "user.GroupAlreadyExistsException") from None  # assumed
    return call.reply({"name": name, "deletable": True})


@routes.get(API + "/admin/groups/more-members", permission="LICENSED_USER")
async def group_members(call: Call) -> web.Response:
    """doc: `context` is the group."""
    group = call.query("context") or ""
    if group.lower() not in {name.lower() for name in call.node.directory.groups()}:
        raise errors.no_such_group(group)
    found = [user for user in call.node.directory.members(group) if matches(user, call.query("filter"))]
    return call.reply(call.page().of(found, lambda user: present.user(call, user)))


@routes.post(API + "/admin/groups/add-users", permission="ADMIN")
async def add_members(call: Call) -> web.Response:
    """doc: {"group": name, "users": [names]}."""
    body = await call.body()
    group, names = body.get("group"), body.get("users")
    if not isinstance(group, str) or not isinstance(names, list):
        raise errors.bad_request("group and users are required")
    if group.lower() not in {name.lower() for name in call.node.directory.groups()}:
        raise errors.no_such_group(group)
    for user in [_named(call, str(name)) for name in names]:
        call.node.store.execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", group, user.id)
    return call.reply({})


@routes.get(API + "/admin/permissions/users", permission="ADMIN")
async def global_permissions(call: Call) -> web.Response:
    return call.reply(
        call.page().of(
            _matching(call), lambda user: {"user": present.user(call, user), "permission": user.permission}
        )
    )  # fmt: skip


@routes.put(API + "/admin/permissions/users", permission="ADMIN", reads_body=False)
async def grant_globally(call: Call) -> web.Response:
    permission = call.query("permission") or ""
    if permission not in GLOBAL_PERMISSIONS:
        raise errors.bad_request(f"'{permission}' is not a global permission", "permission")
    if not call.user.is_at_least(permission):
        raise errors.not_permitted()  # doc: nobody grants more than they have
    call.node.store.execute("UPDATE user SET permission = ? WHERE id = ?", permission, _named(call).id)
    return call.no_content()
