# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits, and watching one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.api import Api
from conformance.sandbox import ISSUE, Repository, git

claim = pytest.mark.claim


def ids(api: Api, repository: Repository, **params: str) -> list[str]:
    return [commit["id"] for commit in api.values(f"{repository.rest}/commits", "commit_page", **params)]


@claim("`until` names the newest commit, by branch, ref or id; newest first", evidence="doc")
def test_until(api: Api, repository: Repository) -> None:
    newest_first = repository.commits[::-1]
    for until in (repository.base, f"refs/heads/{repository.base}", repository.tip):
        assert ids(api, repository, until=until) == newest_first
    assert ids(api, repository, until=repository.commits[0]) == repository.commits[:1]


@claim("`since` leaves out what it reaches", evidence="doc")
def test_since(api: Api, repository: Repository) -> None:
    assert ids(api, repository, until=repository.topic, since=repository.base) == [repository.topic_commit]
    assert ids(api, repository, until=repository.tip, since=repository.commits[0]) == repository.commits[:0:-1]


@claim("`path` chooses the commits that changed a file or directory", evidence="doc")
@pytest.mark.parametrize("path", ["docs/guide.md", "docs"])
def test_path(api: Api, repository: Repository, path: str) -> None:
    assert ids(api, repository, until=repository.base, path=path) == [repository.commits[1]]


@claim("`followRenames` goes on where a file had another name before", evidence="doc")
def test_follow_renames(api: Api, repository: Repository) -> None:
    branch = repository.name()
    git("checkout", "--quiet", "-B", "renamed", "base", cwd=repository.work)
    git("mv", "docs/guide.md", "docs/manual.md", cwd=repository.work)
    git("commit", "--quiet", "--message", "Rename", cwd=repository.work)
    repository.push(f"renamed:refs/heads/{branch}")
    plain = ids(api, repository, until=branch, path="docs/manual.md")
    followed = ids(api, repository, until=branch, path="docs/manual.md", followRenames="true")
    assert len(plain) == 1
    assert followed == [*plain, repository.commits[1]]


@claim("`merges` includes, excludes or chooses merge commits", evidence="doc")
def test_merges(api: Api, repository: Repository) -> None:
    branch = repository.name()
    git("checkout", "--quiet", "-B", "merged", "base", cwd=repository.work)
    git("merge", "--quiet", "--no-ff", "--message", "Merge", "topic", cwd=repository.work)
    merge = git("rev-parse", "HEAD", cwd=repository.work).stdout.strip()
    repository.push(f"merged:refs/heads/{branch}")
    assert ids(api, repository, until=branch, since=repository.base, merges="only") == [merge]
    assert ids(api, repository, until=branch, since=repository.base, merges="exclude") == [repository.topic_commit]
    both = ids(api, repository, until=branch, since=repository.base, merges="include")
    assert set(both) == {merge, repository.topic_commit}


@claim("`ignoreMissing` makes an unknown ref an empty list", evidence="doc")
def test_ignore_missing(api: Api, repository: Repository) -> None:
    assert ids(api, repository, until="refs/heads/nowhere", ignoreMissing="true") == []


@claim("`withCounts` adds totalCount and authorCount", evidence="doc")
def test_counts(api: Api, repository: Repository) -> None:
    page = api.get(f"{repository.rest}/commits?until={repository.tip}&withCounts=true", schema="commit_page").json
    assert (page["totalCount"], page["authorCount"]) == (3, 1)


@claim("A ref that does not exist is 404 NoSuchCommitException", evidence="doc")
def test_bad_ref(api: Api, repository: Repository) -> None:
    answer = api.get(f"{repository.rest}/commits?until=refs/heads/nowhere", status=404)
    assert answer.exception == "NoSuchCommitException"


@claim("The commits of an empty repository are 404 NoDefaultBranchException", evidence="seen")
def test_of_empty(api: Api, new_repository: Callable[..., Repository]) -> None:
    answer = api.get(f"{new_repository(empty=True).rest}/commits", status=404)
    assert answer.exception == "NoDefaultBranchException"
    assert answer.message.startswith("No default branch is defined") or answer.message.endswith(
        " is set as the default branch, but this branch does not exist"
    )


@claim("Where the default branch does not exist, commits are 404 NoDefaultBranchException", evidence="seen")
@claim("Those of a branch that exists are listed all the same", evidence="assumed")
def test_without_default_branch(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    api.put(f"{repository.rest}/default-branch", {"id": "refs/heads/nowhere"}, status=204)
    assert api.get(f"{repository.rest}/commits", status=404).exception == "NoDefaultBranchException"
    assert ids(api, repository, until=f"refs/heads/{repository.base}")[0] == repository.tip


@claim("A commit is 200, an unknown one 404", evidence="doc")
def test_one(api: Api, repository: Repository) -> None:
    shown = api.get(f"{repository.rest}/commits/{repository.tip}", schema="commit").json
    assert shown["id"] == repository.tip
    assert [parent["id"] for parent in shown["parents"]] == [repository.commits[1]]
    api.get(f"{repository.rest}/commits/{'0123456789' * 4}", status=404)


@claim('Jira keys of the message are in properties["jira-key"]', evidence="doc")
@pytest.mark.needs("jira")
def test_jira_keys(api: Api, repository: Repository) -> None:
    shown = api.get(f"{repository.rest}/commits/{repository.tip}", schema="commit").json
    assert set(shown["properties"]["jira-key"]) == {ISSUE, "CONFORM-2"}


@claim("A commit is watched and not watched any more with 204 and no body", evidence="doc")
def test_watch(api: Api, repository: Repository) -> None:
    path = f"{repository.rest}/commits/{repository.tip}/watch"
    for _attempt in range(2):
        assert api.post(path, status=204).text == ""
    for _attempt in range(2):
        assert api.delete(path, status=204).text == ""


@claim("There is no way to read back who watches a commit", evidence="doc")
def test_watch_is_write_only(api: Api, repository: Repository) -> None:
    api.get(f"{repository.rest}/commits/{repository.tip}/watch", status=(404, 405), refusal="unrouted")


@claim("Watching an unknown commit is refused with 404", evidence="assumed")
def test_watch_unknown(api: Api, repository: Repository) -> None:
    api.post(f"{repository.rest}/commits/{'0123456789' * 4}/watch", status=404)
