# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch import Branches, drift
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import ConflictError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
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
        outcome = Branches(client, REPOSITORY).create("feature/x", TIP)
        assert [request.method for request in server.received] == ["POST", "GET"]
    assert not outcome.changed
    assert outcome.after["name"] == "feature/x"


def test_a_conflict_with_another_branch_stays_an_error():
    with serving(Racing("feature/x/y")) as (client, _server), pytest.raises(ConflictError):
        Branches(client, REPOSITORY).create("feature/x", TIP)


@pytest.mark.parametrize(("start", "wanted"), [(None, None), (TIP, False), ("b" * 40, True)])
def test_drift_is_only_said_of_what_is_known(start, wanted):
    assert drift({"latest_commit": TIP}, start) is wanted
