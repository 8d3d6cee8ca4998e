# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable of every role is used as declared, whether it arrives as a value or as text.

Runs with the ansible-playbook that BITBUCKET_TEST_ANSIBLE_PLAYBOOK names, one gate for each ansible-core. In a copy of
the collection, each entry point only shows what its tasks would use. Ansible has checked the argument spec by then.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from fleet.found import ROLES
from fleet.roles import TYPED, options
from fleet.test_role_variables import OF_OTHER_HOSTS, converted
from harness.bench import install

#: One run for all of them, of half a minute on a quiet machine.
pytestmark = pytest.mark.timeout(1300)

FORMS = 4
BOOLEANS = {True: ("true", "yes", "on", "1"), False: ("false", "No", "off", "0")}
#: Each entry point of each role with its variables that may arrive as text.
ENTRIES = [
    (role, entry, sorted(name for name, option in taken.items() if option["type"] in TYPED))
    for role in ROLES
    for entry, taken in options(role).items()
]
CASES = [(role, entry, name) for role, entry, names in ENTRIES for name in names]


def kind(role: str, name: str, option: dict[str, Any]) -> str:
    """The type that a variable is used in: the argument spec says raw of mappings and of some lists."""
    return converted(role)[name] if option["type"] == "raw" else str(option["type"])


def sample(kind: str, option: dict[str, Any], first: bool) -> Any:
    """A value of a type; there are two of each."""
    scalars = {"bool": (True, False), "int": (5, 7), "float": (2.5, 3.5)}
    if kind in scalars:
        return scalars[kind][0 if first else 1]
    known = {name: member(each, first) for name, each in option.get("options", {}).items()}
    if kind == "dict":
        return known or {"name": "a" if first else "no", "other": 1}
    return listed(known, option, first)


def listed(known: dict[str, Any], option: dict[str, Any], first: bool) -> list[Any]:
    """A list of mappings, of what may be chosen, or of any text."""
    if known or "mapping" in str(option["description"]).lower():
        return [known or {"project_key": "PLAT", "slug": "api" if first else "1"}]
    if option["type"] == "raw":
        return re.findall(r"V\((\w+)\)", str(option["description"]))[: 2 if first else 1]
    return ["a", "b*"] if first else ["true"]


def member(option: dict[str, Any], first: bool) -> Any:
    return ["a"] if option["type"] == "list" else "/x" if option["type"] == "path" else "y" if first else "z"


def text(value: Any, form: int) -> str:
    """The value as a person or a survey writes it."""
    if isinstance(value, bool):
        return BOOLEANS[value][form]
    if isinstance(value, list) and form == 0 and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if not isinstance(value, (list, dict)):
        return str(value)
    return {1: json.dumps(value), 2: yaml.safe_dump(value, default_flow_style=True)}.get(form) or yaml.safe_dump(value)


def given(role: str, entry: str, first: bool, form: int | None) -> dict[str, Any]:
    """The variables of an entry point, those that may be text in one of its forms, or as they are."""
    values: dict[str, Any] = {}
    for name, option in options(role)[entry].items():
        if option["type"] in TYPED:
            value = sample(kind(role, name, option), option, first)
            values[name] = value if form is None else text(value, form)
        elif option.get("required"):
            values[name] = "x"
    return values


def private(name: str) -> str:
    """What tasks use of a variable."""
    return OF_OTHER_HOSTS.get(name, f"__{name}")


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What tasks use, by role, entry point, which of the two values, and form."""
    directory = tmp_path_factory.mktemp("variables")
    collections = install(directory / "collections")
    roles = collections / "ansible_collections" / "bitbucket" / "datacenter" / "roles"
    for role, entry, names in ENTRIES:
        shown = ", ".join(f"'{name}': {private(name)}" for name in names)
        data = f"{{{{ {{case ~ '__{role}__{entry}': {{{shown}}}}} }}}}"
        show = {"name": "Show", "ansible.builtin.set_stats": {"data": data}}
        (roles / role / "tasks" / f"{entry}.yml").write_text(json.dumps([show]), encoding="utf-8")
    plays = [
        {
            "name": f"{first} {form}",
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {
                    "name": "Run",
                    "ansible.builtin.import_role": {"name": f"bitbucket.datacenter.{role}", "tasks_from": entry},
                    "vars": {**given(role, entry, first, form), "case": f"{first}_{form}"},
                }
                for role, entry, _names in ENTRIES
            ],
        }
        for first in (True, False)
        for form in (None, *range(FORMS))
    ]
    (directory / "plays.yml").write_text(json.dumps(plays), encoding="utf-8")
    (directory / "ansible.cfg").touch()
    own = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [os.environ.get("BITBUCKET_TEST_ANSIBLE_PLAYBOOK", str(own)), "plays.yml"],
        cwd=directory,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
            "ANSIBLE_HOME": str(directory),
            "ANSIBLE_SHOW_CUSTOM_STATS": "true",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "false",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    found: dict[str, dict[str, Any]] = json.loads(re.findall(r"^\s*RUN: (.*)$", done.stdout, re.MULTILINE)[0])
    return found


def test_something_was_found() -> None:
    assert len(CASES) > 50 and {role for role, _entry, _name in CASES} == set(ROLES)


@pytest.mark.parametrize(("role", "entry", "name"), CASES)
def test_a_variable_is_used_as_declared_whatever_way_it_arrives(
    seen: dict[str, dict[str, Any]], role: str, entry: str, name: str
) -> None:
    option = options(role)[entry][name]
    for first in (True, False):
        used = seen[f"{first}_None__{role}__{entry}"][name]
        if name not in OF_OTHER_HOSTS:
            wanted = sample(kind(role, name, option), option, first)
            # before 2.19 a template makes text of a number
            assert used == wanted or (isinstance(wanted, (int, float)) and used == str(wanted))
            assert isinstance(used, bool) == isinstance(wanted, bool)
        for form in range(FORMS):
            assert seen[f"{first}_{form}__{role}__{entry}"][name] == used
