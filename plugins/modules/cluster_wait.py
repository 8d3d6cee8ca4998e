#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_wait
short_description: Wait for a node or for the cluster
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Waits until a node of a Bitbucket Data Center cluster has a state and a version, or the cluster has a state.
  - Fails at once on a state that cannot recover, and when a node came back on another version than the wanted one.
  - An address that does not answer, or answers that the server is unavailable, counts as not yet.
  - Needs the permission SYS_ADMIN.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.wait
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
attributes:
  check_mode:
    details:
      - In check mode the module looks once and does not wait, since what it waits for was not begun.
options:
  node:
    description:
      - Name of the node, or its address. Without it the module waits for the cluster.
    type: str
  state:
    description:
      - State to wait for, of a node for example V(ACTIVE) or V(OFFLINE), of the cluster for example V(STABLE).
    type: str
    required: true
  version:
    description:
      - Version that the node must run as well. Used only with O(node).
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
    node: bitbucket-1
    state: ACTIVE
    version: 9.4.22
    wait_timeout: 900

- name: Wait until the cluster is stable
  bitbucket.datacenter.cluster_wait:
    state: STABLE
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
      description: Nodes that the cluster listed, sorted by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the node.
          type: str
          sample: bitbucket-1
        state:
          description: State of the node.
          type: str
          sample: STARTING
        version:
          description: Version that the node ran, or null when it was offline.
          type: str
          sample: 9.4.22
"""

import typing as t

from ..module_utils import _argspec, _cluster
from ..module_utils._argspec import Spec
from ..module_utils._module import execute
from ..module_utils._retry import NEVER
from ..module_utils._waiter import wait_until

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    "node": {"type": "str"},
    "state": {"type": "str", "required": True},
    "version": {"type": "str"},
    "failed_states": {"type": "list", "elements": "str"},
    **_argspec.wait(delay=2, timeout=600),
}


class Goal:
    """What is waited for, seen on a cluster."""

    def __init__(self, params: t.Mapping[str, t.Any]) -> None:
        self.node = params["node"]
        self.state = params["state"]
        self.version = params["version"]
        default = ["ERROR"] if self.node else ["UPGRADE_TASKS_FAILED"]
        self.failed_states = default if params["failed_states"] is None else params["failed_states"]

    def __str__(self) -> str:
        version = f" at version {self.version}" if self.version else ""
        return f"{f'node {self.node}' if self.node else 'the cluster'} to be {self.state}{version}"

    def observe(self, cluster: _cluster.View) -> _cluster.View | None:
        """The node or the cluster itself; None where the node is not listed."""
        return _cluster.find_node(cluster, self.node) if self.node else cluster

    def reached(self, cluster: _cluster.View) -> bool:
        """Whether state, and version if asked for, are as wanted. A node that is not listed is OFFLINE."""
        seen = self.observe(cluster)
        if seen is None:
            return bool(self.state == "OFFLINE")
        return seen["state"] == self.state and self.version in (None, seen.get("version"))

    def hopeless(self, cluster: _cluster.View) -> str | None:
        """Why waiting on is of no use, or None."""
        seen = self.observe(cluster)
        if seen is None:
            return None
        if seen["state"] in self.failed_states:
            return "that state does not recover by itself"
        if seen["state"] == self.state and not self.reached(cluster):
            return "it came back on another version"
        return None

    def describe(self, cluster: _cluster.View) -> str:
        """What is seen, in words."""
        seen = self.observe(cluster)
        if not self.node:
            return f"the cluster is {cluster['state']}"
        if seen is None:
            return f"node {self.node} is not listed by the cluster"
        return f"node {self.node} is {seen['state']} at version {seen['version'] or 'unknown'}"


def wait(params: t.Mapping[str, t.Any], watch: _cluster.Watch) -> tuple[_cluster.View, float]:
    """The cluster when the goal is reached, and the seconds that it took. Raises WaitError."""
    goal = Goal(params)
    return wait_until(
        watch.read,
        goal.reached,
        goal.hopeless,
        goal.describe,
        goal=str(goal),
        timeout=params["wait_timeout"],
        delay=params["wait_delay"],
        next_step=f"look at the log of {goal.node or 'the server'}, put it right and run again",
    )


def run(module: AnsibleModule, client: Client) -> dict[str, t.Any]:
    """Wait, or look once in check mode."""
    with _cluster.Watch(client) as watch:
        cluster, elapsed = (watch.read(), 0.0) if module.check_mode else wait(module.params, watch)
    return {
        "changed": False,
        "cluster": cluster,
        "elapsed": round(elapsed, 1),
        "observations": watch.observations,
    }


def main() -> None:
    """Entry point."""
    # the wait itself is the retry
    execute(run, SPEC, read_only=True, retry=NEVER, required_by={"version": ["node"]})


if __name__ == "__main__":
    main()
