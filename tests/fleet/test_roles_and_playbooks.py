# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role says what it takes, and every playbook can be called by its full name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .found import COLLECTION, PLAYBOOKS, ROLES, ROOT


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_something_was_found() -> None:
    assert {"branch_provisioning", "rolling_upgrade"} <= set(ROLES) & set(PLAYBOOKS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_specifies_every_entry_point(role: str) -> None:
    """A task file that no entry point is named after is for the role's other task files only."""
    specified = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    files = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "roles" / role / "tasks").glob("*.yml")}
    assert set(specified) <= set(files)
    included = {name for name in files if any(f"_tasks: {name}.yml" in text for text in files.values())}
    assert set(files) - set(specified) <= included
    for entry in specified.values():
        assert entry["short_description"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_s_variables_carry_its_name(role: str) -> None:
    specified = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    options = {name for entry in specified.values() for name in entry.get("options", {})}
    defaults = read(ROOT / "roles" / role / "defaults" / "main.yml") or {}
    internal = ROOT / "roles" / role / "vars" / "main.yml"
    assert all(name.startswith(f"{role}_") for name in options | set(defaults))
    assert all(name.startswith(f"__{role}_") for name in (read(internal) if internal.exists() else {}))
    assert set(defaults) <= options, "a default that no entry point takes"


@pytest.mark.parametrize("role", ROLES)
def test_a_default_is_documented_as_it_is(role: str) -> None:
    defaults = read(ROOT / "roles" / role / "defaults" / "main.yml") or {}
    for entry in read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"].values():
        for name, option in entry.get("options", {}).items():
            assert option["description"] and option["type"], name
            assert not (option.get("required") and name in defaults), f"{name} is required and has a default"
            if "default" in option and not isinstance(defaults.get(name), str):
                assert option["default"] == defaults.get(name), name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_told_of(role: str) -> None:
    told = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    specified = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    for name in {name for entry in specified.values() for name in entry.get("options", {})}:
        assert name in told, f"{name} is not in the README"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_carries_no_connection(role: str) -> None:
    for path in (ROOT / "roles" / role).rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert "BITBUCKET_PASSWORD" not in text and "BITBUCKET_TOKEN" not in text, path


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_takes_its_hosts_and_its_connection_from_variables(playbook: str) -> None:
    plays = read(ROOT / "playbooks" / f"{playbook}.yml")
    assert plays
    for play in (play for play in plays if "hosts" in play):
        assert play["name"]
        assert "{{" in play["hosts"] or play["hosts"] in ("localhost", "rolling_upgrade_queue"), play["hosts"]
        assert f"group/{COLLECTION}.bitbucket" in play.get("module_defaults", {}), play["name"]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_is_found_by_its_full_name(playbook: str, collections: Path, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").touch()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "--syntax-check", f"{COLLECTION}.{playbook}"],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
            "ANSIBLE_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(f"/playbooks/{playbook}.yml")
