# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of a role read and publish: names in expressions, not in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2 import nodes

from .found import ROOT

#: Keys of a task whose text is an expression without braces.
BARE = ("when", "that", "until", "failed_when", "changed_when")
TYPED = ("bool", "int", "float", "list", "dict", "raw")
_JINJA = jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])


class _Loader(yaml.SafeLoader):
    """Texts with tags of Ansible's are texts."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)


def options(role: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The variables of each entry point, as the argument spec declares them."""
    specs = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return {entry: spec.get("options") or {} for entry, spec in specs.items()}


def declared(role: str) -> dict[str, dict[str, Any]]:
    """The variables of all entry points."""
    return {name: option for entry in options(role).values() for name, option in entry.items()}


def variables(role: str) -> dict[str, Any]:
    """vars/main.yml."""
    found: dict[str, Any] = read(ROOT / "roles" / role / "vars" / "main.yml")
    return found


def files(role: str) -> list[Path]:
    """Everything of a role that holds expressions, but its defaults and vars/main.yml."""
    found = (ROOT / "roles" / role).rglob("*")
    kept = ("tasks", "handlers", "templates", "vars", "files")
    mine = [path for path in found if path.is_file() and path.relative_to(ROOT / "roles" / role).parts[0] in kept]
    return [path for path in mine if path.suffix in (".yml", ".j2") and path.parts[-2:] != ("vars", "main.yml")]


def expressions(value: Any, bare: bool = False) -> Iterator[str]:
    """Every text of a document that Ansible evaluates, as a template."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from expressions(key)
            yield from expressions(each, bare=key in BARE)
    elif isinstance(value, list):
        for each in value:
            yield from expressions(each, bare)
    elif isinstance(value, str):
        yield f"{{{{ {value} }}}}" if bare and "{{" not in value else value


def texts(path: Path) -> list[str]:
    """The templates of a file."""
    return [path.read_text(encoding="utf-8")] if path.suffix == ".j2" else list(expressions(read(path)))


def names(template: str) -> set[str]:
    """What a template reads by name, also as an attribute or by a text; ``x is defined`` does not read x."""
    tree = _JINJA.parse(template)
    asked = {id(test.node) for test in tree.find_all(nodes.Test) if test.name in ("defined", "undefined")}
    found = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load" and id(node) not in asked}
    found |= {node.attr for node in tree.find_all(nodes.Getattr)}
    keys = {id(pair.key) for pair in tree.find_all(nodes.Pair)}
    for constant in tree.find_all(nodes.Const):
        if id(constant) not in keys and isinstance(constant.value, str) and re.fullmatch(r"[\w.]+", constant.value):
            found |= set(constant.value.split("."))
    return found


def published(role: str) -> set[str]:
    """Public names that tasks set as facts or statistics; a prefix where a role computes the names of statistics."""
    found: set[str] = set()
    for path in (ROOT / "roles" / role / "tasks").rglob("*.yml"):
        for task in tasks(read(path)):
            set_fact = task.get("ansible.builtin.set_fact", {})
            data = task.get("ansible.builtin.set_stats", {}).get("data", {})
            found |= {key for each in (set_fact, data) if isinstance(each, dict) for key in each}
            if isinstance(data, str):
                (source,) = names(data)
                found |= {name for name in names(variables(role)[source]) if name.startswith(f"{role}_")}
    return {name for name in found if not name.startswith("__") and name != "cacheable"}


def tasks(listed: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """Every task of a file, those in blocks too."""
    for task in listed or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))
