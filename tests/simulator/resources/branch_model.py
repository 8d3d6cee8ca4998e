# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/branch-utils: the branch model and its configuration, inherited from project to repository."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.errors import ApiError
from simulator.gitrepo import HEADS, Branch
from simulator.resources import present
from simulator.routing import BRANCH_UTILS, PROJECT, REPOSITORY, Routes

routes = Routes()

TYPES = {"BUGFIX": "Bugfix", "FEATURE": "Feature", "HOTFIX": "Hotfix", "RELEASE": "Release"}  # doc

# assumed: a project that never configured its model has this one.
BUILT_IN: dict[str, Any] = {
    "development": {"refId": None, "useDefault": True},
    "types": [{"id": name, "enabled": True, "prefix": f"{name.lower()}/"} for name in TYPES],
}


def _stored(call: Call, scope: str, resource_id: int) -> dict[str, Any] | None:
    row = call.node.store.one(
        "SELECT configuration FROM branch_model WHERE scope = ? AND resource_id = ?", scope, resource_id
    )
    return None if row is None else json.loads(row["configuration"])


def _project_configuration(call: Call) -> dict[str, Any]:
    configuration = _stored(call, "PROJECT", call.project.id)
    return {
        **(BUILT_IN if configuration is None else configuration),
        "scope": {"type": "PROJECT", "resourceId": call.project.id},
    }


def _configuration(call: Call) -> dict[str, Any]:
    """seen: a repository's answer whose scope is PROJECT is inherited."""
    own = _stored(call, "REPOSITORY", call.repository.id)
    if own is None:
        return _project_configuration(call)
    return {**own, "scope": {"type": "REPOSITORY", "resourceId": call.repository.id}}


@routes.get(BRANCH_UTILS + REPOSITORY + "/branchmodel", permission="REPO_READ")
async def branch_model(call: Call) -> web.Response:
    """doc: only enabled types; `production` may be absent; 409 for an empty repository, 404 without a model."""
    if call.git.is_empty():
        raise errors.empty_repository(call.repository.slug)
    configuration = _configuration(call)
    if configuration.get("none"):
        raise ApiError(404, f"Repository '{call.repository.slug}' has no branch model.")
    default = call.git.default_branch_name()
    shown: dict[str, Any] = {}
    for role in ("development", "production"):
        branch = _ref(call, configuration.get(role), default)
        if branch is not None:
            shown[role] = present.branch(branch, default)
    shown["types"] = [
        {"id": entry["id"], "displayName": TYPES[entry["id"]], "prefix": entry["prefix"]}
        for entry in configuration["types"]
        if entry["enabled"]
    ]
    return call.reply(shown)


def _ref(call: Call, configured: dict[str, Any] | None, default: str) -> Branch | None:
    """The branch that plays the role; None when none is configured or it does not exist (assumed)."""
    if configured is None:
        return None
    name = default if configured.get("useDefault") else (configured.get("refId") or "").removeprefix(HEADS)
    return call.git.branch(name) if name else None


@routes.get(BRANCH_UTILS + REPOSITORY + "/branchmodel/configuration", permission="REPO_ADMIN")
async def get_configuration(call: Call) -> web.Response:
    return call.reply(_configuration(call))


@routes.put(BRANCH_UTILS + REPOSITORY + "/branchmodel/configuration", permission="REPO_ADMIN")
async def put_configuration(call: Call) -> web.Response:
    _save(call, "REPOSITORY", call.repository.id, await call.body())
    return call.reply(_configuration(call))


@routes.delete(BRANCH_UTILS + REPOSITORY + "/branchmodel/configuration", permission="REPO_ADMIN")
async def delete_configuration(call: Call) -> web.Response:
    _forget(call, "REPOSITORY", call.repository.id)
    return call.no_content()


@routes.get(BRANCH_UTILS + PROJECT + "/branchmodel/configuration", permission="PROJECT_ADMIN")
async def get_project_configuration(call: Call) -> web.Response:
    return call.reply(_project_configuration(call))


@routes.put(BRANCH_UTILS + PROJECT + "/branchmodel/configuration", permission="PROJECT_ADMIN")
async def put_project_configuration(call: Call) -> web.Response:
    _save(call, "PROJECT", call.project.id, await call.body())
    return call.reply(_project_configuration(call))


@routes.delete(BRANCH_UTILS + PROJECT + "/branchmodel/configuration", permission="PROJECT_ADMIN")
async def delete_project_configuration(call: Call) -> web.Response:
    _forget(call, "PROJECT", call.project.id)
    return call.no_content()


def _forget(call: Call, scope: str, resource_id: int) -> None:
    call.node.store.execute("DELETE FROM branch_model WHERE scope = ? AND resource_id = ?", scope, resource_id)


def _save(call: Call, scope: str, resource_id: int, body: dict[str, Any]) -> None:
    call.node.store.execute(
        "INSERT OR REPLACE INTO branch_model VALUES (?, ?, ?)", scope, resource_id, json.dumps(_checked(body))
    )


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """The configuration with every type listed; a type that is left out is disabled (assumed)."""
    kept: dict[str, Any] = {}
    for role in ("development", "production"):
        given = body.get(role)
        if given is None:
            continue
        if not isinstance(given, dict):
            raise errors.bad_request(f"{role} must be an object", role)
        kept[role] = {"refId": given.get("refId"), "useDefault": bool(given.get("useDefault"))}
    kept.setdefault("development", {"refId": None, "useDefault": True})
    given_types = {}
    for entry in body.get("types") or []:
        if not isinstance(entry, dict) or entry.get("id") not in TYPES:
            raise errors.bad_request("unknown branch type", "types")
        given_types[entry["id"]] = entry
    kept["types"] = []
    prefixes: set[str] = set()
    for name, display_name in TYPES.items():
        entry = given_types.get(name, {})
        enabled = bool(entry.get("enabled", name in given_types))
        prefix = entry.get("prefix") or f"{name.lower()}/"
        if enabled and prefix in prefixes:
            raise errors.bad_request(f"The prefix '{prefix}' is used twice", "types")
        if enabled:
            prefixes.add(prefix)
        kept["types"].append({"id": name, "displayName": display_name, "enabled": enabled, "prefix": prefix})
    return kept
