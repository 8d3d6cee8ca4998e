# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""A release, the range between two commits: what it holds, and what the server knows of that elsewhere."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._commit import View, contains, log, required
from ._errors import NotFoundError
from ._issue_key import is_issue_key
from ._jira import commits_of_issue
from ._refs import HEADS, revision
from ._repository import Repository


class Release:
    """What ``git log since..until`` lists. Both ends are looked up once, ``since`` and ``until`` are full commit ids.

    Every method may raise any BitbucketError.
    """

    def __init__(self, client: Client, repository: Repository, since: str, until: str) -> None:
        """Raises InputError before any request, and NotFoundError where a revision names no commit."""
        self._client = client
        self._repository = repository
        self._range = f"since {revision(since, 'since')} until {revision(until, 'until')}"
        self.since = required(client, repository, since, "since")
        self.until = required(client, repository, until, "until")

    def commits(self, merges: str) -> list[View]:
        """The commits, the newest first; ``merges`` is include or exclude. Raises NotFoundError where there is none."""
        query = {"since": self.since, "until": self.until, "merges": merges}
        found = list(log(self._client, self._repository, query))
        if not found:
            but = " but merges" if merges == "exclude" else ""
            raise NotFoundError(
                f"The range {self._range} of {self._repository} holds no commit{but}",
                "check that since is the older one of the two",
            )
        return found

    def unlinked(self, issue_keys: t.Iterable[str], commits: t.Iterable[View]) -> t.Iterator[str]:
        """Those of the keys under which the server's link with Jira lists none of the commits.

        One listing for each, read until one of the commits is met.
        """
        ids = {commit["id"] for commit in commits}
        for key in issue_keys:
            # another pattern may find what cannot be asked for
            if not is_issue_key(key) or not any(each["id"] in ids for each in commits_of_issue(self._client, key, 0)):
                yield key

    def elsewhere(self, branches: t.Iterable[str]) -> t.Iterator[str]:
        """Those of the branches, given by their names, that do not contain the commit ``until``.

        Raises NotFoundError for a branch that does not exist.
        """
        for name in branches:
            tip = required(self._client, self._repository, HEADS + name, "branches")
            if not contains(self._client, self._repository, tip, self.until):
                yield name
