# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module of projects and repositories, in a personal project and its repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.simulator import TESTS, running

from .conftest import WORK
from .found import MODULES, documented, only_reads
from .modules import Fleet, steady, unforeseen
from .proofs.jira import ISSUE

PROJECT = {"project_key": "~developer"}
HERE = {**PROJECT, "repository": "dotfiles"}
FIRST = {"name": "main", "commits": [{"message": "First commit", "files": {"README.md": "dotfiles\n"}}]}
NEXT = {"name": "next", "start_point": "main", "commits": [{"message": "PLAT-8 More", "files": {"more.md": "more\n"}}]}
BRANCHES = [FIRST, {"name": "develop"}, NEXT]
COMMENT = {"author": "developer", "text": "Why?"}
REVIEW = {"title": "More", "author": "developer", "from": "next", "to": "main", "comments": [COMMENT]}

OPTIONS: dict[str, dict[str, Any]] = {
    "branch": {**HERE, "name": "feature/one", "start_point": "main"},
    "branch_info": {**HERE, "details": True},
    "branch_model": {**HERE, "production": {"name": "main"}},
    "branch_model_info": HERE,
    "branch_restriction": {**HERE, "type": "no-deletes", "matcher": {"type": "BRANCH", "id": "main"}},
    "branch_restriction_info": HERE,
    "branches": {"branches": [{**HERE, "name": "feature/two", "start_point": "main"}]},
    "commit_info": HERE,
    "commit_watch": {**HERE, "commit": "main"},
    "default_branch": {**HERE, "name": "develop"},
    "default_branch_info": HERE,
    "jira_entity_link_info": PROJECT,
    # after the comments of the seed
    "jira_issue": {**HERE, "pull_request_id": 1, "comment_id": 4, **ISSUE},
    "project_info": PROJECT,
    "pull_request_issue_info": {**HERE, "pull_request_id": 1},
    "release_gate": {**HERE, "since": "main", "until": "next"},
    "repository_info": PROJECT,
    "stale_branch_info": {"repositories": [HERE]},
    "tag": {**HERE, "name": "v1", "start_point": "main"},
    "tag_info": HERE,
}
# what only the server can give
GIVEN = {"jira_issue": ("issue_key",)}


@pytest.fixture(scope="module")
def fleet(collections: Path) -> Iterator[Fleet]:
    seed = yaml.safe_load((TESTS / "simulator" / "default-seed.yml").read_text(encoding="utf-8"))
    repository = {"slug": "dotfiles", "branches": BRANCHES, "pull_requests": [REVIEW]}
    seed["projects"].append({"key": "~developer", "repositories": [repository]})
    path = WORK / "personal.seed.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(seed), encoding="utf-8")
    with running(WORK / "simulator-personal", "--seed", str(path), "--nodes", "1") as simulator:
        yield Fleet(simulator, collections)


def test_no_module_is_left_out() -> None:
    concerned = {
        module for module in MODULES if "project_key" in yaml.safe_dump(documented("modules", module, "EXAMPLES"))
    }
    assert set(OPTIONS) == concerned


@pytest.mark.parametrize("module", OPTIONS)
def test_a_personal_repository_is_one_like_others(module: str, fleet: Fleet) -> None:
    predicted = fleet.run(module, OPTIONS[module], check=True)
    before = fleet.simulator.snapshot()
    real = fleet.run(module, OPTIONS[module])
    assert not real.get("failed"), real
    assert steady(predicted) == unforeseen(steady(real), GIVEN.get(module, ()))
    assert real["changed"] is not only_reads(module)
    assert (fleet.simulator.snapshot() != before) is real["changed"]
