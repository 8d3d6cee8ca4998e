# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_document import Item, Wanted
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_report import failure, result
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_set import BranchSet, steps
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

NEW = (Item("new", start_point="main"),)
RULES = [
    {"type": kind, "matcher": {"type": "BRANCH", "id": "main"}} for kind in ("no-deletes", "read-only", "no-creates")
]


def ran(client, *wanted, **how):
    return BranchSet(client, **{"check": False, "concurrency": 4, "stop_on_error": False, **how}).run(wanted)


@pytest.mark.parametrize("stop", [True, False])
def test_wrong_credentials_are_tried_once(stop):
    wanted = [Wanted("PLAT", f"r{number}", branches=NEW) for number in range(20)]
    with serving(refusal(401, "Authentication failed.")) as (client, server):
        reports = ran(client, *wanted, stop_on_error=stop)
        assert len(server.received) == 1
    assert [report.branches[0]["outcome"] for report in reports] == ["failed"] + ["skipped"] * 19
    error = failure(reports, result(reports))
    assert error.type == "authentication"
    assert "PLAT/r0 new" in error.cause and "19 more not tried" in error.cause
    assert error.facts["changed"] is False


def test_what_was_changed_before_a_failure_is_told():
    saved = []

    def restricting(request):
        """A server that takes the first restriction and refuses the second."""
        if request.method == "GET":
            return Answer(200, {"values": [], "isLastPage": True})
        if saved:
            return refusal(400, "Not this one.")
        saved.append(request.body)
        matcher = {"id": "refs/heads/main", "type": {"id": "BRANCH"}}
        scope = {"type": "PROJECT", "resourceId": 1}
        return Answer(200, {"id": 1, "type": request.body["type"], "matcher": matcher, "scope": scope})

    with serving(restricting) as (client, _server):
        (report,) = ran(client, Wanted("PLAT", None, restrictions={"rules": RULES}))
    assert [row["outcome"] for row in report.settings] == ["failed"]
    assert report.changed
    assert [rule["type"] for rule in report.after["restrictions"]["rules"]] == ["no-deletes"]
    assert result([report])["changed"] is True


def test_a_setting_that_fails_does_not_keep_branches_from_their_state():
    def server(request):
        if "branches" in request.url and request.method == "GET":
            refs = [{"id": "refs/heads/main", "displayId": "main", "latestCommit": "a" * 40, "isDefault": True}]
            return Answer(200, {"values": refs, "isLastPage": True})
        if "branches" in request.url:
            return Answer(201, {"id": "refs/heads/new", "displayId": "new", "latestCommit": "a" * 40})
        return refusal(401, "Not permitted.", "AuthorisationException")

    wanted = Wanted("PLAT", "api", default_branch="main", branches=NEW, restrictions={"rules": RULES})
    with serving(server) as (client, _server):
        (report,) = ran(client, wanted)
    assert {row["setting"]: row["outcome"] for row in report.settings} == {
        "default_branch": "unchanged",
        "restrictions": "failed",
    }
    assert report.branches[0]["outcome"] == "created"
    assert failure([report], {}).type == "permission"


def test_restrictions_of_a_project_come_after_its_repositories():
    model = {"types": [{"id": "FEATURE", "prefix": "story/"}]}
    project = Wanted("PLAT", None, branch_model=model, restrictions={"rules": RULES})
    api = Wanted("PLAT", "api", branches=NEW)
    assert steps([project, api]) == (
        [Wanted("PLAT", None, branch_model=model)],
        [api],
        [Wanted("PLAT", None, restrictions={"rules": RULES})],
    )


def test_branches_are_not_named_by_a_model_that_could_not_be_changed():
    project = Wanted("PLAT", None, branch_model={"types": [{"id": "FEATURE", "prefix": "story/"}]})
    typed = Wanted("plat", "api", branches=(Item(type="FEATURE", text="x", start_point="main"),))
    with serving(refusal(403, "Not permitted.")) as (client, server):
        (_project, report) = ran(client, project, typed)
        assert len(server.received) == 1
    assert report.branches[0]["outcome"] == "failed"
    assert (
        report.branches[0]["message"]
        == "FEATURE 'x': The branch model of plat is not as declared; see its own message."
    )


def test_head_is_the_declared_default_branch_where_there_was_none():
    def server(request):
        if request.method == "GET":
            refs = [{"id": "refs/heads/kept", "displayId": "kept", "latestCommit": "b" * 40, "isDefault": False}]
            return Answer(200, {"values": refs, "isLastPage": True})
        if request.method == "PUT":
            return Answer(204)
        name = request.body["name"]
        return Answer(201, {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": request.body["startPoint"]})

    def create(*branches):
        with serving(server) as (client, _server):
            (report,) = ran(client, Wanted("PLAT", "api", default_branch=branches[-1].name, branches=branches[:-1]))
            return [(row["outcome"], row["latest_commit"]) for row in report.branches]

    assert create(Item("new", start_point="HEAD"), Item("kept")) == [("created", "b" * 40)]
    first = Item("first", start_point="kept")
    assert create(Item("new", start_point="HEAD"), first, Item("first")) == [("created", "b" * 40)] * 2


def test_head_is_the_default_branch_as_it_was_found():
    asked = []

    def server(request):
        asked.append((request.method, request.url.split("?")[0].rsplit("/", 1)[1]))
        if request.method == "PUT":
            return Answer(204)
        if request.method == "POST":
            return Answer(201, {"id": "refs/heads/new", "displayId": "new", "latestCommit": "a" * 40})
        if asked[-1][1] == "commits":
            return Answer(200, {"values": [{"id": "a" * 40}], "isLastPage": True})
        refs = [
            {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": "a" * 40, "isDefault": name == "main"}
            for name in ("kept", "main")
        ]
        return Answer(200, {"values": refs, "isLastPage": True})

    with serving(server) as (client, _server):
        (report,) = ran(
            client, Wanted("PLAT", "api", default_branch="kept", branches=(Item("new", start_point="HEAD"),))
        )
    assert asked == [("GET", "branches"), ("GET", "commits"), ("PUT", "default-branch"), ("POST", "branches")]
    assert report.branches[0]["outcome"] == "created"


def test_names_of_the_model_that_cannot_exist_beside_others_are_refused_before_a_write():
    """A document by names alone is refused as a whole; what has no name before is found when it is named."""

    def server(request):
        assert request.method == "GET", "nothing can be created"
        if "branchmodel" in request.url:
            return Answer(200, {"types": [{"id": "FEATURE", "displayName": "Feature", "prefix": "feature/"}]})
        return refusal(401, "Not permitted.", "AuthorisationException")

    items = (Item("feature/x/y", start_point="main"), Item(type="FEATURE", text="x", start_point="main"))
    with serving(server) as (client, _server):
        (report,) = ran(client, Wanted("PLAT", "api", branches=items))
    assert report.branches[1]["message"].startswith("Branch feature/x cannot exist beside branch feature/x/y; ")


def test_a_diff_has_one_line_for_each_branch_with_its_repository():
    def server(request):
        repository = request.url.split("/repos/")[1].split("/")[0]
        if request.method == "POST":
            return Answer(201, {"id": "refs/heads/new", "displayId": "new", "latestCommit": "a" * 40})
        names = ("main", "old") if repository == "api" else ("main",)
        refs = [
            {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": "a" * 40, "isDefault": name == "main"}
            for name in names
        ]
        return Answer(204) if request.method == "DELETE" else Answer(200, {"values": refs, "isLastPage": True})

    wanted = [
        Wanted("PLAT", "api", branches=(*NEW, Item("old", state="absent"))),
        Wanted("PLAT", "web", branches=NEW),
        Wanted("PLAT", "unchanged", branches=(Item("main"),)),
    ]
    with serving(server) as (client, _server):
        reports = [report for each in wanted for report in ran(client, each)]
    assert result(reports)["diff"] == {
        "before": {"PLAT/api branch old": "a" * 40},
        "after": {"PLAT/api branch new": "a" * 40, "PLAT/web branch new": "a" * 40},
    }
