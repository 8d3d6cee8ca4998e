# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Users and groups of the server, as far as a prediction has to know whether they exist."""

from __future__ import annotations

import re
import typing as t

from ._client import Client, quote
from ._errors import NotFoundError, NotSupportedError, PermissionDeniedError, ValidationError
from ._schema import Schema, page

_TEXT = {"type": "string"}
_USER = {"type": "object", "required": ["name", "slug"], "properties": {"name": _TEXT, "slug": _TEXT}}

_ONE_USER = Schema(_USER)
_USERS = Schema(page(_USER))
_GROUPS = Schema(page(_TEXT))
# what may stand in a path as it is; other names are only found in listings
_SLUG = re.compile(r"\w[\w.-]*")

#: Kind ("user", "group") and name in lower case to whether there is one; may be shared by several threads.
Known = dict[tuple[str, str], bool]


class Accounts:
    """The users and groups of one server; whatever shares ``known`` asks for each name once.

    Methods may raise any BitbucketError. A lookup that is not allowed to this account, or not to be had, finds
    everybody: then only the server itself can tell.
    """

    def __init__(self, client: Client, known: Known | None = None) -> None:
        self._client = client
        self._known: Known = {} if known is None else known

    def refuse_missing(self, users: t.Iterable[str], groups: t.Iterable[str]) -> None:
        """Raise the ValidationError that the server would answer where one of them does not exist."""
        for kind, names, exists in (("user", users, self._is_user), ("group", groups, self._is_group)):
            for name in names:
                if not self._look_up(kind, name.lower(), exists):
                    raise ValidationError(
                        f"{kind.capitalize()} {name!r}, given in {kind}s, does not exist",
                        f"correct the name, or create the {kind} first",
                    )

    def _look_up(self, kind: str, name: str, exists: t.Callable[[str], bool]) -> bool:
        if (kind, name) not in self._known:
            try:
                self._known[kind, name] = exists(name)
            except (PermissionDeniedError, NotSupportedError):
                self._known[kind, name] = True
        return self._known[kind, name]

    def _is_user(self, name: str) -> bool:
        """Whether there is a user of this name or slug: the server takes both for a user (assumed)."""
        if _SLUG.fullmatch(name):
            try:
                # one small answer for most names; also finds who is not active, whom no listing shows (documented)
                self._client.get(f"/rest/api/latest/users/{quote(name)}", _ONE_USER)
            except NotFoundError:
                pass
            else:
                return True
        # the filter matches any part of names and addresses (documented)
        listed = self._client.items("/rest/api/latest/users", _USERS, {"filter": name})
        return any(name in (user["name"].lower(), user["slug"].lower()) for user in listed)

    def _is_group(self, name: str) -> bool:
        listed: t.Iterator[str] = self._client.items("/rest/api/latest/groups", _GROUPS, {"filter": name})
        return any(name == group.lower() for group in listed)
