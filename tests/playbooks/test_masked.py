# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A password that is part of what roles decide by: Ansible masks it in results, and no role may read the mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.playbook import Playbooks, Run
from harness.simulator import Simulator

Play = Callable[..., Run]
STALE = "stale/to-be-masked"
REPOSITORY = {"project_key": "PLAT", "repository": "api"}


@pytest.fixture
def play_with(simulator: Simulator, directory: Path) -> Iterator[Play]:
    """Runs a playbook after the administrator's password was changed to the given one; afterwards it is as before."""
    name, former = simulator.administrator
    inventory = simulator.write_inventory(directory / "masked.yml")
    branches = "/rest/branch-utils/latest/projects/PLAT/repos/api/branches"
    simulator.api("POST", branches, {"name": STALE, "startPoint": "main"})
    before = simulator.snapshot()

    def play(password: str, playbook: str, **variables: object) -> Run:
        simulator.at_control("PUT", f"/users/{name}", {"password": password})
        playbooks = Playbooks(directory / "masked", {**simulator.connection, "BITBUCKET_PASSWORD": password})
        return playbooks.run(playbook, "--inventory", str(inventory), variables=variables)

    yield play
    simulator.at_control("PUT", f"/users/{name}", {"password": former, "failed_logins": 0})
    assert simulator.snapshot() == before
    simulator.api("DELETE", branches, {"name": f"refs/heads/{STALE}", "dryRun": False})


# a host; parts of an action, of a phase, of a state and of a version
@pytest.mark.parametrize("password", ["node1", "grade_no", "finaliz", "TABLE", "9.4."])
def test_a_plan_is_not_read_through_a_mask(play_with: Play, simulator: Simulator, password: str) -> None:
    run = play_with(password, "rolling_upgrade_begin", **simulator.archive("9.4.22"))
    assert run.returncode == 2, run.output
    assert "A secret of the connection is part of" in run.output
    assert run.changed == 0


def test_no_branch_is_deleted_through_a_mask(play_with: Play, simulator: Simulator, directory: Path) -> None:
    stale = {"branch_cleanup_repositories": [REPOSITORY], "branch_cleanup_restore_dir": str(directory)}
    every = {"branch_cleanup_merged": False, "branch_cleanup_older_than_days": 0, "branch_cleanup_globs": [STALE]}
    run = play_with("to-be-masked", "branch_cleanup", **stale, **every)
    assert run.returncode == 2, run.output
    assert "A secret of the connection is part of" in run.output
    assert run.changed == 0


@pytest.mark.parametrize("password", ["deleted", "chang"])
def test_no_outcome_is_read_through_a_mask(play_with: Play, password: str) -> None:
    rule = {**REPOSITORY, "branches": [{"name": "masked/outcome", "start_point": "main"}]}
    run = play_with(password, "branch_provisioning", branch_provisioning_document={"repositories": [rule]})
    assert run.returncode == 2, run.output
    assert "A secret of the connection is part of" in run.output
    assert run.changed == 0
