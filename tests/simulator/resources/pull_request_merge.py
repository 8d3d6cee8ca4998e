# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: whether a pull request can be merged, and merging it: a real merge commit on the target branch."""

from __future__ import annotations

from typing import Any

import pygit2
from aiohttp import web

from simulator.branching import HEADS
from simulator.call import Call
from simulator.errors import ApiError
from simulator.gitdiff import MergeConflictError, merge
from simulator.gitrepo import RefMovedError
from simulator.pull_requests import PullRequest, PullRequests, now
from simulator.resources.guarding import refusal
from simulator.resources.pull_request_shown import show_pull_request, tips
from simulator.resources.pull_requests import ONE, check_open, check_version, named
from simulator.restrictions import RefChange
from simulator.routing import Routes

routes = Routes()


def _vetoes(call: Call, request: PullRequest) -> list[dict[str, str]]:
    sentence = refusal(call, RefChange(request.to_ref, "update", by_pull_request=True))
    return [] if sentence is None else [{"summaryMessage": "Branch permissions", "detailedMessage": sentence}]


def _conflicted(call: Call, request: PullRequest) -> bool:
    source, target = tips(call, request)
    index = call.git.repo.merge_commits(pygit2.Oid(hex=target), pygit2.Oid(hex=source))
    return index.conflicts is not None


@routes.get(ONE + "/merge", permission="REPO_READ")
async def can_merge(call: Call) -> web.Response:
    request = named(call)
    check_open(request)
    conflicted, vetoes = _conflicted(call, request), _vetoes(call, request)
    return call.reply(
        {
            "canMerge": not conflicted and not vetoes,
            "conflicted": conflicted,
            "outcome": "CONFLICTED" if conflicted else "CLEAN",
            "vetoes": vetoes,
        }
    )


@routes.post(ONE + "/merge", permission="REPO_WRITE", reads_body=False)
async def merge_pull_request(call: Call) -> web.Response:
    """doc: 200 with the pull request; 409 for a veto, a conflict or a stale version."""
    call.check_writable()
    body = await call.body()
    request = named(call)
    check_version(call, request, body.get("version", call.query("version")))
    check_open(request)
    vetoes = _vetoes(call, request)
    if vetoes:
        raise _not_mergeable("Merging the pull request has been vetoed.", "Vetoed", conflicted=False, vetoes=vetoes)
    source, target = tips(call, request)
    merged = _merge(call, request, source, target, body.get("message"))
    changed = PullRequests(call.node.store).change(
        request, state="MERGED", closed=now(), from_commit=source, to_commit=target, merge_commit=merged
    )
    return call.reply(show_pull_request(call, changed))


def _merge(call: Call, request: PullRequest, source: str, target: str, message: Any) -> str:
    """The id of the merge commit, which is the tip of the target branch now."""
    name = request.to_ref.removeprefix(HEADS)
    # The first line is the vendor's (seen), the rest is left out.
    message = message or f"Pull request #{request.id}: {request.title}"
    try:
        merged = merge(
            call.git, target, source, pygit2.Signature(call.user.display_name, call.user.email), str(message)
        )
        call.git.move_branch(name, target, str(merged))
    except MergeConflictError:
        raise _not_mergeable(
            "The pull request has conflicts and cannot be merged.", "Conflicted", conflicted=True, vetoes=[]
        ) from None
    except RefMovedError:
        raise _not_mergeable(f"Branch '{name}' was updated meanwhile.", "OutOfDate", conflicted=False) from None
    return str(merged)


def _not_mergeable(text: str, kind: str, **extra: Any) -> ApiError:
    # The exceptions' names are assumed.
    return ApiError(409, text, f"pull.PullRequestMerge{kind}Exception", **extra)
