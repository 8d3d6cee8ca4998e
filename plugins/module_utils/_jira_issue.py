# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""One Jira issue for a comment on a pull request, and how a later run knows of it.

The server does not tell which issues were made from a comment (documented: there is no such resource). So a reply to
the comment is the mark. It is there before the issue is asked for and names the issue afterwards: whatever becomes of
a run, there is never an issue without a mark.
"""

from __future__ import annotations

import re
import secrets
import typing as t

from ._client import Client
from ._errors import BitbucketError, ConflictError, NotFoundError
from ._issue_key import PATTERN
from ._jira import create_issue
from ._pull_request_comment import Comment, Reply

_MARK = "Jira issue:"
_BEGUN = f"{_MARK} being created"
_NAMED = re.compile(rf"\s*{_MARK}\s*({PATTERN})")


def known(comment: Comment) -> str | None:
    """The key of the issue that was made from the comment, None where none was.

    Raises ConflictError where a run has begun to make one, and did not get as far as its key.
    """
    marks = _marks(comment)
    for mark in marks:
        named = _NAMED.match(mark.text)
        if named:
            return named[1]
    if not marks:
        return None
    mark = marks[0]
    if mark.text.lstrip().startswith(_BEGUN):
        says = "says that a Jira issue is being created, by a run that is not done or was cut short"
    else:
        says = f"begins with '{_MARK}' and names no issue"
    raise ConflictError(f"Reply {mark.id} to comment {comment.id} {says}", _by_hand(comment, mark))


def create(client: Client, comment: Comment, application_id: str, fields: t.Mapping[str, t.Any]) -> str:
    """Create the issue, where ``known`` knows of none, and return its key. Any BitbucketError.

    An issue that was surely refused leaves no mark. Where it is in doubt whether there is an issue, the mark stays, and
    the error says what to do. ConflictError, where another run came in between: of the two at most one creates.
    """
    # by the last part a run knows its own mark
    mark = comment.reply(f"{_BEGUN} (run {secrets.token_hex(4)})")
    try:
        _refuse_others(comment, mark)
    except BitbucketError as error:
        _take_back(comment, mark, error)
        raise
    try:
        key = create_issue(client, application_id, comment.id, fields)
    except BitbucketError as error:
        if not error.in_doubt:
            _take_back(comment, mark, error)
            raise
        error.cause = f"{error.cause.rstrip('. ')}, and whether the Jira issue was created is not known"
        error.next_step = _by_hand(comment, mark)
        error.facts["changed"] = True  # the mark is there
        error.retryable = False
        raise
    try:
        comment.edit(mark, f"{_MARK} {key}")
    except BitbucketError as error:
        error.cause = (
            f"Jira issue {key} was created from comment {comment.id}, but reply {mark.id} to it could not be made to"
            f" say so ({error.cause.rstrip('. ')})"
        )
        error.next_step = f"edit that reply to '{_MARK} {key}', so that the next run knows"
        error.facts = {"changed": True, "jira_issue": {"comment_id": comment.id, "issue_key": key}}
        error.retryable = False
        raise
    return key


def _marks(comment: Comment) -> list[Reply]:
    return [reply for reply in comment.replies() if reply.text.lstrip().startswith(_MARK)]


def _by_hand(comment: Comment, mark: Reply) -> str:
    return (
        f"look in Jira for an issue made from comment {comment.id}, then edit reply {mark.id} to '{_MARK} KEY' with its"
        " key, or delete that reply to have one created"
    )


def _refuse_others(comment: Comment, mark: Reply) -> None:
    """Raise ConflictError where the mark is not the only one any more, since ``known`` knew of none.

    Each run looks when its mark is there. So of two runs one at least sees the mark of the other, and gives way; where
    both do, none creates an issue.
    """
    marks = _marks(comment)
    if mark.id not in [each.id for each in marks] or any(each.text != mark.text for each in marks):
        raise ConflictError(f"Somebody else came in between with a reply to comment {comment.id}", "run again")
    for each in marks:
        if each.id != mark.id:
            comment.delete(each)  # a first try of ours that ended late


def _take_back(comment: Comment, mark: Reply, error: BitbucketError) -> None:
    """Delete the mark of an issue that surely was not created; where that fails, the error says so."""
    try:
        for each in _marks(comment):
            if each.text == mark.text:
                comment.delete(each)
    except NotFoundError:
        pass  # the comment itself is gone
    except BitbucketError as second:
        error.cause = f"{error.cause.rstrip('. ')}, and reply {mark.id} to comment {comment.id} could not be deleted"
        error.cause += f" ({second.cause.rstrip('. ')})"
        error.next_step = f"{error.next_step}, and delete that reply, which keeps the next run from creating an issue"
        error.facts["changed"] = True
