# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between commits, and how the commits of one line get into another: diffs and merges by git."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, FileMode

from simulator.gitrepo import GitRepository

_TYPES = {
    DeltaStatus.ADDED: "ADD",
    DeltaStatus.DELETED: "DELETE",
    DeltaStatus.RENAMED: "MOVE",
    DeltaStatus.COPIED: "COPY",
}


class MergeConflictError(Exception):
    """The two sides change the same place."""


@dataclass(frozen=True)
class Change:
    """One file: `type` is ADD, COPY, DELETE, MODIFY or MOVE, as the API names it."""

    type: str
    path: str
    source: str | None
    content_id: str
    from_content_id: str
    executable: bool
    similarity: int


def changes(git: GitRepository, new: pygit2.Commit, old: pygit2.Commit | None) -> Iterator[Change]:
    """From `old` (an empty tree when None) to `new`, with renames found as git finds them."""
    diff = new.tree.diff_to_tree(swap=True) if old is None else old.tree.diff_to_tree(new.tree)
    diff.find_similar()
    for delta in diff.deltas:
        moved = delta.status in (DeltaStatus.RENAMED, DeltaStatus.COPIED)
        yield Change(
            _TYPES.get(delta.status, "MODIFY"),
            delta.new_file.path,
            delta.old_file.path if moved else None,
            str(delta.new_file.id),
            str(delta.old_file.id),
            delta.new_file.mode == FileMode.BLOB_EXECUTABLE,
            delta.similarity if moved else -1,
        )


def touching(
    path: Path, until: pygit2.Commit, since: pygit2.Commit | None, file: str, merges: str = "include", *, follow: bool
) -> list[str]:
    """Ids of the commits that changed the file or directory, newest first; with ``follow`` under whichever name it had.

    Which these are in a history with merges, and what a rename is, git itself says (assumed: the server asks it, too).
    """
    options = {"exclude": ["--no-merges"], "only": ["--merges"]}.get(merges, [])
    options += ["--follow"] if follow else []
    said = subprocess.run(
        ["git", "--literal-pathspecs", "log", "--date-order", "--format=%H", *options, str(until.id),
         *([f"^{since.id}"] if since else []), "--", file],
        cwd=path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return said.stdout.split()


def merge(git: GitRepository, target: str, source: str, signature: pygit2.Signature, message: str) -> pygit2.Oid:
    """A merge commit with both tips (full ids) as parents; no ref is moved. MergeConflictError."""
    index = git.repo.merge_commits(pygit2.Oid(hex=target), pygit2.Oid(hex=source))
    if index.conflicts is not None:
        raise MergeConflictError
    tree = index.write_tree(git.repo)
    return git.repo.create_commit(
        None, signature, signature, message + "\n", tree, [pygit2.Oid(hex=target), pygit2.Oid(hex=source)]
    )
