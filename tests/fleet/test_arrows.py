# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The house: who may import whom, and who may speak to Ansible."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .found import PLUGINS, ROOT

# Floors of module_utils; what is new there must be given one.
FLOORS = {
    **dict.fromkeys(
        (
            *("_errors", "_argspec", "_outcome", "_waiter", "_refs", "_schema", "_fits", "_answer", "_retry", "_glob"),
            *("_branch_name", "_upgrade_plan", "_branch_plan", "_stale", "_upgrade_report", "_upgrade_view"),
            *("_time", "_issue_key", "_text", "_release_gate", "_release_notes", "_node_identity", "_python"),
            *("_given", "_masked"),
        ),
        1,
    ),
    **dict.fromkeys(("_transport", "_redirect", "_identity", "_client", "_crew", "_progress", "_lock"), 2),
    **dict.fromkeys(
        (
            *("_branch", "_branch_model", "_cluster", "_commit", "_connection", "_default_branch", "_repository"),
            *("_account", "_branch_listing", "_project", "_restriction", "_branch_document", "_branch_report"),
            *("_pull_request", "_tag", "_git_ref", "_cluster_goal", "_mesh", "_mirror", "_jira", "_release"),
            *("_jira_issue", "_pull_request_comment", "_cluster_plan", "_branch_guard"),
        ),
        3,
    ),
    **dict.fromkeys(("_branch_set", "_module", "_stale_branches"), 4),
}
# What actions and inventories share.
PLUGIN_UTILS = 5
TOP = 6
# Neighbours on these floors may know each other, as long as no circle comes of it.
SOCIABLE = (1, 2, 3)

FILES = sorted(path for path in PLUGINS.rglob("*.py") if "doc_fragments" not in path.parts)
UTILS = [path for path in FILES if path.parent.name == "module_utils"]


def floor(path: Path) -> int:
    if path.parent.name == "plugin_utils":
        return PLUGIN_UTILS
    return FLOORS[path.stem] if path.parent.name == "module_utils" else TOP


def imports(path: Path, tree: ast.AST | None = None) -> Iterator[str]:
    """The full names that a file imports, wherever in the file; ours as ``plugins.module_utils._refs``."""
    package = ("ansible_collections", "bitbucket", "datacenter", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree or ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            base += (node.module or "").split(".") if node.module else []
            yield from (".".join([*base, alias.name]) for alias in node.names)


def ours(path: Path) -> set[Path]:
    """The files of this collection that a file imports."""
    found = set()
    for name in imports(path):
        if name.startswith("ansible_collections.bitbucket.datacenter."):
            parts = name.split(".")[3:]
            candidates = [ROOT.joinpath(*parts[:length]).with_suffix(".py") for length in (len(parts), len(parts) - 1)]
            existing = [candidate for candidate in candidates if candidate.is_file()]
            assert existing, f"{path.name} imports {name}, which is no file of the collection"
            found.add(existing[0])
    return found


def outside(path: Path) -> set[str]:
    """The top-level packages of others that a file imports."""
    return {name.split(".")[0] for name in imports(path) if not name.startswith("ansible_collections.bitbucket.")}


def called(path: Path) -> set[str]:
    """The names of functions and methods that a file calls, and of classes that it derives from."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    used = [node.func for node in nodes if isinstance(node, ast.Call)]
    used += [base for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases]
    return {getattr(each, "attr", getattr(each, "id", "")) for each in used}


def test_every_util_has_a_floor() -> None:
    assert sorted(FLOORS) == [path.stem for path in UTILS]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_arrows_point_down(path: Path) -> None:
    for imported in ours(path):
        assert imported.parent.name in ("module_utils", "plugin_utils"), f"{path.name} imports {imported.name}"
        allowed = floor(imported) < floor(path) or (floor(imported) == floor(path) and floor(path) in SOCIABLE)
        assert allowed, f"{path.name} on floor {floor(path)} imports {imported.name} on floor {floor(imported)}"


def test_there_is_no_circle() -> None:
    graphlib.TopologicalSorter({path: ours(path) for path in FILES}).prepare()


@pytest.mark.parametrize("path", UTILS, ids=lambda path: path.stem)
def test_only_the_frame_of_modules_knows_ansible(path: Path) -> None:
    assert ("ansible" in outside(path)) == (path.stem == "_module")


@pytest.mark.parametrize("path", [path for path in UTILS if floor(path) == 1], ids=lambda path: path.stem)
def test_the_ground_floor_does_nothing_but_think(path: Path) -> None:
    assert outside(path) <= {
        "__future__",
        "typing",
        "re",
        "time",
        "sys",
        "threading",
        "collections",
        "dataclasses",
        "datetime",
        "difflib",
        "fnmatch",
        "functools",
        "html",
        "ipaddress",
        "importlib",
        "itertools",
        "json",
        "jsonschema",
        "unicodedata",
        "urllib",
    }
    assert not called(path) & {"open", "print", "input", "system", "Popen"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_the_frame_of_modules_ends_a_module(path: Path) -> None:
    endings = called(path) & {"exit_json", "fail_json", "fail_json_aws", "AnsibleModule", "exit", "SystemExit"}
    # the one is the frame, the other ends what even the frame cannot be imported by
    allowed = {"_module": {"AnsibleModule", "exit_json", "fail_json"}, "_python": {"SystemExit"}}
    assert endings == allowed.get(path.stem, set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_the_transport_speaks_to_the_network(path: Path) -> None:
    talkers = {"requests", "urllib3", "http", "socket", "httpx", "aiohttp", "subprocess"}
    assert outside(path) & talkers == ({"requests", "urllib3"} if path.stem == "_transport" else set())


def top_level(path: Path) -> ast.Module:
    """A file less what is imported late, or for the type checker only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = (ast.Import, ast.ImportFrom)
    return ast.Module([statement for statement in tree.body if isinstance(statement, plain)], [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_libraries_that_may_be_missing_are_imported_late(path: Path) -> None:
    early = {name.split(".")[0] for name in imports(path, top_level(path))}
    assert not early & {"requests", "jsonschema", "yaml"}


@pytest.mark.parametrize("path", UTILS, ids=lambda path: path.stem)
def test_a_private_util_says_so(path: Path) -> None:
    assert path.name.startswith("_")
    assert "# Private to this collection: may change at any time." in path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_plugin_knows_the_tests(path: Path) -> None:
    assert not {name for name in imports(path) if "tests" in name.split(".") or "simulator" in name.split(".")}


SIMULATOR = sorted((ROOT / "tests" / "simulator").rglob("*.py"))


@pytest.mark.parametrize("path", SIMULATOR, ids=lambda path: str(path.relative_to(ROOT / "tests" / "simulator")))
def test_the_simulator_knows_nothing_of_the_collection(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"ansible", "ansible_collections", "plugins", "harness", "fleet"}


def test_there_is_a_simulator() -> None:
    assert len(SIMULATOR) > 10


@pytest.mark.parametrize("path", sorted((PLUGINS / "filter").glob("*.py")), ids=lambda path: path.stem)
def test_a_filter_is_cheap_to_load(path: Path) -> None:
    """Ansible loads all filters of a collection for one of them, again in every task that uses one."""
    early = imports(path, top_level(path))
    assert [name for name in early if name.startswith("ansible_collections.") and ".module_utils." in name] == []
