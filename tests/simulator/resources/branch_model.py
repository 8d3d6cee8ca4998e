# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/branch-utils: the branch model and its configuration, inherited from project to repository."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator import branching, errors
from simulator.branching import ROLES, TYPES, BranchModel
from simulator.call import Call
from simulator.errors import ApiError
from simulator.resources import present
from simulator.routing import BRANCH_UTILS, PROJECT, REPOSITORY, Routes

routes = Routes()


@routes.get(BRANCH_UTILS + REPOSITORY + "/branchmodel", permission="REPO_READ")
async def branch_model(call: Call) -> web.Response:
    """doc: only enabled types; `production` may be absent; 409 for an empty repository, 404 without a model."""
    if call.git.is_empty():
        raise errors.empty_repository(call.repository.slug)
    model = BranchModel(_configuration(call), call.git.default_branch_name())
    if not model.defined:
        raise ApiError(404, f"Repository '{call.repository.slug}' has no branch model.")
    shown: dict[str, Any] = {}
    for role in ROLES:
        name = model.branch(role)
        branch = call.git.branch(name) if name else None
        if branch is not None:
            # assumed: a branch that does not exist is left out.
            shown[role] = present.branch(branch, model.default_branch)
    shown["types"] = [
        {"id": kind, "displayName": TYPES[kind], "prefix": prefix} for kind, prefix in model.types().items()
    ]
    return call.reply(shown)


def _configuration(call: Call) -> dict[str, Any]:
    return branching.configuration(call.node.store, call.repository)


def _project_configuration(call: Call) -> dict[str, Any]:
    return branching.project_configuration(call.node.store, call.project)


@routes.get(BRANCH_UTILS + REPOSITORY + "/branchmodel/configuration", permission="REPO_ADMIN")
async def get_configuration(call: Call) -> web.Response:
    return call.reply(_configuration(call))


@routes.put(BRANCH_UTILS + REPOSITORY + "/branchmodel/configuration", permission="REPO_ADMIN")
async def put_configuration(call: Call) -> web.Response:
    branching.save(call.node.store, "REPOSITORY", call.repository.id, _checked(await call.body()))
    return call.reply(_configuration(call))


@routes.delete(BRANCH_UTILS + REPOSITORY + "/branchmodel/configuration", permission="REPO_ADMIN")
async def delete_configuration(call: Call) -> web.Response:
    branching.forget(call.node.store, "REPOSITORY", call.repository.id)
    return call.no_content()


@routes.get(BRANCH_UTILS + PROJECT + "/branchmodel/configuration", permission="PROJECT_ADMIN")
async def get_project_configuration(call: Call) -> web.Response:
    return call.reply(_project_configuration(call))


@routes.put(BRANCH_UTILS + PROJECT + "/branchmodel/configuration", permission="PROJECT_ADMIN")
async def put_project_configuration(call: Call) -> web.Response:
    branching.save(call.node.store, "PROJECT", call.project.id, _checked(await call.body()))
    return call.reply(_project_configuration(call))


@routes.delete(BRANCH_UTILS + PROJECT + "/branchmodel/configuration", permission="PROJECT_ADMIN")
async def delete_project_configuration(call: Call) -> web.Response:
    branching.forget(call.node.store, "PROJECT", call.project.id)
    return call.no_content()


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """The configuration with every type listed; a type that is left out is disabled (assumed)."""
    kept: dict[str, Any] = {}
    for role in ROLES:
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
