# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables as ``-e name=value`` and surveys give them, all as text. tests/variables feeds every one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.simulator import Simulator

from .conftest import Play
from .upgrade import Upgrade

RULE = {"project_key": "PLAT", "repository": "api", "branches": [{"name": "by-text", "start_point": "main"}]}


def document(name: str) -> dict[str, Any]:
    return {"repositories": [{**RULE, "branches": [{"name": name, "start_point": "main"}]}]}


@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump], ids=["JSON", "YAML"])
def test_provisioning(simulator: Simulator, play: Play, dump: Any) -> None:
    name = f"by-text/{dump.__name__}"
    run = play(
        "branch_provisioning",
        variables={
            "branch_provisioning_document": dump(document(name)),
            "branch_provisioning_show": "false",
            "branch_provisioning_concurrency": "2",
        },
    )
    assert run.returncode == 0, run.output
    assert f"refs/heads/{name}" in simulator.refs()["PLAT/api"]
    assert not run.messages("Show the result")


def test_clean_up(simulator: Simulator, play: Play, directory: Path) -> None:
    run = play(
        "branch_cleanup",
        "--check",
        variables={
            "branch_cleanup_repositories": yaml.safe_dump([{"project_key": "PLAT", "repository": "a*"}]),
            "branch_cleanup_restore_dir": str(directory),
            "branch_cleanup_most": "5",
            "branch_cleanup_show": "no",
            "branch_cleanup_types": "FEATURE, BUGFIX",
            "branch_cleanup_globs": '["no-such-branch"]',
        },
    )
    assert run.returncode == 0, run.output
    assert not run.messages("Show what is stale")


@pytest.mark.parametrize(
    ("playbook", "variables", "said"),
    [
        (
            "branch_provisioning",
            {"branch_provisioning_document": "[1]"},
            "branch_provisioning_document is not a mapping",
        ),
        ("branch_cleanup", {"branch_cleanup_types": "FEATURE, NONE"}, "branch_cleanup_types[1] is 'NONE'"),
        ("branch_restore", {"branch_cleanup_restore_list": "- name: x"}, "restore_list[0] has no project_key"),
        ("release_notes", {"release_notes_formats": "pdf"}, "release_notes_formats[0] is 'pdf'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    play: Play, directory: Path, playbook: str, variables: dict[str, str], said: str
) -> None:
    required = {
        "branch_cleanup_repositories": "- project_key: PLAT",
        "branch_cleanup_restore_dir": str(directory),
        **{f"release_notes_{name}": "PLAT" for name in ("project_key", "repository", "since", "until")},
    }
    run = play(playbook, variables={**required, **variables})
    assert run.returncode != 0, run.output
    (failure,) = run.failures
    assert said in failure["msg"] and "\n" not in failure["msg"]


def test_restart(own_simulator: Simulator, directory: Path) -> None:
    """``not "false"`` is false: every node stayed drained."""
    upgrade = Upgrade(own_simulator, directory / "test_text")
    run = upgrade.play("rolling_restart", rolling_upgrade_keep_drained="false", rolling_upgrade_wait_timeout="120")
    assert run.returncode == 0, run.output
    upgrade.assert_at(upgrade.original)
