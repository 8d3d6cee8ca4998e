# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/api: commits, what they changed, who watches them, and what lies between two of them."""

from __future__ import annotations

from collections.abc import Iterable

import pygit2
from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.gitdiff import changes, touching
from simulator.resources import present
from simulator.routing import API, REPOSITORY, Routes

routes = Routes()

COMMITS = 100  # doc: page.max.commits


def _resolve(call: Call, name: str) -> pygit2.Commit:
    commit = call.git.resolve(name)
    if commit is None:
        raise errors.no_such_commit(name, call.repository.slug)
    return commit


def _named(call: Call) -> pygit2.Commit:
    """doc: the id of a commit; names of refs are not taken here."""
    commit_id = call.request.match_info["commitId"]
    commit = call.git.commit(commit_id)
    if commit is None:
        raise errors.no_such_commit(commit_id, call.repository.slug)
    return commit


def _default(call: Call) -> pygit2.Commit | None:
    branch = call.git.default_branch()
    return None if branch is None else call.git.commit(branch.tip)


@routes.get(API + REPOSITORY + "/commits", permission="REPO_READ")
async def list_commits(call: Call) -> web.Response:
    """doc: `until` (else the default branch), `since` excluded, `path`, `merges`, `ignoreMissing`, `withCounts`."""
    merges = call.query("merges") or "include"
    if merges not in ("include", "exclude", "only"):
        raise errors.bad_request(f"'{merges}' is not a valid value for merges", "merges")
    resolve = call.git.resolve if call.flag("ignoreMissing") else lambda name: _resolve(call, name)
    until_name, since_name = call.query("until"), call.query("since")
    if until_name is None:
        until = _default(call)
        if until is None:
            # seen: an empty repository is a 404, and so is one whose default branch does not exist.
            raise errors.no_default_branch(call.git.default_branch_name())
    else:
        until = resolve(until_name)
    since = None if since_name is None else resolve(since_name)
    if until is None:
        return call.reply(call.page(COMMITS).of([], lambda item: item))
    path = (call.query("path") or "").strip("/") or None
    found: Iterable[pygit2.Commit]
    if path is None:
        found = call.git.log(until, since, merges)
    else:
        ids = touching(call.git.path, until, since, path, merges, follow=call.flag("followRenames"))
        found = (_resolve(call, each) for each in ids)
    if call.flag("withCounts"):
        found = list(found)
        counts = {"totalCount": len(found), "authorCount": len({commit.author.email for commit in found})}
    else:
        counts = {}
    return call.reply({**call.page(COMMITS).of(found, lambda commit: present.commit(call, commit)), **counts})


@routes.get(API + REPOSITORY + "/commits/{commitId}", permission="REPO_READ")
async def get_commit(call: Call) -> web.Response:
    """doc: with `path` the newest commit at or before this one that changed it."""
    commit = _named(call)
    path = (call.query("path") or "").strip("/") or None
    if path is not None:
        ids = touching(call.git.path, commit, None, path, follow=False)
        if not ids:
            raise errors.no_such_commit(str(commit.id), call.repository.slug)
        commit = _resolve(call, ids[0])
    return call.reply(present.commit(call, commit))


@routes.get(API + REPOSITORY + "/commits/{commitId}/changes", permission="REPO_READ")
async def commit_changes(call: Call) -> web.Response:
    """doc: against `since`, else against the first parent."""
    commit, since = _named(call), call.query("since")
    if since is not None:
        base: pygit2.Commit | None = _resolve(call, since)
    else:
        base = commit.parents[0] if commit.parents else None
    page = call.page().of(changes(call.git, commit, base), present.change)
    return call.reply({"fromHash": str(base.id) if base else None, "toHash": str(commit.id), **page})


@routes.post(API + REPOSITORY + "/commits/{commitId}/watch", permission="REPO_READ", reads_body=False)
async def watch(call: Call) -> web.Response:
    """doc: 204, and no way to read it back."""
    call.node.store.execute(
        "INSERT OR IGNORE INTO watch VALUES (?, ?, ?)", call.user.id, call.repository.id, str(_named(call).id)
    )
    return call.no_content()


@routes.delete(API + REPOSITORY + "/commits/{commitId}/watch", permission="REPO_READ")
async def unwatch(call: Call) -> web.Response:
    call.node.store.execute(
        "DELETE FROM watch WHERE user_id = ? AND repository_id = ? AND commit_id = ?",
        call.user.id, call.repository.id, str(_named(call).id),
    )  # fmt: skip
    return call.no_content()


def _ends(call: Call) -> tuple[pygit2.Commit, pygit2.Commit]:
    """doc: `from` and `to`, each the default branch when it is left out."""
    ends = []
    for name in ("from", "to"):
        text = call.query(name)
        commit = _default(call) if text is None else _resolve(call, text)
        if commit is None:
            raise errors.empty_repository(call.repository.slug)
        ends.append(commit)
    return ends[0], ends[1]


@routes.get(API + REPOSITORY + "/compare/commits", permission="REPO_READ")
async def compare_commits(call: Call) -> web.Response:
    """doc: those reachable from `from` and not from `to`."""
    source, target = _ends(call)
    return call.reply(call.page(COMMITS).of(call.git.log(source, target), lambda each: present.commit(call, each)))


@routes.get(API + REPOSITORY + "/compare/changes", permission="REPO_READ")
async def compare_changes(call: Call) -> web.Response:
    """doc: what `from` has changed that `to` has not: since their common ancestor."""
    source, target = _ends(call)
    ancestor = call.git.merge_base(str(source.id), str(target.id))
    page = call.page().of(changes(call.git, source, ancestor), present.change)
    return call.reply({"fromHash": str(target.id), "toHash": str(source.id), **page})
