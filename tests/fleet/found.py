# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to be tested: read from the disk, so that nothing new is left out."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
COLLECTION = "bitbucket.datacenter"


def names(directory: str, pattern: str = "*.py") -> list[str]:
    """The stems of what lies in a directory below plugins, sorted."""
    return sorted(path.stem for path in (PLUGINS / directory).glob(pattern) if path.stem != "__init__")


ALL_MODULES = names("modules")
FILTERS = names("filter")
INVENTORIES = names("inventory")
ACTIONS = names("action")
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))


def constant(path: Path, name: str) -> str | None:
    """A string that a file assigns to a name at its top level, or None."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            return str(ast.literal_eval(statement.value))
    return None


def documented(kind: str, name: str, part: str) -> Any:
    """DOCUMENTATION, EXAMPLES or RETURN of a plugin, read; None where it is missing."""
    text = constant(PLUGINS / kind / f"{name}.py", part)
    return None if text is None else yaml.safe_load(text)


def _connects(module: str) -> bool:
    return (
        f"{COLLECTION}.connection" in documented("modules", module, "DOCUMENTATION")["extends_documentation_fragment"]
    )


#: Those that send requests to a server, and those that act on the host that they run on.
MODULES = [module for module in ALL_MODULES if _connects(module)]
LOCAL_MODULES = [module for module in ALL_MODULES if module not in MODULES]


def only_reads(module: str) -> bool:
    """Whether a module says by its documentation that it never writes."""
    fragments = documented("modules", module, "DOCUMENTATION")["extends_documentation_fragment"]
    return f"{COLLECTION}.attributes.reads" in fragments


#: Options of a cluster for the proofs. Its nodes have names, because the arguments of scenarios are written before
#: anybody knows addresses.
TWO_NODES = ("--nodes", "2", "--start-up-seconds", "0.2", "--node-names", "unique")
