# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bare repository, read and written in this process; git itself serves clone, fetch and push."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType, ReferenceFilter, RepositoryOpenFlag, SortMode

from simulator.locks import exclusive

HEADS = "refs/heads/"
TAGS = "refs/tags/"
_LONGEST_REF = 4096
_COMMIT_ID = re.compile(r"[0-9a-fA-F]{4,40}")


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
        # To iterate reads every ref first, which a repository with many branches can be spared.
        return (
            self.default_branch() is None
            and next(iter(self.repo.references.iterator(ReferenceFilter.BRANCHES)), None) is None
        )

    def default_branch_name(self) -> str:
        """Where HEAD points, whether that branch exists or not."""
        target = self.repo.references["HEAD"].target
        return str(target).removeprefix(HEADS)

    def default_branch(self) -> Branch | None:
        return self.branch(self.default_branch_name())

    def commit(self, commit_id: str) -> pygit2.Commit | None:
        """The commit by its full or unambiguous short id."""
        if not _COMMIT_ID.fullmatch(commit_id):
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
                    return self._peel(reference)
        return self.commit(name)

    @staticmethod
    def _peel(reference: pygit2.Reference) -> pygit2.Commit | None:
        """None for a HEAD that points to a branch that is not there."""
        try:
            return reference.peel(pygit2.Commit)
        except KeyError:
            return None

    def _reference(self, name: str) -> pygit2.Reference | None:
        try:
            return self.repo.references.get(name)
        except (ValueError, pygit2.GitError):
            return None

    def log(
        self, until: pygit2.Commit, since: pygit2.Commit | None = None, merges: str = "include"
    ) -> Iterator[pygit2.Commit]:
        """Newest first, but no commit before one that is based on it."""
        walker = self.repo.walk(until.id, SortMode.TOPOLOGICAL | SortMode.TIME)
        if since is not None:
            walker.hide(since.id)
        for commit in walker:
            if merges == "exclude" and len(commit.parents) > 1:
                continue
            if merges == "only" and len(commit.parents) < 2:
                continue
            yield commit

    def ahead_behind(self, tip: str, base: str) -> tuple[int, int]:
        return self.repo.ahead_behind(pygit2.Oid(hex=tip), pygit2.Oid(hex=base))

    def history(self, tips: Iterable[str]) -> Iterator[pygit2.Commit]:
        """Newest first: all that the full ids lead to."""
        walker = self.repo.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME)
        for tip in tips:
            walker.push(pygit2.Oid(hex=tip))
        yield from walker

    def between(self, tip: str, base: str) -> Iterator[pygit2.Commit]:
        """Newest first: reachable from `tip` and not from `base`, both full ids."""
        return self.log(self.repo[tip].peel(pygit2.Commit), self.repo[base].peel(pygit2.Commit))

    def merge_base(self, one: str, other: str) -> pygit2.Commit | None:
        found = self.repo.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=other))
        return None if found is None else self.commit(str(found))

    def contains(self, tip: str, commit: pygit2.Commit) -> bool:
        return tip == str(commit.id) or self.repo.descendant_of(pygit2.Oid(hex=tip), commit.id)

    # --- writing: one writer per repository at a time, over all nodes ---

    @contextmanager
    def writing(self, ref: str = "") -> Iterator[None]:
        """Hold the repository for a change of this ref, after what a killed writer left has been removed.

        The kernel drops this lock with its holder, git's own lock files stay. So this lock's file has the ref
        that is being changed: if it has one when it is taken, its last holder was killed.
        """
        with exclusive(self.path / "rest.lock") as journal:
            if unfinished := os.pread(journal, _LONGEST_REF, 0).decode():
                for name in (unfinished, "packed-refs"):
                    (self.path / f"{name}.lock").unlink(missing_ok=True)
                os.ftruncate(journal, 0)
            os.pwrite(journal, ref.encode(), 0)
            try:
                yield
            finally:
                os.ftruncate(journal, 0)

    def create_branch(self, name: str, commit: pygit2.Commit) -> Branch:
        with self.writing(HEADS + name):
            try:
                self.repo.references.create(HEADS + name, commit.id, force=False)
            except (ValueError, OSError, pygit2.GitError):
                # It refuses both without saying which; the listing tells, and is only needed now.
                self._check_free(name)
                raise
        return Branch(name, str(commit.id))

    def _check_free(self, name: str) -> None:
        for branch in self.branches():
            if branch.name == name:
                raise RefExistsError(name)
            if branch.name.startswith(name + "/") or name.startswith(branch.name + "/"):
                raise RefOverlapsError(branch.name)

    def delete_branch(self, name: str, tip: str) -> None:
        with self.writing(HEADS + name):
            reference = self._reference(HEADS + name)
            if reference is None:
                return
            if str(reference.target) != tip:
                raise RefMovedError(name)
            reference.delete()

    def move_branch(self, name: str, old: str, new: str) -> None:
        """From one full commit id to another; RefMovedError when it is elsewhere by now."""
        with self.writing(HEADS + name):
            reference = self._reference(HEADS + name)
            if reference is None or str(reference.target) != old:
                raise RefMovedError(name)
            reference.set_target(pygit2.Oid(hex=new))

    def keep(self, ref: str, commit_id: str) -> None:
        """Let a ref outside of branches and tags hold the commit."""
        with self.writing(ref):
            self.repo.references.create(ref, pygit2.Oid(hex=commit_id), force=True)

    def create_tag(
        self, name: str, commit: pygit2.Commit, tagger: pygit2.Signature, message: str | None, force: bool = False
    ) -> None:
        """Annotated with a message, lightweight without; RefExistsError when it is there and `force` is not set."""
        with self.writing(TAGS + name):
            for other, _target, _commit in self.tags():
                if other.startswith(name + "/") or name.startswith(other + "/"):
                    raise RefOverlapsError(other)
            if self._reference(TAGS + name) is not None:
                if not force:
                    raise RefExistsError(name)
                self.repo.references.delete(TAGS + name)
            if message is None:
                self.repo.references.create(TAGS + name, commit.id)
            else:
                self.repo.create_tag(name, commit.id, ObjectType.COMMIT, tagger, message + "\n")

    def delete_tag(self, name: str) -> None:
        with self.writing(TAGS + name):
            self.repo.references.delete(TAGS + name)

    def set_default_branch(self, name: str) -> None:
        with self.writing("HEAD"):
            self.repo.set_head(HEADS + name)


def is_valid_branch_name(name: str) -> bool:
    return bool(name) and not name.startswith("-") and name != "HEAD" and pygit2.reference_is_valid_name(HEADS + name)
