# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is calling: HTTP Basic and Bearer, the same for REST and git."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from aiohttp import web

from simulator import errors
from simulator.directory import User
from simulator.runtime import NodeRuntime


@dataclass(frozen=True)
class Identity:
    """The caller; `user` is None for anonymous. `max_level` narrows what a token may do to resources."""

    user: User | None
    token: bool = False
    max_level: int | None = None

    def caps(self, level: int) -> bool:
        """Whether the credential itself reaches `level`, whatever its user may."""
        return self.max_level is None or level <= self.max_level


ANONYMOUS = Identity(None)
IDENTITY = web.RequestKey("identity", Identity)


def authenticate(node: NodeRuntime, request: web.Request) -> Identity:
    """The identity behind the Authorization header; 401 for a wrong one, ANONYMOUS for none."""
    header = request.headers.get("Authorization")
    if header is None:
        return ANONYMOUS
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        return _basic(node, value.strip())
    if scheme.lower() == "bearer":
        return _bearer(node, value.strip())
    return ANONYMOUS


def _basic(node: NodeRuntime, encoded: str) -> Identity:
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise errors.incorrect_password() from None
    user = node.directory.user(name)
    if user is None or not user.active:
        raise errors.incorrect_password()
    if not hmac.compare_digest(user.password.encode(), password.encode()):
        raise errors.incorrect_password()
    return Identity(user)


def _bearer(node: NodeRuntime, token: str) -> Identity:
    raise errors.ApiError(401, "The access token is not valid.", "auth.TokenAuthenticationException")
