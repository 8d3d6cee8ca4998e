# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Tags of a repository: the server's resource and the user's view of one tag."""

from __future__ import annotations

import typing as t

from ._client import Client, quote
from ._errors import NotFoundError, NotSupportedError
from ._git_ref import GitRefs
from ._outcome import Outcome
from ._refs import TAGS
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


class Tags(GitRefs):
    """The tags of one repository. Names are without ``refs/tags/``. Every method may raise any BitbucketError."""

    kind = "tag"
    page = _TAGS
    one = _TAG

    def __init__(self, client: Client, repository: Repository) -> None:
        # only in git is the kind of a tag said, and can one be deleted (documented)
        read, write = (repository.path(api, "tags") for api in ("api/latest", "git/latest"))
        super().__init__(client, repository, read=read, write=write)

    @staticmethod
    def view(ref: Json) -> View:
        """The user's view of a tag as the server has it."""
        # an annotated tag is an object of its own, whose id is the hash (documented); a lightweight one has none
        return view(ref["id"].removeprefix(TAGS), ref["latestCommit"], bool(ref.get("hash")))

    def create(self, name: str, commit: str, message: str | None) -> Outcome:
        """Create the tag at a commit, given by its full id. What somebody else has created meanwhile stays.

        With a message it is annotated, without one lightweight. Raises ConflictError where a tag that overlaps with
        it exists.
        """
        kind = {"type": "LIGHTWEIGHT"} if message is None else {"type": "ANNOTATED", "message": message}
        ours = view(name, commit, message is not None)
        return self._create(name, {"name": name, "startPoint": commit, **kind}, lambda found: found == ours)

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
        except (NotFoundError, NotSupportedError):
            # The 404 of a missing tag names no exception (seen), so it may be that of the tag, of the repository or of
            # the resource. The listing decides, and fails without the repository.
            if self.find(name) is not None:
                raise
            # found by a second try, it was the first that had deleted it
            return tries > 1
