# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""A comment on a pull request, with the replies to it."""

from __future__ import annotations

import dataclasses
import typing as t

from ._client import Client
from ._errors import InputError, NotFoundError
from ._project import refuse_archived
from ._pull_request import path
from ._repository import Repository
from ._schema import Json, Schema, array

_REPLY: Json = {
    "type": "object",
    "required": ["id", "version", "text"],
    "properties": {"id": {"type": "integer"}, "version": {"type": "integer"}, "text": {"type": "string"}},
}
_ONE = Schema(_REPLY)
# decisions rest on the replies: an answer without them is none
_COMMENT = Schema({"type": "object", "required": ["id", "comments"], "properties": {"comments": array(_REPLY)}})
# what else may be missing on the way to a comment (documented, the names seen on 10.4)
_ELSE_MISSING = ("NoSuchProjectException", "NoSuchRepositoryException", "NoSuchPullRequestException")


@dataclasses.dataclass(frozen=True)
class Reply:
    """A reply as it was at some time; ``version`` counts how often it was edited."""

    id: int
    version: int
    text: str


def _reply(found: Json) -> Reply:
    return Reply(found["id"], found["version"], found["text"])


class Comment:
    """One comment on a pull request. Raises InputError; every method may raise any BitbucketError."""

    def __init__(self, client: Client, repository: Repository, pull_request: int, comment_id: int) -> None:
        if comment_id < 1:
            raise InputError(
                f"comment_id {comment_id} is less than 1", "give the id that the comment's address ends with"
            )
        self.id = comment_id
        self._client = client
        self._repository = repository
        self._pull_request = pull_request
        self._all = path(repository, pull_request, "comments")

    def refuse_archived(self) -> None:
        """Raise the ConflictError that a reply would meet in an archived repository."""
        refuse_archived(self._client, self._repository)

    def replies(self) -> list[Reply]:
        """The replies to the comment itself, in the server's order, all of them (assumed: without pages).

        Raises NotFoundError, in words of its own where the comment is not on the pull request.
        """
        try:
            return [_reply(each) for each in self._client.get(f"{self._all}/{self.id}", _COMMENT)["comments"]]
        except NotFoundError as error:
            if not any(name.endswith(_ELSE_MISSING) for name in error.exception_names):
                error.cause = f"Comment {self.id} is not on pull request {self._pull_request} of {self._repository}"
                error.next_step = "check comment_id, a comment on a commit is none on a pull request"
            raise

    def reply(self, text: str) -> Reply:
        """Reply to the comment. The text is one that no other reply has: it is known by that when the answer is lost.

        A first try that ends late leaves a second reply of the same text.
        """

        def send() -> Reply:
            return _reply(self._client.post(self._all, _ONE, {"text": text, "parent": {"id": self.id}}))

        return self._client.settle(send, lambda: self._find(lambda reply: reply.text == text), resend=True)

    def edit(self, reply: Reply, text: str) -> None:
        """Give a reply another text. Raises ConflictError where somebody else has edited it meanwhile."""

        def send() -> Reply:
            return _reply(self._client.put(f"{self._all}/{reply.id}", _ONE, {"text": text, "version": reply.version}))

        self._client.settle(
            send, lambda: self._find(lambda found: found.id == reply.id and found.text == text), resend=True
        )

    def delete(self, reply: Reply) -> None:
        """Delete a reply, if it is still there. Raises ConflictError where it was edited or replied to meanwhile."""

        def gone() -> bool | None:
            return None if self._find(lambda found: found.id == reply.id) else True

        def send() -> bool:
            self._client.delete(f"{self._all}/{reply.id}", query={"version": reply.version})
            return True

        try:
            self._client.settle(send, gone, resend=True)
        except NotFoundError:
            if not gone():
                raise

    def _find(self, wanted: t.Callable[[Reply], bool]) -> Reply | None:
        return next(filter(wanted, self.replies()), None)
