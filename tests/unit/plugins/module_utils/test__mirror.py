# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _mirror
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ContractError,
    NotSupportedError,
    PermissionDeniedError,
    UnreachableError,
)
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

LOST = requests.ConnectionError("reset")
ON = Answer(200, {"rollingUpgradeEnabled": True, "version": "9.4.21"})


def in_turn(*answers):
    left = list(answers)

    def handler(_request):
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


@pytest.mark.parametrize(
    ("versions", "lowest"),
    [
        (["9.4.9", "9.4.10"], "9.4.9"),
        (["9.4.21"], "9.4.21"),
        (["9.4.21", None], None),
        (["9.4.21", "9.5-m1"], None),
        ([], None),
    ],
)
def test_the_lowest_version_is_told_where_every_node_tells_its_own(versions, lowest):
    farm = [{"buildVersion": version} if version else {} for version in versions]
    with serving(Answer(200, farm)) as (client, server):
        assert _mirror.lowest_version(client) == lowest
    assert server.received[0].path == "/context/rest/mirroring/latest/farmNodes"


def test_an_address_of_no_mirror_is_told_so():
    unrouted = Answer(404, {"message": "HTTP 404 Not Found", "status-code": 404})
    with serving(unrouted) as (client, _server), pytest.raises(NotSupportedError, match="smart mirroring"):
        _mirror.lowest_version(client)


def test_the_switch_is_set_once_where_it_is_answered():
    with serving(in_turn(ON)) as (client, server):
        assert _mirror.switch(client, "start") == {"rolling_upgrade_enabled": True, "version": "9.4.21"}
    (sent,) = server.received
    assert (sent.method, sent.path, sent.body) == ("POST", "/context/rest/mirroring/latest/zdu/start", None)


def test_a_version_may_be_left_out():
    with serving(Answer(200, {"rollingUpgradeEnabled": False})) as (client, _server):
        assert _mirror.switch(client, "end") == {"rolling_upgrade_enabled": False, "version": None}


@pytest.mark.parametrize("lost", [LOST, Answer(502, "bad gateway"), Answer(200, "<html>")])
def test_the_switch_is_set_once_more_where_the_answer_is_lost(lost):
    with serving(in_turn(lost, ON)) as (client, server):
        assert _mirror.switch(client, "start")["rolling_upgrade_enabled"] is True
    assert len(server.received) == 2


@pytest.mark.parametrize(("lost", "error"), [(LOST, UnreachableError), (Answer(200, "<html>"), ContractError)])
def test_what_nobody_knows_is_said(lost, error):
    with serving(in_turn(lost, lost)) as (client, _server), pytest.raises(error) as caught:
        _mirror.switch(client, "start")
    assert ", and whether the switch was set cannot be read from the server; " in str(caught.value)


def test_a_refusal_is_sure():
    refused = refusal(401, "You are not permitted to access this resource", "AuthorisationException")
    with serving(in_turn(refused)) as (client, server), pytest.raises(PermissionDeniedError) as caught:
        _mirror.switch(client, "start")
    assert "cannot be read" not in str(caught.value) and len(server.received) == 1
