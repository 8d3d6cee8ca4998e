# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What branches and tags of a repository have in common: they are listed, found, and created as refs of git."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._errors import ConflictError, InputError, NotFoundError, ValidationError
from ._outcome import Outcome
from ._project import refuse_archived
from ._refs import above
from ._repository import Repository
from ._schema import Json, Schema

View = dict[str, t.Any]


def overlap(kind: str, name: str, other: str) -> ConflictError:
    """The error of git's rule that a ref is a file and cannot be a directory, too. ``kind`` is branch or tag."""
    return ConflictError(
        f"{kind.capitalize()} {name} cannot exist beside {kind} {other}", "delete that one or choose a name"
    )


def required_start(what: str, start_point: str | None, commit: str | None, next_step: str) -> str:
    """The commit that the start point of a new branch or tag, ``what``, names.

    Raises InputError where no start point is given, with ``next_step``, and NotFoundError where it names none.
    """
    if start_point is None:
        raise InputError(f"{what} does not exist and start_point is not set", next_step)
    if commit is None:
        raise NotFoundError(
            f"start_point {start_point!r} names no commit of the repository", "give an existing branch, tag or commit"
        )
    return commit


class GitRefs:
    """The refs of one kind. Names are without their namespace. Every method may raise any BitbucketError."""

    kind: str
    #: The schema of a page of them, and of one.
    page: Schema
    one: Schema

    def __init__(self, client: Client, repository: Repository, *, read: str, write: str) -> None:
        self._client = client
        self._repository = repository
        # reading and writing are two REST modules of the server
        self._read = read
        self._write = write

    @staticmethod
    def view(ref: Json) -> View:
        """The user's view of a ref as the server has it."""
        raise NotImplementedError

    def all(self, filter_text: str | None = None, order_by: str | None = None) -> t.Iterator[View]:
        """Those whose name contains ``filter_text``, in the server's order or ALPHABETICAL or MODIFICATION."""
        query = {"filterText": filter_text, "orderBy": order_by}
        given = {key: value for key, value in query.items() if value is not None}
        return map(self.view, self._client.items(self._read, self.page, given))

    def find(self, name: str) -> View | None:
        """The one of exactly this name, or None. A repository that is not there is an error, not None."""
        # the filter matches any part of the name (documented)
        return next((ref for ref in self.all(filter_text=name) if ref["name"] == name), None)

    def refuse_archived(self) -> None:
        """Raise the ConflictError that a write would meet in an archived repository."""
        refuse_archived(self._client, self._repository)

    def refuse_overlap(self, name: str) -> None:
        """Raise the ConflictError that creating one of this name would meet."""
        overlapping = next((ref for parent in above(name) if (ref := self.find(parent))), None)
        if overlapping is None:
            below = (ref for ref in self.all(filter_text=name) if ref["name"].startswith(f"{name}/"))
            overlapping = next(below, None)
        if overlapping is not None:
            raise overlap(self.kind, name, overlapping["name"])

    def _create(self, name: str, body: Json, is_ours: t.Callable[[View], bool]) -> Outcome:
        """Create one. What somebody else has created meanwhile stays; ``is_ours`` tells it from our own.

        Raises ConflictError where one that overlaps with it exists.
        """
        tries = 0

        def send() -> View:
            nonlocal tries
            tries += 1
            return self.view(self._client.post(self._write, self.one, body))

        def done() -> View | None:
            found = self.find(name)
            return found if found and is_ours(found) else None

        try:
            return Outcome(None, self._client.settle(send, done, resend=True))
        except (ConflictError, ValidationError):
            # a ref that exists is refused with 409, or with 400 under one name or another (documented, seen)
            found = self.find(name)
            if found is None:
                raise
            # found by a second try, it was the first that had created it
            return Outcome(None if tries > 1 and is_ours(found) else found, found)
