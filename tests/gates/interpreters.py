# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds Python interpreters that can make a virtual environment, whatever way they came onto the machine."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: Every version that a gate may ask for, oldest first.
VERSIONS = tuple(f"3.{minor}" for minor in range(9, 15))


def _candidates(version: str) -> Iterator[Path]:
    """Yields the files that might be this version: all of PATH, not only the first, then what pyenv keeps."""
    for directory in os.get_exec_path():
        yield Path(directory, f"python{version}")
    yield from sorted(_pyenv_versions().glob(f"{version}.*/bin/python{version}"), reverse=True)


@functools.cache
def _pyenv_versions() -> Path:
    """The directory of pyenv's versions; one that does not exist where there is no pyenv."""
    if not shutil.which("pyenv"):
        return Path(os.devnull, "versions")
    answer = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
    return Path(answer.stdout.strip(), "versions")


def _resolve(path: Path, version: str) -> Path | None:
    """Returns the interpreter behind path if it is this version and carries venv and ensurepip, else None.

    Debian splits ensurepip off. A shim of pyenv exists, may be executed, and fails unless its version was activated;
    and it stands in a directory of shims that fail, so what counts is where the interpreter itself is.
    """
    program = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2], sys.base_prefix)"
    if not os.access(path, os.X_OK):
        return None
    answer = subprocess.run([path, "-c", program], capture_output=True, text=True, check=False)
    actual = answer.stdout.strip().split(" ", 1)
    resolved = Path(actual[-1], "bin", f"python{version}")
    return resolved if actual[0] == version and resolved.exists() else None


@functools.cache
def find(version: str) -> Path | None:
    """Returns a working interpreter of this version such as 3.12, or None."""
    return next(filter(None, (_resolve(path, version) for path in _candidates(version))), None)


def between(oldest: str, newest: str) -> tuple[str, ...]:
    """Returns the versions in this closed range, oldest first."""
    return VERSIONS[VERSIONS.index(oldest) : VERSIONS.index(newest) + 1]


def found(oldest: str, newest: str) -> list[str]:
    """Returns the versions in this closed range of which there is an interpreter, oldest first."""
    return [version for version in between(oldest, newest) if find(version)]


def search_path() -> str:
    """Returns PATH with the working interpreters in front, for tools that look for pythonX.Y by name."""
    places = [path.parent for version in VERSIONS if (path := find(version))]
    return os.pathsep.join([*dict.fromkeys(map(str, places)), os.environ["PATH"]])
