# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Tags of a repository: the server's resource and the user's view of one tag."""

from __future__ import annotations

import typing as t

from ._branch import Branches
from ._client import Client, quote
from ._errors import ConflictError, NotFoundError
from ._outcome import Outcome
from ._refs import TAGS, above
from ._repository import Repository
from ._schema import Json, Schema, page

_REF: Json = {
    "type": "object",
    "required": ["id", "displayId", "latestCommit"],
    "properties": {
        "id": {"type": "string", "pattern": "^refs/tags/."},
        "displayId": {"type": "string"},
        "latestCommit": {"type": "string"},
        "hash": {"type": ["string", "null"]},
    },
}
_TAG = Schema(_REF)
_TAGS = Schema(page(_REF))

View = dict[str, t.Any]


def view(name: str, latest_commit: str, annotated: bool) -> View:
    """The user's view of a tag: ``id`` is the full ref, ``name`` the same without ``refs/tags/``."""
    return {"id": TAGS + name, "name": name, "latest_commit": latest_commit, "annotated": annotated}


def _view(ref: Json) -> View:
    # an annotated tag is an object of its own, whose id is the hash (documented); a lightweight one has none
    return view(ref["id"].removeprefix(TAGS), ref["latestCommit"], bool(ref.get("hash")))


class Tags:
    """The tags of one repository. Names are without ``refs/tags/``. Every method may raise any BitbucketError."""

    def __init__(self, client: Client, repository: Repository) -> None:
        self._client = client
        self._repository = repository
        self._read = repository.path("api/latest", "tags")
        # only there is the kind of a tag said, and can one be deleted (documented)
        self._write = repository.path("git/latest", "tags")

    def all(self, filter_text: str | None = None, order_by: str | None = None) -> t.Iterator[View]:
        """Tags whose name contains ``filter_text``, in the server's order or ALPHABETICAL or MODIFICATION."""
        query = {"filterText": filter_text, "orderBy": order_by}
        given = {key: value for key, value in query.items() if value is not None}
        return map(_view, self._client.items(self._read, _TAGS, given))

    def find(self, name: str) -> View | None:
        """The tag of exactly this name, or None. A repository that is not there is an error, not None."""
        return next((tag for tag in self.all(filter_text=name) if tag["name"] == name), None)

    def create(self, name: str, commit: str, message: str | None) -> Outcome:
        """Create the tag at a commit, given by its full id. What somebody else has created meanwhile stays.

        With a message it is annotated, without one lightweight. Raises ConflictError where a tag that overlaps with
        it exists.
        """
        kind = {"type": "LIGHTWEIGHT"} if message is None else {"type": "ANNOTATED", "message": message}
        body = {"name": name, "startPoint": commit, **kind}

        def send() -> View:
            return _view(self._client.post(self._write, _TAG, body))

        def done() -> View | None:
            found = self.find(name)
            return found if found == view(name, commit, message is not None) else None

        try:
            return Outcome(None, self._client.settle(send, done, resend=True))
        except ConflictError:
            found = self.find(name)
            if found is None:
                raise
            return Outcome(found, found)

    def refuse_archived(self) -> None:
        """Raise the ConflictError that create() and delete() would meet in an archived repository."""
        Branches(self._client, self._repository).refuse_archived()

    def refuse_overlap(self, name: str) -> None:
        """Raise the ConflictError that create() would meet: a ref is a file, and cannot be a directory too."""
        overlapping = next((tag for parent in above(name) if (tag := self.find(parent))), None)
        if overlapping is None:
            below = (tag for tag in self.all(filter_text=name) if tag["name"].startswith(f"{name}/"))
            overlapping = next(below, None)
        if overlapping is not None:
            raise ConflictError(
                f"Tag {name} cannot exist beside tag {overlapping['name']}", "delete that one or choose a name"
            )

    def delete(self, name: str) -> bool:
        """Delete the tag; False where it was gone before."""
        path = "/".join([self._write, *map(quote, name.split("/"))])
        tries = 0

        def send() -> bool:
            nonlocal tries
            tries += 1
            self._client.delete(path)
            return True

        try:
            return self._client.settle(send, lambda: True if self.find(name) is None else None, resend=True)
        except NotFoundError:
            # of the tag or of the repository: the listing tells, and fails without the repository
            if self.find(name) is not None:
                raise
            # found by a second try, it was the first that had deleted it
            return tries > 1
