# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Commits: what a branch, tag or id stands for, what a range holds, and who watches."""

from __future__ import annotations

import itertools
import typing as t

from ._client import Client, Query, quote
from ._default_branch import refuse_missing_default
from ._errors import InputError, NotFoundError
from ._issue_key import keys_in
from ._refs import HEADS, is_commit_id
from ._refs import revision as checked_revision
from ._repository import Repository
from ._schema import Json, Schema, page
from ._time import iso_time

View = dict[str, t.Any]

#: Somebody as the server shows them: a user of its own, or who git says it was.
PERSON: Json = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("name", "displayName", "emailAddress")},
}
_KEYS: Json = {
    "type": "object",
    "properties": {"jira-key": {"type": "array", "items": {"type": "string"}}},
}
_TIME: Json = {"type": "integer"}
#: A commit as the server shows it (documented); who committed it when is left out by old servers.
COMMIT: Json = {
    "type": "object",
    "required": ["id", "message", "parents", "author", "authorTimestamp"],
    "properties": {
        "id": {"type": "string"},
        "message": {"type": "string"},
        "parents": {
            "type": "array",
            "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        },
        "author": PERSON,
        "authorTimestamp": _TIME,
        "committer": PERSON,
        "committerTimestamp": _TIME,
        "properties": _KEYS,
        "attributes": _KEYS,
    },
}
_COMMIT = Schema(COMMIT)
_LOG = Schema(page(COMMIT))
_COMMITS = Schema(page({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}))
_NO_COMMIT = "com.atlassian.bitbucket.commit.NoSuchCommitException"


def resolve(client: Client, repository: Repository, revision: str) -> str | None:
    """The commit id that a branch, tag, full ref or commit id names now, or None where it names none.

    Of a branch and a tag of the same name the branch is meant. Raises NotFoundError for an empty repository, or one
    that is not there; any BitbucketError.
    """
    if not revision.startswith("refs/") and not is_commit_id(revision):
        found = tip(client, repository, HEADS + revision)
        if found is not None:
            return found
    return tip(client, repository, revision)


def start_of(client: Client, repository: Repository, start_point: str | None, *, exists: bool) -> str | None:
    """The commit of a start point, None where none is given or it names none.

    The full id of a commit is only looked for where it is needed: not for what ``exists`` already.
    """
    if start_point is None:
        return None
    if exists and is_commit_id(start_point):
        return start_point.lower()
    return resolve(client, repository, start_point)


def required(client: Client, repository: Repository, revision: str, option: str) -> str:
    """The same for an option that must name one. Raises InputError and NotFoundError in words of the option."""
    commit = resolve(client, repository, checked_revision(revision, option))
    if commit is not None:
        return commit
    if is_commit_id(revision):
        raise NotFoundError(f"{option} {revision} is not in {repository}", "check the id and the repository")
    raise NotFoundError(
        f"{option} {revision!r} names no commit of {repository}", "give an existing branch, tag or full commit id"
    )


def of_default_branch(client: Client, repository: Repository) -> str | None:
    """The commit id at the tip of the default branch, None for an empty repository.

    Raises NotFoundError if the repository has branches, but the configured default branch does not exist.
    """
    try:
        found = client.get(repository.path("api/latest", "commits"), _COMMITS, {"limit": 1})["values"]
    except NotFoundError as error:
        # an empty repository answers with this error (seen); an empty list is accepted as well
        refuse_missing_default(client, repository, error)
        return None
    return str(found[0]["id"]) if found else None


def tip(client: Client, repository: Repository, revision: str) -> str | None:
    """The commit id that the server itself takes the revision for, or None where it names none; raises as above."""
    path = repository.path("api/latest", "commits")
    try:
        found = client.get(path, _COMMITS, {"until": revision, "limit": 1})["values"]
    except NotFoundError as error:
        if _NO_COMMIT in error.exception_names:
            return None
        refuse_missing_default(client, repository, error)
        found = []
    if not found:
        raise NotFoundError(f"{revision} names no commit in {repository}", "push a first commit to the repository")
    return str(found[0]["id"])


def name_of(person: Json) -> str | None:
    """How somebody is called, None where the server does not tell."""
    return person.get("displayName", person.get("name"))


def view(commit: Json) -> View:
    """The user's view of a commit; times in UTC, timestamps in seconds since 1970.

    ``issue_keys`` are those that the server has found; where it tells none, those that the message holds: it finds
    them some time after a push (assumed).
    """
    message, author, committer = commit["message"], commit["author"], commit.get("committer", {})
    authored, committed = commit["authorTimestamp"] // 1000, commit.get("committerTimestamp")
    author_time = iso_time(authored)
    if committed is not None:
        committed //= 1000
    # older servers call the properties attributes (documented)
    found: Json = commit.get("properties") or commit.get("attributes") or {}
    return {
        "id": commit["id"],
        # what was not made by git commit may begin with an empty line
        "subject": message.lstrip().partition("\n")[0].rstrip(),
        "message": message,
        "issue_keys": found.get("jira-key") or keys_in(message),
        "parents": [parent["id"] for parent in commit["parents"]],
        "author_name": name_of(author),
        "author_email": author.get("emailAddress"),
        "author_time": author_time,
        "author_timestamp": authored,
        "committer_name": name_of(committer),
        "committer_email": committer.get("emailAddress"),
        # most are committed when they are written
        "committer_time": author_time if committed == authored else iso_time(committed),
        "committer_timestamp": committed,
    }


def log(client: Client, repository: Repository, query: Query, limit: int | None = None) -> t.Iterator[View]:
    """Commits as ``git log`` has them, the newest first, page by page as they are needed.

    ``query`` is the server's: until, since, path, merges (include, exclude, only) and followRenames. Give until as a
    commit, so that a push between two pages does not disturb them. Without it, the default branch is looked up; an
    empty repository has no commits. Raises NotFoundError if a revision names no commit, or if the default branch of a
    repository with branches does not exist; any BitbucketError.
    """
    if "until" not in query:
        until = of_default_branch(client, repository)
        if until is None:
            return
        query = {**query, "until": until}
    # the server gives no more than a hundred at once, whatever is asked for (documented)
    path, most = repository.path("api/latest", "commits"), min(limit or 1000, 1000)
    yield from map(view, itertools.islice(client.items(path, _LOG, query, limit=most), limit))


def contains(client: Client, repository: Repository, tip: str, commit: str) -> bool:
    """Whether the branch with this tip contains the commit: the commit leads to nothing that the tip does not lead to.

    Both are full ids of commits that exist. The server's own list of the branches with a commit has only one entry on
    recent versions (seen 10.4), so it proves nothing about the others.
    """
    return tip == commit or not any(log(client, repository, {"since": tip, "until": commit}, 1))


def get(client: Client, repository: Repository, commit: str) -> View:
    """One commit by its full id. Raises InputError; NotFoundError where the repository has no such commit."""
    try:
        return view(client.get(_path(repository, commit), _COMMIT))
    except NotFoundError as error:
        if _NO_COMMIT in error.exception_names:
            error.cause, error.next_step = f"commit {commit} is not in {repository}", "check the id and the repository"
        raise


def watch(client: Client, repository: Repository, commit: str, *, watched: bool) -> None:
    """Have the account watch the commit, or not any longer. Any BitbucketError.

    The server has nothing to read it back by (documented: there is none). Watching twice does no harm (assumed).
    """
    path = f"{_path(repository, commit)}/watch"

    def send() -> bool:
        if watched:
            client.post(path, None)
        else:
            client.delete(path)
        return True

    client.settle_unread(send, "whether it was carried out")


def _path(repository: Repository, commit: str) -> str:
    if not is_commit_id(commit):
        raise InputError(f"commit {commit!r} is not a full commit id", "give all of its hexadecimal digits")
    return repository.path("api/latest", f"commits/{quote(commit.lower())}")
