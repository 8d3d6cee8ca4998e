# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ConflictError,
    NotFoundError,
    WaitError,
)
from ansible_collections.bitbucket.datacenter.plugins.modules import mesh_node
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

OUT = {"state": "OFFLINE", "offline": True}


class Mesh:
    """Two nodes. ``story`` is what happens to the first one, look after look; a PUT does what it says.

    ``refused``: a PUT is answered with 409, and ``then`` is what the nodes are after it.
    """

    def __init__(self, first, second="AVAILABLE", story=(), refused=False, then=None):
        self.nodes = {"1": self._node(first), "2": self._node(second)}
        self.story = list(story)
        self.refused = refused
        self.then = then or {}
        self.puts = []

    @staticmethod
    def _node(state):
        return dict(state) if isinstance(state, dict) else {"state": state}

    def __call__(self, request):
        if request.method == "PUT":
            self.puts.append((request.path.rsplit("/", 1)[1], request.body["state"]))
            if self.refused:
                self.nodes.update({number: self._node(state) for number, state in self.then.items()})
                return refusal(409, "Not now.")
            self.nodes["1"] = self._node(request.body["state"])
            return Answer(200, self._shown("1"))
        shown = [self._shown(number) for number, node in self.nodes.items() if node["state"] != "GONE"]
        if self.story and (self.puts or self.nodes["1"].get("offline") or self.nodes["1"]["state"] == "DRAINING"):
            self.nodes["1"] = self._node(self.story.pop(0))
        return Answer(200, shown)

    def _shown(self, number):
        return {"id": number, "name": f"n{number}", "offline": False, **self.nodes[number]}


def run(mesh, state, check=False, directory=None, **options):
    waits = {"wait": True, "wait_delay": 0, "wait_timeout": 5, "progress_interval": 5}
    params = {"name": "n1", "state": state, **waits, **options}
    with serving(mesh, read_only=check) as (client, _server):
        return mesh_node.run(types.SimpleNamespace(params=params, check_mode=check, tmpdir=directory), client)


def seen(result):
    return result["changed"], result["mesh_node"]["state"]


@pytest.mark.parametrize(
    ("before", "wanted", "asked", "after"),
    [
        ("AVAILABLE", "available", None, "AVAILABLE"),
        ("AVAILABLE", "disabled", "DISABLED", "DISABLED"),
        ("DISABLED", "available", "AVAILABLE", "AVAILABLE"),
        ("DISABLED", "disabled", None, "DISABLED"),
        ("DISABLED", "drained", None, "DISABLED"),
        ("DRAINING", "available", "AVAILABLE", "AVAILABLE"),
        ("DRAINING", "disabled", "DISABLED", "DISABLED"),
    ],
)
def test_what_is_asked_for_and_what_changed(before, wanted, asked, after):
    predicted = run(Mesh(before), wanted, check=True)
    mesh = Mesh(before)
    result = run(mesh, wanted)
    assert mesh.puts == ([("1", asked)] if asked else [])
    assert seen(result) == (asked is not None, after)
    assert predicted == result
    assert result["diff"]["before"]["state"] == before
    assert result["diff"]["after"]["state"] == after


def test_a_drained_node_is_waited_for_until_it_is_disabled():
    mesh = Mesh("AVAILABLE", story=["DRAINING", "DISABLED"])
    result = run(mesh, "drained")
    assert mesh.puts == [("1", "DRAINING")]
    assert seen(result) == (True, "DISABLED")
    assert run(Mesh("AVAILABLE"), "drained", check=True) == result


def test_a_node_that_somebody_else_drains_is_waited_for_and_is_their_doing():
    mesh = Mesh("DRAINING", story=["DRAINING", "DISABLED"])
    result = run(mesh, "drained")
    assert mesh.puts == [] and seen(result) == (False, "DISABLED")
    assert result["diff"]["before"] == result["diff"]["after"]
    assert run(Mesh("DRAINING"), "drained", check=True) == result


@pytest.mark.parametrize(
    ("before", "wanted", "changed", "left_in"),
    [
        ("AVAILABLE", "drained", True, "DRAINING"),
        ("AVAILABLE", "disabled", True, "DISABLED"),
        ("DRAINING", "drained", False, "DRAINING"),
        ("DRAINING", "available", True, "AVAILABLE"),
    ],
)
def test_without_wait_it_is_only_asked_for(before, wanted, changed, left_in):
    result = run(Mesh(before), wanted, wait=False)
    assert seen(result) == (changed, left_in)
    assert run(Mesh(before), wanted, check=True, wait=False) == result


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("wanted", ["drained", "disabled"])
@pytest.mark.parametrize("second", ["DRAINING", "DISABLED", "DELETING", OUT])
def test_a_second_node_is_not_taken_out(wanted, second, check):
    mesh = Mesh("AVAILABLE", second)
    with pytest.raises(ConflictError, match="n1 must not be taken out as well: Mesh node n2 is "):
        run(mesh, wanted, check=check)
    assert mesh.puts == []


@pytest.mark.parametrize("second", ["DISABLED", OUT])
def test_a_node_is_enabled_whatever_the_others_are(second):
    assert seen(run(Mesh("DISABLED", second), "available")) == (True, "AVAILABLE")


@pytest.mark.parametrize("second", ["DISABLED", OUT])
def test_a_node_that_is_out_already_stays_out(second):
    assert seen(run(Mesh("DISABLED", second), "drained")) == (False, "DISABLED")


@pytest.mark.parametrize("wanted", ["drained", "disabled"])
@pytest.mark.parametrize("down", [OUT, {"state": "DISABLED", "offline": True}, {"state": "AVAILABLE", "offline": True}])
def test_a_node_that_is_down_is_out_already(wanted, down):
    for check in (True, False):
        mesh = Mesh(down)
        result = run(mesh, wanted, check=check)
        assert mesh.puts == [] and seen(result) == (False, down["state"])


def test_a_node_that_is_down_is_waited_for_and_then_enabled():
    mesh = Mesh(OUT, story=[OUT, "DISABLED"])
    result = run(mesh, "available")
    assert mesh.puts == [("1", "AVAILABLE")]
    assert seen(result) == (True, "AVAILABLE")
    assert run(Mesh(OUT), "available", check=True) == result


def test_a_node_that_comes_back_by_itself_was_not_changed():
    mesh = Mesh(OUT, story=["AVAILABLE"])
    assert seen(run(mesh, "available")) == (False, "AVAILABLE")
    assert mesh.puts == []


@pytest.mark.parametrize("check", [True, False])
def test_a_node_that_is_down_is_not_enabled_without_a_wait(check):
    with pytest.raises(ConflictError, match="Mesh node n1 is OFFLINE: it cannot be enabled; start it, or set wait"):
        run(Mesh(OUT), "available", check=check, wait=False)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("wanted", ["available", "drained", "disabled"])
def test_a_node_that_is_being_deleted_is_left_alone(wanted, check):
    with pytest.raises(ConflictError, match="n1 is DELETING"):
        run(Mesh("DELETING"), wanted, check=check)


def test_a_refusal_because_of_another_node_names_it():
    mesh = Mesh("AVAILABLE", refused=True, then={"2": "DRAINING"})
    with pytest.raises(ConflictError, match="n1 must not be taken out as well: Mesh node n2 is DRAINING"):
        run(mesh, "drained")


def test_a_refusal_for_another_reason_is_told_in_the_server_s_words():
    with pytest.raises(ConflictError, match="Not now"):
        run(Mesh("AVAILABLE", refused=True), "drained")


def test_a_refusal_because_somebody_was_first_is_none():
    mesh = Mesh("AVAILABLE", refused=True, then={"1": "DISABLED"})
    assert seen(run(mesh, "drained")) == (False, "DISABLED")


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        ([OUT], "Mesh node n1 to be DISABLED: it is OFFLINE, so it went down before it was drained; look"),
        (["DELETING"], "it is DELETING, so it is about to leave for good; look"),
    ],
)
def test_a_wait_ends_early_on_what_cannot_recover(story, reason):
    with pytest.raises(WaitError, match=reason):
        run(Mesh("AVAILABLE", story=story), "drained", wait_timeout=1e6)


def test_a_wait_in_vain_tells_who_else_is_out():
    mesh = Mesh("DRAINING", "DISABLED")
    with pytest.raises(WaitError, match="n1 to be DISABLED: it is DRAINING, and Mesh node n2 is DISABLED"):
        run(mesh, "drained", wait_timeout=0)


def test_a_node_that_vanishes_is_an_error():
    with pytest.raises(NotFoundError, match="no Mesh node 1: there are n2"):
        run(Mesh("AVAILABLE", story=["GONE"]), "drained")


def test_a_node_that_does_not_exist_is_an_error():
    with pytest.raises(NotFoundError, match="no Mesh node n3: there are n1, n2"):
        run(Mesh("AVAILABLE"), "drained", name="n3")


def test_a_wait_tells_what_it_sees(tmp_path):
    run(Mesh("AVAILABLE", story=["DRAINING", "DRAINING", "DISABLED"]), "drained", directory=str(tmp_path))
    told = (tmp_path / "progress").read_text(encoding="utf-8").splitlines()
    assert told == ["Mesh node n1: DRAINING, wanted DISABLED, 0 of 5 s"]
