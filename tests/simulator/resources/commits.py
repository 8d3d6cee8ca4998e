# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: commits."""

from __future__ import annotations

import pygit2
from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.resources import present
from simulator.routing import API, REPOSITORY, Routes

routes = Routes()


def _resolve(call: Call, name: str) -> pygit2.Commit:
    commit = call.git.resolve(name)
    if commit is None:
        raise errors.no_such_commit(name, call.repository.slug)
    return commit


@routes.get(API + REPOSITORY + "/commits", permission="REPO_READ")
async def list_commits(call: Call) -> web.Response:
    """doc: `until` (else the default branch), `since` excluded, `path`, `merges`, `ignoreMissing`, `withCounts`."""
    until_name = call.query("until")
    since_name = call.query("since")
    merges = call.query("merges") or "include"
    if merges not in ("include", "exclude", "only"):
        raise errors.bad_request(f"'{merges}' is not a valid value for merges", "merges")
    until: pygit2.Commit | None
    if until_name is None:
        branch = call.git.default_branch()
        if branch is None:
            # assumed: an empty repository has an empty list of commits.
            return call.reply(call.page().of([], lambda item: item))
        until = call.git.commit(branch.tip)
    elif call.flag("ignoreMissing"):
        until = call.git.resolve(until_name)
    else:
        until = _resolve(call, until_name)
    if until is None:
        return call.reply(call.page().of([], lambda item: item))
    if since_name is None:
        since = None
    elif call.flag("ignoreMissing"):
        since = call.git.resolve(since_name)
    else:
        since = _resolve(call, since_name)
    path = (call.query("path") or "").strip("/") or None
    page = call.page().of(call.git.log(until, since, path, merges), lambda commit: present.commit(call, commit))
    if call.flag("withCounts"):
        commits = list(call.git.log(until, since, path, merges))
        page["totalCount"] = len(commits)
        page["authorCount"] = len({commit.author.email for commit in commits})
    return call.reply(page)


@routes.get(API + REPOSITORY + "/commits/{commitId}", permission="REPO_READ")
async def get_commit(call: Call) -> web.Response:
    """doc: a commit id; a ref is taken too (assumed)."""
    return call.reply(present.commit(call, _resolve(call, call.request.match_info["commitId"])))
