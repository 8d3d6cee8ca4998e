# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is calling: HTTP Basic and Bearer, the same for REST and git (of a token that is not accepted: assumed)."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from aiohttp import web

from simulator import errors
from simulator.directory import ADMIN, SERVICE_PREFIX, User
from simulator.runtime import NodeRuntime
from simulator.tokens import Token

# doc: the user name that goes with the token of a project or repository where Basic is used.
_TOKEN_USER = "x-token-auth"


@dataclass(frozen=True)
class Identity:
    """The caller; `user` is None for anonymous. A token narrows what its user may do."""

    user: User | None
    token: Token | None = None

    def caps(self, level: int) -> bool:
        """Whether the credential itself reaches `level` on repositories, whatever its user may."""
        return self.token is None or level <= self.token.repository_level

    def caps_project(self, level: int) -> bool:
        return self.token is None or level <= self.token.project_level

    def caps_global(self, permission: str) -> bool:
        """doc: access tokens cannot carry ADMIN or SYS_ADMIN; assumed: PROJECT_CREATE needs one of PROJECT_ADMIN."""
        if self.token is None or permission == "LICENSED_USER":
            return True
        return permission == "PROJECT_CREATE" and self.token.project_level >= ADMIN


ANONYMOUS = Identity(None)
IDENTITY = web.RequestKey("identity", Identity)


def authenticate(node: NodeRuntime, request: web.Request, path: str) -> Identity:
    """The identity behind the Authorization header; ANONYMOUS for none; ApiError for a login that is refused.

    seen 10.4.1: a token that is not accepted is anonymous, too, and so are those of projects and repositories after
    they are gone. `path` is the one below the context path.
    """
    identity = _identity(node, request, path)
    if identity.user is not None and not identity.user.licensed:
        raise errors.unlicensed()
    return identity


def recognised(node: NodeRuntime, request: web.Request, path: str) -> Identity:
    """The same for an answer that the caller gets anyway: ANONYMOUS for a login that is refused."""
    try:
        return authenticate(node, request, path)
    except errors.ApiError:
        return ANONYMOUS


def _identity(node: NodeRuntime, request: web.Request, path: str) -> Identity:
    scheme, value = _header(request)
    if scheme == "basic":
        if path.startswith("/rest/") and not node.live.behaviour.basic_authentication:
            raise errors.basic_is_off()
        return _basic(node, request, value, takes_tokens(path))
    if scheme == "bearer":
        identity = _token_identity(node, value)
        if identity is None and node.live.behaviour.unaccepted_tokens == "refused":
            raise errors.invalid_token()
        return identity or ANONYMOUS
    return ANONYMOUS


def takes_tokens(path: str) -> bool:
    """doc, from 8.9.22, 8.19.12 and 9.3.2 on: access tokens are for REST and git only."""
    return path.startswith(("/rest/", "/scm/"))


def is_bearer(request: web.Request) -> bool:
    return _header(request)[0] == "bearer"


def claimed_name(node: NodeRuntime, request: web.Request) -> str | None:
    """Whose credentials these look like; nothing is checked or counted."""
    scheme, value = _header(request)
    if scheme == "basic":
        try:
            return _name_and_password(value)[0]
        except errors.ApiError:
            return None
    identity = _token_identity(node, value) if scheme == "bearer" else None
    return None if identity is None or identity.user is None else identity.user.name


def _header(request: web.Request) -> tuple[str, str]:
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), value.strip()


def _name_and_password(encoded: str) -> tuple[str, str]:
    try:
        name, _colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise errors.incorrect_password() from None
    return name, password


def _basic(node: NodeRuntime, request: web.Request, encoded: str, tokens: bool) -> Identity:
    name, password = _name_and_password(encoded)
    if tokens:
        # doc: git clients send a token in place of the password; then there is no login that could fail.
        identity = _token_identity(node, password)
        if identity is not None and identity.user is not None and _goes_with(name, identity.user):
            return identity
    user = node.directory.user(name)
    if user is None or not user.active or user.service:
        raise errors.incorrect_password()
    allowed = node.live.behaviour.captcha_after_failed_logins
    failed = node.failed_logins(user)
    if allowed and failed >= allowed:
        # doc: not even the right password counts; every further try is one more failure (assumed).
        node.login_failed(user)
        raise errors.captcha(f"{request.scheme}://{request.host}{node.config.context_path}")
    if not hmac.compare_digest(user.password.encode(), password.encode()):
        node.login_failed(user)
        raise errors.incorrect_password()
    if failed:
        node.login_worked(user)
    return Identity(user)


def _goes_with(name: str, user: User) -> bool:
    if user.name.startswith(SERVICE_PREFIX):
        return name == _TOKEN_USER
    return name.lower() in (user.name.lower(), _TOKEN_USER)


def _token_identity(node: NodeRuntime, secret: str) -> Identity | None:
    token = node.tokens.find(secret)
    user = None if token is None else node.directory.user_by_id(token.user_id)
    if token is None or user is None or not user.active:
        return None
    # An OAuth 2 token stands for the user with everything that the user may.
    return Identity(user, None if token.scope == "OAUTH" else token)
