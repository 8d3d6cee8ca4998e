# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils._cluster import Watch
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    BitbucketError,
    ConflictError,
    UnreachableError,
    WaitError,
)
from ansible_collections.bitbucket.datacenter.plugins.modules import rolling_upgrade
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

ENABLED_AFTER = {"start": True, "approve": False, "cancel": False}


def cluster(enabled):
    return {"upgradeModeEnabled": enabled, "state": "READY_TO_UPGRADE" if enabled else "STABLE", "nodes": []}


class Cluster:
    """A cluster that answers a POST with ``answer`` and is then seen with upgrade mode ``enabled``."""

    def __init__(self, answer, enabled):
        self.answer = answer
        self.enabled = enabled

    def __call__(self, request):
        if request.method == "GET":
            return Answer(200, cluster(self.enabled))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


LOST = requests.ConnectionError("reset")
CONFLICT = refusal(409, "Not in this state.")


@pytest.mark.parametrize("action", sorted(ENABLED_AFTER))
@pytest.mark.parametrize(("answer", "acted"), [(LOST, True), (CONFLICT, False)])
def test_a_lost_or_refused_action_is_settled_by_reading_back(action, answer, acted):
    with serving(Cluster(answer, ENABLED_AFTER[action])) as (client, server):
        seen, who = rolling_upgrade.act(Watch(client), action)
        assert [request.method for request in server.received] == ["POST", "GET"]
    assert seen["upgrade_mode_enabled"] == ENABLED_AFTER[action]
    assert who is acted


@pytest.mark.parametrize("action", sorted(ENABLED_AFTER))
@pytest.mark.parametrize(("answer", "error"), [(LOST, UnreachableError), (CONFLICT, ConflictError)])
def test_an_action_without_effect_is_an_error_and_not_sent_again(action, answer, error):
    with serving(Cluster(answer, not ENABLED_AFTER[action])) as (client, server):
        with pytest.raises(error):
            rolling_upgrade.act(Watch(client), action)
        assert [request.method for request in server.received] == ["POST", "GET"]


@pytest.mark.parametrize(("answer", "acted"), [(LOST, True), (CONFLICT, False)])
def test_an_approval_whose_tasks_run_was_accepted(answer, acted):
    running = {**cluster(True), "state": "RUNNING_UPGRADE_TASKS"}

    def handler(request):
        return Answer(200, running) if request.method == "GET" else Cluster(answer, True)(request)

    with serving(handler) as (client, _server):
        seen, who = rolling_upgrade.act(Watch(client), "approve")
    assert seen["state"] == "RUNNING_UPGRADE_TASKS" and who is acted


@pytest.mark.parametrize("status", [401, 403])
def test_any_other_refusal_is_an_error_at_once(status):
    with serving(Cluster(refusal(status, "No."), True)) as (client, server):
        with pytest.raises(BitbucketError):
            rolling_upgrade.act(Watch(client), "start")
        assert len(server.received) == 1


class Tasks:
    """A cluster on which the upgrade tasks run for some looks, and then end in a state."""

    def __init__(self, looks, end):
        self.states = [*["RUNNING_UPGRADE_TASKS"] * looks, end]

    def __call__(self, request):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        nodes = [{"id": "id-n1", "name": "n1", "state": "ACTIVE", "version": "9.4.22"}]
        return Answer(200, {"upgradeModeEnabled": state != "STABLE", "state": state, "nodes": nodes})


def module(directory):
    params = {"wait_timeout": 60, "wait_delay": 0.01, "progress_interval": 5}
    return types.SimpleNamespace(tmpdir=str(directory), params=params)


def test_the_way_to_the_state_is_told(tmp_path):
    with serving(Tasks(3, "STABLE")) as (client, _server):
        seen = rolling_upgrade.settle(module(tmp_path), Watch(client), "STABLE")
    assert seen["state"] == "STABLE"
    told = "the cluster: RUNNING_UPGRADE_TASKS (n1 ACTIVE at 9.4.22), wanted STABLE, 0 of 60 s\n"
    assert (tmp_path / "progress").read_text(encoding="utf-8") == told


def test_tasks_that_fail_end_the_wait(tmp_path):
    told = r"it is UPGRADE_TASKS_FAILED .* not recover by itself; read the server's log"
    with serving(Tasks(1, "UPGRADE_TASKS_FAILED")) as (client, _server), pytest.raises(WaitError, match=told):
        rolling_upgrade.settle(module(tmp_path), Watch(client), "STABLE")


def test_an_action_that_is_answered_was_this_run_s():
    with serving(Cluster(Answer(200, cluster(True)), True)) as (client, server):
        seen, acted = rolling_upgrade.act(Watch(client), "start")
        assert [request.path for request in server.received] == ["/context/rest/zdu/start"]
    assert acted and seen["upgrade_mode_enabled"]
