#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rolling_upgrade_plan
short_description: Plan the next steps of a rolling upgrade, of its rollback or of a rolling restart
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Computes, from what the cluster says now, the steps that lead to the goal, or what forbids them. Nothing is
    remembered between runs, so that a run after a crash goes on where the cluster is.
  - An upgrade leads to every node at the target version; only a later bug-fix release of the same feature release can
    be a target. A rollback leads from any state of an upgrade that is not approved to every node at the version from
    which it began, with upgrade mode off. A restart leads through every node once, outside upgrade mode.
  - Needs the permission SYS_ADMIN.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  goal:
    description:
      - What is wanted, V(upgrade), V(rollback) of an upgrade, or V(restart).
    type: str
    choices: [upgrade, rollback, restart]
    default: upgrade
  target_version:
    description:
      - Version that every node shall run after the upgrade, or would have run after the one that is rolled back.
      - Required unless O(goal=restart).
    type: str
  nodes:
    description:
      - Inventory host names, each with the name of its node in the cluster, or else its address, or else
        its id, which may change when the node restarts.
      - Hosts and nodes must match one to one. With O(goal=restart) a host whose node is not listed is one that is
        down, as the cluster forgets a node that was stopped outside upgrade mode.
    type: dict
    required: true
  node:
    description:
      - One of the inventory hosts of O(nodes). The plan is narrowed to that host, and says as a blocker when stopping
        its node now would take a second node down.
    type: str
  on_blockers:
    description:
      - V(fail) fails when there are blockers, V(report) returns them only.
    type: str
    choices: [fail, report]
    default: fail
seealso:
  - module: bitbucket.datacenter.rolling_upgrade
"""

EXAMPLES = r"""
- name: Plan an upgrade
  bitbucket.datacenter.rolling_upgrade_plan:
    target_version: 9.4.22
    nodes:
      bitbucket-1.example.com: bitbucket-1
      bitbucket-2.example.com: bitbucket-2
  register: result

- name: Show the steps
  ansible.builtin.debug:
    msg: "{{ result.plan.steps | map(attribute='reason') }}"

- name: Plan the way back from an upgrade to 9.4.22
  bitbucket.datacenter.rolling_upgrade_plan:
    goal: rollback
    target_version: 9.4.22
    nodes:
      bitbucket-1.example.com: bitbucket-1
      bitbucket-2.example.com: bitbucket-2

- name: Plan a restart, whatever forbids it
  bitbucket.datacenter.rolling_upgrade_plan:
    goal: restart
    nodes:
      bitbucket-1.example.com: bitbucket-1
      bitbucket-2.example.com: bitbucket-2
    on_blockers: report
"""

RETURN = r"""
cluster:
  description:
    - The cluster on which the plan is based, with the fields of RV(bitbucket.datacenter.cluster_info#module:cluster).
  returned: success, or failure because of blockers
  type: dict
  sample:
    state: STABLE
    upgrade_mode_enabled: false
    original_version: null
    nodes: []
observations:
  description:
    - What was seen of the cluster, a single entry,
      with the fields of RV(bitbucket.datacenter.cluster_wait#module:observations).
  returned: success, and failure once the server was asked
  type: list
  elements: dict
  sample:
    - at: "2026-11-21T15:59:12.345Z"
      cluster_state: STABLE
      nodes:
        - {name: bitbucket-1, state: ACTIVE, version: 9.4.21}
        - {name: bitbucket-2, state: ACTIVE, version: 9.4.21}
plan:
  description: The plan, also when the module fails because of blockers.
  returned: success, or failure because of blockers
  type: dict
  contains:
    goal:
      description: What is wanted.
      type: str
      sample: upgrade
    target_version:
      description: The version of O(target_version), or null.
      type: str
      sample: 9.4.22
    original_version:
      description: Version from which the upgrade began, or null outside upgrade mode.
      type: str
      sample: 9.4.21
    cluster_state:
      description: State of the cluster on which the plan is based.
      type: str
      sample: STABLE
    next:
      description:
        - What comes next, one of V(none), V(start), V(nodes), V(finalize), V(wait), V(cancel) and V(blocked).
      type: str
      sample: start
    steps:
      description: Steps in their order. Empty when nothing is left to do, or when something blocks.
      type: list
      elements: dict
      contains:
        action:
          description:
            - Of an upgrade V(start), V(wait_for_node), V(upgrade_node), V(wait_for_cluster) and V(approve).
            - Of a rollback V(wait_for_node), V(rollback_node) and V(cancel).
            - Of a restart V(wait_for_node) and V(restart_node).
          type: str
          sample: upgrade_node
        host:
          description: Inventory host of the step, or null.
          type: str
          sample: bitbucket-1.example.com
        node:
          description: Node of the step, or null.
          type: str
          sample: bitbucket-1
        version:
          description: Version that the node shall run afterwards, or null where no node is meant or it cannot be told.
          type: str
          sample: 9.4.22
        reason:
          description: Why.
          type: str
          sample: node bitbucket-1 runs 9.4.21, wanted is 9.4.22 (0 tasks, 3 users)
    blockers:
      description: What forbids going on.
      type: list
      elements: dict
      contains:
        node:
          description: Node, or null when the whole cluster is meant.
          type: str
          sample: bitbucket-2
        version:
          description: Version of the node.
          type: str
          sample: 9.4.21
        state:
          description: State of the node.
          type: str
          sample: ERROR
        reason:
          description: What is wrong.
          type: str
          sample: node bitbucket-2 is in ERROR at version 9.4.22
        remedy:
          description: What to do.
          type: str
          sample: >-
            read its log, put it right and run bitbucket.datacenter.rolling_upgrade again,
            or bring all nodes back with bitbucket.datacenter.rolling_upgrade_rollback
"""

import typing as t

from ..module_utils import _cluster
from ..module_utils._argspec import Spec
from ..module_utils._errors import BlockedError, InputError
from ..module_utils._module import execute
from ..module_utils._refs import version
from ..module_utils._retry import UPGRADE
from ..module_utils._upgrade_plan import plan as make_plan

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    "goal": {"type": "str", "choices": ["upgrade", "rollback", "restart"], "default": "upgrade"},
    "target_version": {"type": "str"},
    "nodes": {"type": "dict", "required": True},
    "node": {"type": "str"},
    "on_blockers": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
}


def run(module: AnsibleModule, client: Client) -> dict[str, t.Any]:
    """Read the cluster and plan."""
    params = module.params
    if params["target_version"] is not None:
        version(params["target_version"])
    if params["node"] is not None and params["node"] not in params["nodes"]:
        raise InputError(f"node {params['node']!r} is no key of nodes", "give one of the inventory hosts of nodes")
    with _cluster.Watch(client) as watch:
        cluster = watch.read()
        plan = make_plan(cluster, params["nodes"], params["target_version"], params["goal"], params["node"])
        if plan["blockers"] and params["on_blockers"] == "fail":
            first = plan["blockers"][0]
            more = len(plan["blockers"]) - 1
            also = f" (and {more} more, see plan.blockers)" if more else ""
            what = f"rolling upgrade to {plan['target_version']}" if plan["goal"] == "upgrade" else plan["goal"]
            raise BlockedError(
                f"The {what} is blocked: {first['reason']}{also}",
                first["remedy"],
                facts={"plan": plan, "cluster": cluster},
            )
    return {"changed": False, "plan": plan, "cluster": cluster, "observations": watch.observations}


def main() -> None:
    """Entry point."""
    needs_target = [("goal", goal, ["target_version"]) for goal in ("upgrade", "rollback")]
    execute(run, SPEC, read_only=True, retry=UPGRADE, required_if=needs_target)


if __name__ == "__main__":
    main()
