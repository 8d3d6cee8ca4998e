# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records responses of simulated servers for the unit tests: `PYTHONPATH=tests .venv/bin/python -m harness.record`.

Writes tests/unit/recorded.json: for each release, method and path to status and body. Only the first items of a list
are kept. `?details` marks the listing of branches with details, `?invalid` a branch that is refused: both have the
same path as another request.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from .simulator import TESTS, Simulator, running

RECORDED = TESTS / "unit" / "recorded.json"
# an old dialect and a new one
RELEASES = ("8.9.10", "10.4.1")
_ITEMS = 2
_JIRA = "6b5f0c0e-4f3b-3d0c-9f0e-0d9c3a1b2c3d"


class Recorder:
    """The exchanges with one simulated server."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.exchanges: dict[str, dict[str, Any]] = {}

    def record(self, method: str, path: str, body: Any = None, marker: str = "") -> Any:
        """The body of the response, which is kept."""
        answer = self._simulator.http.request(
            method,
            self._simulator.url + path,
            data=None if body is None else json.dumps(body),
            auth=self._simulator.administrator,
            headers={"Accept": "application/json", "Content-Type": "application/json", "X-Atlassian-Token": "no-check"},
            timeout=30,
        )
        shown = answer.json() if answer.content else None
        exchange = {"status": answer.status_code, "body": _shortened(shown)}
        self.exchanges[f"{method} {path.partition('?')[0]}{marker}"] = exchange
        return shown


def _shortened(body: Any) -> Any:
    if isinstance(body, list):
        return [_shortened(each) for each in body[:_ITEMS]]
    if isinstance(body, dict):
        return {key: _shortened(each) for key, each in body.items()}
    return body


def record(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """All exchanges that the collection's schemas describe, and some refusals."""
    recorder = Recorder(simulator)
    take = recorder.record
    project, repository = "projects/PLAT", "projects/PLAT/repos/api"
    api = f"/rest/api/latest/{repository}"
    # what is read of a new repository differs from what is read of one that has everything
    restrictions = f"/rest/branch-permissions/latest/{repository}/restrictions"
    rule = {
        "type": "no-deletes",
        "matcher": {"id": "release/*", "type": {"id": "PATTERN"}},
        "users": ["developer"],
        "groups": ["developers"],
        "accessKeys": [7],
    }
    take("POST", restrictions, rule)
    main = take("GET", f"{api}/commits?limit=2")["values"][0]["id"]
    take("POST", f"/rest/branch-utils/latest/{repository}/branches", {"name": "feature/new", "startPoint": main})
    take("POST", f"/rest/branch-utils/latest/{repository}/branches", {"name": "..", "startPoint": main}, "?invalid")
    tag = {"name": "v1.1.0", "startPoint": main, "type": "ANNOTATED", "message": "Second release"}
    take("POST", f"/rest/git/latest/{repository}/tags", tag)
    for path in ("/rest/api/latest/projects", f"/rest/api/latest/{project}", "/rest/api/latest/repos"):
        take("GET", path)
    for path in ("", "/branches", "/tags", "/default-branch", "/pull-requests", "/pull-requests/1"):
        take("GET", api + path)
    take("GET", f"{api}/branches?details=true", marker="?details")
    take("GET", f"/rest/api/latest/{project}/repos")
    take("GET", f"{api}/commits/{main}")
    take("GET", "/rest/api/latest/projects/PLAT/repos/empty/commits")
    for place in (project, repository):
        configuration = f"/rest/branch-utils/latest/{place}/branchmodel/configuration"
        found = take("GET", configuration)
        take("PUT", configuration, {key: found[key] for key in ("development", "production", "types") if key in found})
        take("GET", f"/rest/branch-permissions/latest/{place}/restrictions")
    take("GET", f"/rest/branch-utils/latest/{repository}/branchmodel")
    for path in ("users/developer", "users", "groups"):
        take("GET", f"/rest/api/latest/{path}")
    _record_jira(recorder, api, repository)
    _record_cluster(recorder)
    return recorder.exchanges


def _record_jira(recorder: Recorder, api: str, repository: str) -> None:
    take, simulator = recorder.record, recorder._simulator
    activities = simulator.api("GET", f"{api}/pull-requests/1/activities")["values"]
    comment = next(each["comment"]["id"] for each in activities if each["action"] == "COMMENTED")
    comments = f"{api}/pull-requests/1/comments"
    mark = take("POST", comments, {"text": "Jira issue: being created", "parent": {"id": comment}})
    take("PUT", f"{comments}/{mark['id']}", {"text": "Jira issue: PLAT-91", "version": mark["version"]})
    take("GET", f"{comments}/{comment}")
    fields = {"project": {"key": "PLAT"}, "issuetype": {"id": "1"}, "summary": "Switch tracing off"}
    take("POST", f"/rest/jira/latest/comments/{comment}/issues?applicationId={_JIRA}", {"fields": fields})
    take("GET", f"/rest/jira/latest/{repository}/pull-requests/1/issues")
    take("GET", "/rest/jira/latest/issues/PLAT-7/commits?maxChanges=2")
    take("GET", "/rest/jira/latest/projects/PLAT/primary-enhanced-entitylink")


def _record_cluster(recorder: Recorder) -> None:
    take, simulator = recorder.record, recorder._simulator
    mesh = "/rest/api/latest/admin/git/mesh/nodes"
    node = take("GET", mesh)[0]["id"]
    take("PUT", f"{mesh}/{node}", {"state": "DRAINING"})
    take("GET", "/rest/mirroring/latest/farmNodes")
    take("POST", "/rest/mirroring/latest/zdu/start")
    take("POST", "/rest/zdu/start")
    take("POST", "/rest/zdu/approve")
    # a node whose state the others do not know, beside one that has everything
    simulator.at_control("PUT", "/nodes/node2/override", {"silent": True, "hide_address": True})
    take("GET", "/rest/zdu/cluster")


def main() -> None:
    """Record all releases."""
    recorded = {}
    with tempfile.TemporaryDirectory(prefix="record-") as directory:
        for release in RELEASES:
            with running(Path(directory) / release, "--version", release, "--nodes", "2") as simulator:
                recorded[release] = record(simulator)
    RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
