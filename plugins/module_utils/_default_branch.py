# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The default branch of a repository."""

from __future__ import annotations

from ._branch import Branches
from ._client import Client
from ._errors import NotFoundError
from ._refs import HEADS
from ._repository import Repository
from ._schema import Schema

_REF = Schema(
    {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "minLength": 1}}}, optional=True
)
# the configured default branch does not exist, in an empty repository or in one with branches (seen)
_NONE = "com.atlassian.bitbucket.repository.NoDefaultBranchException"


def view(name: str) -> dict[str, str]:
    """The user's view ``{id, name}``."""
    return {"id": HEADS + name, "name": name}


def is_missing(error: NotFoundError) -> bool:
    """Whether the server refuses because the configured default branch does not exist."""
    return _NONE in error.exception_names


def refuse_missing_default(client: Client, repository: Repository, error: NotFoundError) -> None:
    """Return if the error is about the default branch of an empty repository, which cannot have one yet.

    Otherwise raise it: with its cause and the next step if branches exist, and unchanged if it is about something else.
    """
    if not is_missing(error):
        raise error
    if next(Branches(client, repository).all(), None) is None:
        return
    name = DefaultBranch(client, repository).read()
    which = "No default branch is set in" if name is None else f"The default branch {name} does not exist in"
    error.cause = f"{which} {repository}, and the server needs it for {error.method} {error.path}"
    error.next_step = "set a branch that exists with the module bitbucket.datacenter.default_branch"
    raise error


class DefaultBranch:
    """The default branch of one repository. Names are without ``refs/heads/``. May raise any BitbucketError."""

    def __init__(self, client: Client, repository: Repository) -> None:
        self._client = client
        self._repository = repository
        self._path = repository.path("api/latest", "default-branch")

    def read(self) -> str | None:
        """The branch that is set, whether it exists or not (documented), or None where the server names none."""
        try:
            answer = self._client.get(self._path, _REF)
        except NotFoundError as error:
            # branches/default answers 204 for an empty repository and 404 for a missing branch (documented, seen)
            if is_missing(error):
                return None
            raise
        return None if answer is None else str(answer["id"]).removeprefix(HEADS)

    def set(self, name: str) -> None:
        """Make this the default branch. The server takes one that does not exist (seen): look for it first."""

        def send() -> bool:
            self._client.put(self._path, None, {"id": HEADS + name})
            return True

        self._client.settle(send, lambda: True if self.read() == name else None, resend=True)

    def refuse_missing(self, name: str) -> None:
        """Raise NotFoundError where there is no such branch."""
        branches = Branches(self._client, self._repository)
        if branches.find(name) is None:
            if next(branches.all(), None) is None:
                raise NotFoundError(
                    f"Repository {self._repository} is empty, so that {name} cannot be its default branch",
                    "push a first commit to it",
                )
            raise NotFoundError(
                f"Branch {name} does not exist in {self._repository}, so that it cannot be the default branch",
                "create it, or give a branch that exists",
            )
