# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import requests
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _mesh
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ConflictError,
    ContractError,
    NotFoundError,
    UnreachableError,
)
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving

LOST = requests.ConnectionError("reset")


def answer(number, name, state="AVAILABLE", **more):
    return {"id": str(number), "name": name, "state": state, **more}


def view(number, name, state="AVAILABLE", offline=False):
    return {
        "id": str(number),
        "name": name,
        "state": state,
        "offline": offline,
        "rpc_url": None,
        "availability_zone": None,
    }


ONE, TWO, THREE = view(1, "one"), view(2, "two"), view(3, "three")


class Mesh:
    """Nodes by id; ``lost`` says of each PUT in turn whether its answer is lost, and whether it was carried out."""

    def __init__(self, states, lost=()):
        self.states = dict(states)
        self.lost = list(lost)

    def __call__(self, request):
        if request.method == "GET":
            return Answer(200, [answer(number, f"n{number}", state) for number, state in self.states.items()])
        number = request.path.rsplit("/", 1)[1]
        carried_out = self.lost.pop(0) if self.lost else None
        if carried_out is not False:
            self.states[number] = request.body["state"]
        if carried_out is not None:
            raise LOST
        return Answer(200, answer(number, f"n{number}", self.states[number]))


def methods(server):
    return [request.method for request in server.received]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (answer(1, "one"), ONE),
        # a number, as the vendor's own administration has it
        ({"id": 1, "name": "one", "state": "AVAILABLE", "offline": False}, ONE),
        (answer(1, "one", "OFFLINE", offline=True), view(1, "one", "OFFLINE", True)),
        (answer(1, "one", "OFFLINE"), view(1, "one", "OFFLINE", True)),
        (answer(1, "one", "DISABLED", offline=True), view(1, "one", "DISABLED", True)),
        (answer(1, "one", offline=None), ONE),
    ],
)
def test_a_node_is_read_in_whatever_form_it_comes(told, shown):
    with serving(Answer(200, [told])) as (client, _server):
        assert _mesh.read(client) == [shown]


def test_nodes_come_by_name():
    with serving(Answer(200, [answer(1, "b"), answer(2, "a")])) as (client, server):
        assert [node["name"] for node in _mesh.read(client)] == ["a", "b"]
    assert server.received[0].path == "/context/rest/api/latest/admin/git/mesh/nodes"


@pytest.mark.parametrize("told", [{"values": []}, [{"id": "1", "name": "one"}], [{**answer(1, "one"), "id": None}]])
def test_another_shape_is_no_empty_list(told):
    with serving(Answer(200, told)) as (client, _server), pytest.raises(ContractError):
        _mesh.read(client)


def test_a_node_is_found_by_name_then_by_id():
    nodes = [view(2, "one"), view(1, "2")]
    assert _mesh.find(nodes, "2")["id"] == "1"
    assert _mesh.find(nodes, "1")["name"] == "2"
    assert _mesh.find(nodes, "three") is None


@pytest.mark.parametrize(("nodes", "said"), [([ONE, TWO], "there are one, two"), ([], "the server has none")])
def test_a_node_that_is_not_there_is_an_error_that_names_those_that_are(nodes, said):
    with pytest.raises(NotFoundError, match=f"no Mesh node four: {said}"):
        _mesh.get(nodes, "four")


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (ONE, "Mesh node one is AVAILABLE"),
        (view(1, "one", "OFFLINE", True), "Mesh node one is OFFLINE"),
        (view(1, "one", "DISABLED", True), "Mesh node one is DISABLED and offline"),
    ],
)
def test_a_state_in_words(node, words):
    assert _mesh.describe(node) == words


@pytest.mark.parametrize(
    "other",
    [
        view(2, "two", "DRAINING"),
        view(2, "two", "DISABLED"),
        view(2, "two", "OFFLINE", True),
        view(2, "two", "DELETING"),
        view(2, "two", "AVAILABLE", True),
        view(2, "two", "A_STATE_OF_TOMORROW"),
    ],
)
def test_nobody_is_taken_out_beside_one_that_takes_no_requests(other):
    with pytest.raises(ConflictError, match="Mesh node one must not be taken out as well: Mesh node two is "):
        _mesh.refuse_second([ONE, other, THREE], ONE)


def test_a_node_does_not_stand_in_its_own_way():
    _mesh.refuse_second([view(1, "one", "DRAINING"), TWO, THREE], ONE)


@pytest.mark.parametrize("name", ["DRAINING", "DISABLED"])
def test_the_others_are_looked_at_right_before_a_node_is_taken_out(name):
    with serving(Mesh({"1": "AVAILABLE", "2": "AVAILABLE"})) as (client, server):
        assert _mesh.change(client, view(1, "n1"), name, (name,))["state"] == name
    assert methods(server) == ["GET", "PUT"]
    assert server.received[1].body == {"state": name}
    assert server.received[1].path.endswith("/mesh/nodes/1")


def test_nobody_is_looked_at_to_make_a_node_available():
    with serving(Mesh({"1": "DISABLED", "2": "DISABLED"})) as (client, server):
        assert _mesh.change(client, view(1, "n1"), "AVAILABLE", ("AVAILABLE",))["state"] == "AVAILABLE"
    assert methods(server) == ["PUT"]


OUT = ("DRAINING", "DISABLED")


@pytest.mark.parametrize(
    ("lost", "sent"),
    [([True], ["GET", "PUT", "GET"]), ([False], ["GET", "PUT", "GET", "GET", "PUT"])],
    ids=["carried out", "not carried out"],
)
def test_a_lost_answer_is_settled_by_reading_back(lost, sent):
    with serving(Mesh({"1": "AVAILABLE", "2": "AVAILABLE"}, lost)) as (client, server):
        assert _mesh.change(client, view(1, "n1"), "DRAINING", OUT)["state"] == "DRAINING"
    assert methods(server) == sent


def test_before_it_is_asked_for_once_more_the_others_are_looked_at_again():
    mesh = Mesh({"1": "AVAILABLE", "2": "AVAILABLE"}, [False])

    def handler(request):
        if request.method == "PUT":
            mesh.states["2"] = "DISABLED"
        return mesh(request)

    with serving(handler) as (client, server), pytest.raises(ConflictError, match="n2 is DISABLED"):
        _mesh.change(client, view(1, "n1"), "DRAINING", OUT)
    assert methods(server).count("PUT") == 1


def test_what_is_lost_twice_without_effect_is_an_error():
    with serving(Mesh({"1": "AVAILABLE"}, [False, False])) as (client, server), pytest.raises(UnreachableError):
        _mesh.change(client, view(1, "n1"), "DRAINING", OUT)
    assert methods(server).count("PUT") == 2
