# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that send no request promise, on real runs of each, as on a node that has nothing but Python."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .found import COLLECTION, LOCAL_MODULES
from .modules import Result

ALICE = {"run": "alice", "host": "ctl1", "user": "alice"}
BOB = {"run": "bob", "host": "ctl2", "user": "bob"}


@dataclasses.dataclass(frozen=True)
class Case:
    """A run that changes something after the runs with the options of ``before``; ``given`` differs in a prediction."""

    module: str
    before: tuple[dict[str, Any], ...]
    options: dict[str, Any]
    given: tuple[str, ...]


_GIVEN = ("id", "taken_at", "renewed_at", "age")
CASES = [
    Case("cluster_lock", (), {"holder": ALICE, "purpose": "tests"}, _GIVEN),
    Case("cluster_lock", ({"holder": BOB},), {"holder": ALICE, "take_over": True, "settle": 0}, _GIVEN),
    Case("cluster_lock", ({"holder": ALICE},), {"holder": ALICE, "state": "free"}, _GIVEN),
]

# no module of others, as on a node that has nothing but Python
_BARE = """
import importlib.abc, runpy, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("requests", "urllib3", "jsonschema", "yaml"):
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
runpy.run_module(sys.argv.pop(), run_name="__main__", alter_sys=True)
"""


def run(collections: Path, module: str, options: dict[str, Any], *, check: bool = False) -> Result:
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
    done = subprocess.run(
        [sys.executable, "-c", _BARE, f"ansible_collections.{COLLECTION}.plugins.modules.{module}"],
        env={"PYTHONPATH": str(collections)},
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    result: Result = json.loads(done.stdout)
    return result


def steady(value: Any, given: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: steady(inner, given) for key, inner in value.items() if key not in (*given, "invocation")}
    return value


def content(directory: Path) -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in directory.rglob("*") if path.is_file()}


def test_every_local_module_has_a_case() -> None:
    assert {case.module for case in CASES} == set(LOCAL_MODULES)


@pytest.mark.parametrize("case", CASES)
def test_check_mode_predicts_and_the_second_run_changes_nothing(case: Case, tmp_path: Path, collections: Path) -> None:
    place = {"path": str(tmp_path / "place")}
    for options in case.before:
        assert not run(collections, case.module, {**place, **options}).get("failed")
    options = {**place, **case.options}
    before = content(tmp_path)

    predicted = run(collections, case.module, options, check=True)
    assert content(tmp_path) == before
    real = run(collections, case.module, options)
    assert steady(predicted, case.given) == steady(real, case.given)
    assert real["changed"] is True and real["diff"]["before"] != real["diff"]["after"]

    after = content(tmp_path)
    assert after != before
    for check in (True, False):
        again = run(collections, case.module, options, check=check)
        assert again["changed"] is False and again["diff"]["before"] == again["diff"]["after"]
        assert content(tmp_path) == after


@pytest.mark.parametrize(
    ("options", "kind", "cause"),
    [
        ({"path": "relative", "holder": ALICE}, "input", "path is relative, which is not an absolute path"),
        ({"path": "/dev/null/lock", "holder": ALICE}, "input", "The lock /dev/null/lock cannot be used"),
        ({"path": "{}/lock"}, "input", "holder.run is not set"),
        ({"path": "{}/held", "holder": ALICE}, "locked", "is held by bob@ctl2 since "),
        ({"path": "{}/held", "holder": ALICE, "renew": True}, "locked", "is now held by bob@ctl2 since "),
        ({"path": "{}/free", "holder": ALICE, "renew": True}, "locked", "is not held by this run any more"),
    ],
)
def test_a_lock_is_refused_in_one_sentence(
    options: dict[str, Any], kind: str, cause: str, tmp_path: Path, collections: Path
) -> None:
    run(collections, "cluster_lock", {"path": str(tmp_path / "held"), "holder": BOB})
    before = content(tmp_path)
    given = {**options, "path": options["path"].format(tmp_path)}
    for check in (True, False):
        result = run(collections, "cluster_lock", given, check=check)
        assert result.get("failed") is True, result
        assert result["error"]["type"] == kind
        message = result["msg"]
        assert cause in message and "; " in message and message.endswith(".") and "\n" not in message
        assert content(tmp_path) == before
