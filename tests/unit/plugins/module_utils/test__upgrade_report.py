# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import html
import json

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._upgrade_report import report
from ansible_collections.bitbucket.datacenter.plugins.module_utils._upgrade_view import duration, view
from hypothesis import given, settings
from hypothesis import strategies as st

OLD, NEW = "9.4.21", "9.4.22"
EPOCH = dt.datetime(2026, 11, 21, 21, 0, tzinfo=dt.timezone.utc)
NO_TURN = {"began": "", "ended": "", "message": "", "first_look": {}, "last_look": {}, "gone": {}, "back": {}}


def at(seconds):
    return (EPOCH + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def look(seconds, cluster_state, **nodes):
    """``node1="ACTIVE 9.4.21"``; one without a version is told by its state alone."""
    told = [{"id": f"id-{name}", "label": name, "state": "", "version": None} for name in nodes]
    for node, words in zip(told, nodes.values()):
        node["state"], _space, version = words.partition(" ")
        node["state"], node["version"] = node["state"] or None, version or None
    return {"at": at(seconds), "cluster_state": cluster_state, "nodes": told}


def result(*looks, **more):
    cluster = {"original_version": None, "nodes": [], **more.pop("cluster", {})}
    return {"changed": False, "cluster": cluster, "observations": list(looks), "plan": plan(), **more}


def plan(*ghosts, given_up=(), **node_of):
    """Each host with the label and the id of its node, by default ``node1`` and ``node2`` with nodes of their names."""
    node_of = node_of or {"node1": ("node1", "id-node1"), "node2": ("node2", "id-node2")}
    return {
        "hosts": [{"host": host, "node": label, "id": node_id} for host, (label, node_id) in node_of.items()],
        "ghosts": [{"node": label} for label in ghosts],
        "given_up": list(given_up),
    }


IN_UPGRADE_MODE = {"original_version": OLD}
SERVES_OLD, SERVES_NEW = f"ACTIVE {OLD}", f"ACTIVE {NEW}"


def turn(host, **parts):
    return {**NO_TURN, "host": host, **parts}


def first_turn(message=""):
    """Of node1: 10 s to 100 s, told to stop at 20 s, gone at 30 s, back at 90 s."""
    back = [look(41, "MIXED", node1=f"STARTING {NEW}", node2=SERVES_OLD)]
    if not message:
        back.append(look(90, "MIXED", node1=SERVES_NEW, node2=SERVES_OLD))
    return turn(
        "node1",
        began=at(10),
        ended=at(100),
        message=message,
        first_look=result(look(10, "READY_TO_UPGRADE", node1=SERVES_OLD, node2=SERVES_OLD), cluster=IN_UPGRADE_MODE),
        last_look=result(look(20, "READY_TO_UPGRADE", node1=SERVES_OLD, node2=SERVES_OLD), cluster=IN_UPGRADE_MODE),
        gone=result(
            look(25, "READY_TO_UPGRADE", node1=SERVES_OLD, node2=SERVES_OLD),
            look(30, "MIXED", node1="OFFLINE", node2=SERVES_OLD),
        ),
        back=result(*back),
    )


def second_turn():
    return turn(
        "node2",
        began=at(200),
        ended=at(260),
        last_look=result(look(210, "MIXED", node1=SERVES_NEW, node2=SERVES_OLD), cluster=IN_UPGRADE_MODE),
        gone=result(look(220, "MIXED", node1=SERVES_NEW, node2="OFFLINE"), cluster=IN_UPGRADE_MODE),
        back=result(look(250, "READY_TO_RUN_UPGRADE_TASKS", node1=SERVES_NEW, node2=SERVES_NEW)),
    )


BEGIN = [
    result(look(0, "STABLE", node1=SERVES_OLD, node2=SERVES_OLD)),
    result(look(5, "READY_TO_UPGRADE", node1=SERVES_OLD, node2=SERVES_OLD), changed=True, cluster=IN_UPGRADE_MODE),
]
FINALIZE = [
    result(look(270, "READY_TO_RUN_UPGRADE_TASKS", node1=SERVES_NEW, node2=SERVES_NEW), cluster=IN_UPGRADE_MODE),
    result(look(280, "STABLE", node1=SERVES_NEW, node2=SERVES_NEW), changed=True),
]


def told(results, *turns, goal="upgrade", message=""):
    target = "" if goal == "restart" else NEW
    return {"goal": goal, "target_version": target, "message": message, "results": results, "turns": list(turns)}


WHOLE = told([*BEGIN, *FINALIZE], first_turn(), second_turn())
FAILURE = "node1 was not upgraded"
FAILED = told(BEGIN, first_turn(FAILURE), turn("node2"), message=FAILURE)


def states(timeline):
    return [(stretch["state"], stretch["began"], stretch["ended"]) for stretch in timeline]


def test_a_whole_upgrade():
    document = report(WHOLE)
    assert document["schema_version"] == 1
    assert document["name"] == "rolling_upgrade_9.4.21_to_9.4.22"
    assert (document["outcome"], document["message"], document["next_steps"]) == ("succeeded", None, [])
    assert (document["original_version"], document["target_version"]) == (OLD, NEW)
    assert (document["began"], document["ended"], document["duration_seconds"]) == (at(0), at(280), 280.0)
    first, second = document["nodes"]
    assert [(node["outcome"], node["version_before"], node["version_after"]) for node in (first, second)] == [
        ("done", OLD, NEW),
        ("done", OLD, NEW),
    ]
    assert (first["turn_seconds"], first["out_of_service_seconds"]) == (90.0, 70.0)
    assert states(first["timeline"]) == [
        ("ACTIVE", at(0), at(20)),
        ("STOPPING", at(20), at(30)),
        ("OFFLINE", at(30), at(41)),
        ("STARTING", at(41), at(90)),
        ("ACTIVE", at(90), at(280)),
    ]
    assert [state for state, _began, _ended in states(document["cluster_timeline"])] == [
        "STABLE",
        "READY_TO_UPGRADE",
        "MIXED",
        "READY_TO_RUN_UPGRADE_TASKS",
        "STABLE",
    ]


def test_a_failure_names_the_ways_on():
    document = report(FAILED)
    assert (document["outcome"], document["message"]) == ("failed", "node1 was not upgraded")
    assert [step["command"].rpartition(".")[2] for step in document["next_steps"]] == [
        "rolling_upgrade",
        "rolling_upgrade_rollback",
    ]
    first, second = document["nodes"]
    assert (first["outcome"], first["state"], second["outcome"]) == ("failed", "STARTING", "untouched")
    assert first["out_of_service_seconds"] == 80.0


def test_a_failure_before_the_start_leaves_nothing_to_take_back():
    document = report(told(BEGIN[:1], turn("node1"), turn("node2"), message="no room on the disk"))
    assert (document["outcome"], document["message"]) == ("failed", "no room on the disk")
    assert [step["command"].rpartition(".")[2] for step in document["next_steps"]] == ["rolling_upgrade"]


def test_what_did_nothing_has_no_report():
    done = result(look(0, "STABLE", node1=SERVES_NEW, node2=SERVES_NEW))
    assert report(told([done], turn("node1"), turn("node2"))) == {}
    assert report(told([{}, {"failed": True}], turn("node1"), message="no connection")) == {}


def test_a_rollback_goes_on_with_the_report_of_the_failed_upgrade():
    earlier = report(FAILED)
    back = turn(
        "node1",
        began=at(500),
        ended=at(560),
        first_look=result(look(500, "MIXED", node1="OFFLINE", node2=SERVES_OLD), cluster=IN_UPGRADE_MODE),
        gone=result(look(510, "MIXED", node1="OFFLINE", node2=SERVES_OLD)),
        back=result(look(550, "READY_TO_UPGRADE", node1=SERVES_OLD, node2=SERVES_OLD)),
    )
    cancelled = result(look(570, "STABLE", node1=SERVES_OLD, node2=SERVES_OLD), changed=True)
    document = report(told([cancelled], back, turn("node2"), goal="rollback"), json.dumps(earlier))
    assert (document["goal"], document["outcome"], document["name"]) == ("rollback", "succeeded", earlier["name"])
    assert [(run["goal"], run["outcome"]) for run in document["runs"]] == [
        ("upgrade", "failed"),
        ("rollback", "succeeded"),
    ]
    first, second = document["nodes"]
    assert [each["goal"] for each in first["turns"]] == ["upgrade", "rollback"]
    assert (first["outcome"], first["goal"], second["outcome"]) == ("done", "rollback", "untouched")
    # it was down between the runs, too, although nobody looked
    assert first["out_of_service_seconds"] == 530.0
    assert all(not at(100) < stretch["began"] < at(500) for stretch in first["timeline"])


def test_a_restart():
    down = turn(
        "node1",
        began=at(10),
        ended=at(40),
        last_look=result(look(12, "STABLE", node1=SERVES_OLD, node2=SERVES_OLD)),
        gone=result(look(15, "STABLE", node2=SERVES_OLD)),
        back=result(look(30, "STABLE", node1=SERVES_OLD, node2=SERVES_OLD)),
    )
    document = report(told([BEGIN[0]], down, turn("node2"), goal="restart"))
    assert (document["name"], document["outcome"]) == ("rolling_restart_9.4.21", "unfinished")
    assert [state for state, _began, _ended in states(document["nodes"][0]["timeline"])] == [
        "ACTIVE",
        "STOPPING",
        "OFFLINE",
        "ACTIVE",
    ]
    both = told([BEGIN[0]], down, {**down, "host": "node2"}, goal="restart")
    assert report(both)["outcome"] == "succeeded"


OLD_PLACE, NEW_PLACE, OTHER = "10.20.0.11:7990", "10.20.0.31:7990", "10.20.0.12:7990"


def moment(seconds, *nodes):
    """A look at nodes that are ``(id, label, state, version)``."""
    names = ("id", "label", "state", "version")
    return {"at": at(seconds), "cluster_state": "MIXED", "nodes": [dict(zip(names, node)) for node in nodes]}


def moved():
    """A node that comes back with another address: under another id, without a label of its own while it starts."""
    b = ("2", OTHER, "ACTIVE", OLD)
    ghost = ("1", OLD_PLACE, "OFFLINE", None)
    before = plan(a=(OLD_PLACE, "1"), b=(OTHER, "2"))
    after = plan(OLD_PLACE, a=(NEW_PLACE, "9"), b=(OTHER, "2"))
    look = {"observations": [moment(10, ("1", OLD_PLACE, "ACTIVE", OLD), b)], "plan": before}
    gone = {"observations": [moment(20, ghost, b)]}
    back = {
        "observations": [
            moment(30, ghost, ("9", "9", "STARTING", None), b),
            moment(40, ghost, ("9", NEW_PLACE, None, None), b),
            moment(50, ghost, ("9", NEW_PLACE, "ACTIVE", NEW), b),
        ]
    }
    last = {"observations": [moment(60, ghost, ("9", NEW_PLACE, "ACTIVE", NEW), b)], "plan": after, "changed": True}
    of_a = turn("a", began=at(10), ended=at(50), first_look=look, last_look=look, gone=gone, back=back)
    return told([last], of_a, turn("b"))


def test_a_node_that_comes_back_with_another_address_has_one_time_line():
    document = report(moved())
    assert [(node["host"], node["name"]) for node in document["nodes"]] == [("a", NEW_PLACE), ("b", OTHER)]
    assert [state for state, _began, _ended in states(document["nodes"][0]["timeline"])] == [
        "STOPPING",
        "OFFLINE",
        "STARTING",
        "NOT_ANSWERING",
        "ACTIVE",
    ]
    assert document["ghosts"] == [OLD_PLACE]
    assert any(OLD_PLACE in note for note in view(document)["notes"])
    again = report(told([], turn("a"), turn("b")), json.dumps(document))
    assert again == {}


def test_what_was_left_over_in_an_earlier_run_is_not_forgotten():
    seen = result(moment(90, ("2", OTHER, "ACTIVE", NEW)), changed=True, cluster=IN_UPGRADE_MODE)
    later = told([{**seen, "plan": plan(a=(NEW_PLACE, "9"), b=(OTHER, "2"))}], turn("a"), turn("b"))
    assert report(later, json.dumps(report(moved())))["ghosts"] == [OLD_PLACE]


def test_a_host_that_is_given_up_is_not_missed():
    end = look(280, "STABLE", node1=SERVES_NEW)
    finished = result(end, changed=True, plan=plan(given_up=["node2"]))
    document = report(told([*BEGIN, finished], first_turn(), turn("node2")))
    assert document["outcome"] == "succeeded"
    assert [node["outcome"] for node in document["nodes"]] == ["done", "given_up"]
    assert view(document)["notes"] == [f"node2 was given up. Install {NEW} on it before its node is started again."]
    without = result(end, changed=True)
    assert report(told([*BEGIN, without], first_turn(), turn("node2")))["outcome"] == "unfinished"


PARTS = [
    told(BEGIN, turn("node1"), turn("node2")),
    told([], first_turn(), turn("node2")),
    told([], turn("node1"), second_turn()),
    told(FINALIZE, turn("node1"), turn("node2")),
]


def written(parts):
    text = ""
    for part in parts:
        text = json.dumps(report(part, text))
    return text


def test_playbooks_one_by_one_tell_what_one_playbook_tells():
    document, whole = json.loads(written(PARTS)), report(WHOLE)
    assert [run["outcome"] for run in document["runs"]] == [*["unfinished"] * 3, "succeeded"]
    for name in set(whole) - {"runs", "nodes", "cluster_timeline"}:
        assert document[name] == whole[name], name
    for node, same in zip(document["nodes"], whole["nodes"]):
        assert {**node, "timeline": None} == {**same, "timeline": None}


@pytest.mark.parametrize("length", [2, 3])
def test_telling_again_what_was_told_changes_nothing(length):
    text = written(PARTS[:length])
    assert report(PARTS[length - 1], text) == json.loads(text)


def test_the_plays_of_one_process_are_one_run():
    begun = told(BEGIN, turn("node1"), turn("node2"))
    first = report(begun)
    both = told([result(look(5, "READY_TO_UPGRADE", node1=SERVES_OLD, node2=SERVES_OLD))], first_turn(), turn("node2"))
    document = report(both, json.dumps(first))
    assert [(run["began"], run["ended"]) for run in document["runs"]] == [(at(0), at(100))]


@pytest.mark.parametrize(
    "earlier",
    [
        "",
        "no JSON",
        "[]",
        "null",
        '"text"',
        json.dumps({"schema_version": 1}),
        json.dumps({**report(FAILED), "schema_version": 2}),
        json.dumps({**report(FAILED), "target_version": "9.4.23"}),
        json.dumps({**report(FAILED), "outcome": "succeeded"}),
        json.dumps({**report(FAILED), "observations": []}),
        json.dumps({**report(FAILED), "observations": [{"at": "yesterday"}]}),
        json.dumps({**report(FAILED), "runs": [{}]}),
        json.dumps({**report(FAILED), "nodes": None}),
    ],
)
def test_an_earlier_document_that_does_not_fit_is_left_alone(earlier):
    resumed = told([], turn("node1"), second_turn())
    assert report(resumed, earlier) == report(resumed)


def test_an_upgrade_that_begins_anew_forgets_the_earlier_one():
    assert report(WHOLE, json.dumps(report(FAILED))) == report(WHOLE)


def test_a_version_is_no_path():
    strange = told([result(look(0, "MIXED", node1="ACTIVE ../../x", node2="ACTIVE /etc/é"))], turn("node1"))
    document = report({**strange, "target_version": "../../x"})
    assert document["name"] == "rolling_upgrade_unknown_to_..-..-x"


NAMES = st.sampled_from(["a", "b", "<i>&'\"", "{{ c }}"])
STATES = st.sampled_from(["ACTIVE", "OFFLINE", "STARTING", "ERROR", "TERMINATING", "<b>"])
VERSIONS = st.sampled_from([OLD, NEW, None, "<script>"])
CLUSTERS = st.sampled_from(["STABLE", "READY_TO_UPGRADE", "MIXED", "RUNNING_UPGRADE_TASKS", "'&\""])
IDS = st.sampled_from(["1", "2", "a"])
LISTED = st.lists(
    st.fixed_dictionaries({"id": IDS, "label": NAMES | IDS, "state": STATES | st.none(), "version": VERSIONS}),
    max_size=3,
)
PLANS = st.fixed_dictionaries(
    {
        "hosts": st.lists(st.fixed_dictionaries({"host": NAMES, "node": NAMES, "id": IDS | st.none()}), max_size=2),
        "ghosts": st.lists(st.fixed_dictionaries({"node": NAMES}), max_size=1),
        "given_up": st.lists(NAMES, max_size=1),
    }
)
SECONDS = st.integers(0, 10**6).map(lambda thousandths: thousandths / 1000)
LOOKS = st.builds(
    lambda seconds, state, nodes: {"at": at(seconds), "cluster_state": state, "nodes": nodes}, SECONDS, CLUSTERS, LISTED
)
RESULTS = st.just({}) | st.builds(
    lambda looks, plan: {"observations": looks, "changed": True, "plan": plan},
    st.lists(LOOKS, max_size=2),
    PLANS | st.just({}),
)
TURNS = st.fixed_dictionaries(
    {
        "host": NAMES,
        "began": st.just("") | SECONDS.map(at),
        "ended": st.just("") | SECONDS.map(at),
        "message": st.just("") | NAMES,
        **dict.fromkeys(("first_look", "last_look", "gone", "back"), RESULTS),
    }
)
TOLD = st.fixed_dictionaries(
    {
        "goal": st.sampled_from(["upgrade", "rollback", "restart"]),
        "target_version": st.just(NEW),
        "message": st.just("") | NAMES,
        "results": st.lists(RESULTS, max_size=2),
        "turns": st.lists(TURNS, min_size=1, max_size=2),
    }
)


def texts(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


# stories are long: fewer of them in the same time
@settings(max_examples=settings.default.max_examples // 4)
@given(TOLD, TOLD)
def test_whatever_is_seen_is_told_and_drawn(first, second):
    earlier = json.dumps(report(first))
    document = report(second, earlier)
    if not document:
        return
    assert json.loads(json.dumps(document)) == document
    for timeline in [document["cluster_timeline"], *(node["timeline"] for node in document["nodes"])]:
        for stretch in timeline:
            assert document["began"] <= stretch["began"] <= stretch["ended"] <= document["ended"]
            assert stretch["duration_seconds"] >= 0
        assert all(one["ended"] <= other["began"] for one, other in zip(timeline, timeline[1:]))
    page = view(document)
    for text in texts(page):
        assert html.escape(html.unescape(text)) == text
    for row in page["rows"]:
        places = [(each["left"], each["left"] + each["width"]) for each in row["stretches"]]
        assert all(left >= 0 and right <= 100.01 for left, right in places)
        assert all(one[1] <= other[0] + 0.01 for one, other in zip(places, places[1:]))


def test_the_page_of_a_failure():
    page = view(report(FAILED))
    assert page["outcome"] == {"kind": "failed", "text": "Failed"}
    assert page["versions"] == [OLD, NEW]
    assert page["when"] == "21 Nov 2026, 21:00 to 21:01 UTC"
    assert [event["text"] for event in page["events"] if event["kind"] == "failed"] == [
        "node1 failed after 1 min 30 s",
        "node1 was not upgraded",
    ]
    assert [each["kind"] for each in page["rows"][0]["stretches"]] == ["old", "stopping", "offline", "starting"]
    assert {each["kind"] for each in page["legend"]} == {"old", "stopping", "offline", "starting"}


def test_a_night_between_two_runs_is_a_narrow_break():
    later = told([], turn("node1"), second_turn())
    night = json.loads(json.dumps(later).replace("2026-11-21T21", "2026-11-22T07"))
    page = view(report(night, json.dumps(report(FAILED))))
    assert [each["text"] for each in page["breaks"]] == ["10 h 01 min"]
    assert page["breaks"][0]["width"] == 4.0
    assert page["when"] == "21 Nov 2026, 21:00 to 22 Nov 2026, 07:04 UTC"
    assert len(page["ticks"]) > 1


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.4, "59 min 59 s"),
        (7260, "2 h 01 min"),
    ],
)
def test_a_duration_in_words(spent, said):
    assert duration(spent) == said


# -- which cluster, and what it was asked ------------------------------------------------------------------------------


def of_cluster(address, told, *acted):
    """The same, of a cluster at an address, with results of the module that acts."""
    first, *others = told["results"]
    results = [{**first, "address": address}, *others]
    return {**told, "results": [*results, *({"acted": {"action": name, "at": when}} for name, when in acted)]}


def test_the_cluster_is_part_of_the_name_and_of_the_document():
    document = report(of_cluster("git.example.com:8443/bitbucket", WHOLE))
    assert document["cluster"] == "git.example.com:8443/bitbucket"
    assert document["name"] == "rolling_upgrade_git.example.com-8443-bitbucket_9.4.21_to_9.4.22"
    assert view(document)["address"] == "git.example.com:8443/bitbucket"
    restart = report(of_cluster("one", told([BEGIN[0]], first_turn(FAILURE), goal="restart", message=FAILURE)))
    assert restart["name"] == "rolling_restart_one_9.4.21"


@pytest.mark.parametrize(("earlier", "later", "runs"), [("a", "a", 2), ("a", "b", 1), (None, "a", 1), ("a", None, 1)])
def test_the_report_of_another_cluster_is_not_gone_on_with(earlier, later, runs):
    before = json.dumps(report(of_cluster(earlier, FAILED)))
    resumed = told([result(look(300, "MIXED", node1=SERVES_NEW, node2=SERVES_OLD), cluster=IN_UPGRADE_MODE)])
    assert len(report(of_cluster(later, resumed), before)["runs"]) == runs


def test_what_the_server_was_asked_is_told_over_all_runs():
    first = report(of_cluster("a", FAILED, ("start", at(4))))
    assert first["actions"] == [{"action": "start", "at": at(4)}]
    rest = told(FINALIZE, turn("node1"), second_turn())
    whole = report(of_cluster("a", rest, ("approve", at(275)), ("approve", at(275))), json.dumps(first))
    assert whole["actions"] == [{"action": "start", "at": at(4)}, {"action": "approve", "at": at(275)}]
    words = [event["text"] for event in view(whole)["events"]]
    assert words.index("Upgrade mode is switched on") < words.index("The upgrade is approved")
    assert report(of_cluster("a", told([*BEGIN], turn("node1")), ("cancel", at(6))))["actions"][0]["action"] == "cancel"
