# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of pull requests and comments."""

from __future__ import annotations

from typing import Any

from simulator.branching import HEADS
from simulator.call import Call
from simulator.directory import Repository
from simulator.pull_requests import Comment, Comments, PullRequest
from simulator.resources import present


def tips(call: Call, request: PullRequest) -> tuple[str, str]:
    """(from, to): where the branches are now while it is open, where they were when it was closed."""
    if request.state != "OPEN":
        return request.from_commit, request.to_commit
    git = call.node.git(request.repository_id)
    source = git.branch(request.from_ref.removeprefix(HEADS))
    target = git.branch(request.to_ref.removeprefix(HEADS))
    return source.tip if source else request.from_commit, target.tip if target else request.to_commit


def _ref(call: Call, repository: Repository, ref: str, commit: str) -> dict[str, Any]:
    return {
        "id": ref,
        "displayId": ref.removeprefix(HEADS),
        "latestCommit": commit,
        "type": "BRANCH",
        "repository": present.repository(call, repository),
    }


def _participant(call: Call, user_id: int, role: str) -> dict[str, Any]:
    user = call.node.directory.user_by_id(user_id)
    return {
        "user": present.user(call, user) if user else None,
        "role": role,
        "approved": False,
        "status": "UNAPPROVED",
    }


def show_pull_request(call: Call, request: PullRequest) -> dict[str, Any]:
    repository = call.node.directory.repository_by_id(request.repository_id)
    assert repository is not None
    source, target = tips(call, request)
    owner = f"users/{repository.project.key[1:]}" if repository.project.owner_id else (
        f"projects/{repository.project.key}")  # fmt: skip
    shown: dict[str, Any] = {
        "id": request.id,
        "version": request.version,
        "title": request.title,
        "state": request.state,
        "open": request.state == "OPEN",
        "closed": request.state != "OPEN",
        "createdDate": request.created,
        "updatedDate": request.updated,
        "fromRef": _ref(call, repository, request.from_ref, source),
        "toRef": _ref(call, repository, request.to_ref, target),
        "locked": False,
        "author": _participant(call, request.author_id, "AUTHOR"),
        "reviewers": [_participant(call, user_id, "REVIEWER") for user_id in request.reviewers],
        "participants": [],
        "links": {
            "self": [{"href": f"{call.base_url}/{owner}/repos/{repository.slug}/pull-requests/{request.id}"}]
        },
    }  # fmt: skip
    if request.description is not None:
        shown["description"] = request.description
    if request.closed is not None:
        shown["closedDate"] = request.closed
    if request.merge_commit is not None:
        commit_id = request.merge_commit
        shown["properties"] = {"mergeCommit": {"id": commit_id, "displayId": commit_id[:11]}}
    return shown


def show_comment(call: Call, comment: Comment) -> dict[str, Any]:
    """With its replies."""
    author = call.node.directory.user_by_id(comment.author_id)
    shown: dict[str, Any] = {
        "properties": {"repositoryId": comment.repository_id},
        "id": comment.id,
        "version": comment.version,
        "text": comment.text,
        "author": present.user(call, author) if author else None,
        "createdDate": comment.created,
        "updatedDate": comment.updated,
        "comments": [show_comment(call, reply) for reply in Comments(call.node.store).replies(comment)],
        "severity": "NORMAL",
        "state": "OPEN",
    }
    if comment.path is not None:
        shown["anchor"] = {"path": comment.path}
    return shown
