# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits, tags and the details of branches, compared with what git itself says."""

from __future__ import annotations

from typing import Any

from workbench import Workbench


def ids(page: dict[str, Any]) -> list[str]:
    return [commit["id"] for commit in page["values"]]


def test_history(bench: Workbench) -> None:
    """Merges, an octopus, a rename, and words in other alphabets."""
    bench.commit("LAB-1 Grüße, LAB-2 привет", {"a.txt": "one\ntwo\nthree\n"})
    for name in ("one", "two", "three"):
        bench.branch(name)
    bench.git("checkout", "-q", "main")
    bench.git("merge", "-q", "--no-ff", "-m", "Merge one", "one")
    bench.git("merge", "-q", "-m", "Octopus", "two", "three")
    bench.git("mv", "a.txt", "b.txt")
    bench.commit("LAB-3 Rename", {"c.txt": "c"})
    bench.push("main")
    commits = bench.repo + "/commits"
    for query, options in (
        ("?until=main", []),
        ("?until=main&merges=exclude", ["--no-merges"]),
        ("?until=main&merges=only", ["--merges"]),
        ("?until=main&since=one", ["^origin/one"]),
        ("?path=b.txt&followRenames=true", ["--follow", "--", "b.txt"]),
    ):
        page = bench.ok("GET", commits + query)
        assert sorted(ids(page)) == sorted(bench.git("log", "--format=%H", "main", *options).split())
    octopus = bench.ok("GET", commits + "?merges=only")["values"][0]
    assert len(octopus["parents"]) == 3
    assert bench.ok("GET", commits + "?path=b.txt")["size"] == 1
    named = bench.ok("GET", f"{commits}/{bench.git('rev-parse', 'one~1')}")
    assert named["message"] == "LAB-1 Grüße, LAB-2 привет"
    assert named["properties"]["jira-key"] == ["LAB-1", "LAB-2"]
    assert named["author"]["name"] == "developer"
    bench.refused("GET", commits + "/main", 404)
    counted = bench.ok("GET", commits + "?withCounts=true&limit=2")
    assert (counted["size"], counted["totalCount"], counted["authorCount"]) == (2, 8, 1)
    assert bench.ok("GET", commits + "?until=nowhere&ignoreMissing=true")["values"] == []
    changed = bench.ok("GET", f"{commits}/{bench.git('rev-parse', 'main')}/changes")["values"]
    assert [(each["type"], each["path"]["toString"]) for each in changed] == [("MOVE", "b.txt"), ("ADD", "c.txt")]


def test_every_page(bench: Workbench) -> None:
    for number in range(7):
        bench.commit(f"Number {number}")
    bench.push("main")
    found, start = [], 0
    while start is not None:
        page = bench.ok("GET", f"{bench.repo}/commits?limit=3&start={start}")
        found += ids(page)
        start = page["nextPageStart"]
    assert found == bench.git("log", "--format=%H", "main").split()
    assert bench.ok("GET", bench.repo + "/commits?limit=1000")["limit"] == 100


def test_watching_cannot_be_read_back(bench: Workbench) -> None:
    path = f"{bench.repo}/commits/{bench.tip('main')}/watch"
    for method in ("POST", "POST", "DELETE", "DELETE"):
        bench.ok(method, path, 204, user="developer")
    answer = bench.cluster.call("GET", path)
    assert answer.status_code in (404, 405)
    bench.refused("POST", path.replace(str(bench.tip("main")), "0" * 40), 404)


def test_tags(bench: Workbench) -> None:
    tip, git_tags = bench.tip("main"), bench.repo.replace("/api/", "/git/") + "/tags"
    light = bench.ok("POST", bench.repo + "/tags", user="developer", json={"name": "v1", "startPoint": "main"})
    assert (light["id"], light["latestCommit"], light["hash"]) == ("refs/tags/v1", tip, None)
    body = {"name": "v2", "startPoint": tip, "message": "Second"}
    annotated = bench.ok("POST", git_tags, 201, user="developer", json=body)
    bench.git("fetch", "-q", "--tags", "origin")
    assert bench.git("cat-file", "-t", annotated["hash"]) == "tag"
    assert bench.git("rev-parse", "v2^{commit}") == tip
    assert bench.refused("POST", git_tags, 400, json=body)["exceptionName"].endswith(".DuplicateRefException")
    bench.refused("POST", git_tags, 404, json={"name": "v3", "startPoint": "nowhere"})
    bench.refused("POST", git_tags, 400, json={"name": "a..b", "startPoint": "main"})
    bench.ok("DELETE", git_tags + "/v1", 204, user="developer")
    bench.refused("DELETE", git_tags + "/v1", 404)
    assert bench.refused("GET", bench.repo + "/tags/v1", 404)["exceptionName"] is None
    assert [tag["displayId"] for tag in bench.ok("GET", bench.repo + "/tags")["values"]] == ["v2"]


def test_details_of_branches(bench: Workbench) -> None:
    tip = bench.branch("topic")
    build = {"state": "FAILED", "key": "tests", "url": "https://builds.example.com/1"}
    bench.ok("POST", f"/rest/build-status/1.0/commits/{tip}", 204, json=build)
    assert bench.ok("GET", f"/rest/build-status/1.0/commits/{tip}")["values"][0]["state"] == "FAILED"
    pull_request = {"title": "Topic", "fromRef": {"id": "topic"}, "toRef": {"id": "main"}}
    bench.ok("POST", bench.repo + "/pull-requests", 201, json=pull_request)
    shown = {branch["displayId"]: branch for branch in bench.ok("GET", bench.repo + "/branches?details=true")["values"]}
    providers = {key.rpartition(":")[2]: value for key, value in shown["topic"]["metadata"].items()}
    assert providers["ahead-behind-metadata-provider"] == {"ahead": 1, "behind": 0}
    assert providers["latest-commit-metadata"]["id"] == tip
    assert providers["outgoing-pull-request-metadata"]["pullRequest"]["state"] == "OPEN"
    assert providers["build-status-metadata"]["failed"] == 1
    assert set(shown["main"]["metadata"]) == {
        "com.atlassian.bitbucket.server.bitbucket-branch:latest-commit-metadata"}  # fmt: skip


def test_comparing(bench: Workbench) -> None:
    tip = bench.branch("topic", **{"new.txt": "x"})
    bench.git("checkout", "-q", "main")
    bench.commit("On main")
    bench.push("main")
    assert ids(bench.ok("GET", bench.repo + "/compare/commits?from=topic&to=main")) == [tip]
    changed = bench.ok("GET", bench.repo + "/compare/changes?from=topic&to=main")["values"]
    assert [each["path"]["toString"] for each in changed] == ["new.txt"]
