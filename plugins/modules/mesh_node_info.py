#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mesh_node_info
short_description: Read the Mesh nodes
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Reads the Mesh nodes of Bitbucket Data Center, which hold its git repositories, and their states.
  - Needs the permission SYS_ADMIN. HTTP access tokens cannot carry it.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  name:
    description:
      - Name of one node, or its id.
    type: str
seealso:
  - module: bitbucket.datacenter.mesh_node
"""

EXAMPLES = r"""
- name: Read all Mesh nodes
  bitbucket.datacenter.mesh_node_info:
  register: mesh

- name: Make sure that all of them take requests
  ansible.builtin.assert:
    that: mesh.mesh_nodes | map(attribute='state') | unique == ['AVAILABLE']
"""

RETURN = r"""
mesh_nodes:
  description: The nodes, sorted by name. An empty list when there are none, or when the one named does not exist.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the node, which never changes.
      type: str
      sample: "1"
    name:
      description: Name of the node.
      type: str
      sample: mesh-1
    state:
      description: V(AVAILABLE), V(DRAINING), V(DISABLED), V(OFFLINE) or V(DELETING).
      type: str
      sample: AVAILABLE
    offline:
      description: Whether the node is down, whatever its state.
      type: bool
      sample: false
    rpc_url:
      description: Address at which Bitbucket reaches the node.
      type: str
      sample: http://mesh-1.example.com:7777
    availability_zone:
      description: Its availability zone, or null where it has none, and before Bitbucket 9.3.
      type: str
      sample: null
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _mesh
from ..module_utils._argspec import Spec
from ..module_utils._module import execute
from ..module_utils._retry import UPGRADE

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {"name": {"type": "str"}}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the nodes."""
    name = module.params["name"]
    nodes = _mesh.read(client)
    found = nodes if name is None else [node for node in (_mesh.find(nodes, name),) if node is not None]
    return {"changed": False, "mesh_nodes": found}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True, retry=UPGRADE)


if __name__ == "__main__":
    main()
