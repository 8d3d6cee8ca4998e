# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relative paths in every path variable: taken from where ansible-playbook was called, or refused with that word."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import ROOT, Playbooks
from harness.simulator import Simulator

from .conftest import Play

#: Paths on the controller that are taken from where ansible-playbook was called.
FROM_CALL = {"rolling_upgrade_report_dir", "release_notes_dir"}
REFUSED = {
    "branch_cleanup_restore_dir",
    *(
        f"rolling_upgrade_{name}"
        for name in ("install_dir", "home", "staging_dir", "log_file", "haproxy_socket", "lock_dir")
    ),
    *(
        f"rolling_upgrade_hooks.{name}"
        for name in ("pre_upgrade", "pre_node", "drain", "install", "undrain", "post_node", "finalize", "rollback")
    ),
}
NOTES = {"project_key": "PLAT", "repository": "api", "since": "main", "until": "develop"}


def path_variables(options: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, option in options.items():
        if option.get("type") == "path":
            yield prefix + name
        yield from path_variables(option.get("options", {}), f"{prefix}{name}.")


def found() -> set[str]:
    """The path variables of all roles; of a mapping, each of its keys."""
    specs = [yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")]
    entries = [entry for spec in specs for entry in spec["argument_specs"].values()]
    return {name for entry in entries for name in path_variables(entry.get("options", {}))}


def test_every_path_variable_is_one_or_the_other() -> None:
    every = found()
    assert every >= FROM_CALL
    assert every <= FROM_CALL | REFUSED


def test_paths_at_nodes_and_of_hooks_are_refused(play: Play) -> None:
    names = sorted(name for name in found() & REFUSED if name.startswith("rolling_upgrade_"))
    variables: dict[str, Any] = {name: "some/where" for name in names if "." not in name}
    hooks = {name.partition(".")[2]: "some/where.yml" for name in names if "." in name}
    run = play("rolling_restart", "--check", variables={**variables, "rolling_upgrade_hooks": hooks})
    assert run.returncode == 2, run.output
    message = run.failures[0]["msg"]
    assert message.endswith("must be an absolute path: correct it, for example with inventory_dir in front of a hook.")
    assert all(f"{name} of {host}" in message for name in names for host in ("node1", "node2")), message
    assert run.changed == 0


def test_the_directory_of_a_restore_list_is_refused(play: Play) -> None:
    where = {"branch_cleanup_repositories": [{"project_key": "PLAT"}], "branch_cleanup_restore_dir": "./out"}
    run = play("branch_cleanup", variables=where)
    assert run.returncode == 2, run.output
    assert "branch_cleanup_restore_dir ./out is a relative path; nothing was deleted" in run.failures[-1]["msg"]


@pytest.fixture
def called_in(tmp_path: Path) -> Iterator[Path]:
    """A directory in which ansible-playbook is called."""
    former = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(former)


@pytest.mark.parametrize("given", ["out", "./out", "../{name}/out", "{path}/out", "~/out"])
def test_the_directory_of_release_notes(simulator: Simulator, directory: Path, called_in: Path, given: str) -> None:
    (called_in / "out").mkdir()
    where = given.format(name=called_in.name, path=called_in)
    run = Playbooks(directory / "shared" / "ansible", simulator.connection).run(
        "release_notes",
        variables={**{f"release_notes_{name}": value for name, value in NOTES.items()}, "release_notes_dir": where},
        environment={"HOME": str(called_in)},
    )
    assert run.returncode == 0, run.output
    assert len(list((called_in / "out").iterdir())) == 2


def test_the_directory_of_reports_and_the_archive(play: Play, simulator: Simulator, called_in: Path) -> None:
    """The archive is looked at; the report of the failure is written, since the target is not one."""
    (called_in / "out").mkdir()
    archive = simulator.fetch_archive("9.4.22")
    shutil.copy(archive, called_in / "archive.tar.gz")
    variables = {**simulator.archive("9.4.22"), "rolling_upgrade_archive": "archive.tar.gz"}
    run = play("rolling_upgrade_preflight", variables=variables)
    assert run.returncode == 0, run.output
    run = play("rolling_upgrade_finalize", variables={**variables, "rolling_upgrade_report_dir": "./out"})
    assert run.returncode == 2, run.output
    assert {path.suffix for path in (called_in / "out").iterdir()} == {".html", ".json"}
