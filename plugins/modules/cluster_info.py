#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: cluster_info
short_description: Read the state of the cluster and its nodes
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Reads the nodes of a Bitbucket Data Center cluster and the state of its rolling upgrade, in one request, so that all
    of it is of one moment.
  - Needs the permission SYS_ADMIN.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  node:
    description:
      - Address of a node, C(address:port), its name or its id. The node is also returned as RV(node).
      - In a list of several, an address takes precedence over a name, and a live node over one that is OFFLINE.
      - An id changes at each restart.
    type: list
    elements: str
seealso:
  - module: bitbucket.datacenter.cluster_wait
  - module: bitbucket.datacenter.rolling_upgrade_plan
"""

EXAMPLES = r"""
- name: Read the cluster
  bitbucket.datacenter.cluster_info:
  register: result

- name: Read one node
  bitbucket.datacenter.cluster_info:
    node: 192.0.2.11
  register: result

- name: Make sure that it serves
  ansible.builtin.assert:
    that: result.node is not none and result.node.state == 'ACTIVE'

- name: Show the version of each node
  ansible.builtin.debug:
    msg: "{{ result.cluster.nodes | items2dict(key_name='label', value_name='version') }}"
"""

RETURN = r"""
cluster:
  description: The cluster.
  returned: success
  type: dict
  contains:
    state:
      description: State of the cluster, for example V(STABLE), V(READY_TO_UPGRADE) or V(MIXED).
      type: str
      sample: STABLE
    upgrade_mode_enabled:
      description: Whether a rolling upgrade is under way.
      type: bool
      sample: false
    original_version:
      description: Version from which the rolling upgrade began, or null outside upgrade mode.
      type: str
      sample: 9.4.21
    nodes:
      description: Nodes, sorted by label.
      type: list
      elements: dict
      contains:
        id:
          description: Id of the node. It changes when the node restarts.
          type: str
          sample: 8b4b1d83-3c1c-4b4c-a5a0-6ad0a3e0c2a7
        label:
          description:
            - What identifies the node in this collection. Its name where one is set and unique, otherwise its address
              and port, otherwise its id.
          type: str
          sample: 192.0.2.11:7990
        name:
          description:
            - Name of the node, or null where none is set. Bitbucket sets names only where its JVM is started with
              C(-Dcluster.node.name), and they need not be unique.
          type: str
          sample: null
        ip_address:
          description: Address of the node, or null while it starts.
          type: str
          sample: 192.0.2.11
        port_number:
          description: Port of the node, or null while it starts.
          type: int
          sample: 7990
        state:
          description:
            - V(STARTING), V(ACTIVE), V(DRAINING), V(TERMINATING), V(OFFLINE) or V(ERROR), or null while the node does
              not answer the other nodes.
          type: str
          sample: ACTIVE
        version:
          description: Version that the node runs, or null when it is offline or starts.
          type: str
          sample: 9.4.21
        build_number:
          description: Build number of that version.
          type: str
          sample: "9004021"
        tasks_total:
          description: Tasks that the node works on, or null where the server does not tell.
          type: int
          sample: 0
        active_user_count:
          description: Users active on the node, or null where the server does not tell.
          type: int
          sample: 3
        local:
          description: Whether this node gave the answer.
          type: bool
          sample: true
node:
  description:
    - The node that was asked for, with the fields of RV(cluster.nodes).
    - Null where O(node) is not given, or where the cluster does not list such a node, as one that is stopped outside
      upgrade mode. A warning then names what was searched for and the nodes that are listed.
  returned: success
  type: dict
  sample:
    id: 8b4b1d83-3c1c-4b4c-a5a0-6ad0a3e0c2a7
    label: 192.0.2.11:7990
    name: null
    ip_address: 192.0.2.11
    port_number: 7990
    state: ACTIVE
    version: 9.4.21
    build_number: "9004021"
    tasks_total: 0
    active_user_count: 3
    local: true
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _cluster
from ..module_utils._argspec import Spec
from ..module_utils._module import execute
from ..module_utils._node_identity import not_found
from ..module_utils._retry import UPGRADE

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {"node": {"type": "list", "elements": "str"}}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the cluster."""
    cluster, wanted = _cluster.read(client), module.params["node"]
    node = _cluster.find_node(cluster, wanted) if wanted else None
    if wanted and node is None:
        module.warn(f"{not_found(cluster['nodes'], wanted)}: the return value node is null")
    return {"changed": False, "cluster": cluster, "node": node}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True, retry=UPGRADE)


if __name__ == "__main__":
    main()
