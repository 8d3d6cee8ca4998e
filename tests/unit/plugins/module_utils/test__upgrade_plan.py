# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import itertools

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _upgrade_plan
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import ConflictError, InputError
from hypothesis import assume, given
from hypothesis import strategies as st

ORIGINAL, TARGET = "9.4.21", "9.4.22"
VERSIONS = (ORIGINAL, TARGET, "9.4.20", "9.4.23", "9.5.0", "8.19.22", None)
NODE_STATES = ("STARTING", "ACTIVE", "DRAINING", "TERMINATING", "OFFLINE", "ERROR")
LOADS = (None, 0, 1, 2, 3)
CLUSTER_STATES = (
    "STABLE",
    "READY_TO_UPGRADE",
    "MIXED",
    "READY_TO_RUN_UPGRADE_TASKS",
    "RUNNING_UPGRADE_TASKS",
    "UPGRADE_TASKS_FAILED",
)


def node(name, state="ACTIVE", version=ORIGINAL, tasks=0, users=0):
    return {
        "id": f"id-{name}",
        "name": name,
        "ip_address": f"192.0.2.{ord(name[-1])}",
        "port_number": 5701,
        "state": state,
        "version": version,
        "build_number": None,
        "tasks_total": tasks,
        "active_user_count": users,
        "local": False,
    }


def derived_state(enabled, nodes, original=ORIGINAL):
    """The cluster's state as the server derives it from its nodes (assumed, agrees with the reference)."""
    running = {each["version"] for each in nodes if each["state"] != "OFFLINE"}
    if not enabled:
        return "STABLE"
    if len(running) > 1 or any(each["state"] == "ERROR" for each in nodes):
        return "MIXED"
    return "READY_TO_UPGRADE" if running == {original} else "READY_TO_RUN_UPGRADE_TASKS"


def cluster(*nodes, enabled=False, state=None, original=ORIGINAL):
    return {
        "state": state or derived_state(enabled, nodes, original),
        "upgrade_mode_enabled": enabled,
        "original_version": original if enabled else None,
        "nodes": list(nodes),
    }


def hosts_of(view):
    return {f"host-{each['name']}": each["name"] for each in view["nodes"]}


def plan(view, hosts=None, target=TARGET, goal="upgrade", only=None):
    return _upgrade_plan.plan(view, hosts_of(view) if hosts is None else hosts, target, goal, only)


GOALS = ("upgrade", "rollback", "restart")
WORKS = tuple(f"{goal}_node" for goal in GOALS)


def actions(made):
    return [(step["action"], step["node"]) for step in made["steps"]]


@functools.cache
def facts(states, versions):
    """All facts of a node in one draw, which takes a fraction of the time of one draw for each."""
    return st.sampled_from(list(itertools.product(states, versions, LOADS, LOADS)))


@st.composite
def some_nodes(draw, states=NODE_STATES, versions=VERSIONS, least=1):
    drawn = draw(st.lists(facts(states, versions), min_size=least, max_size=4))
    return [node(f"n{index}", *each) for index, each in enumerate(drawn)]


@st.composite
def any_cluster(draw, **of_nodes):
    """Every shape that an answer can have, contradictory ones too: the planner must fail closed."""
    nodes = draw(some_nodes(**of_nodes))
    enabled = draw(st.booleans())
    state = draw(st.one_of(st.just(derived_state(enabled, nodes)), st.sampled_from((*CLUSTER_STATES, "NEW_STATE"))))
    view = cluster(*nodes, enabled=enabled, state=state)
    view["original_version"] = draw(st.sampled_from((view["original_version"], None, ORIGINAL)))
    return view


@st.composite
def going_on(draw):
    """Clusters that are on their way from the original version to the target, nothing broken."""
    nodes = draw(
        some_nodes(("STARTING", "ACTIVE", "DRAINING", "TERMINATING", "OFFLINE"), (ORIGINAL, TARGET, None), least=2)
    )
    for each in nodes:
        each["version"] = None if each["state"] == "OFFLINE" else each["version"] or ORIGINAL
    return cluster(*nodes, enabled=True)


# -- whatever the cluster says ---------------------------------------------------------------------------------------


ACTIONS = {
    "upgrade": {"start", "wait_for_node", "upgrade_node", "wait_for_cluster", "approve"},
    "rollback": {"wait_for_node", "rollback_node", "cancel"},
    "restart": {"wait_for_node", "restart_node"},
}


@given(any_cluster(), st.sampled_from(GOALS), st.booleans())
def test_there_are_steps_or_blockers_never_both_and_each_says_all(view, goal, narrowed):
    made = plan(view, goal=goal, only="host-n0" if narrowed else None)
    assert made["goal"] == goal
    assert not (made["steps"] and made["blockers"])
    assert (made["next"] == "blocked") == bool(made["blockers"])
    assert (made["next"] == "none") == (not made["steps"] and not made["blockers"])
    by_name = {each["name"]: each for each in view["nodes"]}
    for blocker in made["blockers"]:
        seen = by_name.get(blocker["node"], {"version": None, "state": None})
        assert (blocker["version"], blocker["state"]) == (seen["version"], seen["state"])
        assert blocker["reason"] and blocker["remedy"]
    running = {each["version"] for each in view["nodes"]}
    for step in made["steps"]:
        assert step["action"] in ACTIONS[goal] and step["reason"]
        if step["action"] in WORKS:
            assert step["host"] == f"host-{step['node']}"
            assert step["version"] in {"upgrade": {TARGET}, "rollback": {ORIGINAL}, "restart": running}[goal]
        elif step["action"] == "wait_for_node":
            assert step["version"] in running
        else:
            assert (step["host"], step["node"], step["version"]) == (None, None, None)


@given(any_cluster())
def test_nothing_to_do_is_said_only_of_an_upgraded_cluster(view):
    if plan(view)["next"] == "none":
        assert not view["upgrade_mode_enabled"]
        assert {(each["version"], each["state"]) for each in view["nodes"]} == {(TARGET, "ACTIVE")}


@given(any_cluster(), st.booleans())
def test_start_comes_only_from_stable_and_only_once(view, narrowed):
    starts = [step for step in plan(view, only="host-n0" if narrowed else None)["steps"] if step["action"] == "start"]
    assert len(starts) <= 1
    if starts:
        assert view["state"] == "STABLE" and not view["upgrade_mode_enabled"]
        assert {each["version"] for each in view["nodes"]} <= {ORIGINAL, "9.4.20"}


@given(st.one_of(going_on(), any_cluster()))
def test_approve_is_last_and_after_a_step_for_every_node_that_is_not_done(view):
    made = actions(plan(view))
    approvals = [index for index, (action, _node) in enumerate(made) if action == "approve"]
    if not approvals:
        return
    assert approvals == [len(made) - 1]
    for each in view["nodes"]:
        if each["version"] != TARGET:
            assert ("upgrade_node", each["name"]) in made
        elif each["state"] != "ACTIVE":
            assert ("upgrade_node", each["name"]) in made or ("wait_for_node", each["name"]) in made


@given(st.one_of(going_on(), any_cluster(versions=(ORIGINAL, TARGET, None))))
def test_no_node_that_is_done_is_touched(view):
    done = {each["name"] for each in view["nodes"] if each["version"] == TARGET and each["state"] == "ACTIVE"}
    assert not done & {name for _action, name in actions(plan(view))}


@given(any_cluster(versions=(ORIGINAL, TARGET, None)))
def test_upgrade_mode_is_on_before_the_first_node_is_touched(view):
    made = [action for action, _node in actions(plan(view))]
    if "upgrade_node" in made:
        assert view["upgrade_mode_enabled"] or "start" in made[: made.index("upgrade_node")]
        assert plan(view)["next"] == ("nodes" if view["upgrade_mode_enabled"] else "start")


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_stopping_a_node_never_takes_a_second_one_down(view, goal):
    for each in view["nodes"]:
        made = plan(view, goal=goal, only=f"host-{each['name']}")
        if (f"{goal}_node", each["name"]) not in actions(made) or each["state"] != "ACTIVE":
            continue
        for other in view["nodes"]:
            if other is not each and other["state"] != "ACTIVE":
                waited_for = actions(made).index(("wait_for_node", other["name"]))
                assert other["state"] == "STARTING" and waited_for < actions(made).index((f"{goal}_node", each["name"]))


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_a_node_that_is_down_waits_for_nobody(view, goal):
    for each in view["nodes"]:
        made = plan(view, goal=goal, only=f"host-{each['name']}")
        if each["state"] in ("OFFLINE", "DRAINING", "TERMINATING") and made["steps"]:
            assert actions(made) == [(f"{goal}_node", each["name"])]


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_a_narrowed_plan_works_at_no_other_node(view, goal):
    made = plan(view, goal=goal, only="host-n0")
    assert {name for action, name in actions(made) if action in WORKS} <= {"n0"}
    assert not {"approve", "cancel"} & {action for action, _node in actions(made)}


@given(any_cluster(), st.sampled_from(("9.4.21", "9.4.20", "9.5.0", "10.0.0", "8.19.22")))
def test_only_a_higher_bug_fix_release_is_ever_installed(view, target):
    made = plan(view, target=target)
    if "upgrade_node" in {action for action, _node in actions(made)}:
        present = {each["version"] for each in view["nodes"]} - {target, None}
        assert all(each.split(".")[:2] == target.split(".")[:2] for each in present)
        assert all(int(each.split(".")[2]) < int(target.split(".")[2]) for each in present)


@given(any_cluster(states=(*NODE_STATES, "ERROR")))
def test_a_node_in_error_blocks(view):
    assume(any(each["state"] == "ERROR" for each in view["nodes"]))
    made = plan(view)
    assert made["next"] == "blocked"
    if len(view["nodes"]) > 1 and view["original_version"]:
        assert {each["name"] for each in view["nodes"] if each["state"] == "ERROR"} <= {
            blocker["node"] for blocker in made["blockers"]
        }


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS), st.randoms(use_true_random=False))
def test_the_order_of_the_server_s_list_does_not_matter(view, goal, random):
    shuffled = {**view, "nodes": random.sample(view["nodes"], len(view["nodes"]))}
    assert plan(view, goal=goal) == plan(shuffled, goal=goal)


@given(going_on())
def test_nodes_that_are_down_come_first_then_the_least_busy(view):
    assume(not plan(view)["blockers"])
    by_name = {each["name"]: each for each in view["nodes"]}
    order = [by_name[name] for action, name in actions(plan(view)) if action == "upgrade_node"]
    loads = [(each["state"] == "ACTIVE", each["tasks_total"] or 0, each["active_user_count"] or 0) for each in order]
    up = [load for load in loads if load[0]]
    assert loads == [load for load in loads if not load[0]] + sorted(up)


# -- the way back ----------------------------------------------------------------------------------------------------


@st.composite
def broken_off(draw):
    """Clusters in an upgrade that is not approved, whatever became of their nodes."""
    nodes = draw(some_nodes(least=2))
    for each in nodes:
        each["version"] = None if each["state"] == "OFFLINE" else each["version"] or ORIGINAL
    return cluster(*nodes, enabled=True)


@given(broken_off())
def test_every_upgrade_that_is_not_approved_can_be_rolled_back(view):
    made = actions(plan(view, goal="rollback"))
    assert made[-1] == ("cancel", None)
    for each in view["nodes"]:
        if each["version"] != ORIGINAL or each["state"] not in ("ACTIVE", "STARTING"):
            assert made.count(("rollback_node", each["name"])) == 1
        elif each["state"] == "STARTING":
            assert ("wait_for_node", each["name"]) in made and ("rollback_node", each["name"]) not in made
        else:
            assert not [action for action, name in made if name == each["name"]]
    by_name = {each["name"]: each for each in view["nodes"]}
    order = [by_name[name] for action, name in made if action == "rollback_node"]
    ranks = [(each["state"] == "ACTIVE", each["state"] == "ACTIVE" and each["version"] == TARGET) for each in order]
    assert ranks == sorted(ranks), "what does not serve comes first, then what runs a strange version"


@given(any_cluster())
def test_a_restart_is_for_clusters_outside_upgrade_mode_and_for_every_node(view):
    made = plan(view, goal="restart", target=None)
    if made["blockers"]:
        return
    assert view["state"] == "STABLE" and not view["upgrade_mode_enabled"]
    touched = [name for action, name in actions(made) if name]
    assert sorted(touched) == [each["name"] for each in view["nodes"]]
    assert {name for action, name in actions(made) if action == "wait_for_node"} == {
        each["name"] for each in view["nodes"] if each["state"] == "STARTING"
    }


# -- the inventory ---------------------------------------------------------------------------------------------------


@given(any_cluster(versions=(ORIGINAL, TARGET, None)), st.dictionaries(st.sampled_from("abc"), st.text(max_size=3)))
def test_an_inventory_that_does_not_match_one_to_one_blocks(view, hosts):
    assume(sorted(hosts.values()) != sorted(each["name"] for each in view["nodes"]))
    assert plan(view, hosts)["next"] == "blocked"


# -- every way a run can go, killed at every instant -----------------------------------------------------------------


def model(position):
    """The view of a small model ``(upgrade mode, ((state, version), ...))`` of three nodes."""
    enabled, nodes = position
    return cluster(*(node(f"n{index}", *each) for index, each in enumerate(nodes)), enabled=enabled)


def moves(position):
    """What can have become of the cluster when the run dies, one instant at a time, if it follows the plan."""
    enabled, nodes = position
    made = plan(model(position))
    assert not made["blockers"], made
    if not made["steps"]:
        return []
    step = made["steps"][0]
    if step["action"] == "start":
        return [(True, nodes)]
    if step["action"] == "approve":
        return [(False, nodes)]
    index = int(step["node"][1:])
    state, version = nodes[index]
    if step["action"] == "wait_for_node":
        following = ("ACTIVE", version)
    else:
        narrowed = plan(model(position), only=step["host"])
        assert actions(narrowed) == [("upgrade_node", step["node"])]
        following = {
            "ACTIVE": ("TERMINATING", version),
            "TERMINATING": ("OFFLINE", None),
            "OFFLINE": ("STARTING", TARGET),
        }[state]
    return [(enabled, (*nodes[:index], following, *nodes[index + 1 :]))]


def test_from_every_instant_the_upgrade_goes_on_to_the_same_end():
    begin = (False, (("ACTIVE", ORIGINAL),) * 3)
    end = (False, (("ACTIVE", TARGET),) * 3)
    position, passed = begin, []
    while position not in passed:
        passed.append(position)
        assert sum(state != "ACTIVE" for state, _version in position[1]) <= 1
        following = moves(position)
        if not following:
            break
        position = following[0]
    assert position == end
    # start, four moves for each of the three nodes, approve
    assert len(passed) == 1 + 1 + 4 * 3 + 1


def test_a_run_that_lost_several_nodes_brings_them_back_before_it_stops_another():
    position = (True, (("ACTIVE", TARGET), ("OFFLINE", None), ("OFFLINE", None), ("ACTIVE", ORIGINAL)))
    touched = []
    while moves(position):
        made = plan(model(position))
        touched.append(made["steps"][0]["node"])
        (position,) = moves(position)
    assert position == (False, (("ACTIVE", TARGET),) * 4)
    assert "n0" not in touched and touched.index("n3") > max(touched.index("n1"), touched.index("n2"))


# -- the table of the promises, row by row ---------------------------------------------------------------------------


def test_stable_at_the_target_needs_nothing():
    made = plan(cluster(node("n1", version=TARGET), node("n2", version=TARGET)))
    assert (made["next"], made["steps"], made["blockers"]) == ("none", [], [])


def test_stable_below_the_target_begins_with_start():
    made = plan(cluster(node("n1"), node("n2", users=1)))
    assert made["next"] == "start"
    assert actions(made) == [("start", None), ("upgrade_node", "n1"), ("upgrade_node", "n2"), ("approve", None)]
    assert [step["host"] for step in made["steps"]] == [None, "host-n1", "host-n2", None]


def test_a_node_that_still_starts_does_not_hide_that_start_is_to_come():
    made = plan(cluster(node("n1", "STARTING"), node("n2")))
    assert actions(made)[:2] == [("wait_for_node", "n1"), ("start", None)]
    assert made["next"] == "start"


def test_ready_to_upgrade_skips_start():
    made = plan(cluster(node("n1"), node("n2"), enabled=True))
    assert made["next"] == "nodes"
    assert actions(made) == [("upgrade_node", "n1"), ("upgrade_node", "n2"), ("approve", None)]


def test_mixed_skips_what_is_done_and_begins_with_what_is_down():
    made = plan(cluster(node("n1", version=TARGET), node("n2", tasks=1), node("n3", "OFFLINE", None), enabled=True))
    assert actions(made) == [("upgrade_node", "n3"), ("upgrade_node", "n2"), ("approve", None)]


def test_mixed_waits_for_a_starting_node():
    made = plan(cluster(node("n1", "STARTING", TARGET), node("n2"), enabled=True))
    assert actions(made) == [("wait_for_node", "n1"), ("upgrade_node", "n2"), ("approve", None)]
    assert made["next"] == "nodes"


def test_every_node_at_the_target_is_finalized():
    made = plan(cluster(node("n1", version=TARGET), node("n2", version=TARGET), enabled=True))
    assert (made["next"], actions(made)) == ("finalize", [("approve", None)])


def test_running_upgrade_tasks_are_waited_for():
    nodes = [node("n1", version=TARGET), node("n2", version=TARGET)]
    made = plan(cluster(*nodes, enabled=True, state="RUNNING_UPGRADE_TASKS"))
    assert (made["next"], actions(made)) == ("wait", [("wait_for_cluster", None)])


def at(version):
    return node("n1", version=version), node("n2", version=version)


@pytest.mark.parametrize(
    ("view", "hosts", "named", "reason"),
    [
        (cluster(*at(TARGET), enabled=True, state="UPGRADE_TASKS_FAILED"), None, None, "the upgrade tasks failed"),
        (cluster(node("n1", "ERROR"), node("n2")), None, "n1", "node n1 is in ERROR"),
        (cluster(node("n1", version="9.4.20"), node("n2"), enabled=True), None, "n1", "neither the original 9.4.21"),
        (cluster(*at("9.4.23")), None, "n1", "9.4.22 is no later bug-fix release of it"),
        (cluster(*at("9.3.21")), None, "n1", "9.4.22 is no later bug-fix release of it"),
        (cluster(*at("8.19.1")), None, "n1", "9.4.22 is no later bug-fix release of it"),
        (cluster(*at("9.4.23"), enabled=True, original="9.4.23"), None, None, "the upgrade began at 9.4.23"),
        (cluster(*at(TARGET), enabled=True, original=TARGET), None, None, "the upgrade began at 9.4.22"),
        (cluster(node("n1")), None, None, "the cluster has a single node"),
        (cluster(*at(ORIGINAL)), {"a": "n1"}, "n2", "node n2 of the cluster is no host of the inventory"),
        (cluster(*at(ORIGINAL)), {"a": "n1", "b": "n3"}, None, "inventory host b has no node of its own"),
        (cluster(*at(ORIGINAL)), {"a": "n1", "b": "n1", "c": "n2"}, None, "inventory host b has no node of its own"),
        # an address that two nodes share is nobody's own
        (
            cluster({**node("n1"), "ip_address": "192.0.2.9"}, {**node("n2"), "ip_address": "192.0.2.9"}),
            {"a": "192.0.2.9", "b": "n2"},
            None,
            "inventory host a has no node of its own",
        ),
        (cluster(node("n1", "DRAINING"), node("n2")), None, "n1", "node n1 is DRAINING"),
        (cluster(node("n1"), node("n2", version="9.4.20")), None, None, "different versions (9.4.20, 9.4.21)"),
        (cluster(*at(ORIGINAL), enabled=True, original=None), None, None, "the original version is unknown"),
        (cluster(*at(None)), None, "n1", "node n1 does not tell its version"),
        (cluster(*at(ORIGINAL), state="MIXED"), None, None, "the cluster is MIXED while upgrade mode is off"),
        (cluster(*at(TARGET), enabled=True, state="STABLE"), None, None, "the cluster is STABLE while upgrade mode is"),
        (cluster(node("n1", "NEW_STATE"), node("n2")), None, "n1", "node n1 is NEW_STATE"),
    ],
)
def test_blockers_name_node_version_state_and_remedy(view, hosts, named, reason):
    made = plan(view, hosts)
    assert made["next"] == "blocked" and made["steps"] == []
    found = [blocker for blocker in made["blockers"] if reason in blocker["reason"]]
    assert found, made["blockers"]
    assert found[0]["node"] == named and found[0]["remedy"]
    if named:
        seen = next(each for each in view["nodes"] if each["name"] == named)
        assert (found[0]["version"], found[0]["state"]) == (seen["version"], seen["state"])


@pytest.mark.parametrize(
    ("view", "goal", "reason", "remedy"),
    [
        (
            cluster(node("n1", "ERROR"), node("n2"), enabled=True),
            "upgrade",
            "n1 is in ERROR",
            "upgrade_rollback",
        ),
        (
            cluster(node("n1", version="9.4.20"), node("n2"), enabled=True),
            "upgrade",
            "neither",
            "rolling_upgrade again",
        ),
        (cluster(*at(TARGET)), "rollback", "the upgrade was approved", "stay at 9.4.22"),
        (
            cluster(*at(TARGET), enabled=True, state="RUNNING_UPGRADE_TASKS"),
            "rollback",
            "the upgrade is approved and its tasks are running",
            "bitbucket.datacenter.rolling_upgrade_finalize",
        ),
        (cluster(*at(TARGET), enabled=True, state="UPGRADE_TASKS_FAILED"), "rollback", "tasks failed", "support"),
        (cluster(*at(ORIGINAL), enabled=True, original=None), "rollback", "original version is unknown", "by hand"),
        (cluster(*at(None), enabled=True), "rollback", "node n1 does not tell its version", "wait until it does"),
        (cluster(*at(TARGET), enabled=True, original=TARGET), "rollback", "began at 9.4.22", "was begun with"),
        (cluster(node("n1", "ERROR"), node("n2")), "rollback", "node n1 is in ERROR", "bring it back to ACTIVE"),
        (cluster(node("n1", version=TARGET), enabled=True), "rollback", "a single node", "cannot be rolled back"),
        (cluster(node("n1")), "restart", "the cluster has a single node", "cannot be restarted"),
        (cluster(*at(ORIGINAL), enabled=True), "restart", "upgrade mode is on", "end the upgrade first"),
        (cluster(node("n1"), node("n2", version=TARGET)), "restart", "different versions", "to one version first"),
    ],
)
def test_each_goal_has_blockers_of_its_own(view, goal, reason, remedy):
    made = plan(view, goal=goal)
    assert made["next"] == "blocked"
    found = [each for each in made["blockers"] if reason in each["reason"]]
    assert found and remedy in found[0]["remedy"], made["blockers"]


def test_before_the_first_node_the_way_back_is_just_a_cancel():
    made = plan(cluster(*at(ORIGINAL), enabled=True), goal="rollback")
    assert (made["next"], actions(made)) == ("cancel", [("cancel", None)])


@pytest.mark.parametrize("version", [ORIGINAL, "9.4.23"])
def test_there_is_no_way_back_to_go_where_the_target_was_never_reached(version):
    made = plan(cluster(*at(version)), goal="rollback")
    assert (made["next"], made["steps"], made["blockers"]) == ("none", [], [])


def test_the_way_back_begins_with_what_does_not_serve():
    view = cluster(
        node("n1", version=TARGET, tasks=1),
        node("n2", version=TARGET),
        node("n3", "STARTING"),
        node("n4", "STARTING", TARGET),
        node("n5", "ERROR", TARGET),
        node("n6", "OFFLINE", None),
        node("n7", version="9.4.23", tasks=2),
        node("n8"),
        enabled=True,
    )
    made = plan(view, goal="rollback")
    assert made["next"] == "nodes"
    assert actions(made) == [
        ("rollback_node", "n6"),
        ("rollback_node", "n4"),
        ("rollback_node", "n5"),
        ("wait_for_node", "n3"),
        ("rollback_node", "n7"),
        ("rollback_node", "n2"),
        ("rollback_node", "n1"),
        ("cancel", None),
    ]
    narrowed = plan(view, goal="rollback", only="host-n2")
    assert [blocker["node"] for blocker in narrowed["blockers"]] == ["n4", "n5", "n6"]
    assert actions(plan(view, goal="rollback", only="host-n5")) == [("rollback_node", "n5")]


def test_a_restart_begins_with_the_node_that_the_cluster_has_forgotten():
    view = cluster(node("n1", tasks=1), node("n2"), node("n3", "STARTING"))
    hosts = {**hosts_of(view), "host-n4": "n4"}
    made = plan(view, hosts, goal="restart", target=None)
    assert (made["next"], made["target_version"]) == ("nodes", None)
    assert [(step["action"], step["host"], step["version"]) for step in made["steps"]] == [
        ("restart_node", "host-n4", ORIGINAL),
        ("wait_for_node", "host-n3", ORIGINAL),
        ("restart_node", "host-n2", ORIGINAL),
        ("restart_node", "host-n1", ORIGINAL),
    ]
    (blocker,) = plan(view, hosts, goal="restart", only="host-n1")["blockers"]
    assert (blocker["node"], blocker["version"], blocker["state"]) == ("n4", None, "OFFLINE")
    assert plan(view, {**hosts, "host-n5": "n4"}, goal="restart")["next"] == "blocked"


def test_every_blocker_is_named_at_once():
    made = plan(cluster(node("n1", "ERROR"), node("n2", version="9.3.0"), node("n3", "OFFLINE")))
    assert {blocker["node"] for blocker in made["blockers"]} >= {"n1", "n2", "n3"}


def test_hosts_may_be_matched_by_address():
    view = cluster(*at(ORIGINAL))
    made = plan(view, {each["name"].upper(): each["ip_address"] for each in view["nodes"]})
    assert [step["host"] for step in made["steps"]] == [None, "N1", "N2", None]


def test_a_second_node_down_blocks_the_stop_and_names_the_first():
    view = cluster(node("n1"), node("n2", "OFFLINE", None), enabled=True)
    made = plan(view, only="host-n1")
    assert [blocker["node"] for blocker in made["blockers"]] == ["n2"]
    assert actions(plan(view, only="host-n2")) == [("upgrade_node", "n2")]


def test_a_target_that_is_no_release_number_is_refused():
    with pytest.raises(InputError, match=r"target_version '9\.4' is not a release number"):
        plan(cluster(*at(ORIGINAL)), target="9.4")


# -- prediction of the three actions ---------------------------------------------------------------------------------


def test_start_begins_at_the_running_version():
    view = cluster(*at(ORIGINAL))
    assert _upgrade_plan.after(view, "start") == cluster(*at(ORIGINAL), enabled=True)


@pytest.mark.parametrize(
    "nodes",
    [
        [node("n1")],
        [node("n1"), node("n2", version=TARGET)],
        [node("n1"), node("n2", "ERROR")],
        [node("n1"), node("n2", "TERMINATING")],
    ],
)
def test_start_is_for_several_nodes_that_are_up_at_one_version(nodes):
    with pytest.raises(ConflictError, match="all of them ACTIVE at one version"):
        _upgrade_plan.after(cluster(*nodes), "start")
    assert _upgrade_plan.after(cluster(node("n1"), node("n2", "STARTING")), "start")["upgrade_mode_enabled"]


@pytest.mark.parametrize(("action", "version"), [("approve", TARGET), ("cancel", ORIGINAL)])
def test_approve_and_cancel_end_upgrade_mode(action, version):
    assert _upgrade_plan.after(cluster(*at(version), enabled=True), action) == cluster(*at(version))


@given(any_cluster(), st.sampled_from(("start", "approve", "cancel")))
def test_an_action_is_legal_or_a_conflict_and_then_has_nothing_left_to_do(view, action):
    try:
        predicted = _upgrade_plan.after(view, action)
    except ConflictError as error:
        assert view["upgrade_mode_enabled"] != (action == "start")
        assert view["state"] in error.cause
        return
    assert _upgrade_plan.obeyed(predicted, action)
    assert predicted == view or not _upgrade_plan.obeyed(view, action)
    assert predicted["nodes"] == view["nodes"]
    assert _upgrade_plan.after(predicted, action) == predicted


@given(some_nodes(versions=(ORIGINAL, TARGET), least=2))
def test_approve_is_refused_while_live_nodes_run_two_versions(nodes):
    assume(len({each["version"] for each in nodes if each["state"] != "OFFLINE"}) > 1)
    view = cluster(*nodes, enabled=True)
    with pytest.raises(ConflictError, match="cannot be approved"):
        _upgrade_plan.after(view, "approve")


def test_an_approval_under_way_is_not_repeated():
    view = cluster(*at(TARGET), enabled=True, state="RUNNING_UPGRADE_TASKS")
    assert _upgrade_plan.obeyed(view, "approve") and _upgrade_plan.after(view, "approve") == view
    assert not _upgrade_plan.obeyed(view, "cancel")


@pytest.mark.parametrize("action", ["approve", "cancel"])
def test_failed_upgrade_tasks_are_for_people_to_look_at(action):
    view = cluster(*at(TARGET), enabled=True, state="UPGRADE_TASKS_FAILED")
    with pytest.raises(ConflictError, match="support"):
        _upgrade_plan.after(view, action)


def test_a_refusal_shows_every_node():
    view = cluster(node("n1", version=TARGET), node("n2"), enabled=True)
    with pytest.raises(ConflictError) as caught:
        _upgrade_plan.after(view, "cancel")
    assert "the cluster is MIXED (n1 9.4.22 ACTIVE, n2 9.4.21 ACTIVE)" in str(caught.value)
    assert "bring every node back to 9.4.21 first" in str(caught.value)
