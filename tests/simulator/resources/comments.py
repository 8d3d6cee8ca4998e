# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: comments on pull requests and on commits."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.pull_requests import Comment, Comments
from simulator.resources.pull_request_shown import show_comment, show_pull_request
from simulator.resources.pull_requests import ONE, named
from simulator.routing import API, REPOSITORY, Routes

routes = Routes()

ON_COMMIT = API + REPOSITORY + "/commits/{commitId}/comments"


def _owner(call: Call) -> dict[str, Any]:
    """The columns that tell what is commented on."""
    if "pullRequestId" in call.request.match_info:
        return {"pull_request_id": named(call).id, "commit_id": None}
    commit_id = call.request.match_info["commitId"]
    commit = call.git.commit(commit_id)
    if commit is None:
        raise errors.no_such_commit(commit_id, call.repository.slug)
    return {"pull_request_id": None, "commit_id": str(commit.id)}


def _all(call: Call) -> list[Comment]:
    owner, comments = _owner(call), Comments(call.node.store)
    if owner["commit_id"] is not None:
        return comments.on_commit(call.repository.id, owner["commit_id"])
    return comments.on_pull_request(call.repository.id, owner["pull_request_id"])


def _named(call: Call) -> Comment:
    number = call.request.match_info["commentId"]
    for comment in _all(call):
        if str(comment.id) == number:
            return comment
    raise errors.no_such_comment(number)


async def list_comments(call: Call) -> web.Response:
    """doc: those on one `path`, which is required; the others are among the activities."""
    path = call.query("path")
    if not path:
        raise errors.bad_request("The path query parameter is required when retrieving comments.", "path")
    found = [comment for comment in _all(call) if comment.path == path and comment.parent_id is None]
    return call.reply(call.page().of(found, lambda comment: show_comment(call, comment)))


async def create_comment(call: Call) -> web.Response:
    """doc: `text`, `parent.id` for a reply, `anchor.path` for one on a file; 201."""
    call.check_writable()
    body = await call.body()
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise errors.bad_request("The text of a comment must not be empty", "text")
    parent = (body.get("parent") or {}).get("id")
    if parent is not None and parent not in {comment.id for comment in _all(call)}:
        raise errors.no_such_comment(str(parent))
    comment = Comments(call.node.store).add(
        {
            **_owner(call),
            "repository_id": call.repository.id,
            "parent_id": parent,
            "text": text,
            "path": (body.get("anchor") or {}).get("path"),
            "author_id": call.user.id,
        }
    )
    return call.reply(show_comment(call, comment), 201)


async def get_comment(call: Call) -> web.Response:
    return call.reply(show_comment(call, _named(call)))


async def update_comment(call: Call) -> web.Response:
    """doc: by its author, with the version it has."""
    body = await call.body()
    comment = _named(call)
    _check_version(comment, body.get("version"))
    if comment.author_id != call.user.id:
        raise errors.not_permitted()
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise errors.bad_request("The text of a comment must not be empty", "text")
    return call.reply(show_comment(call, Comments(call.node.store).change(comment, text)))


async def delete_comment(call: Call) -> web.Response:
    """doc: by its author or a repository administrator, with the version; 409 while it has replies."""
    comment = _named(call)
    _check_version(comment, call.query("version"))
    if comment.author_id != call.user.id and not call.administers():
        raise errors.not_permitted()
    if Comments(call.node.store).replies(comment):
        raise errors.ApiError(
            409, "Comments with replies cannot be deleted.", "comment.CommentDeletionException"
        )  # fmt: skip
    Comments(call.node.store).delete(comment)
    return call.no_content()


def _check_version(comment: Comment, given: Any) -> None:
    if given is None:
        raise errors.bad_request("The version is required", "version")
    if str(given) != str(comment.version):
        raise errors.out_of_date("comment", comment.version, given)


for _path in (ONE + "/comments", ON_COMMIT):
    _one = _path + r"/{commentId:\d+}"
    routes.get(_path, permission="REPO_READ")(list_comments)
    routes.post(_path, permission="REPO_READ")(create_comment)
    routes.get(_one, permission="REPO_READ")(get_comment)
    routes.put(_one, permission="REPO_READ")(update_comment)
    routes.delete(_one, permission="REPO_READ")(delete_comment)


@routes.get(ONE + "/activities", permission="REPO_READ")
async def activities(call: Call) -> web.Response:
    """doc: newest first: opened, commented, and how it ended."""
    request = named(call)
    author = show_pull_request(call, request)["author"]["user"]
    happened: list[dict[str, Any]] = [{"action": "OPENED", "createdDate": request.created, "user": author}]
    for comment in Comments(call.node.store).on_pull_request(call.repository.id, request.id):
        if comment.parent_id is None:
            shown = show_comment(call, comment)
            happened.append(
                {
                    "action": "COMMENTED",
                    "commentAction": "ADDED",
                    "comment": shown,
                    "createdDate": comment.created,
                    "user": shown["author"],
                }
            )
    if request.closed is not None:
        happened.append({"action": request.state, "createdDate": request.closed, "user": author})
    for number, activity in enumerate(happened, start=1):
        activity["id"] = request.id * 1000 + number
    return call.reply(call.page(500).of(reversed(happened), lambda activity: activity))
