# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role runs the hooks that it accepts and that its page lists. Its blocks are rescued on every host."""

from __future__ import annotations

import re

import pytest

from .found import ROLES, ROOT
from .roles import declared, expressions, files, read, tasks, variables

ROLE = ROOT / "roles" / "rolling_upgrade"


def used() -> set[str]:
    """The hooks that tasks and vars/main.yml name."""
    texts = [path.read_text(encoding="utf-8") for path in files("rolling_upgrade") if path.suffix == ".yml"]
    texts += expressions(variables("rolling_upgrade"))
    named = {name for text in texts for name in re.findall(r"__rolling_upgrade_hooks\.(\w+)", text)}
    # by the goal, between these two
    return named | set(re.findall(r"'(\w+)'", variables("rolling_upgrade")["__rolling_upgrade_install_hook"])[::2])


def test_the_hooks_of_the_tasks_the_spec_the_check_and_the_page_are_the_same() -> None:
    specified = set(declared("rolling_upgrade")["rolling_upgrade_hooks"]["options"])
    page = (ROLE / "README.md").read_text(encoding="utf-8").split("## Hooks", 1)[1].split("\n## ", 1)[0]
    checked = set(variables("rolling_upgrade")["__rolling_upgrade_members"]["rolling_upgrade_hooks"]["options"])
    assert {"drain", "rollback"} <= specified
    assert used() == specified == checked == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))


@pytest.mark.parametrize("role", ROLES)
def test_no_block_that_is_run_once_is_rescued(role: str) -> None:
    """Ansible rescues one host of such a block, and fails all others."""
    found = [task for path in (ROOT / "roles" / role / "tasks").rglob("*.yml") for task in tasks(read(path))]
    assert found
    assert not [task["name"] for task in found if task.get("rescue") and task.get("run_once")]
