# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bare repository, read and written in this process; git itself serves clone, fetch and push."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import ReferenceFilter, RepositoryOpenFlag, SortMode

from simulator.locks import exclusive

HEADS = "refs/heads/"
TAGS = "refs/tags/"


class RefExistsError(Exception):
    """The branch is there already."""


class RefOverlapsError(Exception):
    """`a` against `a/b`: git cannot hold both; the argument names the other one."""


class RefMovedError(Exception):
    """The tip is not the expected one."""


@dataclass(frozen=True)
class Branch:
    name: str
    tip: str

    @property
    def ref(self) -> str:
        return HEADS + self.name


class GitRepository:
    """Opened for one request; holds nothing across requests, so every node sees the same truth."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo = pygit2.Repository(str(path), RepositoryOpenFlag.BARE | RepositoryOpenFlag.NO_SEARCH)

    @staticmethod
    def create(path: Path, default_branch: str) -> GitRepository:
        pygit2.init_repository(str(path), bare=True, initial_head=default_branch)
        return GitRepository(path)

    # --- reading ---

    def branches(self) -> list[Branch]:
        return [
            Branch(reference.name.removeprefix(HEADS), str(reference.target))
            for reference in self.repo.references.iterator(ReferenceFilter.BRANCHES)
        ]

    def tags(self) -> list[tuple[str, str, str]]:
        """(name, id of the tag object or the commit, commit) of every tag."""
        return [
            (
                reference.name.removeprefix(TAGS),
                str(reference.target),
                str(reference.peel(pygit2.Commit).id),
            )
            for reference in self.repo.references.iterator(ReferenceFilter.TAGS)
        ]

    def branch(self, name: str) -> Branch | None:
        reference = self._reference(HEADS + name)
        return None if reference is None else Branch(name, str(reference.target))

    def is_empty(self) -> bool:
        return next(iter(self.repo.references.iterator(ReferenceFilter.BRANCHES)), None) is None

    def default_branch_name(self) -> str:
        """Where HEAD points, whether that branch exists or not."""
        target = self.repo.references["HEAD"].target
        return str(target).removeprefix(HEADS)

    def default_branch(self) -> Branch | None:
        return self.branch(self.default_branch_name())

    def commit(self, commit_id: str) -> pygit2.Commit | None:
        """The commit by its full or unambiguous short id."""
        if not 4 <= len(commit_id) <= 40 or not all(char in "0123456789abcdefABCDEF" for char in commit_id):
            return None
        try:
            found = self.repo.get(commit_id)
        except (ValueError, KeyError):
            return None
        return found if isinstance(found, pygit2.Commit) else None

    def resolve(self, name: str) -> pygit2.Commit | None:
        """A full ref, a branch, a tag or a commit id, in this order."""
        for candidate in (name, HEADS + name, TAGS + name):
            if candidate.startswith("refs/") or candidate == "HEAD":
                reference = self._reference(candidate)
                if reference is not None:
                    return reference.peel(pygit2.Commit)
        return self.commit(name)

    def _reference(self, name: str) -> pygit2.Reference | None:
        try:
            return self.repo.references.get(name)
        except (ValueError, pygit2.GitError):
            return None

    def log(
        self, until: pygit2.Commit, since: pygit2.Commit | None = None, path: str | None = None, merges: str = "include"
    ) -> Iterator[pygit2.Commit]:
        """Newest first; only commits that changed `path` when one is given."""
        walker = self.repo.walk(until.id, SortMode.TOPOLOGICAL | SortMode.TIME)
        if since is not None:
            walker.hide(since.id)
        for commit in walker:
            if merges == "exclude" and len(commit.parents) > 1:
                continue
            if merges == "only" and len(commit.parents) < 2:
                continue
            if path is None or _touches(commit, path):
                yield commit

    def ahead_behind(self, tip: str, base: str) -> tuple[int, int]:
        return self.repo.ahead_behind(pygit2.Oid(hex=tip), pygit2.Oid(hex=base))

    def contains(self, tip: str, commit: pygit2.Commit) -> bool:
        return tip == str(commit.id) or self.repo.descendant_of(pygit2.Oid(hex=tip), commit.id)

    # --- writing: one writer per repository at a time, over all nodes ---

    def create_branch(self, name: str, commit: pygit2.Commit) -> Branch:
        with exclusive(self.path / "rest.lock"):
            for branch in self.branches():
                if branch.name == name:
                    raise RefExistsError(name)
                if branch.name.startswith(name + "/") or name.startswith(branch.name + "/"):
                    raise RefOverlapsError(branch.name)
            self.repo.references.create(HEADS + name, commit.id, force=False)
        return Branch(name, str(commit.id))

    def delete_branch(self, name: str, tip: str) -> None:
        with exclusive(self.path / "rest.lock"):
            reference = self._reference(HEADS + name)
            if reference is None:
                return
            if str(reference.target) != tip:
                raise RefMovedError(name)
            reference.delete()

    def set_default_branch(self, name: str) -> None:
        self.repo.set_head(HEADS + name)


def is_valid_branch_name(name: str) -> bool:
    return bool(name) and not name.startswith("-") and name != "HEAD" and pygit2.reference_is_valid_name(HEADS + name)


def _touches(commit: pygit2.Commit, path: str) -> bool:
    here = _entry(commit, path)
    if not commit.parents:
        return here is not None
    return all(_entry(parent, path) != here for parent in commit.parents)


def _entry(commit: pygit2.Commit, path: str) -> str | None:
    try:
        return str(commit.tree[path].id)
    except KeyError:
        return None
