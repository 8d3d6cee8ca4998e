# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _errors
from ansible_collections.bitbucket.datacenter.plugins.module_utils._default_branch import (
    DefaultBranch,
    refuse_missing_default,
)
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


# -- what the server refuses for want of it --------------------------------------------------------------------------

NO_DEFAULT = "com.atlassian.bitbucket.repository.NoDefaultBranchException"


def refused(name=NO_DEFAULT):
    return _errors.NotFoundError("No.", method="GET", path="/commits", exception_names=[name])


def without_default(branches, named):
    """A repository with these branches, none of which is the default branch that is configured."""

    def answer(request):
        if request.path.endswith("/default-branch"):
            return Answer(200, {"id": f"refs/heads/{named}"}) if named else Answer(204)
        shown = [{"id": f"refs/heads/{name}", "displayId": name, "latestCommit": "0" * 40} for name in branches]
        return Answer(200, {"values": shown, "isLastPage": True})

    return answer


@pytest.mark.parametrize(
    ("named", "cause"),
    [
        ("master", "The default branch master does not exist in PLAT/api"),
        (None, "No default branch is set in PLAT/api"),
    ],
)
def test_a_default_branch_that_does_not_exist_is_named(named, cause):
    with serving(without_default(["main"], named)) as (client, _server), pytest.raises(_errors.NotFoundError) as caught:
        refuse_missing_default(client, HERE, refused())
    assert str(caught.value).startswith(cause)
    assert str(caught.value).endswith("; set a branch that exists with the module bitbucket.datacenter.default_branch.")


def test_an_empty_repository_is_none_whose_default_branch_is_missing():
    with serving(without_default([], "main")) as (client, _server):
        refuse_missing_default(client, HERE, refused())


def test_another_error_stays_as_it_is():
    other = refused("com.atlassian.bitbucket.repository.NoSuchRepositoryException")
    with serving(without_default([], "main")) as (client, server), pytest.raises(_errors.NotFoundError) as caught:
        refuse_missing_default(client, HERE, other)
    assert caught.value is other and server.received == []
