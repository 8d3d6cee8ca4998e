# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seed document's commits, branches and tags as real git objects: the same ids for the same document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
from pygit2.enums import FileMode, ObjectType

from simulator.gitrepo import HEADS, TAGS, GitRepository

_FIRST_COMMIT = 1_704_096_000  # 2024-01-01 08:00 UTC
_BETWEEN_COMMITS = 3600


@dataclass(frozen=True)
class Author:
    name: str
    email: str


def build_repository(path: Path, repository: dict[str, Any], authors: dict[str, Author]) -> GitRepository:
    """Make the bare repository; `repository` is the checked part of a seed document."""
    branches = repository.get("branches", [])
    default = repository.get("default_branch", branches[0]["name"] if branches else "main")
    git = GitRepository.create(path, default)
    _Builder(git, authors).build(branches, repository.get("tags", []))
    return git


class _Builder:
    def __init__(self, git: GitRepository, authors: dict[str, Author]) -> None:
        self._git = git
        self._repo = git.repo
        self._authors = authors
        self._clock = _FIRST_COMMIT

    def build(self, branches: list[dict[str, Any]], tags: list[dict[str, Any]]) -> None:
        for branch in branches:
            tip: pygit2.Oid | None = None
            if branch is not branches[0]:
                tip = self._commit_of(branch.get("start_point", branches[0]["name"])).id
            for commit in branch.get("commits", []):
                tip = self._commit(tip, commit)
            if tip is None:
                raise ValueError(f"branch '{branch['name']}' has neither commits nor a start point")
            self._repo.references.create(HEADS + branch["name"], tip)
        for tag in tags:
            target = self._commit_of(tag["target"])
            if "message" in tag:
                tagger = self._signature(next(iter(self._authors)))
                self._repo.create_tag(tag["name"], target.id, ObjectType.COMMIT, tagger, tag["message"] + "\n")
            else:
                self._repo.references.create(TAGS + tag["name"], target.id)

    def _commit_of(self, name: str) -> pygit2.Commit:
        commit = self._git.resolve(name)
        if commit is None:
            raise ValueError(f"there is no branch, tag or commit '{name}' yet")
        return commit

    def _signature(self, name: str) -> pygit2.Signature:
        author = self._authors.get(name, Author(name, f"{name}@example.com"))
        return pygit2.Signature(author.name, author.email, self._clock, 0)

    def _commit(self, parent: pygit2.Oid | None, commit: dict[str, Any]) -> pygit2.Oid:
        self._clock += _BETWEEN_COMMITS
        index = pygit2.Index()
        parents = []
        if parent is not None:
            parents.append(parent)
            index.read_tree(self._repo[parent].tree)
        merged = commit.get("merge", [])
        parents += [self._commit_of(name).id for name in ([merged] if isinstance(merged, str) else merged)]
        files = commit.get("files") or {"CHANGES": f"{commit['message']}\n{self._clock}\n"}
        for path, content in files.items():
            if content is None:
                index.remove(path)
            else:
                index.add(pygit2.IndexEntry(path, self._repo.create_blob(content.encode()), FileMode.BLOB))
        author = self._signature(commit.get("author", next(iter(self._authors))))
        return self._repo.create_commit(
            None, author, author, commit["message"] + "\n", index.write_tree(self._repo), parents
        )
