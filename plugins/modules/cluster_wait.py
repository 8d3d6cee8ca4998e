#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: cluster_wait
short_description: Wait for a node or for the cluster
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Waits until a node of a Bitbucket Data Center cluster, or the cluster itself, has a state and a version.
  - Fails at once on a state that cannot recover, and when a node came back on another version than the wanted one.
  - An address that does not answer, or answers that the server is unavailable, counts as not yet.
  - Tells what it sees while it waits. A change is told at once, whatever O(progress_interval) says.
  - Needs the permission SYS_ADMIN.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.wait
  - bitbucket.datacenter.progress
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
attributes:
  check_mode:
    details:
      - In check mode the module looks once and does not wait, since what it waits for was not begun.
options:
  node:
    description:
      - Address of the node, C(address:port), its name or its id. Without it the module waits for the cluster.
      - In a list of several, an address takes precedence over a name, and a live node over one that is V(OFFLINE).
      - Once the node is found its address and its name identify it, because its id changes when it restarts.
      - In upgrade mode a stopped node stays listed as V(OFFLINE). A node that is not listed counts as V(OFFLINE),
        unless the cluster lists a node that does not show its address yet and may be this one, see O(former_ids).
      - A node that does not show its version, as while it starts, is not V(ACTIVE) yet.
    type: list
    elements: str
  former_ids:
    description:
      - Ids of nodes that were listed before the one of O(node) was stopped, without its own where that is known.
      - A node that does not show its address, as while it starts, may be the one of O(node), unless its id is one of
        these, since a node gets another id when it starts again.
    type: list
    elements: str
    default: []
  state:
    description:
      - State to wait for, of a node for example V(ACTIVE) or V(OFFLINE), of the cluster for example V(STABLE).
    type: str
    required: true
  version:
    description:
      - Version that the node must run as well, of the cluster every node that is not V(OFFLINE).
    type: str
  failed_states:
    description:
      - States that end the wait at once.
      - The default is V(ERROR) for a node and V(UPGRADE_TASKS_FAILED) for the cluster.
    type: list
    elements: str
seealso:
  - module: bitbucket.datacenter.cluster_info
"""

EXAMPLES = r"""
- name: Wait until an upgraded node is back
  bitbucket.datacenter.cluster_wait:
    node: 192.0.2.11
    state: ACTIVE
    version: 9.4.22
    wait_timeout: 900

- name: Wait until the cluster is stable at its new version
  bitbucket.datacenter.cluster_wait:
    state: STABLE
    version: 9.4.22
"""

RETURN = r"""
cluster:
  description: The cluster when the wait ended, with the fields of RV(bitbucket.datacenter.cluster_info#module:cluster).
  returned: success
  type: dict
  sample:
    state: STABLE
    upgrade_mode_enabled: false
    original_version: null
    nodes: []
elapsed:
  description: Seconds that the wait took.
  returned: success
  type: float
  sample: 42.5
observations:
  description:
    - What was seen of the cluster, one entry for each look that differs from the one before, in the order of time.
  returned: success, and failure once the server was asked
  type: list
  elements: dict
  contains:
    at:
      description: When it was seen first, in UTC.
      type: str
      sample: "2026-11-21T15:59:12.345Z"
    cluster_state:
      description: State of the cluster.
      type: str
      sample: MIXED
    nodes:
      description: Nodes that the cluster listed, sorted by label.
      type: list
      elements: dict
      contains:
        id:
          description: Id of the node.
          type: str
          sample: 8b4b1d83-3c1c-4b4c-a5a0-6ad0a3e0c2a7
        label:
          description: Label of the node, see RV(bitbucket.datacenter.cluster_info#module:cluster.nodes).
          type: str
          sample: 192.0.2.11:7990
        state:
          description: State of the node, or null while it does not answer the other nodes.
          type: str
          sample: STARTING
        version:
          description: Version that the node ran, or null when it did not show one.
          type: str
          sample: 9.4.22
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import PROGRESS, Spec, wait
from ..module_utils._cluster import Watch
from ..module_utils._cluster_goal import Goal
from ..module_utils._module import execute
from ..module_utils._progress import Progress
from ..module_utils._retry import UPGRADE

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    "node": {"type": "list", "elements": "str"},
    "former_ids": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "required": True},
    "version": {"type": "str"},
    "failed_states": {"type": "list", "elements": "str"},
    **wait(delay=2, timeout=600),
    **PROGRESS,
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Wait, or look once in check mode."""
    params = module.params
    goal = Goal(
        params["state"],
        node=params["node"],
        former=params["former_ids"],
        version=params["version"],
        failed_states=params["failed_states"],
    )
    with Watch(client) as watch:
        if module.check_mode:
            cluster, elapsed = watch.read(), 0.0
        else:
            cluster, elapsed = goal.wait(
                watch,
                timeout=params["wait_timeout"],
                delay=params["wait_delay"],
                progress=Progress(module.tmpdir, params["progress_interval"]),
            )
    return {
        "changed": False,
        "cluster": cluster,
        "elapsed": round(elapsed, 1),
        "observations": watch.observations,
    }


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True, retry=UPGRADE)


if __name__ == "__main__":
    main()
