# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import itertools

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _upgrade_plan
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import ConflictError, InputError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._node_identity import (
    OFFLINE,
    find,
    is_anonymous,
    is_live,
    labelled,
)
from hypothesis import assume, given
from hypothesis import strategies as st

ORIGINAL, TARGET = "9.4.21", "9.4.22"
VERSIONS = (ORIGINAL, TARGET, "9.4.20", "9.4.23", "9.5.0", "8.19.22", None)
NODE_STATES = ("STARTING", "ACTIVE", "DRAINING", "TERMINATING", "OFFLINE", "ERROR", None)
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
        "port_number": 7990,
        "state": state,
        "version": version,
        "build_number": None,
        "tasks_total": tasks,
        "active_user_count": users,
        "local": False,
    }


def unnamed(last, state="ACTIVE", version=ORIGINAL, tasks=0, users=0):
    """A node without a name, as most installations list them, at an address that ends in ``last``."""
    address = f"192.0.2.{last}"
    return {**node(f"n{last}", state, version, tasks, users), "name": None, "ip_address": address}


def hidden(identifier, state="STARTING"):
    """A node that shows nothing but its state, as one that starts."""
    shown = dict.fromkeys(("name", "ip_address", "port_number"))
    return {**node(identifier, state, None, None, None), "id": identifier, **shown}


def is_awaited(each):
    """Whether a node may come up without help."""
    return each["state"] in ("STARTING", None) or (each["state"] == "ACTIVE" and each["version"] is None)


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
        "nodes": labelled(nodes),
    }


def hosts_of(view):
    return {f"host-{each['label']}": each["label"] for each in view["nodes"]}


def first_host(view):
    return f"host-{view['nodes'][0]['label']}"


def plan(view, hosts=None, target=TARGET, goal="upgrade", only=None, **more):
    return _upgrade_plan.plan(view, hosts_of(view) if hosts is None else hosts, target, goal, only, **more)


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
    listed = [node(f"n{index}", *each) for index, each in enumerate(drawn)]
    kind = draw(st.sampled_from(("named", "by address", "by port", "same name")))
    for index, each in enumerate(listed):
        if kind != "named":
            each["label"] = "n" if kind == "same name" and len(listed) > 1 else None
        if kind == "by port":
            each.update(ip_address="192.0.2.1", port_number=7990 + index)
    return labelled(listed)


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
    made = plan(view, goal=goal, only=first_host(view) if narrowed else None)
    assert made["goal"] == goal
    assert not (made["steps"] and made["blockers"])
    assert (made["next"] == "blocked") == bool(made["blockers"])
    assert (made["next"] == "none") == (not made["steps"] and not made["blockers"])
    by_label = {each["label"]: each for each in view["nodes"]}
    for blocker in made["blockers"]:
        seen = by_label.get(blocker["node"], {"version": None, "state": None})
        assert (blocker["version"], blocker["state"]) == (seen["version"], seen["state"])
        assert blocker["reason"] and blocker["remedy"]
    assert [each["node"] for each in made["hosts"]] == [each["label"] for each in view["nodes"]]
    assert made["ghosts"] == [] and made["given_up"] == []
    # None where no node shows the version to restart at
    running = {each["version"] for each in view["nodes"]} | {None}
    # once upgrade mode is off, what the others run is the version to come back to
    back = {ORIGINAL if view["upgrade_mode_enabled"] else min(running - {None}, default=None)}
    for step in made["steps"]:
        assert step["action"] in ACTIONS[goal] and step["reason"]
        if step["action"] in WORKS:
            assert step["host"] == f"host-{step['node']}"
            assert step["version"] in {"upgrade": {TARGET}, "rollback": back, "restart": running}[goal]
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
    made = actions(plan(view, only=first_host(view) if narrowed else None))
    starts = [index for index, (action, _label) in enumerate(made) if action == "start"]
    assert len(starts) <= 1
    if starts:
        assert view["state"] == "STABLE" and not view["upgrade_mode_enabled"]
        assert {each["version"] for each in view["nodes"]} <= {ORIGINAL, TARGET, "9.4.20", None}
        waits = {label for action, label in made[: starts[0]] if action == "wait_for_node"}
        assert waits == {each["label"] for each in view["nodes"] if is_awaited(each)}
        # what a node runs that is waited for is not known yet, so the plan is made anew then
        assert waits or TARGET not in {each["version"] for each in view["nodes"]}


@given(st.one_of(going_on(), any_cluster()))
def test_approve_is_last_and_after_a_step_for_every_node_that_is_not_done(view):
    made = actions(plan(view))
    approvals = [index for index, (action, _node) in enumerate(made) if action == "approve"]
    if not approvals:
        return
    assert approvals == [len(made) - 1]
    for each in view["nodes"]:
        if each["version"] != TARGET:
            assert ("upgrade_node", each["label"]) in made
        elif each["state"] != "ACTIVE":
            assert ("upgrade_node", each["label"]) in made or ("wait_for_node", each["label"]) in made
        if is_awaited(each):
            assert ("wait_for_node", each["label"]) in made


@given(st.one_of(going_on(), any_cluster(versions=(ORIGINAL, TARGET, None))))
def test_no_node_that_is_done_is_touched(view):
    done = {each["label"] for each in view["nodes"] if each["version"] == TARGET and each["state"] == "ACTIVE"}
    assert not done & {name for _action, name in actions(plan(view))}


@given(any_cluster(versions=(ORIGINAL, TARGET, None)))
def test_upgrade_mode_is_on_before_the_first_node_is_touched(view):
    # while no node shows a version the plan only waits, and is made anew then
    assume(any(each["version"] for each in view["nodes"]))
    made = [action for action, _node in actions(plan(view))]
    if "upgrade_node" in made:
        assert view["upgrade_mode_enabled"] or "start" in made[: made.index("upgrade_node")]
        assert plan(view)["next"] == ("nodes" if view["upgrade_mode_enabled"] else "start")


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_stopping_a_node_never_takes_a_second_one_down(view, goal):
    for each in view["nodes"]:
        made = plan(view, goal=goal, only=f"host-{each['label']}")
        if (f"{goal}_node", each["label"]) not in actions(made) or each["state"] != "ACTIVE":
            continue
        for other in view["nodes"]:
            if other is not each and (other["state"] != "ACTIVE" or other["version"] is None):
                waited_for = actions(made).index(("wait_for_node", other["label"]))
                assert is_awaited(other) and waited_for < actions(made).index((f"{goal}_node", each["label"]))


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_a_node_that_may_come_up_is_waited_for_before_anything_that_serves_is_stopped(view, goal):
    """In every goal; only a rollback stops a node that starts at another version."""
    made = actions(plan(view, goal=goal))
    serving = {each["label"] for each in view["nodes"] if each["state"] == "ACTIVE" and each["version"]}
    stops = [index for index, (action, label) in enumerate(made) if action in WORKS and label in serving]
    for each in view["nodes"]:
        if stops and is_awaited(each) and (goal != "rollback" or each["version"] in (ORIGINAL, None)):
            assert made.index(("wait_for_node", each["label"])) < stops[0]


@given(any_cluster(states=("ACTIVE", "STARTING", None), versions=(ORIGINAL, None), least=2), st.sampled_from(GOALS))
def test_a_node_that_may_come_up_is_never_a_blocker(view, goal):
    assume(view["state"] == derived_state(view["upgrade_mode_enabled"], view["nodes"]))
    assume(view["original_version"] or not view["upgrade_mode_enabled"])
    assume(goal != "restart" or not view["upgrade_mode_enabled"])
    assert plan(view, goal=goal)["blockers"] == []


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_a_node_that_is_down_waits_for_nobody(view, goal):
    for each in view["nodes"]:
        made = plan(view, goal=goal, only=f"host-{each['label']}")
        if each["state"] in ("OFFLINE", "DRAINING", "TERMINATING") and made["steps"]:
            if goal != "restart" or any(other["version"] for other in view["nodes"]):
                assert actions(made) == [(f"{goal}_node", each["label"])]
            else:
                # the version to restart at is not known before another node shows it
                assert actions(made)[-1] == (f"{goal}_node", each["label"])
                assert {action for action, _label in actions(made)[:-1]} <= {"wait_for_node"}


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS))
def test_a_narrowed_plan_works_at_no_other_node(view, goal):
    made = plan(view, goal=goal, only=first_host(view))
    assert {name for action, name in actions(made) if action in WORKS} <= {view["nodes"][0]["label"]}
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
        assert {each["label"] for each in view["nodes"] if each["state"] == "ERROR"} <= {
            blocker["node"] for blocker in made["blockers"]
        }


@given(st.one_of(going_on(), any_cluster()), st.sampled_from(GOALS), st.randoms(use_true_random=False))
def test_the_order_of_the_server_s_list_does_not_matter(view, goal, random):
    shuffled = {**view, "nodes": random.sample(view["nodes"], len(view["nodes"]))}
    assert plan(view, goal=goal) == plan(shuffled, hosts_of(view), goal=goal)


@given(going_on())
def test_nodes_that_are_down_come_first_then_the_least_busy(view):
    assume(not plan(view)["blockers"])
    by_label = {each["label"]: each for each in view["nodes"]}
    order = [by_label[label] for action, label in actions(plan(view)) if action == "upgrade_node"]
    loads = [(each["state"] == "ACTIVE", each["tasks_total"] or 0, each["active_user_count"] or 0) for each in order]
    up = [load for load in loads if load[0]]
    assert loads == [load for load in loads if not load[0]] + sorted(up)
    down = [each["state"] in ("OFFLINE", "DRAINING", "TERMINATING") for each in order]
    assert down == sorted(down, reverse=True)


# -- the way back ----------------------------------------------------------------------------------------------------


@st.composite
def broken_off(draw):
    """Clusters in an upgrade that is not approved, whatever became of their nodes."""
    nodes = draw(some_nodes(least=2))
    for each in nodes:
        # what does not answer the others shows no version (likely)
        each["version"] = None if each["state"] in ("OFFLINE", None) else each["version"] or ORIGINAL
    return cluster(*nodes, enabled=True)


@given(broken_off())
def test_every_upgrade_that_is_not_approved_can_be_rolled_back(view):
    made = actions(plan(view, goal="rollback"))
    assert made[-1] == ("cancel", None)
    for each in view["nodes"]:
        if each["state"] is None:
            assert made.index(("wait_for_node", each["label"])) < made.index(("rollback_node", each["label"]))
        elif each["version"] != ORIGINAL or each["state"] not in ("ACTIVE", "STARTING"):
            assert made.count(("rollback_node", each["label"])) == 1
        elif each["state"] == "STARTING":
            assert ("wait_for_node", each["label"]) in made and ("rollback_node", each["label"]) not in made
        else:
            assert not [action for action, name in made if name == each["label"]]
    by_label = {each["label"]: each for each in view["nodes"]}
    order = [by_label[label] for action, label in made if action == "rollback_node"]
    # one that does not answer may serve, and at any version
    ranks = [
        (
            each["state"] in ("ACTIVE", None),
            each["state"] == "ACTIVE",
            each["state"] == "ACTIVE" and each["version"] == TARGET,
        )
        for each in order
    ]
    assert ranks == sorted(ranks), "what does not serve comes first, then what runs a strange version"


@given(any_cluster())
def test_a_restart_is_for_clusters_outside_upgrade_mode_and_for_every_node(view):
    made = plan(view, goal="restart", target=None)
    if made["blockers"]:
        return
    assert view["state"] == "STABLE" and not view["upgrade_mode_enabled"]
    touched = [label for action, label in actions(made) if label]
    assert sorted(touched) == sorted(each["label"] for each in view["nodes"])
    assert {label for action, label in actions(made) if action == "wait_for_node"} == {
        each["label"] for each in view["nodes"] if is_awaited(each)
    }


# -- the inventory ---------------------------------------------------------------------------------------------------


_SOME_HOSTS = st.dictionaries(
    st.sampled_from("abcd"),
    st.one_of(
        st.text(max_size=3),
        st.sampled_from(("n", "n0", "n1", "192.0.2.48", "192.0.2.49", "192.0.2.1", "192.0.2.1:7990", "192.0.2.1:7991")),
        st.lists(st.sampled_from(("n0", "n1", "n2", "192.0.2.48:7990", "192.0.2.49", "192.0.2.50")), max_size=2),
    ),
)


@given(any_cluster(versions=(ORIGINAL, TARGET, None)), _SOME_HOSTS, st.sampled_from(GOALS))
def test_there_are_steps_only_where_hosts_and_live_nodes_match_one_to_one(view, hosts, goal):
    made = plan(view, hosts, goal=goal)
    ids = [each["id"] for each in made["hosts"] if each["id"]]
    ghosts = {each["id"] for each in made["ghosts"]}
    if made["blockers"]:
        return
    assert sorted(each["host"] for each in made["hosts"]) == sorted(hosts), "every host has a node"
    assert len(set(ids)) == len(ids), "and one of its own"
    assert {each["id"] for each in view["nodes"] if is_live(each)} <= set(ids), "no live node is left out"
    assert {each["id"] for each in view["nodes"]} == set(ids) | ghosts
    assert not ghosts & set(ids)
    for each in made["hosts"]:
        if each["id"] is None:
            assert (view["upgrade_mode_enabled"] or goal == "restart") and hosts[each["host"]]
            assert (each["node"], each["state"], each["version"]) == (each["host"], OFFLINE, None)
        else:
            assert each["id"] in {node_["id"] for node_ in find(view["nodes"], hosts[each["host"]])}


@given(any_cluster(versions=(ORIGINAL, TARGET, None)), _SOME_HOSTS)
def test_outside_upgrade_mode_an_inventory_that_does_not_match_one_to_one_blocks(view, hosts):
    assume(not view["upgrade_mode_enabled"])
    matches = {host: [each["id"] for each in find(view["nodes"], references)] for host, references in hosts.items()}
    live = {each["id"] for each in view["nodes"] if is_live(each)}
    matched = [ids[0] for ids in matches.values() if ids]
    if all(matches.values()) and len(set(matched)) == len(matched) and live <= set(matched):
        return
    assert plan(view, hosts)["next"] == "blocked"


@given(st.one_of(going_on(), any_cluster()), st.integers(1, 3), st.booleans(), st.sampled_from(GOALS))
def test_ghosts_change_nothing_but_the_list_of_ghosts(view, count, same_address, goal):
    left = [unnamed(200 if same_address else 200 + index, OFFLINE, None) for index in range(count)]
    left = [{**each, "id": f"ghost-{index}"} for index, each in enumerate(left)]
    made = plan({**view, "nodes": labelled([*left, *view["nodes"]])}, hosts_of(view), goal=goal)
    assert sorted(each["id"] for each in made["ghosts"]) == [each["id"] for each in left]
    assert {**made, "ghosts": []} == plan(view, goal=goal)


@st.composite
def half_hidden(draw):
    """Clusters in which nodes that start, or do not answer, show nothing that identifies them; with their hosts.

    In upgrade mode the rows of their former processes may still be listed.
    """
    states, versions = ("STARTING", "ACTIVE", "TERMINATING", "OFFLINE", None), (ORIGINAL, TARGET)
    rows, enabled = draw(some_nodes(states, versions, least=2)), draw(st.booleans())
    hosts = {f"host-{index}": address_and_port(each) for index, each in enumerate(rows)}
    listed = []
    for index, each in enumerate(rows):
        each["version"] = None if each["state"] in ("STARTING", "OFFLINE", None) else each["version"]
        hides = each["state"] == "STARTING" or (each["state"] is None and draw(st.booleans()))
        if hides and enabled and draw(st.booleans()):
            listed.append({**each, "id": f"former-{index}", "state": OFFLINE})
        listed.append({**each, **dict.fromkeys(("name", "ip_address", "port_number"))} if hides else each)
    return cluster(*listed, enabled=enabled), hosts


def address_and_port(each):
    return f"{each['ip_address']}:{each['port_number']}"


@given(half_hidden(), st.sampled_from(GOALS))
def test_a_node_that_shows_nothing_is_the_only_one_missing_or_is_waited_for_first(seen, goal):
    view, hosts = seen
    anonymous = [each["label"] for each in view["nodes"] if is_anonymous(each)]
    live = [each for each in view["nodes"] if is_live(each) and not is_anonymous(each)]
    without = [host for host in hosts if not any(each in live for each in find(view["nodes"], hosts[host]))]
    made = plan(view, hosts, goal=goal)
    if made["blockers"] or not anonymous:
        return
    if len(anonymous) == len(without) == 1:
        assert (without[0], anonymous[0]) in [(each["host"], each["node"]) for each in made["hosts"]]
        assert ("wait_for_node", without[0]) in [(step["action"], step["host"]) for step in made["steps"]]
        return
    for narrowed in (None, *hosts):
        steps = plan(view, hosts, goal=goal, only=narrowed)["steps"]
        if steps:
            first = steps[: len(anonymous)]
            assert sorted(step["node"] for step in first) == sorted(anonymous)
            assert {(step["action"], step["host"]) for step in first} == {("wait_for_node", None)}


@given(half_hidden())
def test_hosts_are_given_no_node_of_another_host(seen):
    view, hosts = seen
    made = plan(view, hosts)
    for each in made["hosts"]:
        assert each["address"] in (None, hosts[each["host"]])
    ids = [each["id"] for each in made["hosts"] if each["id"]]
    assert len(set(ids)) == len(ids)


# -- every way a run can go, killed at every instant -----------------------------------------------------------------


LOOKS = ("named", "unnamed", "moving")
MODEL_HOSTS = {f"host{index}": [f"192.0.2.{10 + index}", f"192.0.2.{20 + index}", f"n{index}"] for index in range(4)}
_AGAIN = itertools.count()


def model(position, look="named"):
    """The view of a small model ``(upgrade mode, ((state, version), ...))`` of some nodes, with new ids each time.

    Without names a node that starts shows nothing, and the row of its former process is listed as OFFLINE until it
    does, or, where nodes are ``moving`` to other addresses, as long as upgrade mode is on.
    """
    enabled, nodes = position
    listed = []
    for index, (state, version) in enumerate(nodes):
        moved = look == "moving" and (version == TARGET or state == "STARTING")
        row = {**node(f"n{index}", state, version), "id": f"id-{next(_AGAIN)}"}
        row["ip_address"] = f"192.0.2.{20 + index if moved else 10 + index}"
        if look != "named":
            row["name"] = None
        if state == "STARTING" and look != "named":
            row.update(hidden(row["id"]))
        if enabled and (moved or (state == "STARTING" and look != "named")):
            listed.append({**unnamed(10 + index, OFFLINE, None), "id": f"former-{index}"})
        listed.append(row)
    return cluster(*listed, enabled=enabled)


def model_plan(position, look, only=None):
    hosts = {host: MODEL_HOSTS[host] for host in list(MODEL_HOSTS)[: len(position[1])]}
    return plan(model(position, look), hosts, only=only)


def moves(position, look="named"):
    """What can have become of the cluster when the run dies, one instant at a time, if it follows the plan."""
    enabled, nodes = position
    made = model_plan(position, look)
    assert not made["blockers"], made
    if not made["steps"]:
        return []
    step = made["steps"][0]
    if step["action"] == "start":
        return [(True, nodes)]
    if step["action"] == "approve":
        return [(False, nodes)]
    if step["host"] is None:
        assert step["action"] == "wait_for_node" and look != "named"
        index = next(index for index, (state, _version) in enumerate(nodes) if state == "STARTING")
    else:
        index = int(step["host"][-1])
    state, version = nodes[index]
    if step["action"] == "wait_for_node":
        following = ("ACTIVE", version)
    else:
        (narrowed,) = model_plan(position, look, only=step["host"])["steps"]
        assert (narrowed["action"], narrowed["host"]) == ("upgrade_node", step["host"])
        following = {
            "ACTIVE": ("TERMINATING", version),
            "TERMINATING": ("OFFLINE", None),
            "OFFLINE": ("STARTING", TARGET),
        }[state]
    return [(enabled, (*nodes[:index], following, *nodes[index + 1 :]))]


@pytest.mark.parametrize("look", LOOKS)
def test_from_every_instant_the_upgrade_goes_on_to_the_same_end(look):
    begin = (False, (("ACTIVE", ORIGINAL),) * 3)
    end = (False, (("ACTIVE", TARGET),) * 3)
    position, passed = begin, []
    while position not in passed:
        passed.append(position)
        assert sum(state != "ACTIVE" for state, _version in position[1]) <= 1
        following = moves(position, look)
        if not following:
            break
        position = following[0]
    assert position == end
    # start, four moves for each of the three nodes, approve
    assert len(passed) == 1 + 1 + 4 * 3 + 1


@pytest.mark.parametrize("look", LOOKS)
def test_a_run_that_lost_several_nodes_brings_them_back_before_it_stops_another(look):
    position = (True, (("ACTIVE", TARGET), ("OFFLINE", None), ("OFFLINE", None), ("ACTIVE", ORIGINAL)))
    touched = []
    while moves(position, look):
        made = model_plan(position, look)
        touched.append(made["steps"][0]["host"])
        (position,) = moves(position, look)
    assert position == (False, (("ACTIVE", TARGET),) * 4)
    assert "host0" not in touched
    assert touched.index("host3") > max(touched.index("host1"), touched.index("host2"))


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
        (cluster(node("n1", "ERROR"), node("n2")), None, "n1", " is in ERROR at version 9.4.21"),
        (cluster(node("n1", version="9.4.20"), node("n2"), enabled=True), None, "n1", "neither the original 9.4.21"),
        (cluster(*at("9.4.23")), None, "n1", "9.4.22 is no later bug-fix release of it"),
        (cluster(*at("9.3.21")), None, "n1", "9.4.22 is no later bug-fix release of it"),
        (cluster(*at("8.19.1")), None, "n1", "9.4.22 is no later bug-fix release of it"),
        (cluster(*at("9.4.23"), enabled=True, original="9.4.23"), None, None, "the upgrade began at 9.4.23"),
        (cluster(*at(TARGET), enabled=True, original=TARGET), None, None, "the upgrade began at 9.4.22"),
        (cluster(node("n1")), None, None, "the cluster has a single node"),
        (cluster(*at(ORIGINAL)), {"a": "n1"}, "n2", "node n2 of the cluster is not a host of the inventory"),
        (cluster(*at(ORIGINAL)), {"a": "n1", "b": "n3"}, None, "inventory host b does not match any node of the"),
        (cluster(*at(ORIGINAL)), {"a": "n1", "b": "n1", "c": "n2"}, "n1", "inventory hosts a, b all match node n1"),
        # an address that two nodes share is nobody's own
        (
            cluster({**node("n1"), "ip_address": "192.0.2.9"}, {**node("n2"), "ip_address": "192.0.2.9"}),
            {"a": "192.0.2.9", "b": "n2"},
            None,
            "inventory host a matches several nodes (n1, n2)",
        ),
        (cluster(node("n1", "DRAINING"), node("n2")), None, "n1", " is DRAINING at version 9.4.21"),
        (cluster(node("n1"), node("n2", version="9.4.20")), None, None, "different versions (9.4.20, 9.4.21)"),
        (cluster(*at(ORIGINAL), enabled=True, original=None), None, None, "the original version is unknown"),
        (cluster(*at(ORIGINAL), state="MIXED"), None, None, "the cluster is MIXED while upgrade mode is off"),
        (cluster(*at(TARGET), enabled=True, state="STABLE"), None, None, "the cluster is STABLE while upgrade mode is"),
        (cluster(node("n1", "NEW_STATE"), node("n2")), None, "n1", " is NEW_STATE at version 9.4.21"),
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
            " is in ERROR",
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
        (cluster(*at(TARGET), enabled=True, original=TARGET), "rollback", "began at 9.4.22", "was begun with"),
        (cluster(node("n1", "ERROR"), node("n2")), "rollback", " is in ERROR", "bring it back to ACTIVE"),
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
    # it is known by its host only
    assert (blocker["node"], blocker["version"], blocker["state"]) == ("host-n4", None, "OFFLINE")
    missing = {each["host"]: each for each in plan(view, hosts, goal="restart")["hosts"]}["host-n4"]
    assert (missing["node"], missing["id"], missing["address"], missing["state"]) == ("host-n4", None, None, "OFFLINE")
    assert plan(view, {**hosts, "host-n5": "n3"}, goal="restart")["next"] == "blocked"


def test_every_blocker_is_named_at_once():
    made = plan(cluster(node("n1", "ERROR"), node("n2", version="9.3.0"), node("n3", "OFFLINE")))
    assert {blocker["node"] for blocker in made["blockers"]} >= {"n1", "n2", "n3"}


def test_hosts_may_be_matched_by_address():
    view = cluster(*at(ORIGINAL))
    made = plan(view, {each["name"].upper(): each["ip_address"] for each in view["nodes"]})
    assert [step["host"] for step in made["steps"]] == [None, "N1", "N2", None]
    assert [step["node"] for step in made["steps"]] == [None, "n1", "n2", None]


def test_a_second_node_down_blocks_the_stop_and_names_the_first():
    view = cluster(node("n1"), node("n2", "OFFLINE", None), enabled=True)
    made = plan(view, only="host-n1")
    assert [blocker["node"] for blocker in made["blockers"]] == ["n2"]
    assert actions(plan(view, only="host-n2")) == [("upgrade_node", "n2")]


def test_a_target_that_is_no_release_number_is_refused():
    with pytest.raises(InputError, match=r"target_version '9\.4' is not a release number"):
        plan(cluster(*at(ORIGINAL)), target="9.4")


# -- what nodes show, and what they do not ----------------------------------------------------------------------------


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize(
    ("state", "words"), [("STARTING", "STARTING"), ("ACTIVE", "ACTIVE"), (None, "not answering yet")]
)
@pytest.mark.parametrize("enabled", [False, True])
def test_a_node_without_state_or_version_is_waited_for(goal, state, words, enabled):
    if goal == "restart" and enabled:
        return
    view = cluster(unnamed(1), unnamed(2), unnamed(3, state, None), enabled=enabled)
    made = plan(view, goal=goal)
    assert made["blockers"] == []
    (wait,) = [step for step in made["steps"] if step["action"] == "wait_for_node"]
    assert (wait["host"], wait["node"], wait["version"]) == ("host-192.0.2.3:7990", "192.0.2.3:7990", None)
    assert wait["reason"].startswith("node 192.0.2.3:7990") and wait["reason"].endswith(f" is {words}")
    assert made["steps"][0] == wait
    assert [each["state"] for each in made["hosts"]] == ["ACTIVE", "ACTIVE", state]
    if goal == "upgrade":
        assert made["next"] == ("nodes" if enabled else "start")
    narrowed = plan(view, goal=goal, only="host-192.0.2.1:7990")
    assert wait in narrowed["steps"] or not [step for step in narrowed["steps"] if step["action"] in WORKS]


def test_a_restart_waits_until_a_node_shows_the_version_to_restart_at():
    view = cluster(unnamed(1, "ACTIVE", None), unnamed(2, None, None))
    hosts = {"a": "192.0.2.1", "b": "192.0.2.2", "c": "192.0.2.3"}
    made = plan(view, hosts, goal="restart", target=None)
    assert [(step["action"], step["host"], step["version"]) for step in made["steps"]] == [
        ("wait_for_node", "a", None),
        ("wait_for_node", "b", None),
        ("restart_node", "c", None),
    ]
    assert plan(view, hosts, goal="restart", target=None, only="c")["steps"] == made["steps"]


THREE = {"a": "192.0.2.1", "b": "192.0.2.2", "c": "192.0.2.3"}


@pytest.mark.parametrize("state", ["STARTING", None])
@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("former", [True, False])
def test_what_shows_nothing_is_the_node_of_the_only_host_without_one(state, goal, former):
    left = [unnamed(3, OFFLINE, None)] if former else []
    view = cluster(unnamed(1), unnamed(2), *left, hidden("new", state), enabled=goal != "restart")
    made = plan(view, THREE, goal=goal)
    assert (made["blockers"], made["steps"][0]["action"], made["steps"][0]["host"]) == ([], "wait_for_node", "c")
    assert made["hosts"][2] == {
        "host": "c",
        "node": "new",
        "id": "new",
        "name": None,
        "address": None,
        "state": state,
        "version": None,
    }
    assert [each["node"] for each in made["ghosts"]] == (["192.0.2.3:7990"] if former else [])


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize(
    "nodes",
    [
        # of one of two hosts
        [unnamed(1), unnamed(2, OFFLINE, None), unnamed(3, OFFLINE, None), hidden("new")],
        [unnamed(1), hidden("new")],
        [unnamed(1), hidden("new"), hidden("newer", None)],
        # of none
        [unnamed(1), unnamed(2), unnamed(3), hidden("new")],
    ],
)
def test_what_may_be_of_several_hosts_or_of_none_is_waited_for_first(nodes, goal):
    view = cluster(*nodes, enabled=goal != "restart")
    anonymous = [each["label"] for each in view["nodes"] if is_anonymous(each)]
    for only in (None, *THREE):
        made = plan(view, THREE, goal=goal, only=only)
        if made["blockers"]:
            # what serves is not stopped beside nodes that are down, whatever is waited for
            assert only == "a" and {blocker["state"] for blocker in made["blockers"]} == {OFFLINE}
            continue
        first = made["steps"][: len(anonymous)]
        assert [(step["action"], step["host"], step["node"], step["version"]) for step in first] == [
            ("wait_for_node", None, label, None) for label in anonymous
        ]
        assert "has no address yet" in first[0]["reason"]


def test_what_shows_nothing_is_nobody_s_who_is_given_up():
    view = cluster(unnamed(1, version=TARGET), unnamed(2), unnamed(3, OFFLINE, None), hidden("new"), enabled=True)
    made = plan(view, THREE, given_up=["c"])
    assert (made["steps"][0]["action"], made["steps"][0]["host"], made["steps"][0]["node"]) == (
        "wait_for_node",
        None,
        "new",
    )


def test_what_shows_nothing_may_be_of_a_host_that_is_given_up():
    view = cluster(unnamed(1, version=TARGET), unnamed(3, OFFLINE, None), hidden("new"), enabled=True)
    assert plan(view, THREE, given_up=["c"])["steps"][0]["host"] is None
    assert plan(view, {host: THREE[host] for host in "ab"})["steps"][0]["host"] == "b"


def test_a_node_that_moves_leaves_a_ghost_behind():
    nodes = [unnamed(last, OFFLINE, None) for last in (1, 2, 3)] + [
        unnamed(last, version=TARGET) for last in (31, 32, 33)
    ]
    hosts = {"a": "192.0.2.31", "b": ["192.0.2.2", "192.0.2.32"], "c": "192.0.2.33"}
    made = plan(cluster(*nodes, enabled=True, state="READY_TO_RUN_UPGRADE_TASKS"), hosts)
    assert (made["next"], actions(made)) == ("finalize", [("approve", None)])
    assert [each["node"] for each in made["hosts"]] == ["192.0.2.31:7990", "192.0.2.32:7990", "192.0.2.33:7990"]
    assert made["ghosts"] == [
        {
            "node": f"192.0.2.{last}:7990",
            "id": f"id-n{last}",
            "name": None,
            "address": f"192.0.2.{last}:7990",
            "state": "OFFLINE",
            "version": None,
        }
        for last in (1, 2, 3)
    ]
    assert plan(cluster(*nodes[3:], enabled=True), hosts)["ghosts"] == []


def test_a_live_node_wins_over_what_it_left_behind():
    former, present = unnamed(1, OFFLINE, None), {**unnamed(1, version=TARGET), "id": "new"}
    view = cluster(former, present, unnamed(2), enabled=True)
    made = plan(view, {"a": "192.0.2.1", "b": "192.0.2.2"})
    assert actions(made) == [("upgrade_node", "192.0.2.2:7990"), ("approve", None)]
    assert [(each["host"], each["id"]) for each in made["hosts"]] == [("a", "new"), ("b", "id-n2")]
    assert [each["id"] for each in made["ghosts"]] == ["id-n1"]


def test_two_hosts_never_share_what_was_left_behind():
    view = cluster(unnamed(1, OFFLINE, None), unnamed(2), unnamed(3), enabled=True)
    made = plan(view, {**THREE, "d": "192.0.2.1"})
    (blocker,) = made["blockers"]
    assert (blocker["node"], blocker["state"]) == ("192.0.2.1:7990", "OFFLINE")
    assert "inventory hosts a, d all match" in blocker["reason"]


# -- hosts and their nodes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("goal", "enabled"), [("upgrade", True), ("rollback", True), ("restart", False)])
def test_a_host_without_a_row_is_a_node_that_is_down(goal, enabled):
    view = cluster(unnamed(1), unnamed(2), enabled=enabled)
    made = plan(view, THREE, goal=goal)
    assert (made["blockers"], made["steps"][0]["action"], made["steps"][0]["host"]) == ([], f"{goal}_node", "c")
    assert made["steps"][0]["reason"] == "node c is OFFLINE: it comes first"
    assert made["hosts"][2] == {
        "host": "c",
        "node": "c",
        **dict.fromkeys(("id", "name", "address", "version")),
        "state": OFFLINE,
    }
    narrowed = plan(view, THREE, goal=goal, only="a")
    assert [blocker["node"] for blocker in narrowed["blockers"]] == (["c"] if goal != "rollback" else [])


@pytest.mark.parametrize(
    ("host", "shown"),
    [("b", "192.0.2.2:7990 (b)"), ("192.0.2.2", "192.0.2.2:7990"), ("192.0.2.2:7990", "192.0.2.2:7990")],
)
def test_a_reason_names_node_and_host_unless_that_says_the_same(host, shown):
    hosts = {"a": "192.0.2.1", host: "192.0.2.2"}
    made = plan(cluster(unnamed(1), unnamed(2, "OFFLINE", None), enabled=True), hosts)
    assert made["steps"][0]["reason"] == f"node {shown} is OFFLINE: it comes first"
    (blocker,) = plan(cluster(unnamed(1), unnamed(2, "OFFLINE", None), enabled=True), hosts, only="a")["blockers"]
    assert f"node {shown} is OFFLINE, stopping 192.0.2.1:7990 (a) now" in blocker["reason"]
    assert (blocker["node"], made["steps"][0]["node"]) == ("192.0.2.2:7990", "192.0.2.2:7990")


@pytest.mark.parametrize("goal", ["upgrade", "rollback"])
def test_outside_upgrade_mode_a_host_without_a_row_is_a_blocker(goal):
    (blocker,) = plan(cluster(unnamed(1), unnamed(2)), THREE, goal=goal)["blockers"]
    assert (blocker["node"], blocker["reason"]) == (
        None,
        "inventory host c does not match any node of the cluster (searched for 192.0.2.3)",
    )
    assert "start its node" in blocker["remedy"] and "rolling_upgrade_node_name of c" in blocker["remedy"]


@pytest.mark.parametrize("nothing", ["", []])
def test_a_host_without_references_is_a_blocker_in_every_goal(nothing):
    for goal in GOALS:
        view = cluster(unnamed(1), unnamed(2), enabled=goal != "restart")
        (blocker,) = plan(view, {**THREE, "c": nothing}, goal=goal)["blockers"]
        assert "inventory host c does not match" in blocker["reason"]


def test_where_no_node_is_listed_nothing_is_taken_for_down():
    assert plan(cluster(enabled=True, state="READY_TO_UPGRADE"), THREE)["next"] == "blocked"
    assert plan(cluster(), THREE, goal="restart")["next"] == "blocked"


def test_a_host_that_matches_several_live_nodes_is_a_blocker_that_names_them():
    by_port = [{**unnamed(last), "ip_address": "192.0.2.1", "port_number": 7990 + last} for last in (1, 2)]
    (blocker,) = plan(cluster(*by_port), {"a": "192.0.2.1", "b": "192.0.2.1:7992"})["blockers"]
    assert blocker["reason"] == "inventory host a matches several nodes (192.0.2.1:7991, 192.0.2.1:7992)"
    assert blocker["remedy"] == "set rolling_upgrade_node_name of a to one of them"
    made = plan(cluster(*by_port), {"a": "192.0.2.1:7991", "b": "192.0.2.1:7992"})
    assert [each["address"] for each in made["hosts"]] == ["192.0.2.1:7991", "192.0.2.1:7992"]
    assert made["blockers"] == []


def test_a_name_that_is_not_unique_matches_several_nodes():
    view = cluster(*({**each, "name": "bitbucket"} for each in at(ORIGINAL)))
    made = plan(view, {"a": "bitbucket", "b": "192.0.2.50"})
    assert made["blockers"][0]["reason"] == "inventory host a matches several nodes (192.0.2.49:7990, 192.0.2.50:7990)"
    assert plan(view, {"a": ["bitbucket", "192.0.2.49"], "b": "192.0.2.50"})["blockers"] == []


def test_several_hosts_that_match_one_node_are_a_blocker_that_names_them():
    made = plan(cluster(unnamed(1), unnamed(2)), {"a": "192.0.2.1", "b": "192.0.2.2", "c": "192.0.2.1:7990"})
    (blocker,) = made["blockers"]
    assert (blocker["node"], blocker["version"], blocker["state"]) == ("192.0.2.1:7990", ORIGINAL, "ACTIVE")
    assert blocker["reason"] == "inventory hosts a, c all match node 192.0.2.1:7990"
    assert "rolling_upgrade_node_name of each host" in blocker["remedy"]


def test_a_live_node_of_no_host_is_a_blocker():
    (blocker,) = plan(cluster(unnamed(1), unnamed(2), unnamed(3)), {"a": "192.0.2.1", "b": "192.0.2.2"})["blockers"]
    assert (blocker["node"], blocker["state"]) == ("192.0.2.3:7990", "ACTIVE")
    assert "is not a host of the inventory" in blocker["reason"] and "rolling_upgrade_node_name" in blocker["remedy"]


# -- hosts that are given up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [True, False])
def test_an_upgrade_goes_on_without_a_host_that_is_given_up(listed):
    left = [unnamed(3, OFFLINE, None)] if listed else []
    view = cluster(unnamed(1, version=TARGET), unnamed(2), *left, enabled=True)
    made = plan(view, THREE, given_up=["c"])
    assert made["blockers"] == [] and made["given_up"] == ["c"]
    assert actions(made) == [("upgrade_node", "192.0.2.2:7990"), ("approve", None)]
    # it keeps its row, which is no ghost
    assert [each["host"] for each in made["hosts"]] == (["a", "b", "c"] if listed else ["a", "b"])
    assert made["ghosts"] == []
    # nor does it count as down
    assert actions(plan(view, THREE, given_up=["c"], only="b")) == [("upgrade_node", "192.0.2.2:7990")]


@pytest.mark.parametrize("state", [state for state in NODE_STATES if state != OFFLINE])
def test_a_host_whose_node_is_live_is_not_given_up(state):
    view = cluster(unnamed(1, version=TARGET), unnamed(2), unnamed(3, state), enabled=True)
    (blocker,) = plan(view, THREE, given_up=["c"])["blockers"]
    assert (blocker["node"], blocker["state"]) == ("192.0.2.3:7990", state)
    assert blocker["reason"].startswith("host c is given up, but its node 192.0.2.3:7990")
    assert "remove the host from given_up" in blocker["remedy"]


def test_two_nodes_remain_when_a_host_is_given_up():
    view = cluster(unnamed(1, version=TARGET), unnamed(2, OFFLINE, None), unnamed(3, OFFLINE, None), enabled=True)
    (blocker,) = plan(view, THREE, given_up=["c", "b"])["blockers"]
    assert blocker["reason"] == "fewer than two nodes are left without b, c"
    assert plan(view, THREE, given_up=["c"])["blockers"] == []


@pytest.mark.parametrize(
    ("others", "enough"),
    [
        ([unnamed(1), unnamed(2)], False),
        ([unnamed(1), unnamed(2, "STARTING", TARGET)], False),
        ([unnamed(1), unnamed(2, "ACTIVE", None)], False),
        ([unnamed(1), unnamed(2, None, TARGET)], False),
        ([unnamed(1), unnamed(2, version=TARGET)], True),
    ],
)
def test_a_host_is_given_up_only_where_the_target_is_known_to_work(others, enough):
    made = plan(cluster(*others, unnamed(3, OFFLINE, None), enabled=True), THREE, given_up=["c"])
    assert (made["next"] != "blocked") is enough
    if not enough:
        (blocker,) = made["blockers"]
        assert blocker["reason"] == f"c cannot be given up before another node is ACTIVE at {TARGET}"
        assert "rolling_upgrade_rollback" in blocker["remedy"]


def test_no_host_is_given_up_before_the_upgrade_begins_and_none_matters_after_its_end():
    assert plan(cluster(unnamed(1), unnamed(2)), THREE, given_up=["c"])["next"] == "blocked"
    done = plan(cluster(unnamed(1, version=TARGET), unnamed(2, version=TARGET)), THREE, given_up=["c"])
    assert (done["next"], done["given_up"]) == ("none", ["c"])


@given(going_on(), st.data())
def test_a_host_that_is_given_up_is_never_touched_and_never_live(view, data):
    hosts = hosts_of(view)
    left_out = data.draw(st.sets(st.sampled_from(sorted(hosts)), min_size=1))
    made = plan(view, given_up=sorted(left_out))
    if made["blockers"]:
        return
    nodes = {f"host-{each['label']}": each for each in view["nodes"]}
    assert {nodes[host]["state"] for host in left_out} == {OFFLINE}
    assert not left_out & {step["host"] for step in made["steps"]}
    others = [nodes[host] for host in hosts if host not in left_out]
    assert len(others) >= 2 and any((each["state"], each["version"]) == ("ACTIVE", TARGET) for each in others)


# -- a rollback of nodes that do not come up --------------------------------------------------------------------------


def test_a_rollback_stops_a_node_that_starts_and_does_not_get_further():
    view = cluster(unnamed(1, version=TARGET), unnamed(2), unnamed(3, "STARTING", None), enabled=True)
    label = "192.0.2.3:7990"
    assert actions(plan(view, THREE, goal="rollback"))[0] == ("wait_for_node", label)
    made = plan(view, THREE, goal="rollback", stuck=True)
    assert actions(made) == [("rollback_node", label), ("rollback_node", "192.0.2.1:7990"), ("cancel", None)]
    assert plan(view, THREE, goal="rollback", only="c", stuck=True)["steps"] == made["steps"][:1]


@pytest.mark.parametrize("former", [True, False])
def test_a_rollback_does_not_wait_for_ever_for_a_node_that_shows_nothing(former):
    left = [unnamed(last, OFFLINE, None) for last in (2, 3)] if former else []
    view = cluster(unnamed(1, version=TARGET), *left, hidden("new"), enabled=True)
    waits = plan(view, THREE, goal="rollback")
    assert (waits["steps"][0]["action"], waits["steps"][0]["host"]) == ("wait_for_node", None)
    made = plan(view, THREE, goal="rollback", stuck=True)
    assert [(step["action"], step["host"]) for step in made["steps"]] == [
        ("rollback_node", "b"),
        ("rollback_node", "c"),
        ("rollback_node", "a"),
        ("cancel", None),
    ]


@pytest.mark.parametrize("node_", [unnamed(3, None, None), unnamed(3, "ACTIVE", None), hidden("new", None)])
def test_what_may_serve_is_waited_for_even_then(node_):
    view = cluster(unnamed(1, version=TARGET), unnamed(2), node_, enabled=True)
    assert plan(view, THREE, goal="rollback", stuck=True)["steps"][0]["action"] == "wait_for_node"


def test_outside_upgrade_mode_there_is_nothing_to_stop():
    view = cluster(unnamed(1), unnamed(2), unnamed(3, "STARTING", None))
    assert plan(view, THREE, goal="rollback", stuck=True) == plan(view, THREE, goal="rollback")


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


@pytest.mark.parametrize(
    ("nodes", "settled"),
    [
        ([], True),
        ([unnamed(1), unnamed(2)], True),
        ([unnamed(1), unnamed(2, OFFLINE, None)], True),
        ([unnamed(1), unnamed(2, "STARTING", TARGET)], True),
        ([unnamed(1), unnamed(2, "STARTING", None)], False),
        ([unnamed(1), unnamed(2, None, None)], False),
        ([unnamed(1), unnamed(2, "ACTIVE", None)], False),
        ([unnamed(1), hidden("new")], False),
    ],
)
def test_a_cluster_is_settled_when_every_live_node_shows_its_version(nodes, settled):
    assert _upgrade_plan.is_settled(cluster(*nodes)) is settled


@pytest.mark.parametrize(("action", "version"), [("start", ORIGINAL), ("approve", TARGET), ("cancel", ORIGINAL)])
@pytest.mark.parametrize("last", [unnamed(3, "STARTING", None), unnamed(3, None, None), hidden("new", "ACTIVE")])
def test_no_action_is_judged_while_a_live_node_shows_no_version(action, version, last):
    enabled = action != "start"
    nodes = [unnamed(1, version=version), unnamed(2, version=version)]
    with pytest.raises(ConflictError):
        _upgrade_plan.after(
            cluster(*nodes, last, enabled=enabled, state=cluster(*nodes, enabled=enabled)["state"]), action
        )
    assert _upgrade_plan.after(cluster(*nodes, enabled=enabled), action)["upgrade_mode_enabled"] is not enabled


@pytest.mark.parametrize(("action", "version"), [("approve", TARGET), ("cancel", ORIGINAL)])
def test_ghosts_do_not_keep_an_upgrade_from_its_end(action, version):
    nodes = [unnamed(1, version=version), unnamed(2, version=version), unnamed(9, OFFLINE, None)]
    assert not _upgrade_plan.after(cluster(*nodes, enabled=True), action)["upgrade_mode_enabled"]


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
