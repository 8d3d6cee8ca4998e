# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Branches of a repository: the server's resource and the user's view of one branch."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._git_ref import GitRefs
from ._outcome import Outcome
from ._refs import HEADS
from ._repository import Repository
from ._schema import Json, Schema, page

_REF: Json = {
    "type": "object",
    "required": ["id", "displayId", "latestCommit"],
    "properties": {
        "id": {"type": "string", "pattern": "^refs/heads/."},
        "displayId": {"type": "string"},
        "latestCommit": {"type": "string"},
        "isDefault": {"type": "boolean"},
    },
}
_BRANCH = Schema(_REF)
_BRANCHES = Schema(page(_REF))

View = dict[str, t.Any]


def view(name: str, latest_commit: str, is_default: bool = False) -> View:
    """The user's view of a branch: ``id`` is the full ref, ``name`` the same without ``refs/heads/``."""
    return {"id": HEADS + name, "name": name, "latest_commit": latest_commit, "is_default": is_default}


def drift(branch: t.Mapping[str, t.Any] | None, start: str | None) -> bool | None:
    """Whether a branch is elsewhere than the commit where it should start, or None where one of them is not known."""
    return None if branch is None or start is None else branch["latest_commit"] != start


class Branches(GitRefs):
    """The branches of one repository. Names are without ``refs/heads/``. Every method may raise any BitbucketError."""

    kind = "branch"
    page = _BRANCHES
    one = _BRANCH

    def __init__(self, client: Client, repository: Repository) -> None:
        read, write = (repository.path(api, "branches") for api in ("api/latest", "branch-utils/latest"))
        super().__init__(client, repository, read=read, write=write)

    @staticmethod
    def view(ref: Json) -> View:
        """The user's view of a branch as the server has it."""
        return view(ref["id"].removeprefix(HEADS), ref["latestCommit"], ref.get("isDefault", False))

    def create(self, name: str, commit: str) -> Outcome:
        """Create the branch at a commit, given by its full id. What somebody else has created meanwhile stays.

        Raises ConflictError where a branch that overlaps with it exists.
        """
        # at another commit it is somebody else's
        return self._create(
            name, {"name": name, "startPoint": commit}, lambda found: bool(found["latest_commit"] == commit)
        )

    def delete(self, name: str, end_point: str | None = None, *, dry_run: bool = False) -> None:
        """Delete the branch, only while its tip is ``end_point`` if given; ``dry_run`` lets the server only check.

        A branch that does not exist is no error (documented). Raises ValidationError for the default branch and
        for another tip, PermissionDeniedError where the user or a branch permission does not allow it.
        """
        body: Json = {"name": HEADS + name, "dryRun": dry_run}
        if end_point is not None:
            body["endPoint"] = end_point

        if dry_run:
            self._client.delete(self._write, body, changes_nothing=True)
            return

        def send() -> bool:
            self._client.delete(self._write, body)
            return True

        self._client.settle(send, lambda: True if self.find(name) is None else None, resend=True)
