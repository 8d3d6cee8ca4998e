# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a Python that is too old, every module ends with one sentence, and not with an exception."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .found import COLLECTION, PLUGINS

MODULES = sorted((PLUGINS / "modules").glob("*.py"))
GUARD = PLUGINS / "module_utils" / "_python.py"
# what targets may have that some supported ansible-core still reaches; 2.7 cannot read f-strings
OLD = ("3.6", "3.7", "3.8")
SENTENCE = (
    "The modules of bitbucket.datacenter need Python 3.9 or newer, but {} is Python {}; set ansible_python_interpreter"
    " to the path of a newer one."
)
_AS_OLD = """
import runpy, sys
sys.version_info = (3, 8, 18, "final", 0)
runpy.run_module(sys.argv[1], run_name="__main__")
"""


def interpreters(version: str) -> Iterator[Path]:
    yield from (Path(each, f"python{version}") for each in os.get_exec_path())
    yield from sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))


def found(version: str) -> Path | None:
    """An interpreter that runs: a shim of pyenv is there and may not."""
    for path in interpreters(version):
        if path.exists() and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    return None


def result(interpreter: str | Path, *arguments: str, path: Path) -> str:
    """The message of the module, which must end with one result, and say nothing else."""
    ended = subprocess.run(
        [interpreter, *arguments],
        env={**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (1, ""), ended
    said = json.loads(ended.stdout)
    assert said["failed"] is True
    assert (said["error"]["type"], said["error"]["retryable"]) == ("input", False)
    return str(said["msg"])


@pytest.mark.parametrize("path", [*MODULES, GUARD], ids=lambda path: path.stem)
def test_old_pythons_can_read_it(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    # no future import: 3.6 does not know the one for annotations
    assert futures == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_else_is_imported_before_it_is_asked(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    first = next(number for number, node in enumerate(body) if isinstance(node, ast.Import | ast.ImportFrom))
    assert [ast.unparse(node) for node in body[first : first + 2]] == [
        "from ..module_utils._python import require",
        "require()",
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_python_that_calls_itself_old_is_refused(path: Path, collections: Path) -> None:
    name = f"ansible_collections.{COLLECTION}.plugins.modules.{path.stem}"
    message = result(sys.executable, "-c", _AS_OLD, name, path=collections)
    assert message == SENTENCE.format(sys.executable, "3.8.18")


@pytest.mark.parametrize("version", OLD)
def test_a_python_that_is_old_is_refused(version: str, collections: Path, tmp_path: Path) -> None:
    interpreter = found(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version}")
    # as AnsiballZ lays it out: what is imported, and no more
    shutil.copytree(collections / "ansible_collections", tmp_path / "ansible_collections")
    for path in MODULES:
        name = f"ansible_collections.{COLLECTION}.plugins.modules.{path.stem}"
        message = result(interpreter, "-m", name, path=tmp_path)
        assert message.startswith("The modules of bitbucket.datacenter need Python 3.9 or newer, but ")
        assert f" is Python {version}." in message
