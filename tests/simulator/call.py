# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to a resource: who calls, on what, with which body and page."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.auth import IDENTITY, Identity
from simulator.directory import ADMIN, READ, WRITE, Project, Repository, User
from simulator.gitrepo import GitRepository
from simulator.paging import CAP, PageRequest
from simulator.routing import Route
from simulator.runtime import RUNTIME, NodeRuntime

_REPOSITORY_LEVELS = {"REPO_READ": READ, "REPO_WRITE": WRITE, "REPO_ADMIN": ADMIN}
_PROJECT_LEVELS = {"PROJECT_READ": READ, "PROJECT_WRITE": WRITE, "PROJECT_ADMIN": ADMIN}


class Call:
    """What a handler works with; the permission of the route has been checked when it gets one."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.node: NodeRuntime = request.config_dict[RUNTIME]
        self.identity: Identity = request[IDENTITY]
        self._repository: Repository | None = None
        self._project: Project | None = None
        self._git: GitRepository | None = None

    # --- what the path names ---

    @property
    def project_key(self) -> str:
        # doc: /users/{slug}/repos is the other way to the personal project ~{slug}.
        slug = self.request.match_info.get("userSlug")
        return self.request.match_info["projectKey"] if slug is None else "~" + slug.removeprefix("~")

    @property
    def project(self) -> Project:
        if self._project is None:
            self._project = self.node.directory.project(self.project_key)
            if self._project is None:
                self._redirect_if_moved()
                raise errors.no_such_project(self.project_key)
        return self._project

    @property
    def repository(self) -> Repository:
        if self._repository is None:
            slug = self.request.match_info["repositorySlug"]
            self._repository = self.node.directory.repository(self.project_key, slug)
            if self._repository is None:
                self._redirect_if_moved()
                raise errors.no_such_repository(self.project.key, slug)
        return self._repository

    def _redirect_if_moved(self) -> None:
        """seen 10.4: 307 to the present name, GETs too; assumed: only for those who may see what is there."""
        named = self.request.match_info
        key, slug = self.project_key, named.get("repositorySlug")
        path = self.request.raw_path
        if slug is None:
            project = self.node.directory.moved_project(key)
            if project is None or not self.node.directory.project_visible(self.identity.user, project):
                return
            path = path.replace(f"/projects/{key}", f"/projects/{project.key}", 1)
        else:
            repository = self.node.directory.moved_repository(key, slug)
            if repository is None or not self.can_read(repository):
                return
            present = f"{repository.project.key}/repos/{repository.slug}"
            path = path.replace(f"/projects/{key}/repos/{slug}", f"/projects/{present}", 1)
            path = path.replace(f"/scm/{key}/{slug}.git", f"/scm/{present.lower().replace('/repos', '')}.git", 1)
        if path != self.request.raw_path:
            scheme = self.request.headers.get("X-Forwarded-Proto", self.request.scheme)
            raise web.HTTPTemporaryRedirect(f"{scheme}://{self.request.host}{path}")

    @property
    def git(self) -> GitRepository:
        if self._git is None:
            self._git = self.node.git(self.repository.id)
        return self._git

    @property
    def user(self) -> User:
        """The caller, where the route's permission has ruled out anonymous ones."""
        if self.identity.user is None:
            raise errors.authentication_required()
        return self.identity.user

    # --- permission ---

    def check(self, route: Route) -> None:
        """Refuse with 401 (or the route's own status) whoever lacks the route's permission."""
        permission = route.permission
        if permission is None:
            return
        if permission in _REPOSITORY_LEVELS:
            allowed = self.identity.caps(_REPOSITORY_LEVELS[permission]) and (
                self.node.directory.repository_level(self.identity.user, self.repository)
                >= _REPOSITORY_LEVELS[permission]
            )
        elif permission in _PROJECT_LEVELS:
            allowed = self.identity.caps_project(_PROJECT_LEVELS[permission]) and (
                self.node.directory.project_level(self.identity.user, self.project) >= _PROJECT_LEVELS[permission]
            )
        elif permission == "PROJECT_VIEW":
            allowed = self.node.directory.project_visible(self.identity.user, self.project)
        else:
            user = self.identity.user
            allowed = user is not None and user.is_at_least(permission) and self.identity.caps_global(permission)
        if not allowed:
            if self.identity.user is None:
                raise errors.authentication_required()
            raise errors.not_permitted(route.denied_status)

    def administers(self) -> bool:
        """Whether the caller has REPO_ADMIN."""
        level = self.node.directory.repository_level(self.identity.user, self.repository)
        return level >= ADMIN and self.identity.caps(ADMIN)

    def check_writable(self) -> None:
        """Refuse to change what is archived."""
        if self.repository.archived:
            raise errors.archived_repository(self.repository.slug)

    def can_read(self, repository: Repository) -> bool:
        return self.node.directory.repository_level(self.identity.user, repository) >= READ

    # --- input ---

    def query(self, name: str) -> str | None:
        return self.request.query.get(name)

    def flag(self, name: str) -> bool:
        return self.request.query.get(name, "").lower() == "true"

    def page(self, cap: int = CAP) -> PageRequest:
        """What the client asked for, capped by `cap` and by the server's page.max.* for the resource."""
        resource = self.request.match_info.route.resource
        words = "" if resource is None else resource.canonical
        word = next((word for word in reversed(words.split("/")) if not word.startswith("{")), "")
        return PageRequest.parse(self.query("start"), self.query("limit"), min(cap, self.node.live.page_cap(word)))

    async def json(self) -> Any:
        """Whatever JSON the body holds, {} for an empty one; 400 when it is not JSON."""
        text = await self.request.text()
        try:
            return json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise errors.bad_request(f"The request body is not valid JSON: {error}") from None

    async def body(self) -> dict[str, Any]:
        """The JSON object in the body; 400 when it is something else."""
        data = await self.json()
        if not isinstance(data, dict):
            raise errors.bad_request("The request body must be a JSON object")
        return data

    # --- output ---

    @property
    def base_url(self) -> str:
        """As the client reached us, through the entry address or directly."""
        scheme = self.request.headers.get("X-Forwarded-Proto", self.request.scheme)
        return f"{scheme}://{self.request.host}{self.node.config.context_path}"

    def reply(self, data: Any, status: int = 200) -> web.Response:
        return web.json_response(data, status=status)

    def no_content(self) -> web.Response:
        return web.Response(status=204)
