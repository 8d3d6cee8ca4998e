# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    BlockedError,
    InputError,
    WaitError,
)
from ansible_collections.bitbucket.datacenter.plugins.modules import rolling_upgrade_plan
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving

OLD, TARGET = "9.4.21", "9.4.22"


def row(last, state="ACTIVE", version=OLD, **more):
    """A node as real servers list it: without a name, and with its facts as far as its state has any."""
    known = None if version is None else version
    return {
        "id": f"5f0c-{last}-{state}",
        "name": "Not configured",
        "ipAddress": f"10.20.0.{last}",
        "portNumber": 7990,
        "state": state,
        "version": known,
        "buildNumber": known and "9004021",
        "tasksTotal": None if known is None else 0,
        "activeUserCount": None if known is None else 1,
        "local": False,
        "links": [],
        **more,
    }


def hidden(number=9, state="STARTING"):
    """A node that shows nothing but its state."""
    return row(number, state, None, ipAddress=None, portNumber=None)


def payload(*nodes, state="MIXED"):
    enabled = state != "STABLE"
    return {
        "upgradeModeEnabled": enabled,
        "state": state,
        "originalVersion": OLD if enabled else None,
        "nodes": list(nodes),
        "links": [],
    }


def hosts(*lasts):
    return {f"host{index}": f"10.20.0.{last}" for index, last in enumerate(lasts, 1)}


DEFAULTS = {
    "goal": "upgrade",
    "target_version": TARGET,
    "nodes": hosts(11, 12, 13),
    "node": None,
    "given_up": [],
    "on_blockers": "fail",
    "wait": False,
    "hanging": [],
    "wait_timeout": 5,
    "wait_delay": 0,
    "progress_interval": 5,
}


def run(*bodies, check_mode=False, directory=None, secrets=(), **options):
    """The result for a server that answers with one body after the other, and how often it was asked."""
    left = list(bodies)
    module = types.SimpleNamespace(
        params={**DEFAULTS, **options}, check_mode=check_mode, tmpdir=directory, no_log_values=set(secrets)
    )
    with serving(lambda _request: Answer(200, left.pop(0) if len(left) > 1 else left[0]), read_only=True) as (
        client,
        server,
    ):
        result = rolling_upgrade_plan.run(module, client)
        return result, len(server.received)


def steps(result):
    return [(step["action"], step["host"]) for step in result["plan"]["steps"]]


# -- payloads of real kinds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("name", ["Not configured", "", None, "bitbucket"])
@pytest.mark.parametrize("written", ["10.20.0.{}", "10.20.0.{}:7990", ["inventory-name", "10.20.0.{}"]])
def test_nodes_without_names_of_their_own_are_upgraded_by_their_addresses(count, name, written):
    lasts = range(11, 11 + count)
    nodes = {
        f"host{last}": [each.format(last) for each in written] if isinstance(written, list) else written.format(last)
        for last in lasts
    }
    result, _looks = run(payload(*(row(last, name=name) for last in lasts), state="STABLE"), nodes=nodes)
    assert result["plan"]["next"] == "start"
    assert steps(result) == [("start", None), *(("upgrade_node", f"host{last}") for last in lasts), ("approve", None)]
    assert [step["node"] for step in result["plan"]["steps"]][1:-1] == [f"10.20.0.{last}:7990" for last in lasts]
    assert result["changed"] is False


@pytest.mark.parametrize("goal", ["upgrade", "rollback"])
@pytest.mark.parametrize("former", [13, None, 99])
@pytest.mark.parametrize("state", ["READY_TO_UPGRADE", "MIXED"])
def test_a_node_that_starts_without_facts_is_waited_for_and_no_other_is_stopped(goal, former, state):
    """Its former row may be at its own address, at another one that it has left, or gone."""
    left = [row(former, "OFFLINE", None)] if former else []
    second = row(12, version=OLD if state == "READY_TO_UPGRADE" else TARGET)
    body = payload(row(11, local=True), second, *left, hidden(), state=state)
    for node in (None, "host1", "host2", "host3"):
        result, _looks = run(body, goal=goal, node=node)
        works = [each for each in steps(result) if each[0] not in ("wait_for_node", "approve", "cancel")]
        if works:
            assert steps(result)[0] == ("wait_for_node", "host3")
    result, _looks = run(body, goal=goal)
    assert steps(result)[0] == ("wait_for_node", "host3")
    assert result["plan"]["blockers"] == []
    assert ("upgrade_node", "host1") in steps(result) or goal == "rollback"


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("leftovers", [1, 3, 6])
def test_nodes_with_new_addresses_are_finalized_whatever_they_left_behind(count, leftovers):
    live = [row(31 + index, version=TARGET) for index in range(count)]
    left = [row(11 + index, "OFFLINE", None) for index in range(leftovers)]
    mixed = [each for pair in zip(left, live) for each in pair] + left[count:] + live[leftovers:]
    body = payload(*mixed, state="READY_TO_RUN_UPGRADE_TASKS")
    result, _looks = run(body, nodes=hosts(*range(31, 31 + count)))
    assert (result["plan"]["next"], steps(result)) == ("finalize", [("approve", None)])
    ghosts = result["plan"]["ghosts"]
    assert [each["address"] for each in ghosts] == [f"10.20.0.{11 + index}:7990" for index in range(leftovers)]
    assert {each["state"] for each in ghosts} == {"OFFLINE"}
    assert "host" not in ghosts[0]


@pytest.mark.parametrize("goal", ["upgrade", "rollback"])
@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("version", [OLD, TARGET])
def test_a_node_without_a_state_is_waited_for(goal, shown, version):
    silent = row(13, None, None) if shown else hidden(13, None)
    body = payload(row(11), row(12, version=version), silent)
    result, _looks = run(body, goal=goal)
    assert steps(result)[0] == ("wait_for_node", "host3")
    assert result["plan"]["steps"][0]["reason"].endswith("is not answering yet")
    assert [node["state"] for node in result["cluster"]["nodes"]].count(None) == 1


def test_facts_that_are_not_there_are_like_null():
    bare = {"id": "5f0c-13"}
    result, _looks = run(payload(row(11), row(12), bare))
    assert steps(result)[0] == ("wait_for_node", "host3")


# -- waiting ---------------------------------------------------------------------------------------------------------

STARTS = payload(row(11), row(12, version=TARGET), row(13, "OFFLINE", None), hidden())
UP = payload(row(11), row(12, version=TARGET), row(13, version=TARGET))


def test_the_plan_is_made_once_no_node_is_waited_for(tmp_path):
    result, looks = run(STARTS, STARTS, UP, wait=True, directory=str(tmp_path))
    assert (looks, steps(result)) == (3, [("upgrade_node", "host1"), ("approve", None)])
    assert len(result["observations"]) == 2
    assert result["cluster"]["nodes"][-1]["version"] == TARGET
    assert (tmp_path / "progress").read_text(encoding="utf-8").startswith("the cluster: ")


@pytest.mark.parametrize("options", [{"wait": False}, {"wait": True, "check_mode": True}])
def test_without_wait_and_in_check_mode_the_plan_is_made_at_once(options):
    result, looks = run(STARTS, UP, **options)
    assert looks == 1 and steps(result)[0] == ("wait_for_node", "host3")


@pytest.mark.parametrize("body", [STARTS, payload(row(11), row(12, version=TARGET), row(13, "STARTING", None))])
def test_a_rollback_stops_a_node_that_starts_for_too_long(body):
    result, _looks = run(body, goal="rollback", wait=True, wait_timeout=0)
    assert steps(result) == [("rollback_node", "host3"), ("rollback_node", "host2"), ("cancel", None)]


def test_a_rollback_waits_once_only_for_a_node_that_hangs():
    result, _looks = run(STARTS, goal="rollback", wait=True, wait_timeout=0)
    assert result["plan"]["hanging"] == [hidden()["id"]]
    again, looks = run(STARTS, UP, goal="rollback", wait=True, hanging=[hidden()["id"], "other"])
    assert (looks, steps(again), again["plan"]["hanging"]) == (1, steps(result), [hidden()["id"]])


@pytest.mark.parametrize("options", [{"goal": "rollback", "hanging": ["other"]}, {"hanging": [hidden()["id"]]}])
def test_what_is_not_known_to_hang_and_an_upgrade_are_waited_for(options):
    result, looks = run(STARTS, UP, wait=True, **options)
    assert (looks, result["plan"]["hanging"]) == (2, [])


@pytest.mark.parametrize("body", [STARTS, payload(row(11), row(12, version=TARGET), hidden(8), hidden(9))])
def test_an_upgrade_fails_with_a_node_that_starts_for_too_long(body):
    with pytest.raises(WaitError, match="STARTING") as caught:
        run(body, wait=True, wait_timeout=0)
    assert caught.value.facts["observations"]


def test_a_rollback_does_not_stop_what_may_serve():
    silent = payload(row(11), row(12, version=TARGET), row(13, None, None))
    with pytest.raises(WaitError, match="not answering yet"):
        run(silent, goal="rollback", wait=True, wait_timeout=0)


# -- blockers --------------------------------------------------------------------------------------------------------


def test_what_blocks_fails_with_the_plan_among_its_facts():
    body = payload(row(11), row(12, "ERROR"), row(13, "ERROR"))
    with pytest.raises(BlockedError) as caught:
        run(body)
    assert str(caught.value).startswith(f"The rolling upgrade to {TARGET} is blocked: node 10.20.0.12:7990")
    assert "(and 1 more, see plan.blockers)" in str(caught.value)
    facts = caught.value.facts
    assert facts["plan"]["next"] == "blocked" and len(facts["plan"]["blockers"]) == 2
    assert facts["cluster"]["state"] == "MIXED" and facts["observations"]
    result, _looks = run(body, on_blockers="report")
    assert result["plan"] == facts["plan"]


def test_hosts_that_share_an_address_need_their_ports():
    body = payload(row(11), row(11, portNumber=7991, id="second"), state="STABLE")
    with pytest.raises(BlockedError, match=r"host1 matches several nodes .*set rolling_upgrade_node_name of host1"):
        run(body, nodes={"host1": "10.20.0.11", "host2": "10.20.0.11:7991"})
    result, _looks = run(body, nodes={"host1": ["10.20.0.11:7990"], "host2": "10.20.0.11:7991"})
    assert [each["address"] for each in result["plan"]["hosts"]] == ["10.20.0.11:7990", "10.20.0.11:7991"]


# -- hosts that are given up -----------------------------------------------------------------------------------------


def test_an_upgrade_goes_on_without_a_host_that_is_given_up():
    body = payload(row(11), row(12, version=TARGET), row(13, "OFFLINE", None))
    result, _looks = run(body, given_up=["host3"])
    assert steps(result) == [("upgrade_node", "host1"), ("approve", None)]
    assert result["plan"]["given_up"] == ["host3"] and result["plan"]["ghosts"] == []
    with pytest.raises(BlockedError, match="host2 is given up, but its node"):
        run(body, given_up=["host2"])


# -- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"target_version": "9.4"}, "is not a release number"),
        ({"node": "other"}, "'other' is not a key of nodes"),
        ({"given_up": ["host1", "other"]}, "'other' is not a key of nodes"),
        ({"given_up": ["host1"], "goal": "rollback"}, "given_up is set for a rollback"),
        ({"given_up": ["host1"], "goal": "restart"}, "given_up is set for a restart"),
        ({"given_up": ["host1"], "node": "host1"}, "node 'host1' is one of given_up"),
        ({"nodes": {"host1": 11}}, "nodes has 11 for host1"),
        ({"nodes": {"host1": None}}, "nodes has None for host1"),
        ({"nodes": {"host1": {"address": "10.20.0.11"}}}, "for host1"),
        ({"nodes": {"host1": ["10.20.0.11", 7990]}}, "for host1"),
    ],
)
def test_options_that_nothing_can_be_planned_from_are_refused_before_any_request(options, cause):
    params = {**DEFAULTS, **options}
    with pytest.raises(InputError, match=cause):
        rolling_upgrade_plan.check(params)
    module = types.SimpleNamespace(params=params, check_mode=False, tmpdir=None, no_log_values=set())
    with serving(lambda _request: pytest.fail("a request was made")) as (client, _server), pytest.raises(InputError):
        rolling_upgrade_plan.run(module, client)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"goal": "restart", "target_version": None},
        {"goal": "rollback"},
        {"node": "host1", "given_up": ["host2"]},
        {"nodes": {"host1": ["10.20.0.11", "n1"], "host2": "n2"}, "node": "host2"},
    ],
)
def test_options_that_are_right_are_not_refused(options):
    rolling_upgrade_plan.check({**DEFAULTS, **options})


# a host, the end of a state, of an action and of a version, and what is in the middle of every word
@pytest.mark.parametrize("secret", ["host1", "TABLE", "ode", "prove", ".4.21", "9.4.22", "e"])
def test_a_secret_that_ansible_would_mask_in_the_plan_is_refused(secret):
    with pytest.raises(InputError, match="A secret of the connection is part of") as refused:
        run(payload(row(1), row(2), state="STABLE"), nodes=hosts(1, 2), secrets=[secret])
    assert secret not in str(refused.value).split()


@pytest.mark.parametrize("secret", ["", "correct horse battery staple", "host10"])
def test_another_secret_is_not(secret):
    result, _requests = run(payload(row(1), row(2), state="STABLE"), nodes=hosts(1, 2), secrets=[secret])
    assert result["plan"]["next"] == "start"
