# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Globs over names: ``*`` any text, ``?`` any character, ``[ab]`` and ``[!ab]`` one of some."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from ._errors import InputError

_MAGIC = re.compile(r"[*?[]")
# what stands for some text; a bracket that is not closed stands for itself, and is left out all the same
_WILD = re.compile(r"\[!?\]?[^\]]*\]|[*?[]")
_PROJECT = re.compile(r"~?[A-Za-z0-9_.@*?\[\]!-]+\Z")
_SLUG = re.compile(r"[A-Za-z0-9_.*?\[\]!-]+\Z")


def is_glob(text: str) -> bool:
    """Whether the text is more than a plain name."""
    return _MAGIC.search(text) is not None


def matches(glob: str, name: str, *, ignore_case: bool = False) -> bool:
    """Whether the glob, or plain name, stands for this name, all of it; ``*`` also for ``/``."""
    if ignore_case:
        glob, name = glob.lower(), name.lower()
    return fnmatch.fnmatchcase(name, glob)


def matcher(glob: str) -> t.Callable[[str], t.Any]:
    """``matches`` for many names."""
    return re.compile(fnmatch.translate(glob)).match


def literal(glob: str) -> str:
    """The longest text that stands in every name the glob stands for; empty where there is none."""
    return max(_WILD.split(glob), key=len)


def any_matches(globs: t.Iterable[str], name: str, *, ignore_case: bool = False) -> bool:
    """Whether one of the globs does."""
    return any(matches(glob, name, ignore_case=ignore_case) for glob in globs)


def project_matches(glob: str, project_key: str) -> bool:
    """Whether the glob stands for the project, whatever the case, as for the server.

    A personal project is only meant by a glob that begins with ``~``, as a hidden file by one that begins with a dot.
    """
    return glob.startswith("~") == project_key.startswith("~") and matches(glob, project_key, ignore_case=True)


def project_glob(value: str, option: str = "project_key") -> str:
    """A glob over project keys, returned as it is. Raises InputError."""
    if not _PROJECT.match(value):
        raise InputError(
            f"{option} {value!r} is neither a project key nor a glob over project keys",
            "use the characters of project keys, '*', '?' and '[...]'",
        )
    return value


def slug_glob(value: str, option: str = "repository") -> str:
    """A glob over repository slugs, returned as it is. Raises InputError."""
    if not _SLUG.match(value):
        raise InputError(
            f"{option} {value!r} is neither a repository slug nor a glob over slugs",
            "use the characters of slugs, '*', '?' and '[...]'",
        )
    return value
