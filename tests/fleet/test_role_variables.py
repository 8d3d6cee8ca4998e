# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role variable is converted in one place, and what a role publishes it never reads.

tests/variables proves the conversion by real runs, tests/playbooks/test_artifacts.py the second runs of a workflow.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .found import ROLES, ROOT
from .roles import TYPED, declared, expressions, files, names, options, published, read, tasks, texts, variables

#: Read for each host by hostvars, where no variable of a role is, and made text there, whatever it was.
OF_OTHER_HOSTS = {"rolling_upgrade_node_port": "__rolling_upgrade_references"}
#: Read for each host and converted there again, by what checks them before anything else reads them.
CHECKED_FOR_ALL_HOSTS = {"__rolling_upgrade_relative": {"rolling_upgrade_hooks"}}
CONVERSION = re.compile(r"(\w+) \| bitbucket\.datacenter\.as_type\('(\w+)'\)")


def typed(role: str) -> set[str]:
    return {name for name, option in declared(role).items() if option["type"] in TYPED}


def converted(role: str) -> dict[str, str]:
    """Public variables and the types that vars/main.yml converts them to."""
    found = {}
    for private, value in variables(role).items():
        for name, kind in CONVERSION.findall(value if isinstance(value, str) else ""):
            assert private == f"__{name}", f"{private} converts {name}"
            found[name] = kind
    return found


def test_something_was_found() -> None:
    assert {"rolling_upgrade_keep_drained", "rolling_upgrade_hooks"} <= typed("rolling_upgrade")
    assert {"branch_cleanup_restore_list", "branch_cleanup_summary"} <= published("branch_cleanup")
    assert "branch_provisioning_total_" in published("branch_provisioning")
    assert "a" in names("{{ 'x' if b else hostvars[c].a }}") and "a" not in names("{{ a is defined }}")


@pytest.mark.parametrize("role", ROLES)
def test_what_may_arrive_as_text_is_converted_to_its_declared_type(role: str) -> None:
    conversions = converted(role)
    assert set(conversions) == typed(role) - set(OF_OTHER_HOSTS)
    for name, kind in conversions.items():
        wanted = declared(role)[name]["type"]
        assert kind == wanted or (wanted == "raw" and kind in ("list", "dict")), name


@pytest.mark.parametrize("role", ROLES)
def test_only_the_conversion_reads_what_may_arrive_as_text(role: str) -> None:
    found = {path: {name for text in texts(path) for name in names(text)} for path in files(role)}
    assert {
        str(path.relative_to(ROOT)): sorted(read & typed(role)) for path, read in found.items() if read & typed(role)
    } == {}
    for private, value in variables(role).items():
        if private.endswith("_faults") or private in OF_OTHER_HOSTS.values():
            continue
        used = {name for text in expressions(value) for name in names(text)} & typed(role)
        assert used <= CHECKED_FOR_ALL_HOSTS.get(private, {private[2:]}), private


@pytest.mark.parametrize("role", ROLES)
def test_the_argument_spec_does_not_refuse_text_of_lists_and_mappings(role: str) -> None:
    """Ansible takes no YAML text for a dict, and compares the pieces of a text between commas with the choices."""
    for name, option in declared(role).items():
        assert option["type"] != "dict", name
        assert option["type"] != "list" or (option.get("elements") == "str" and "choices" not in option), name
        assert option["type"] != "raw" or "choices" not in option, name


@pytest.mark.parametrize("role", ROLES)
def test_what_the_spec_leaves_unchecked_is_checked_and_documented(role: str) -> None:
    """The role's own check knows the keys, and the same as the documentation does."""
    raw = {name: option for name, option in declared(role).items() if option["type"] == "raw"}
    members = variables(role).get(f"__{role}_members", {})
    assert set(members) == set(raw)
    for name, member in members.items():
        assert member["type"] == converted(role)[name]
        documented = raw[name].get("options", {})
        assert {key: bool(option.get("required")) for key, option in member.get("options", {}).items()} == {
            key: bool(option.get("required")) for key, option in documented.items()
        }, name
        for key, option in member.get("options", {}).items():
            assert option["type"] == documented[key]["type"], f"{name}.{key}"
            assert option.get("elements") == documented[key].get("elements"), f"{name}.{key}"
        for choice in member.get("choices", []):
            assert f"V({choice})" in str(raw[name]["description"]), f"{name} does not document {choice}"


@pytest.mark.parametrize("role", ROLES)
def test_each_entry_point_checks_its_variables_first(role: str) -> None:
    checks = {name: value for name, value in variables(role).items() if name.endswith("_faults")}
    for entry, taken in options(role).items():
        raw = {name for name, option in taken.items() if option["type"] == "raw"}
        # a report stands in nobody's way, and comes after an entry point that has checked
        if not raw or entry == "report":
            continue
        first = reached(ROOT / "roles" / role / "tasks" / f"{entry}.yml")
        checked = {name for check, value in checks.items() if check in str(first) for name in names(value)}
        assert raw <= checked, entry


def reached(path: Path) -> dict[str, object]:
    """The first task that a file runs, through the files that it begins with."""
    task = next(tasks(read(path)))
    for key in ("ansible.builtin.import_tasks", "ansible.builtin.include_tasks"):
        if key in task:
            return reached(path.parent / task[key])
    return task


@pytest.mark.parametrize("role", ROLES)
def test_what_is_published_is_never_read(role: str) -> None:
    """In a workflow, what an earlier job published is an extra variable, which hides the fact of the same name.

    The argument of another entry point may have such a name: then only its conversion reads it.
    """
    given = published(role)
    found = {path: {name for text in texts(path) for name in names(text)} & given for path in files(role)}
    assert {str(path.relative_to(ROOT)): sorted(read) for path, read in found.items() if read} == {}
    prefixes = {name for name in given if name.endswith("_")}
    for private, value in variables(role).items():
        used = {name for text in expressions(value) for name in names(text)}
        assert used & given - prefixes <= set(declared(role)), private
        assert not [name for name in used - prefixes if name.startswith(tuple(prefixes))], private


@pytest.mark.parametrize("role", ROLES)
def test_an_entry_point_does_not_read_what_it_publishes(role: str) -> None:
    """The conversion of a published name is used by entry points that do not publish it."""
    arguments = published(role) & set(declared(role))
    for name in arguments:
        for entry, taken in options(role).items():
            tasks_of = ROOT / "roles" / role / "tasks"
            publishes = any(
                name in task.get("ansible.builtin.set_fact", {}) or name in str(task.get("ansible.builtin.set_stats"))
                for path in closure(tasks_of / f"{entry}.yml")
                for task in tasks(read(path))
            )
            assert not (publishes and name in taken), f"{entry} publishes its argument {name}"
            if publishes:
                read_here = {
                    each for path in closure(tasks_of / f"{entry}.yml") for text in texts(path) for each in names(text)
                }
                assert f"__{name}" not in through(role, read_here), f"{entry} reads {name}"


def closure(path: Path) -> list[Path]:
    """The file and those that it includes by name."""
    found = [path]
    for task in tasks(read(path)):
        included = task.get("ansible.builtin.include_tasks") or task.get("ansible.builtin.import_tasks")
        if isinstance(included, str) and "{{" not in included:
            found += closure(path.parent / included)
    return found


def through(role: str, used: set[str]) -> set[str]:
    """The names, with those that vars/main.yml reads for them."""
    defined, found = variables(role), set(used)
    while (
        more := {name for each in found & set(defined) for text in expressions(defined[each]) for name in names(text)}
        - found
    ):
        found |= more
    return found
