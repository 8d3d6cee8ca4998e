# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the collection where ansible-test and its friends accept it, with a home directory of its own.

ansible-test insists on a real directory .../ansible_collections/bitbucket/datacenter, keeps virtual environments in
the home directory, and hands no variable of the environment to pip. So each gate gets a directory below .build/gates
with the copy, and a home with pip's configuration and a stand-in for the download of pip.
"""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import interpreters

ROOT = Path(__file__).parents[2]
GATES = ROOT / ".build" / "gates"


def _run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Runs a command that must succeed, returns its standard output."""
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


class Workspace:
    """The directory of one gate: collections, home, results."""

    def __init__(self, gate: str) -> None:
        self.root = GATES / gate
        self.home = self.root / "home"
        self.collection = self.root / "ansible_collections" / "bitbucket" / "datacenter"
        self.output = self.collection / "tests" / "output"

    def copy_collection(self) -> Path:
        """Copies every file that git has or would take, and returns the directory.

        What ansible-test keeps in tests/output stays: the virtual environments there are good for the next run.
        The copy is a repository of its own, else ansible-test would find the clone around it, which ignores .build.
        """
        self.collection.mkdir(parents=True, exist_ok=True)
        _run("git", "init", "--quiet", cwd=self.collection)
        _run("git", "clean", "-ffdxq", "--exclude=/tests/output/", cwd=self.collection)
        shutil.rmtree(self.output / "junit", ignore_errors=True)
        # CI may check out as one user and test as another, which git refuses for a directory that it was not told of.
        for name in _run("git", "-c", f"safe.directory={ROOT}", "ls-files", "-coz", "--exclude-standard").split("\0"):
            source, target = ROOT / name, self.collection / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target, follow_symlinks=False)
        return self.collection

    def prepare_home(self, ansible_test: Path) -> dict[str, str]:
        """Makes the home directory and returns the environment to run this ansible-test with.

        ansible_test: the installed package ansible_test, which knows the version of pip it will ask for.
        """
        self._write_pip_configuration()
        source = (ansible_test / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
        for version in re.findall(r"\bpip='([\d.]+)'", source):
            cached = self.home / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
            cached.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(__file__).with_name("get_pip.py"), cached)
        return {"HOME": str(self.home), "PATH": interpreters.search_path()}

    def _write_pip_configuration(self) -> None:
        """Writes down what pip is told here by files and by variables, the place of its cache for one."""
        written = configparser.ConfigParser(interpolation=None)
        written.read_dict({"global": {}, "install": {"no-compile": "true"}})  # most of it is never imported
        for line in _run(sys.executable, "-m", "pip", "config", "list").splitlines():
            name, value = line.split("=", 1)
            section, option = name.rsplit(".", 1)
            section = "global" if section == ":env:" else section
            written.setdefault(section, {})[option] = ast.literal_eval(value)
        written["global"]["quiet"] = "1"
        target = self.home / ".config" / "pip" / "pip.conf"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=0o600)  # the address of an index may carry a password
        with target.open("w", encoding="utf-8") as file:
            written.write(file)
