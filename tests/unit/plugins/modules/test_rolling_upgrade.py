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
        watch = Watch(client)
        seen, who = rolling_upgrade.act(watch, action)
        assert [request.method for request in server.received] == ["POST", "GET"]
    assert seen["upgrade_mode_enabled"] == ENABLED_AFTER[action]
    assert who is acted
    # what another operator did is not told as this run's
    assert (watch.acted and watch.acted["action"]) == (action if acted else None)


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


class Story:
    """A cluster that is seen in one state after the other, with its nodes; a POST is answered with the next one."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def __call__(self, _request):
        state, *nodes = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        listed = [
            {
                "id": f"id-{index}",
                "name": "Not configured",
                "ipAddress": None if now == "STARTING" else f"192.0.2.{index}",
                "portNumber": None if now == "STARTING" else 7990,
                "state": now,
                "version": version,
            }
            for index, (now, version) in enumerate(nodes, 1)
        ]
        enabled = state != "STABLE"
        original = OLD if enabled else None
        return Answer(
            200, {"upgradeModeEnabled": enabled, "state": state, "originalVersion": original, "nodes": listed}
        )


OLD, TARGET = "9.4.21", "9.4.22"
READY = ("READY_TO_RUN_UPGRADE_TASKS", ("ACTIVE", TARGET))
RUNNING = ("RUNNING_UPGRADE_TASKS", ("ACTIVE", TARGET))
FAILED = ("UPGRADE_TASKS_FAILED", ("ACTIVE", TARGET))
STABLE = ("STABLE", ("ACTIVE", TARGET))


def run(server, state, directory=None, check=False, **options):
    """The result, and the methods of the requests."""
    params = {"state": state, "wait": True, "wait_timeout": 60, "wait_delay": 0, "progress_interval": 5, **options}
    module = types.SimpleNamespace(tmpdir=directory and str(directory), params=params, check_mode=check)
    with serving(server, read_only=check) as (client, received):
        result = rolling_upgrade.run(module, client)
        return result, [request.method for request in received.received]


def test_the_way_to_the_state_is_told(tmp_path):
    result, methods = run(Story(READY, RUNNING, RUNNING, RUNNING, STABLE), "approved", tmp_path)
    assert result["cluster"]["state"] == "STABLE" and result["changed"]
    assert methods == ["GET", "POST", "GET", "GET", "GET"]
    told = f"the cluster: RUNNING_UPGRADE_TASKS (192.0.2.1:7990 ACTIVE at {TARGET}), wanted STABLE, 0 of 60 s\n"
    assert (tmp_path / "progress").read_text(encoding="utf-8") == told


def test_tasks_that_fail_end_the_wait(tmp_path):
    told = r"it is UPGRADE_TASKS_FAILED .* not recover by itself; read the server's log"
    with pytest.raises(WaitError, match=told):
        run(Story(READY, RUNNING, FAILED), "approved", tmp_path)


def test_tasks_of_an_approval_by_somebody_else_are_waited_for_and_change_nothing():
    result, methods = run(Story(RUNNING, RUNNING, STABLE), "approved")
    assert result["cluster"]["state"] == "STABLE" and not result["changed"]
    assert "POST" not in methods


# -- nodes that do not show their version ----------------------------------------------------------------------------

OF_STATE = {
    "started": ("STABLE", OLD, "READY_TO_UPGRADE"),
    "approved": ("READY_TO_RUN_UPGRADE_TASKS", TARGET, "STABLE"),
    "cancelled": ("READY_TO_UPGRADE", OLD, "STABLE"),
}


@pytest.mark.parametrize("state", sorted(OF_STATE))
@pytest.mark.parametrize("hidden", [("STARTING", None), (None, None), ("ACTIVE", None)])
def test_no_action_is_sent_before_every_live_node_shows_its_version(state, hidden):
    before, version, after = OF_STATE[state]
    nodes = [("ACTIVE", version), ("ACTIVE", version)]
    blind, seen = (before, *nodes, hidden), (before, *nodes, ("ACTIVE", version))
    result, methods = run(Story(blind, blind, seen, (after, *seen[1:])), state)
    assert methods == ["GET", "GET", "GET", "POST"]
    assert result["changed"] and result["cluster"]["state"] == after
    for refused in ({"wait": False}, {"check": True}):
        story = Story(blind, seen, (after, *seen[1:]))
        with pytest.raises(ConflictError):
            run(story, state, **refused)
        assert len(story.looks) == 2, "it was looked at once"
    with pytest.raises(WaitError, match=r"192\.0\.2\.1:7990"):
        run(Story(blind), state, wait_timeout=0)


@pytest.mark.parametrize("state", ["approved", "cancelled"])
def test_what_nodes_left_behind_is_not_waited_for(state):
    before, version, after = OF_STATE[state]
    nodes = (("ACTIVE", version), ("OFFLINE", None), ("ACTIVE", version), ("OFFLINE", None))
    result, methods = run(Story((before, *nodes), (after, nodes[0], nodes[2])), state)
    assert methods == ["GET", "POST"] and result["changed"]


def test_what_is_done_already_waits_for_nobody():
    result, methods = run(Story(("STABLE", ("ACTIVE", OLD), ("STARTING", None))), "cancelled")
    assert methods == ["GET"] and not result["changed"]


def test_an_action_that_is_answered_was_this_run_s():
    with serving(Cluster(Answer(200, cluster(True)), True)) as (client, server):
        seen, acted = rolling_upgrade.act(Watch(client), "start")
        assert [request.path for request in server.received] == ["/context/rest/zdu/start"]
    assert acted and seen["upgrade_mode_enabled"]
