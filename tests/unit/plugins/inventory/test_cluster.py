# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.inventory.cluster import InventoryModule
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import ContractError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._node_identity import labelled

HOSTILE = "{{ lookup('ansible.builtin.pipe', 'id') }}"


def node(**more):
    return {"id": "0815", "name": None, "ip_address": "10.20.0.11", "port_number": 7990, "state": "ACTIVE", **more}


def name_of(monkeypatch, *nodes, hostname="name"):
    """The name of the first node's host."""
    plugin = InventoryModule()
    monkeypatch.setattr(plugin, "get_option", {"hostname": hostname}.get)
    found = labelled(nodes)
    return plugin._host_name(next(each for each in found if each["id"] == nodes[0]["id"]), found)


@pytest.mark.parametrize(
    ("listed", "hostname", "name"),
    [
        (node(name="node1"), "name", "node1"),
        (node(name="node1"), "ip_address", "10.20.0.11"),
        (node(), "name", "10.20.0.11"),
        (node(ip_address=None), "name", "0815"),
        (node(ip_address=None, name="node1"), "ip_address", "node1"),
        (node(ip_address="fe80::1%eth0"), "name", "fe80::1%eth0"),
        # ansible-core 2.16 takes the name of a host for a template
        (node(name=HOSTILE), "name", "10.20.0.11"),
        (node(name=HOSTILE, ip_address=None), "name", "0815"),
        (node(name="a|b"), "name", "10.20.0.11"),
        (node(ip_address=HOSTILE), "name", "0815"),
    ],
)
def test_the_name_of_a_host(monkeypatch, listed, hostname, name):
    assert name_of(monkeypatch, listed, hostname=hostname) == name


def test_nodes_at_one_address_have_their_ports_in_their_names(monkeypatch):
    assert name_of(monkeypatch, node(), node(id="0816", port_number=7991)) == "10.20.0.11_7990"


def test_a_node_of_which_every_text_could_run_something_is_refused(monkeypatch):
    with pytest.raises(ContractError, match="is not listed with an address or an id that can name a host"):
        name_of(monkeypatch, node(id=HOSTILE, ip_address=HOSTILE))
