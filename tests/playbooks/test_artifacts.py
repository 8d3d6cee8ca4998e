# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook again, with what its first run left by set_stats as extra variables, as in a workflow of AWX.

Extra variables hide facts of the same names, so a role that reads what it publishes reads the first run's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import ROOT, Run
from harness.simulator import Simulator

from .conftest import cluster, player
from .page import Page

# several playbooks each, on a machine that may be busy
pytestmark = pytest.mark.timeout(1500)

PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
REPOSITORY = "/rest/api/latest/projects/PLAT/repos/api"
BRANCHES = "/rest/branch-utils/latest/projects/PLAT/repos/api/branches"


class Workflow:
    """Jobs one after the other; each gets what all before it have left, over its own variables."""

    def __init__(self, simulator: Simulator, directory: Path) -> None:
        self.simulator = simulator
        self.directory = directory
        self.artifacts: dict[str, Any] = {}
        self._play = player(simulator, directory)
        self._file = directory / "artifacts.json"

    def job(self, playbook: str, **variables: Any) -> Run:
        self._file.write_text(json.dumps(self.artifacts), encoding="utf-8")
        run = self._play(playbook, "--extra-vars", f"@{self._file}", variables=variables)
        (stats,) = [event for event in run.events if event["event"] == "stats"]
        self.artifacts.update(stats["custom"].get("_run", {}))
        return run

    def succeed(self, playbook: str, **variables: Any) -> Run:
        run = self.job(playbook, **variables)
        assert run.returncode == 0, run.output
        return run

    def versions(self) -> tuple[str, str]:
        """The present release and the next one."""
        present = self.simulator.cluster()["nodes"]["node1"][1]
        feature, _dot, patch = present.rpartition(".")
        return present, f"{feature}.{int(patch) + 1}"

    def target(self) -> dict[str, str]:
        return self.simulator.archive(self.versions()[1])

    def assert_at(self, version: str) -> None:
        seen = self.simulator.cluster()
        assert seen["state"] == "STABLE" and set(seen["nodes"].values()) == {("ACTIVE", version)}

    def report(self, kind: str, *words: str) -> dict[str, Any]:
        """The report of these words, which is a page, a document and an artifact of the same run."""
        (path,) = self.directory.glob(f"rolling_{kind}_*_{'_to_'.join(words)}.json")
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        assert set(words) <= set(Page(path.parent / f"{document['name']}.html").texts)
        left = self.artifacts["rolling_upgrade_report"]
        assert {name: document[name] for name in left} == left
        return document


@pytest.fixture(scope="module")
def workflow(directory: Path) -> Iterator[Workflow]:
    with cluster(directory / "test_artifacts", nodes=2) as started:
        yield Workflow(started, directory / "test_artifacts")


def jobs(workflow: Workflow) -> None:
    """begin, nodes and finalize as three jobs, each with what the others leave under the same name."""
    have_report(workflow)
    present, target = workflow.versions()
    variables = workflow.target()
    workflow.succeed("rolling_upgrade_begin", **variables)
    assert workflow.report("upgrade", present, target)["outcome"] == "unfinished"
    workflow.succeed("rolling_upgrade_nodes", **variables)
    assert {node["outcome"] for node in workflow.report("upgrade", present, target)["nodes"]} == {"done"}
    done = workflow.succeed("rolling_upgrade_finalize", **variables)
    whole = workflow.report("upgrade", present, target)
    assert whole["outcome"] == "succeeded" and len(whole["runs"]) == 3
    assert [each["action"] for each in whole["actions"]] == ["start", "approve"]
    assert sum(f" {target} ACTIVE" in line for line in done.messages("Show the result")[0]) == 2
    workflow.assert_at(target)


def upgrade(workflow: Workflow) -> None:
    have_report(workflow)
    present, target = workflow.versions()
    workflow.succeed("rolling_upgrade", **workflow.target())
    assert workflow.report("upgrade", present, target)["outcome"] == "succeeded"
    workflow.assert_at(target)


def have_report(workflow: Workflow) -> None:
    """What an earlier job leaves, of whatever playbook: all leave their report under the same name."""
    if "rolling_upgrade_report" not in workflow.artifacts:
        workflow.succeed("rolling_restart")


def restart(workflow: Workflow) -> None:
    for _each in range(2):
        run = workflow.succeed("rolling_restart")
        assert workflow.report("restart", workflow.versions()[0])["outcome"] == "succeeded"
        assert run.changed > 0


def rollback(workflow: Workflow) -> None:
    present, target = workflow.versions()
    for _each in range(2):
        variables = workflow.target()
        workflow.succeed("rolling_upgrade_begin", **variables)
        workflow.succeed("rolling_upgrade_rollback", **variables)
        told = workflow.report("upgrade", present, target)
        assert (told["goal"], told["outcome"]) == ("rollback", "succeeded")
        workflow.assert_at(present)


def preflight(workflow: Workflow) -> None:
    have_report(workflow)
    for _each in range(2):
        run = workflow.succeed("rolling_upgrade_preflight", **workflow.target())
        assert any("upgrade_node" in line for line in run.messages("Show the plan")[0])


def provision(workflow: Workflow) -> None:
    for number in (1, 2):
        branch = {"name": f"provisioned/{number}", "start_point": "main"}
        rule = {"project_key": "PLAT", "repository": "api", "branches": [branch]}
        run = workflow.succeed("branch_provisioning", branch_provisioning_document={"repositories": [rule]})
        assert f"provisioned/{number}" in run.messages("Show the result")[0][0]
        assert workflow.artifacts["branch_provisioning_total_created"] == 1


def stale(workflow: Workflow, *names: str) -> dict[str, Any]:
    """Branches that are merged, and the variables to delete them."""
    older = workflow.simulator.api("GET", f"{REPOSITORY}/commits?limit=3")["values"][-1]["id"]
    for name in names:
        workflow.simulator.api("POST", BRANCHES, {"name": name, "startPoint": older})
    return {
        "branch_cleanup_repositories": [{"project_key": "PLAT", "repository": "api"}],
        "branch_cleanup_restore_dir": str(workflow.directory),
        "branch_cleanup_older_than_days": 0,
        "branch_cleanup_globs": ["stale/*"],
    }


def clean_up(workflow: Workflow) -> None:
    workflow.succeed("branch_cleanup", **stale(workflow, "stale/a", "stale/b"))
    assert workflow.artifacts["branch_cleanup_summary"]["deleted"] == 2
    first = [each["name"] for each in workflow.artifacts["branch_cleanup_restore_list"]]
    assert first == ["stale/a", "stale/b"]
    fault = {"method": "DELETE", "path": "/branches$", "fault": {"kind": "status", "status": 500}}
    workflow.simulator.at_control("POST", "/faults", fault)
    try:
        run = workflow.job("branch_cleanup", **stale(workflow, "stale/c"))
    finally:
        workflow.simulator.at_control("DELETE", "/faults")
    assert run.returncode != 0, run.output
    summary = workflow.artifacts["branch_cleanup_summary"]
    assert (summary["stale"], summary["deleted"], summary["failed"]) == (1, 0, 1)
    assert workflow.artifacts["branch_cleanup_restore_list"] == []
    assert run.messages("Show the result")[0][-1].startswith("0 deleted, 0 moved, 0 gone, 1 failed")


def restore(workflow: Workflow) -> None:
    """What a clean-up left is what the next job restores; a second clean-up and restore are not hidden by the first."""
    for name in ("stale/x", "stale/y"):
        variables = stale(workflow, name)
        workflow.succeed("branch_cleanup", **{**variables, "branch_cleanup_globs": [name]})
        run = workflow.succeed("branch_restore")
        (line,) = run.messages("Show the result of restoring")[0]
        assert line.startswith(f"PLAT/api {name}: restored at ")


def notes(workflow: Workflow) -> None:
    commits = [each["id"] for each in workflow.simulator.api("GET", f"{REPOSITORY}/commits?limit=3")["values"]]
    for since in commits[2], commits[1]:
        run = workflow.succeed(
            "release_notes",
            release_notes_project_key="PLAT",
            release_notes_repository="api",
            release_notes_since=since,
            release_notes_until=commits[0],
            release_notes_dir=str(workflow.directory),
        )
        assert workflow.artifacts["release_notes"]["since"] == since
        assert all("written" in line for line in run.messages("Say what was written")[0][1:])


#: Of each playbook: runs whose last has what the first of them left.
AGAIN: dict[str, Callable[[Workflow], None]] = {
    "branch_cleanup": clean_up,
    "branch_provisioning": provision,
    "branch_restore": restore,
    "release_notes": notes,
    "rolling_restart": restart,
    "rolling_upgrade": upgrade,
    "rolling_upgrade_begin": jobs,
    "rolling_upgrade_finalize": jobs,
    "rolling_upgrade_nodes": jobs,
    "rolling_upgrade_preflight": preflight,
    "rolling_upgrade_rollback": rollback,
}


def test_every_playbook_has_a_second_run() -> None:
    assert sorted(AGAIN) == PLAYBOOKS


@pytest.mark.parametrize("runs", dict.fromkeys(AGAIN.values()), ids=lambda runs: str(runs.__name__))
def test_a_run_with_the_artifacts_of_the_one_before(workflow: Workflow, runs: Callable[[Workflow], None]) -> None:
    runs(workflow)


# -- reports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("playbook", ["rolling_restart", "rolling_upgrade_begin", "rolling_upgrade_rollback"])
def test_a_report_that_cannot_be_written_changes_no_outcome(workflow: Workflow, playbook: str) -> None:
    before = workflow.versions()[0]
    variables = {} if playbook == "rolling_restart" else workflow.target()
    run = workflow.job(playbook, rolling_upgrade_report_dir="/nonexistent", **variables)
    assert run.returncode == 0, run.output
    assert all(counted["failures"] == 0 for counted in run.hosts.values())
    (said,) = run.messages("Say that there is no report")
    assert "/nonexistent" in said and "changes nothing of the outcome" in said
    assert workflow.versions()[0] == before


def test_two_clusters_with_one_directory_have_reports_of_their_own(workflow: Workflow, directory: Path) -> None:
    with cluster(directory / "test_artifacts_other", nodes=2) as started:
        others = yaml.safe_load(started.write_inventory(directory / "other.yml").read_text(encoding="utf-8"))
        others["bitbucket"]["vars"]["rolling_upgrade_report_dir"] = str(workflow.directory)
        (directory / "other.yml").write_text(yaml.safe_dump(others), encoding="utf-8")
        target = workflow.simulator.archive(workflow.versions()[1])
        workflow.artifacts = {}
        workflow.succeed("rolling_upgrade_begin", **target)
        other = player(started, directory / "test_artifacts_other", directory / "other.yml")
        assert other("rolling_restart").returncode == 0
        workflow.succeed("rolling_upgrade_rollback", **target)
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in workflow.directory.glob("rolling_*.json")]
    places = {simulator.url.removeprefix("http://") for simulator in (workflow.simulator, started)}
    assert {document["cluster"] for document in documents} == places
    for document in documents:
        assert document["cluster"].replace(":", "-") in document["name"]
        page = (workflow.directory / f"{document['name']}.html").read_text(encoding="utf-8")
        assert document["cluster"] in page
