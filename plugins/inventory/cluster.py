# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory: every node of the cluster a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster
short_description: Nodes of a Bitbucket Data Center cluster as hosts
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Makes a host of every node that the cluster lists, as it is now.
  - All hosts are in the group O(group), which is the one that the playbooks of rolling upgrades take by default. They
    are also in groups by state and by version, as in C(state_active) and C(version_9_4_21).
  - The variable C(bitbucket_node) of a host has the node with the fields of
    RV(bitbucket.datacenter.cluster_info#module:cluster.nodes). C(rolling_upgrade_node_name) is the label of the node,
    C(ansible_host) its address. O(compose) can override both.
  - A file of this inventory ends with C(bitbucket_cluster.yml) or C(bitbucket_cluster.yaml).
  - Needs the permission SYS_ADMIN. HTTP access tokens cannot carry it.
extends_documentation_fragment:
  - constructed
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.connection.plugins
options:
  plugin:
    description:
      - Marks the file as an inventory of this plugin.
    type: str
    required: true
    choices: [bitbucket.datacenter.cluster]
  group:
    description:
      - Group of all nodes.
    type: str
    default: bitbucket
  hostname:
    description:
      - Name the hosts by the V(name) of their nodes, or by their V(ip_address).
      - A node without a unique name is named by its address, with its port behind an underscore where several nodes
        share the address. A node that starts does not show its address, and is named by its id.
    type: str
    choices: [name, ip_address]
    default: name
  node_count:
    description:
      - How many nodes the cluster has. It is an error when it lists more or fewer.
      - Where as many nodes are live, OFFLINE ones beside them are left out. A node leaves one behind during an upgrade
        when it comes back with another address.
    type: int
notes:
  - Outside upgrade mode the cluster does not list a node that is down. Such a node is no host here, and no task or plan
    misses it. In upgrade mode it stays listed, as V(OFFLINE). O(node_count) tells the difference.
  - A static inventory stays the better choice for the rolling upgrade itself, since there a host whose node is missing
    is a blocker. This inventory may be used beside it, for the groups by state and version, where hosts are named like
    their nodes.
  - Text of the cluster is never a template. Text without braces, parentheses and vertical bars is exported as plain
    text, so that AWX can compare it, for example C(bitbucket_node.state) with the enabled value V(ACTIVE). A node whose
    name has one of these characters is named by its address.
  - Nothing is cached, since states and versions of another time are of no use.
  - O(url), O(username), O(password), O(token), O(token_file) and O(proxy) may be templates, for a lookup in a vault.
seealso:
  - module: bitbucket.datacenter.cluster_info
  - plugin: bitbucket.datacenter.repositories
    plugin_type: inventory
"""

EXAMPLES = r"""
# production.bitbucket_cluster.yml
# The first line alone makes a host of every node, with the connection from the environment.
plugin: bitbucket.datacenter.cluster
url: https://bitbucket.example.com
username: automation
password: "{{ lookup('ansible.builtin.env', 'AUTOMATION_PASSWORD') }}"
# three nodes are expected: without one of them there is no inventory
node_count: 3
strict: true
compose:
  # nodes are listed with the address at which they reach each other, which may not be the one for SSH
  ansible_host: bitbucket_node.ip_address | replace('10.20.', '10.30.')
groups:
  idle: bitbucket_node.tasks_total == 0
keyed_groups:
  - key: bitbucket_node.build_number
    prefix: build
"""

import typing as t

from ..module_utils import _cluster
from ..module_utils._errors import ConflictError, ContractError
from ..module_utils._node_identity import is_anonymous, is_live
from ..module_utils._retry import UPGRADE
from ..module_utils._text import counted
from ..plugin_utils._inventory import BitbucketInventory, data, group_name, runs

if t.TYPE_CHECKING:
    from ansible.inventory.data import InventoryData


class InventoryModule(BitbucketInventory):
    """See the head of the file."""

    NAME = "bitbucket.datacenter.cluster"
    ENDING = "bitbucket_cluster"

    def look(self, _path: str, _cache: bool) -> list[_cluster.View]:
        """The nodes, by label. Raises ConflictError where they are not as many as there should be."""
        with self.connect(UPGRADE) as client:
            nodes: list[_cluster.View] = _cluster.read(client)["nodes"]
        wanted = self.get_option("node_count")
        live = [node for node in nodes if is_live(node)]
        if len(live) == wanted:
            # what is OFFLINE beside them was left behind at a former address
            nodes = live
        elif wanted is not None and len(nodes) != wanted:
            listed = ", ".join(f"{node['label']} {node['state']}" for node in nodes)
            raise ConflictError(
                f"The cluster lists {counted(len(nodes), 'node')}, not {wanted} ({listed})",
                "bring back what is missing, or correct node_count",
            )
        for node in nodes:
            # refused before anything is added
            self._host_name(node, nodes)
        return nodes

    def fill(self, inventory: InventoryData, found: list[_cluster.View]) -> None:
        """A host for each node, in the groups of their states and versions."""
        everything = inventory.add_group(self.get_option("group"))
        for node in found:
            host = inventory.add_host(self._host_name(node, found), group=everything)
            for prefix, value in (("state", (node["state"] or "").lower()), ("version", node["version"])):
                if value:
                    inventory.add_host(host, group=inventory.add_group(group_name(prefix, value)))
            facts = {"bitbucket_node": node}
            if not is_anonymous(node):
                facts["rolling_upgrade_node_name"] = node["label"]
            if node["ip_address"]:
                facts["ansible_host"] = node["ip_address"]
            for name, value in facts.items():
                inventory.set_variable(host, name, data(value))
            self.construct(inventory, host)

    def _host_name(self, node: _cluster.View, found: list[_cluster.View]) -> str:
        """The name where it identifies the node, else the address, with the port where nodes share it, else the id.

        ansible-core 2.16 takes the name of a host for a template and cannot be kept from it, so that a text which could
        run something is not used. Raises ContractError where no other is left.
        """
        address = node["ip_address"]
        named = self.get_option("hostname") == "name" and node["label"] == node["name"]
        shared = sum(each["ip_address"] == address for each in found) > 1
        place = f"{address}_{node['port_number']}" if shared else address
        for name in (node["label"] if named or not address else None, place if address else None, node["id"]):
            if name and not runs(str(name)):
                return str(name)
        raise ContractError(f"Node {node['label']!r} is not listed with an address or an id that can name a host")
