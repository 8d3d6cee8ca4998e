# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Branches of a repository: the server's resource and the user's view of one branch."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._errors import ConflictError, InputError, NotFoundError
from ._outcome import Outcome
from ._refs import HEADS, above
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
_REPOSITORY = Schema({"type": "object", "required": ["slug"], "properties": {"archived": {"type": "boolean"}}})
_BRANCH = Schema(_REF)
_BRANCHES = Schema(page(_REF))

View = dict[str, t.Any]


def view(name: str, latest_commit: str, is_default: bool = False) -> View:
    """The user's view of a branch: ``id`` is the full ref, ``name`` the same without ``refs/heads/``."""
    return {"id": HEADS + name, "name": name, "latest_commit": latest_commit, "is_default": is_default}


def _view(ref: Json) -> View:
    return view(ref["id"].removeprefix(HEADS), ref["latestCommit"], ref.get("isDefault", False))


def drift(branch: t.Mapping[str, t.Any] | None, start: str | None) -> bool | None:
    """Whether a branch is elsewhere than the commit where it should start, or None where one of them is not known."""
    return None if branch is None or start is None else branch["latest_commit"] != start


def required_start(name: str, start_point: str | None, commit: str | None) -> str:
    """The commit that the start point of a new branch names. Raises InputError or NotFoundError where there is none."""
    if start_point is None:
        raise InputError(f"Branch {name} does not exist and start_point is not set", "say where it shall start")
    if commit is None:
        raise NotFoundError(
            f"start_point {start_point!r} names no commit of the repository", "give an existing branch, tag or commit"
        )
    return commit


def overlap(name: str, other: str) -> ConflictError:
    """The error of git's rule that a ref is a file and cannot be a directory, too."""
    return ConflictError(f"Branch {name} cannot exist beside branch {other}", "delete that one or choose a name")


class Branches:
    """The branches of one repository. Names are without ``refs/heads/``. Every method may raise any BitbucketError."""

    def __init__(self, client: Client, repository: Repository) -> None:
        self._client = client
        self._repository = repository
        # reading and writing are two REST modules of the server
        self._read = repository.path("api/latest", "branches")
        self._write = repository.path("branch-utils/latest", "branches")

    def all(self, filter_text: str | None = None, order_by: str | None = None) -> t.Iterator[View]:
        """Branches whose name contains ``filter_text``, in the server's order or ALPHABETICAL or MODIFICATION."""
        query = {"filterText": filter_text, "orderBy": order_by}
        given = {key: value for key, value in query.items() if value is not None}
        return map(_view, self._client.items(self._read, _BRANCHES, given))

    def find(self, name: str) -> View | None:
        """The branch of exactly this name, or None. A repository that is not there is an error, not None."""
        # the filter matches any part of the name (documented)
        return next((branch for branch in self.all(filter_text=name) if branch["name"] == name), None)

    def create(self, name: str, commit: str) -> Outcome:
        """Create the branch at a commit, given by its full id. What somebody else has created meanwhile stays.

        Raises ConflictError where a branch that overlaps with it exists.
        """

        def send() -> View:
            return _view(self._client.post(self._write, _BRANCH, {"name": name, "startPoint": commit}))

        def done() -> View | None:
            found = self.find(name)
            # at another commit it is somebody else's
            return found if found and found["latest_commit"] == commit else None

        try:
            return Outcome(None, self._client.settle(send, done, resend=True))
        except ConflictError:
            found = self.find(name)
            if found is None:
                raise
            return Outcome(found, found)

    def refuse_archived(self) -> None:
        """Raise the ConflictError that create() would meet in an archived repository, of which no listing tells."""
        # a write there answers 409 (assumed)
        if self._client.get(self._repository.path("api/latest"), _REPOSITORY).get("archived"):
            raise ConflictError(f"Repository {self._repository} is archived", "take it out of the archive first")

    def refuse_overlap(self, name: str) -> None:
        """Raise the ConflictError that create() would meet."""
        overlapping = next((branch for parent in above(name) if (branch := self.find(parent))), None)
        if overlapping is None:
            below = (branch for branch in self.all(filter_text=name) if branch["name"].startswith(f"{name}/"))
            overlapping = next(below, None)
        if overlapping is not None:
            raise overlap(name, overlapping["name"])

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
