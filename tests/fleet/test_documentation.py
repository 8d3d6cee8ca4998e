# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module and filter is documented, listed, and has an integration target."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .found import (
    ACTIONS,
    ALL_MODULES,
    COLLECTION,
    FILTERS,
    INVENTORIES,
    LOCAL_MODULES,
    MODULES,
    ROLES,
    ROOT,
    constant,
    documented,
)

RETURNING = [("modules", name) for name in ALL_MODULES] + [("filter", name) for name in FILTERS]
PLUGINS = RETURNING + [("inventory", name) for name in INVENTORIES]


def test_something_was_found() -> None:
    assert len(MODULES) >= 7 and len(FILTERS) >= 2 and len(INVENTORIES) >= 1


def test_the_action_group_lists_every_module_that_connects_and_nothing_else() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert sorted(runtime["action_groups"]) == ["bitbucket"]
    listed = runtime["action_groups"]["bitbucket"]
    assert listed == sorted(listed)
    assert listed == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_that_it_is_in_the_group_and_how_it_connects(module: str) -> None:
    fragments = documented("modules", module, "DOCUMENTATION")["extends_documentation_fragment"]
    assert {f"{COLLECTION}.connection", f"{COLLECTION}.attributes"} <= set(fragments)
    assert f"{COLLECTION}.attributes.reads" in fragments or "check_mode" in documented(
        "modules", module, "DOCUMENTATION"
    ).get("attributes", {})


@pytest.mark.parametrize("module", LOCAL_MODULES)
def test_a_module_that_connects_to_nothing_takes_nothing_for_it(module: str) -> None:
    fragments = documented("modules", module, "DOCUMENTATION")["extends_documentation_fragment"]
    assert fragments == [f"{COLLECTION}.attributes.local"]
    assert not set(_options(documented("modules", module, "DOCUMENTATION"))) & {"url", "token", "username", "password"}


def test_what_says_how_far_it_is_has_an_action_that_shows_it() -> None:
    told = {module: documented("modules", module, "DOCUMENTATION") for module in MODULES}
    fragment = f"{COLLECTION}.progress"
    shown = [module for module in told if fragment in told[module]["extends_documentation_fragment"]]
    # the other one knows which runs of the controller go on
    assert sorted([*shown, "cluster_lock"]) == ACTIONS


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_a_plugin_is_documented_under_its_own_name(kind: str, name: str) -> None:
    told = documented(kind, name, "DOCUMENTATION")
    assert told["module" if kind == "modules" else "name"] == name
    assert told["short_description"] and told["description"] and told["version_added"] and told["author"]


_LISTS = ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always")


def _tasks(examples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks of examples, those in plays and blocks too."""
    found = []
    for item in examples:
        inner = [item[part] for part in _LISTS if part in item]
        found += _tasks([task for part in inner for task in part]) if inner else [item]
    return found


# every other key of a task is the name of what it runs
_KEYWORDS = {
    "name", "register", "vars", "when", "loop", "loop_control", "delegate_to", "environment", "until", "retries",
    "delay", "become", "run_once", "module_defaults", "no_log", "changed_when", "failed_when", "check_mode", "diff",
}  # fmt: skip


@pytest.mark.parametrize("module", ALL_MODULES)
def test_examples_are_tasks_with_full_names_and_begin_with_the_module(module: str) -> None:
    tasks = _tasks(documented("modules", module, "EXAMPLES"))
    used = [key for task in tasks for key in task if key not in _KEYWORDS]
    assert len(used) == len(tasks) and all(task.get("name") for task in tasks)
    assert used[0] == f"{COLLECTION}.{module}"
    for key in used:
        assert key.count(".") == 2, f"{key} is no full name"


@pytest.mark.parametrize("module", ALL_MODULES)
def test_examples_use_options_that_exist(module: str) -> None:
    told = documented("modules", module, "DOCUMENTATION")
    known = _options(told)
    for task in _tasks(documented("modules", module, "EXAMPLES")):
        assert set(task.get(f"{COLLECTION}.{module}") or {}) <= known


def _options(told: dict[str, Any]) -> set[str]:
    """The options that are documented, in fragments of this collection too."""
    known = set(told.get("options", {}))
    for fragment in told["extends_documentation_fragment"]:
        if not fragment.startswith(f"{COLLECTION}."):
            continue
        _namespace, _collection, name, *section = fragment.split(".")
        path = ROOT / "plugins" / "doc_fragments" / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        known |= set(_fragment(text, (section or ["DOCUMENTATION"])[0].upper())["options"])
    return known


def _fragment(text: str, section: str) -> dict[str, Any]:
    part = text.split(f'    {section} = r"""', 1)[1].split('"""', 1)[0]
    read: dict[str, Any] = yaml.safe_load(part)
    return read


# of ansible-core's own fragments
_CONSTRUCTED = {"strict", "compose", "groups", "keyed_groups", "use_extra_vars", "leading_separator"}
_CACHED = {"cache", "cache_plugin", "cache_timeout", "cache_connection", "cache_prefix"}


@pytest.mark.parametrize("name", INVENTORIES)
def test_examples_of_an_inventory_are_files_of_it_with_options_that_exist(name: str) -> None:
    told = documented("inventory", name, "DOCUMENTATION")
    fragments = set(told["extends_documentation_fragment"])
    assert {"constructed", f"{COLLECTION}.connection", f"{COLLECTION}.connection.plugins"} <= fragments
    cached = _CACHED if "inventory_cache" in fragments else set()
    text = constant(ROOT / "plugins" / "inventory" / f"{name}.py", "EXAMPLES")
    files = list(yaml.safe_load_all(text or ""))
    assert files
    for each in files:
        assert each["plugin"] == f"{COLLECTION}.{name}"
        assert set(each) <= _options(told) | _CONSTRUCTED | cached


def test_plugins_read_the_environment_of_the_modules(collections: Path) -> None:
    text = (ROOT / "plugins" / "doc_fragments" / "connection.py").read_text(encoding="utf-8")
    told = _fragment(text, "PLUGINS")["options"]
    sys.path.insert(0, str(collections))
    argspec = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.module_utils._argspec")
    assert {name: [each["name"] for each in option["env"]] for name, option in told.items()} == {
        name: [variable] for name, variable in argspec.ENVIRONMENT.items()
    }
    assert set(_fragment(text, "DOCUMENTATION")["options"]) == set(argspec.CONNECTION)


@pytest.mark.parametrize("filter_name", FILTERS)
def test_examples_of_a_filter_use_its_full_name(filter_name: str) -> None:
    text = constant(ROOT / "plugins" / "filter" / f"{filter_name}.py", "EXAMPLES")
    assert text and f"{COLLECTION}.{filter_name}" in text


def _returned(values: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, value in values.items():
        found.append((f"{path}{name}", value))
        found += _returned(value.get("contains", {}), f"{path}{name}.")
    return found


@pytest.mark.parametrize(("kind", "name"), RETURNING)
def test_return_values_are_typed_with_samples(kind: str, name: str) -> None:
    values = _returned(documented(kind, name, "RETURN"))
    assert values
    for path, value in values:
        assert value["description"] and value["type"], path
        assert "sample" in value or "contains" in value, f"{path} has no sample"
        assert value["type"] != "list" or value.get("elements"), f"{path} does not say what it lists"
        assert path == path.lower() and path.split(".")[-1] not in ("values", "keys", "items"), path


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_has_an_integration_target(name: str) -> None:
    tasks = (ROOT / "tests" / "integration" / "targets" / f"filter_{name}" / "tasks" / "main.yml").read_text("utf-8")
    assert f"{COLLECTION}.{name}" in tasks


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_has_an_integration_target(name: str) -> None:
    tasks = (ROOT / "tests" / "integration" / "targets" / f"inventory_{name}" / "tasks").glob("*.yml")
    assert any(f"{COLLECTION}.{name}" in path.read_text("utf-8") for path in tasks)


@pytest.mark.parametrize("module", ALL_MODULES)
def test_a_module_has_an_integration_target(module: str) -> None:
    # ansible-test would take a target of a role's name for that role
    name = f"module_{module}" if module in ROLES else module
    target = ROOT / "tests" / "integration" / "targets" / name
    assert (target / "aliases").is_file()
    tasks = list((target / "tasks").glob("*.yml"))
    assert (target / "tasks" / "main.yml") in tasks
    assert any(f"{COLLECTION}.{module}:" in path.read_text(encoding="utf-8") for path in tasks)


# -- what people read of it ------------------------------------------------------------------------------------------


def _specs(role: str) -> dict[str, Any]:
    path = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    return found


def _titles() -> list[tuple[str, str]]:
    """Every short description: of plugins of all kinds, and of each entry point of each role."""
    found = [
        (f"{kind}/{path.stem}", documented(kind, path.stem, "DOCUMENTATION")["short_description"])
        for kind in ("modules", "filter", "inventory")
        for path in sorted((ROOT / "plugins" / kind).glob("*.py"))
    ]
    for role in ROLES:
        found += [(f"{role} {entry}", spec["short_description"]) for entry, spec in _specs(role).items()]
    return found


#: ansible-doc -l cuts a title there where the window has 80 columns; a role's name has a line of its own.
LONGEST_TITLE = 60


@pytest.mark.parametrize(("where", "title"), _titles(), ids=[where for where, _title in _titles()])
def test_a_title_says_in_a_list_what_the_thing_does(where: str, title: str) -> None:
    """A capital, no full stop, no markup, one line that is not cut; of a role an imperative: what it does."""
    assert title[0].isupper() and not title.endswith(".")
    assert not re.search(r"\b[CIBMULROVE]+\(", title)
    assert len(title) <= LONGEST_TITLE
    if " " in where:
        assert not re.match(r"\w+s\b", title), "in the third person"


def test_titles_are_different() -> None:
    titles = [title for _where, title in _titles()]
    assert len(set(titles)) == len(titles)


def _documents() -> list[tuple[str, str]]:
    """Every text of documentation: of plugins, of fragments, of roles."""
    found = []
    for kind in ("modules", "filter", "inventory"):
        for path in sorted((ROOT / "plugins" / kind).glob("*.py")):
            parts = [constant(path, name) or "" for name in ("DOCUMENTATION", "RETURN")]
            found.append((f"{kind}/{path.stem}", "\n".join(parts)))
    others = [*(ROOT / "plugins" / "doc_fragments").glob("*.py"), *(ROOT / "roles").glob("*/meta/argument_specs.yml")]
    return found + [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in sorted(others)]


@pytest.mark.parametrize(("where", "text"), _documents(), ids=[where for where, _text in _documents()])
def test_only_semantic_markup_escapes(where: str, text: str) -> None:
    """C(), I(), B() and the like end at the first parenthesis, and show a backslash as it is."""
    assert not re.findall(r"\b[CIBMUP]\([^)]*\\\)", text)


# -- libraries -------------------------------------------------------------------------------------------------------


def test_the_libraries_are_told_everywhere_with_their_oldest_versions() -> None:
    """Where ansible-builder looks for them, in the documentation of every module, and in the README."""
    told = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    lines = (ROOT / told["dependencies"]["python"]).read_text(encoding="utf-8").splitlines()
    libraries = [line for line in lines if line and not line.startswith("#")]
    assert [line.partition(">=")[0] for line in libraries] == ["requests", "jsonschema"]
    fragment = _fragment((ROOT / "plugins" / "doc_fragments" / "connection.py").read_text("utf-8"), "DOCUMENTATION")
    documented_libraries = [f"{' '.join(each.split('>='))} or newer" for each in libraries]
    assert [each for each in fragment["requirements"] if "Python" not in each] == documented_libraries
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"'{each}'" in readme for each in libraries)


def test_the_collection_carries_its_requirements(collections: Path) -> None:
    root = collections / "ansible_collections" / COLLECTION.replace(".", "/")
    assert (root / "meta" / "execution-environment.yml").is_file() and (root / "requirements.txt").is_file()
