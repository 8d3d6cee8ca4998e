# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull requests are opened, talked about, merged in git, declined; comments become Jira issues."""

from __future__ import annotations

from typing import Any

from conftest import Cluster
from workbench import Workbench

JIRA = "6b5f0c0e-4f3b-3d0c-9f0e-0d9c3a1b2c3d"
CUSTOMERS = "1f0e9d8c-7b6a-3c5d-8e4f-3a2b1c0d9e8f"
ISSUE = {"fields": {"project": {"key": "PLAT"}, "summary": "Look at this", "issuetype": {"name": "Task"}}}


def opened(bench: Workbench, source: str = "topic") -> str:
    """The path of a new pull request."""
    body = {"title": "Topic", "fromRef": {"id": f"refs/heads/{source}"}, "toRef": {"id": "refs/heads/main"}}
    made = bench.ok("POST", bench.repo + "/pull-requests", 201, user="developer", json=body)
    return f"{bench.repo}/pull-requests/{made['id']}"


def test_merging_is_a_merge_in_git(bench: Workbench) -> None:
    tip = bench.branch("topic")
    path = opened(bench)
    assert bench.ok("GET", path + "/merge")["canMerge"] is True
    assert bench.refused("POST", path + "/merge?version=7", 409)["currentVersion"] == 0
    merged = bench.ok("POST", path + "/merge?version=0", user="developer")
    assert (merged["state"], merged["version"], merged["closed"]) == ("MERGED", 1, True)
    bench.git("fetch", "-q", "origin")
    assert bench.git("rev-parse", "origin/main^2") == tip
    assert bench.git("rev-parse", "origin/main") == merged["properties"]["mergeCommit"]["id"]
    bench.refused("POST", path + "/merge?version=1", 409)
    assert bench.ok("GET", bench.repo + "/pull-requests")["size"] == 0
    assert bench.ok("GET", bench.repo + "/pull-requests?state=ALL")["size"] == 1


def test_conflicts(bench: Workbench) -> None:
    bench.branch("topic", same="one")
    bench.branch("other", same="two")
    bench.ok("POST", opened(bench, "other") + "/merge?version=0")
    path = opened(bench)
    assert bench.ok("GET", path + "/merge")["conflicted"] is True
    before = bench.tip("main")
    assert bench.refused("POST", path + "/merge?version=0", 409)["conflicted"] is True
    assert bench.tip("main") == before


def test_declining_and_changing(bench: Workbench) -> None:
    bench.branch("topic")
    path = opened(bench)
    body = {"title": "Topic", "fromRef": {"id": "topic"}, "toRef": {"id": "main"}}
    again = bench.refused("POST", bench.repo + "/pull-requests", 409, json=body)
    assert again["exceptionName"].endswith("DuplicatePullRequestException")
    bench.push("main:same")
    same = bench.refused("POST", bench.repo + "/pull-requests", 409, json=body | {"fromRef": {"id": "same"}})
    assert same["exceptionName"].endswith("EmptyPullRequestException")
    changed = bench.ok("PUT", path, json={"version": 0, "title": "Better", "reviewers": [{"user": {"name": "admin"}}]})
    assert (changed["title"], changed["version"], len(changed["reviewers"])) == ("Better", 1, 1)
    assert bench.ok("POST", path + "/decline?version=1")["state"] == "DECLINED"
    assert bench.ok("POST", path + "/reopen?version=2")["state"] == "OPEN"
    assert bench.ok("GET", path + "/commits")["size"] == 1
    assert bench.ok("GET", path + "/changes")["values"][0]["type"] == "ADD"
    bench.ok("DELETE", path, 204, json={"version": 3})
    bench.refused("GET", path, 404)


def test_comments(bench: Workbench) -> None:
    bench.branch("topic")
    path = opened(bench) + "/comments"
    first = bench.ok("POST", path, 201, json={"text": "Why?"})
    reply = bench.ok("POST", path, 201, user="developer", json={"text": "Because.", "parent": {"id": first["id"]}})
    on_file = bench.ok("POST", path, 201, json={"text": "Here", "anchor": {"path": "README.md"}})
    shown = bench.ok("GET", f"{path}/{first['id']}")
    assert [each["id"] for each in shown["comments"]] == [reply["id"]]
    assert [each["id"] for each in bench.ok("GET", path + "?path=README.md")["values"]] == [on_file["id"]]
    bench.refused("GET", path, 400)
    actions = [each["action"] for each in bench.ok("GET", path.replace("/comments", "/activities"))["values"]]
    assert actions == ["COMMENTED", "COMMENTED", "OPENED"]
    bench.refused("PUT", f"{path}/{first['id']}", 401, user="developer", json={"version": 0, "text": "Mine"})
    assert bench.ok("PUT", f"{path}/{first['id']}", json={"version": 0, "text": "How?"})["version"] == 1
    bench.refused("DELETE", f"{path}/{first['id']}?version=1", 409)
    bench.ok("DELETE", f"{path}/{reply['id']}?version=0", 204)
    bench.refused("POST", path, 400, json={"text": " "})


def issue_from(bench: Workbench, comment: int, application: str = JIRA) -> str:
    return f"/rest/jira/latest/comments/{comment}/issues?applicationId={application}"


def test_an_issue_from_a_comment(bench: Workbench) -> None:
    bench.branch("topic")
    comment = bench.ok("POST", opened(bench) + "/comments", 201, json={"text": "Look at this"})["id"]
    made = bench.ok("POST", issue_from(bench, comment), user="developer", json=ISSUE)
    assert made["commentId"] == comment
    assert made["issueKey"].startswith("PLAT-9")
    issues = bench.cluster.control("GET", "/jira/issues").json()["issues"]
    assert [each["key"] for each in issues if each["comment_id"] == comment] == [made["issueKey"]]
    bench.refused("POST", issue_from(bench, comment, "unknown"), 400, json=ISSUE)
    told = bench.refused("POST", issue_from(bench, comment, CUSTOMERS), 401, json=ISSUE)
    assert "Jira of the customers" in told["message"]
    assert told["exceptionName"] == "com.atlassian.integration.jira.JiraAuthenticationRequiredException"
    assert told["authenticationUri"].startswith("https://customers.example.com/")
    bench.refused("POST", issue_from(bench, 999_999), 404, json=ISSUE)
    told = bench.refused("POST", issue_from(bench, comment), 400, json={"fields": {"summary": "s"}})
    assert told["elementErrors"]["errors"] == {"project": "valid project is required"}
    on_commit = f"{bench.repo}/commits/{bench.tip('main')}/comments"
    other = bench.ok("POST", on_commit, 201, json={"text": "On a commit"})["id"]
    bench.refused("POST", issue_from(bench, other), 400, json=ISSUE)


def test_commits_of_an_issue(bench: Workbench) -> None:
    key = f"{bench.key}-77"
    files = {f"f{number}": "x" for number in range(5)}
    found = [bench.commit(f"{key} More", files), bench.commit(f"Also for {key}")]
    bench.commit(f"{key}8 is another one")
    bench.push("main")
    path = f"/rest/jira/latest/issues/{key}/commits"
    page = bench.ok("GET", path + "?maxChanges=2")
    assert [each["toCommit"]["id"] for each in page["values"]] == found[::-1]
    changes = page["values"][1]["changes"]
    assert (changes["size"], changes["isLastPage"], changes["limit"]) == (2, False, 2)
    assert page["values"][0]["fromCommit"]["id"] == found[0]
    assert bench.ok("GET", path + "?limit=1")["nextPageStart"] == 1
    # Who may not read the repository does not see its commits.
    assert bench.ok("GET", path, user="reader")["values"] == []
    bench.commit(f"{key} Once more")
    bench.push("main")
    assert bench.ok("GET", path)["size"] == 3


def test_issues_of_a_pull_request(bench: Workbench) -> None:
    bench.git("checkout", "-qb", "topic")
    bench.commit("WEB-5 and PLAT-6 Two keys")
    bench.commit("PLAT-6 Again")
    bench.push("topic")
    issues = opened(bench).replace("/api/", "/jira/") + "/issues"
    assert {each["key"]: each["url"] for each in bench.ok("GET", issues)} == {
        "PLAT-6": "https://jira.example.com/browse/PLAT-6", "WEB-5": "https://jira.example.com/browse/WEB-5",
    }  # fmt: skip
    assert bench.ok("GET", issues.replace("/pull-requests/1/", "/pull-requests/99/")) == []


def test_entity_link(cluster: Cluster) -> None:
    path = "/rest/jira/latest/projects/{}/primary-enhanced-entitylink"
    shown: dict[str, Any] = cluster.get(path.format("PLAT"), user="reader")
    assert shown == {
        "applicationLinkId": JIRA, "displayUrl": "https://jira.example.com/browse/PLAT", "projectId": 10000,
        "projectKey": "PLAT", "projectName": "Platform",
    }  # fmt: skip
    assert cluster.call("GET", path.format("WEB")).status_code == 204
    assert cluster.call("GET", path.format("PLAT"), user=None).status_code == 401
