# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Rules for names that travel in a request, checked before it is made."""

from __future__ import annotations

import re
import typing as t

from ._errors import InputError

HEADS = "refs/heads/"
TAGS = "refs/tags/"
# in bytes: git locks a ref as a file of its last part's name and ".lock", which takes 255 (documented); for the whole
# it leaves room in what the server keeps of a ref, 1024 (assumed)
_LONGEST_PART, _LONGEST_NAME = 250, 1000

_PROJECT_KEY = re.compile(r"(?:[A-Za-z][A-Za-z0-9_-]*|~[A-Za-z0-9_.@-]+)\Z")
_SLUG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\Z")
_NOT_IN_PATH = re.compile(r"[\x00\ud800-\udfff]")
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)\Z")
# the rules of git-check-ref-format for a name below a namespace such as refs/heads, each with its breach in words
_REF_RULES = (
    (re.compile(r"\A\Z"), "it is empty"),
    (re.compile(r"[\x00-\x20\x7f~^:?*\[\\]"), "it contains {!r}"),
    (re.compile(r"\.\.|@\{"), "it contains {!r}"),
    (re.compile(r"\.\Z"), "it ends with '.'"),
    (re.compile(r"[\ud800-\udfff]"), "it contains {!r}, which is no character"),
    (re.compile(r"\A/|/\Z|//"), "it begins or ends with '/', or contains '//'"),
    (re.compile(r"(?:\A|/)\.|\.lock(?:/|\Z)"), "a part of it begins with '.' or ends with '.lock'"),
)


def project_key(value: str) -> str:
    """A project key, or ``~slug`` of a personal one; returned as it is. Raises InputError."""
    if not _PROJECT_KEY.match(value) or ".." in value:
        raise InputError(
            f"project_key {value!r} is not a project key",
            "use letters, digits, '_' and '-' beginning with a letter, or ~ and a user's slug",
        )
    return value


def repository_slug(value: str) -> str:
    """A repository slug, returned as it is. Raises InputError."""
    if not _SLUG.match(value) or ".." in value:
        raise InputError(
            f"repository {value!r} is not a repository slug",
            "use the last part of the repository's address, made of letters, digits, '_', '-' and '.'",
        )
    return value


def branch_name(value: str, option: str = "name") -> str:
    """The branch name without ``refs/heads/``, valid by git's own rules. Raises InputError with the broken rule."""
    return _name(value, HEADS, "branch", option)


def tag_name(value: str, option: str = "name") -> str:
    """The tag name without ``refs/tags/``, valid by git's own rules. Raises InputError with the broken rule."""
    return _name(value, TAGS, "tag", option)


def revision(value: str, option: str = "start_point") -> str:
    """A branch, tag, full ref or commit id, returned as it is. Raises InputError with the broken rule."""
    fault = _ref_fault(value)
    if fault is None and value.startswith("-"):
        fault = "it begins with '-'"
    if fault is not None:
        raise InputError(
            f"{option} {value!r} is neither a ref nor a commit: {fault}", "give a branch, a tag, a full ref or a commit"
        )
    return value


def is_commit_id(value: str) -> bool:
    """Whether the value is a full object id, SHA-1 or SHA-256."""
    return _COMMIT.match(value) is not None


def commit_id(value: str, option: str) -> str:
    """A full commit id, in lower case. Raises InputError."""
    if not is_commit_id(value):
        raise InputError(f"{option} {value!r} is not a full commit id", "give all 40 hexadecimal digits")
    return value.lower()


def file_path(value: str, option: str) -> str:
    """The path of a file or directory in a repository, without a slash at its end. Raises InputError."""
    path = value.removesuffix("/")
    # of a part that is empty or made of dots, the server would make another path, the root among them (assumed)
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise InputError(
            f"{option} {value!r} is not a path in a repository", "write it from the root, without '/' at its begin"
        )
    if _NOT_IN_PATH.search(path):
        raise InputError(f"{option} {value!r} contains what is no character of a path", "correct the value")
    return path


def version(value: str, option: str = "target_version") -> tuple[int, int, int]:
    """A release number ``major.minor.patch`` as three numbers. Raises InputError."""
    match = _VERSION.match(value)
    if match is None:
        raise InputError(f"{option} {value!r} is not a release number", "write it as major.minor.patch, such as 9.4.22")
    return int(match[1]), int(match[2]), int(match[3])


def _name_fault(name: str, namespace: str) -> str | None:
    """What keeps a valid name below a namespace from being that of a branch or a tag, or None."""
    if name.startswith("-"):
        return "it begins with '-'"
    if name in ("HEAD", "@"):
        return "it is reserved by git"
    if name.startswith(namespace):
        # the server would take that for the name without it (assumed)
        return f"it begins with '{namespace}' twice"
    if len(name.encode()) > _LONGEST_NAME:
        return f"it is longer than {_LONGEST_NAME} bytes"
    if any(len(part.encode()) > _LONGEST_PART for part in name.split("/")):
        return f"a part of it is longer than {_LONGEST_PART} bytes"
    return None


def _name(value: str, namespace: str, kind: str, option: str) -> str:
    """The name below its namespace. Raises InputError."""
    name = value.removeprefix(namespace)
    fault = _ref_fault(name) or _name_fault(name, namespace)
    if fault is not None:
        raise InputError(f"{option} {value!r} is not a valid {kind} name: {fault}", "choose a name that git accepts")
    return name


def above(name: str) -> t.Iterator[str]:
    """The names that a branch cannot exist beside because git has them as directories of it: ``a``, ``a/b``."""
    parts = name.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _ref_fault(name: str) -> str | None:
    """How the name breaks a rule of git-check-ref-format, or None."""
    for rule, breach in _REF_RULES:
        found = rule.search(name)
        if found:
            return breach.format(found[0])
    return None
