# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch import Branches
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import ConflictError, NotFoundError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.plugins.modules import branch
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")
TIP = "a" * 40


def ref(name):
    return {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": TIP, "isDefault": False}


class Racing:
    """A repository where ``appears`` is created by somebody else between the look and the POST."""

    def __init__(self, appears):
        self.appears = appears
        self.posted = False

    def __call__(self, request):
        if request.method == "POST":
            self.posted = True
            return refusal(400, "Branch already exists.", "repository.DuplicateRefException")
        values = [ref(self.appears)] if self.posted else []
        return Answer(200, {"values": values, "isLastPage": True})


def test_a_branch_that_somebody_else_created_in_between_is_no_change():
    with serving(Racing("feature/x")) as (client, server):
        outcome = branch.ensure_present(Branches(client, REPOSITORY), "feature/x", TIP, "main", False)
        assert [request.method for request in server.received] == ["GET", "POST", "GET"]
    assert not outcome.changed
    assert outcome.after["name"] == "feature/x"


def test_a_conflict_with_another_branch_stays_an_error():
    with serving(Racing("feature/x/y")) as (client, _server), pytest.raises(ConflictError):
        branch.ensure_present(Branches(client, REPOSITORY), "feature/x", TIP, "main", False)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Answer(200, {"values": [{"id": TIP}], "isLastPage": True}), TIP),
        (refusal(404, "No such commit.", "commit.NoSuchCommitException"), None),
    ],
)
def test_a_start_point_is_a_commit_or_known_to_be_none(answer, wanted):
    with serving(answer) as (client, server):
        assert branch.find_commit(client, REPOSITORY, "feature/x#1") == wanted
        assert server.received[0].query["until"] == "feature/x#1"


def test_a_missing_repository_is_never_taken_for_a_missing_start_point():
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="PLAT/api does not exist"):
        branch.find_commit(client, REPOSITORY, "main")


@pytest.mark.parametrize(
    ("seen", "tip", "wanted"),
    [(None, TIP, None), ({"latest_commit": TIP}, None, None), ({"latest_commit": TIP}, TIP, False),
     ({"latest_commit": TIP}, "b" * 40, True)],
)  # fmt: skip
def test_drift_is_only_said_of_what_is_known(seen, tip, wanted):
    assert branch.drift(seen, tip) is wanted
