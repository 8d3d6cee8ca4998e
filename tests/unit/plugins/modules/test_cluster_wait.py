# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, WaitError
from ansible_collections.bitbucket.datacenter.plugins.modules import cluster_wait
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving

OLD, TARGET = "9.4.21", "9.4.22"


def row(identifier, address, state="ACTIVE", version=OLD):
    return {
        "id": identifier,
        "name": "Not configured",
        "ipAddress": address,
        "portNumber": 7990 if address else None,
        "state": state,
        "version": version,
    }


OTHER = row("id-2", "192.0.2.12")
GONE = row("id-1", "192.0.2.11", "OFFLINE", None)
STARTS = row("id-9", None, "STARTING", None)
SILENT = row("id-9", "192.0.2.11", None, None)
BACK = row("id-9", "192.0.2.11", version=TARGET)


def run(*looks, check_mode=False, directory=None, **options):
    """The result for a server that lists these nodes, look after look, and how often it was asked."""
    left = list(looks)

    def handler(_request):
        nodes = left.pop(0) if len(left) > 1 else left[0]
        return Answer(200, {"upgradeModeEnabled": True, "state": "MIXED", "originalVersion": OLD, "nodes": nodes})

    params = {"node": ["192.0.2.11", "host1"], "state": "ACTIVE", "version": None, "failed_states": None}
    params.update({"former_ids": [], "wait_timeout": 5, "wait_delay": 0, "progress_interval": 5}, **options)
    with serving(handler, read_only=True) as (client, server):
        module = types.SimpleNamespace(params=params, check_mode=check_mode, tmpdir=directory)
        return cluster_wait.run(module, client), len(server.received)


def test_a_node_is_waited_for_until_it_shows_its_version(tmp_path):
    result, looks = run(
        [GONE, OTHER],
        [GONE, STARTS, OTHER],
        [GONE, SILENT, OTHER],
        [{**BACK, "version": None}, OTHER],
        [BACK, OTHER],
        version=TARGET,
        directory=str(tmp_path),
    )
    assert looks == 5 and len(result["observations"]) == 5
    assert result["cluster"]["nodes"][0]["version"] == TARGET
    assert set(result["observations"][0]["nodes"][0]) == {"id", "label", "state", "version"}
    told = (tmp_path / "progress").read_text(encoding="utf-8")
    assert "OFFLINE" in told and "STARTING" in told and "not answering yet" in told


@pytest.mark.parametrize("silent", [STARTS, SILENT, row("id-9", None, None, None)])
def test_a_node_is_gone_only_when_nothing_is_left_that_may_be_it(silent):
    result, looks = run([row("id-1", "192.0.2.11"), OTHER], [GONE, silent, OTHER], [GONE, OTHER], state="OFFLINE")
    assert looks == 3
    assert {node["state"] for node in result["cluster"]["nodes"]} == {"OFFLINE", "ACTIVE"}
    assert run([OTHER], state="OFFLINE")[1] == 1


def test_a_node_that_was_there_before_the_stop_is_not_waited_for():
    hangs = row("id-3", None, "STARTING", None)
    assert run([GONE, hangs, OTHER], state="OFFLINE", former_ids=["id-2", "id-3"])[1] == 1
    looks = [GONE, {**hangs, "version": OLD}, OTHER], [hangs, BACK, OTHER]
    assert run(*looks, version=TARGET, former_ids=["id-2", "id-3"])[1] == 2


def test_what_shows_nothing_and_fails_is_the_node_that_is_down():
    with pytest.raises(WaitError, match="which does not recover by itself"):
        run([GONE, row("id-9", None, "ERROR", None), OTHER])


def test_a_wait_ends_with_its_time():
    with pytest.raises(WaitError, match=r"node 192\.0\.2\.11 .*not answering yet") as caught:
        run([SILENT, OTHER], wait_timeout=0)
    assert caught.value.facts["observations"][0]["nodes"][0]["state"] is None


def test_a_node_that_may_be_any_of_several_is_refused():
    with pytest.raises(InputError, match=r"192\.0\.2\.11 or host1 matches several nodes"):
        run([row("id-1", "192.0.2.11"), row("id-2", "192.0.2.11")])


def test_in_check_mode_there_is_one_look():
    result, looks = run([GONE, OTHER], [BACK, OTHER], check_mode=True)
    assert (looks, result["elapsed"], result["changed"]) == (1, 0.0, False)


def test_without_a_node_the_cluster_is_waited_for():
    assert run([OTHER], [OTHER], node=None, state="MIXED")[1] == 1
