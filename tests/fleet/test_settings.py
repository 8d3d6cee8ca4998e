# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's own configuration could change is said by playbooks and roles themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .found import COLLECTION, PLAYBOOKS, ROLES, ROOT

#: Actions that are done on the controller, or that only name other tasks.
OF_CONTROLLER = {
    f"ansible.builtin.{name}"
    for name in (
        *("add_host", "assert", "debug", "fail", "group_by", "set_fact", "set_stats"),
        *("import_playbook", "import_role", "import_tasks", "include_role", "include_tasks", "include_vars", "meta"),
    )
}
#: The module of ours that works on the disks of nodes.
OF_NODES = f"{COLLECTION}.cluster_lock"
FILES = sorted((ROOT / "playbooks").rglob("*.yml"))
GUARD = ROOT / "playbooks" / "guard" / "hosts.yml"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_play_names_what_the_configuration_could_change(path: Path) -> None:
    for play in read(path):
        if "hosts" in play:
            assert play["strategy"] == "ansible.builtin.linear", play["name"]
            assert play["gather_facts"] is False, play["name"]
            assert play["become"] is False, play["name"]
            # no limit: task_timeout would end waits and installations
            assert play["timeout"] == 0, play["name"]
            assert "any_errors_fatal" in play, play["name"]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_begins_with_the_check_for_hosts(playbook: str) -> None:
    path = ROOT / "playbooks" / f"{playbook}.yml"
    first, *others = read(path)
    imported = (path.parent / first["ansible.builtin.import_playbook"]).resolve()
    if imported != GUARD:
        # it consists of others, which begin with the check themselves
        for each in (first, *others):
            (found,) = (ROOT / "playbooks").glob(each["ansible.builtin.import_playbook"])
            assert found.stem in PLAYBOOKS
        return
    assert first["vars"]["guard_variable"] in first["vars"]["guard_pattern"]
    # an upgrade without some nodes would take their absence for a node that is down
    assert first["vars"]["guard_whole"] is (first["vars"]["guard_variable"] == "rolling_upgrade_hosts")
    patterns = {play["hosts"] for play in others if play["hosts"] != "rolling_upgrade_queue"}
    assert patterns == {first["vars"]["guard_pattern"]}


Inherited = Mapping[str, Any]
Site = tuple[str, dict[str, Any], Inherited]


def action_of(task: Mapping[str, Any]) -> str:
    """The full name of a task's action."""
    if "action" in task:
        return str(task["action"])
    (name,) = (key for key in task if "." in key)
    return name


def tasks_of(path: Path, inherited: Inherited) -> Iterator[Site]:
    """Every task that a file runs, also in blocks and in files that it includes, with what it inherits."""
    yield from _tasks(path, read(path) or [], inherited)


def _tasks(path: Path, tasks: list[dict[str, Any]], inherited: Inherited) -> Iterator[Site]:
    for task in tasks:
        mine = {
            **inherited,
            **{key: value for key, value in task.items() if key in ("become", "become_user")},
            **{key: value for key, value in task.get("vars", {}).items() if key.startswith("ansible_become")},
        }
        if "block" in task:
            for part in ("block", "rescue", "always"):
                yield from _tasks(path, task.get(part, []), mine)
            continue
        yield str(path.relative_to(ROOT)), task, mine
        if action_of(task) in ("ansible.builtin.include_tasks", "ansible.builtin.import_tasks"):
            for file in included(path, task[action_of(task)]):
                yield from tasks_of(file, mine)


def included(path: Path, named: Any) -> list[Path]:
    """The files of the role that a task may include: all that a template matches, its default where it is a hook."""
    name = named["file"] if isinstance(named, dict) else named
    pattern = re.sub(r"\{\{.*?\}\}", "*", name)
    if pattern == "*":
        return [path.parent / default for default in re.findall(r"'(\w+\.yml)'", name)]
    balancer = path.parents[[each.name for each in path.parents].index("tasks")] / "balancer"
    found = sorted(balancer.glob(pattern)) if pattern.startswith("*/") else sorted(path.parent.glob(pattern))
    assert found, f"{path} includes {named}, which is no file"
    return [each.resolve() for each in found]


def entry_points(role: str) -> list[Path]:
    """The files that are included from nowhere else: entry points, and what drains and undrains."""
    directory = ROOT / "roles" / role
    specified = read(directory / "meta" / "argument_specs.yml")["argument_specs"]
    return [directory / "tasks" / f"{name}.yml" for name in specified] + sorted(
        path for path in directory.glob("tasks/balancer/*/*drain.yml")
    )


@pytest.mark.parametrize("role", ROLES)
def test_every_task_at_a_host_says_who_does_it(role: str) -> None:
    """By the keyword, and by the variable, which wins over the keyword where somebody sets it for all hosts."""
    seen = 0
    for entry in entry_points(role):
        for path, task, mine in tasks_of(entry, {}):
            if action_of(task) in OF_CONTROLLER:
                continue
            seen += 1
            where = f"{path}: {task['name']}"
            assert "become" in mine and "ansible_become" in mine, where
            keyword, variable = (re.sub("__", "", str(mine[key])) for key in ("become", "ansible_become"))
            assert keyword == variable, where
            if mine["become"] is not False:
                assert mine["ansible_become_user"] == mine.get("become_user", "root"), where
            at_api = action_of(task).startswith(f"{COLLECTION}.") and action_of(task) != OF_NODES
            at_api = at_api or task.get("delegate_to") == "localhost"
            assert not at_api or mine["become"] is False, where
    assert seen


@pytest.mark.parametrize("role", ROLES)
def test_every_task_file_was_looked_at(role: str) -> None:
    reached = {path for entry in entry_points(role) for path, _task, _mine in tasks_of(entry, {})}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "roles" / role / "tasks").rglob("*.yml")}
    assert files == reached
