# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _errors
from ansible_collections.bitbucket.datacenter.plugins.module_utils._default_branch import DefaultBranch
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

HERE = Repository("PLAT", "api")


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (Answer(200, {"id": "refs/heads/release/1", "displayId": "release/1", "type": "BRANCH"}), "release/1"),
        (Answer(204), None),
        (refusal(404, "There is none", "repository.NoDefaultBranchException"), None),
    ],
)
def test_what_the_server_says(answer, name):
    with serving(answer) as (client, _server):
        assert DefaultBranch(client, HERE).read() == name


@pytest.mark.parametrize("name", ["repository.NoSuchRepositoryException", None])
def test_a_repository_that_is_not_there_is_no_repository_without_a_default_branch(name):
    with serving(refusal(404, "Not here", name)) as (client, _server), pytest.raises(_errors.NotFoundError):
        DefaultBranch(client, HERE).read()


@pytest.mark.parametrize(
    ("branches", "cause"),
    [([], "Repository PLAT/api is empty"), (["mainline"], "Branch main does not exist in PLAT/api")],
)
def test_a_branch_that_does_not_exist_is_refused(branches, cause):
    shown = [{"id": f"refs/heads/{name}", "displayId": name, "latestCommit": "0" * 40} for name in branches]
    with serving(Answer(200, {"values": shown, "isLastPage": True})) as (client, _server):
        with pytest.raises(_errors.NotFoundError, match=cause):
            DefaultBranch(client, HERE).refuse_missing("main")
        if branches:
            DefaultBranch(client, HERE).refuse_missing("mainline")
