# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _pull_request
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ContractError,
    InputError,
    NotFoundError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")


def test_a_pull_request_that_is_there():
    with serving(Answer(200, {"id": 3, "state": "DECLINED"})) as (client, server):
        _pull_request.require(client, REPOSITORY, 3)
    assert server.received[0].path == "/context/rest/api/latest/projects/PLAT/repos/api/pull-requests/3"


def test_one_that_is_not_is_an_error_in_the_words_of_the_server():
    gone = refusal(404, "No pull request exists with ID 3 for this repository.", "pull.NoSuchPullRequestException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="No pull request exists with ID 3"):
        _pull_request.require(client, REPOSITORY, 3)


def test_what_is_no_pull_request_is_never_taken_for_one():
    with serving(Answer(200, [])) as (client, _server), pytest.raises(ContractError):
        _pull_request.require(client, REPOSITORY, 3)


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_that_none_can_have_is_not_asked_for(number):
    with serving(Answer(200)) as (client, server), pytest.raises(InputError, match="pull_request_id"):
        _pull_request.require(client, REPOSITORY, number)
    assert server.received == []
