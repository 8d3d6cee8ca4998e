# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seed document with everything in it, and what is said about one that refers to nothing."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import running
from simulator.layout import SharedHome
from simulator.seed import Seeder, read_seed
from simulator.store import Store

LAB: dict[str, Any] = {
    "key": "LAB",
    "jira": {"application": "Jira", "project": "LAB"},
    "restrictions": [{"type": "read-only", "model_branch": "production", "groups": ["people"], "access_keys": [3]}],
    "repositories": [
        {
            "slug": "repo",
            "forkable": False,
            "restrictions": [{"type": "no-deletes", "any": True, "users": ["one"]}],
            "branches": [
                {"name": "main", "commits": [{"message": "LAB-1 First"}]},
                {"name": "a", "commits": [{"message": "LAB-2 A", "files": {"a": "a"}}]},
                {"name": "b", "commits": [{"message": "LAB-3 B", "files": {"b": "b"}}]},
                {"name": "octopus", "commits": [{"message": "LAB-4 All", "merge": ["a", "b"]}]},
            ],
            "builds": [{"commit": "a", "key": "tests", "state": "INPROGRESS"}],
            "commit_comments": [{"commit": "a", "author": "one", "text": "Why?"}],
            "pull_requests": [
                {"title": "A", "from": "a", "to": "main", "author": "one", "state": "MERGED"},
                {"title": "B", "from": "b", "to": "main", "author": "one", "state": "DECLINED"},
                {
                    "title": "B again", "from": "b", "to": "main", "author": "one", "reviewers": ["admin"],
                    "comments": [{"author": "admin", "text": "So?", "replies": [{"author": "one", "text": "So."}]}],
                },
            ],
        }
    ],
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "users": [
        {"name": "admin", "password": "admin", "permission": "SYS_ADMIN"},
        {"name": "one", "password": "one"},
    ],
    "groups": [{"name": "people", "members": ["one"]}],
    "application_links": [{"name": "Jira", "url": "https://jira.example.com/", "projects": [{"key": "LAB"}]}],
    "mesh_nodes": [{"name": "mesh1", "state": "DISABLED"}],
    "projects": [LAB],
}


def written(directory: Path, document: dict[str, Any]) -> Path:
    path = directory / "seed.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_everything(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--nodes", "1", "--seed", str(written(tmp_path, DOCUMENT))) as cluster:
        repo = "/rest/api/latest/projects/LAB/repos/repo"
        assert cluster.get(repo)["forkable"] is False
        shown = cluster.get(repo + "/pull-requests?state=ALL&order=OLDEST")["values"]
        assert {each["title"]: each["state"] for each in shown} == {
            "A": "MERGED", "B": "DECLINED", "B again": "OPEN"}  # fmt: skip
        merged = next(each for each in shown if each["state"] == "MERGED")["properties"]["mergeCommit"]["id"]
        path = cluster.facts["repositories"][0]["path"]
        said = subprocess.run(["git", "-C", path, "rev-parse", "main"], capture_output=True, text=True, check=True)
        assert said.stdout.strip() == merged
        octopus = cluster.get(repo + "/commits?until=octopus&limit=1")["values"][0]
        assert len(octopus["parents"]) == 3
        restrictions = cluster.get(repo.replace("/api/", "/branch-permissions/") + "/restrictions")["values"]
        assert [(each["scope"]["type"], each["type"]) for each in restrictions] == [
            ("REPOSITORY", "no-deletes"), ("PROJECT", "read-only")]  # fmt: skip
        link = cluster.get("/rest/jira/latest/projects/LAB/primary-enhanced-entitylink")
        assert link["displayUrl"] == "https://jira.example.com/browse/LAB"
        assert cluster.get("/rest/api/latest/admin/git/mesh/nodes")[0]["state"] == "DISABLED"
        subprocess.run(["git", "-C", path, "fsck", "--strict"], check=True, capture_output=True)


def change(path: str, value: Any) -> dict[str, Any]:
    """The document with one thing else in LAB (or its repository)."""
    document = copy.deepcopy(DOCUMENT)
    project = document["projects"][0]
    (project if path in project else project["repositories"][0])[path] = value
    return document


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (change("restrictions", [{"type": "read-only", "any": True, "users": ["two"]}]), "no user 'two'"),
        (change("restrictions", [{"type": "read-only", "any": True, "groups": ["others"]}]), "no group 'others'"),
        (change("jira", {"application": "Jira", "project": "NONE"}), "LAB: there is no such application link"),
        (change("builds", [{"commit": "c", "key": "k", "state": "FAILED"}]), "no branch, tag or commit 'c'"),
        (change("pull_requests", [{"title": "C", "from": "c", "to": "a", "author": "one"}]), "no branch 'c'"),
    ],
)
def test_what_is_not_there(tmp_path: Path, document: dict[str, Any], fault: str) -> None:
    shared = SharedHome(tmp_path / "shared")
    shared.create()
    store = Store(shared.database)
    store.create_tables()
    with pytest.raises(ValueError, match=fault):
        Seeder(store, shared).apply(read_seed(written(tmp_path, document)))
    store.close()
