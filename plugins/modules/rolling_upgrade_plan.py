#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: rolling_upgrade_plan
short_description: Plan a rolling upgrade, its rollback or a restart
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Computes, from what the cluster says now, the steps that lead to the goal, or what forbids them. Nothing is
    remembered between runs, so that a run after a crash goes on where the cluster is.
  - An upgrade leads to every node at the target version; only a later bug-fix release of the same feature release can
    be a target. A rollback leads from any state of an upgrade that is not approved to every node at the version from
    which it began, with upgrade mode off. A restart leads through every node once, outside upgrade mode.
  - Needs the permission SYS_ADMIN.
  - Fails where a password or token is part of the name of a host, action, state or version. Ansible masks it there.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.wait
  - bitbucket.datacenter.progress
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
      - Inventory host names, each with what identifies its node. This is an address, C(address:port), a name or an id,
        or a list of them.
      - A node is identified by its address. A name identifies it only where it is set in the cluster and unique, and an
        id changes at each restart.
      - Hosts and nodes must match one to one. A live node takes precedence over an OFFLINE one, and an address in a
        list over a name.
      - In upgrade mode, and with O(goal=restart), a host whose node is not listed is one that is down.
    type: dict
    required: true
  given_up:
    description:
      - Inventory hosts of O(nodes) that an upgrade leaves out because their nodes cannot be repaired now.
      - Their nodes must be OFFLINE. At least two other nodes must remain, and one of them must run the target version.
      - Before such a node is started again, install the version of the cluster on it.
    type: list
    elements: str
    default: []
  wait:
    description:
      - Whether to wait for nodes that start, or do not answer the other nodes yet, before the plan is computed.
      - A rollback does not wait longer than O(wait_timeout) for such a node, and then plans to stop it.
      - Check mode does not wait.
    type: bool
    default: false
  hanging:
    description:
      - Ids of nodes for which the wait of an earlier plan timed out, its RV(plan.hanging).
      - A rollback does not wait for them again. Other goals wait for them as for any other node.
    type: list
    elements: str
    default: []
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
      bitbucket-1.example.com: 192.0.2.11
      bitbucket-2.example.com: 192.0.2.12
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
address:
  description:
    - Host, port and context path of the cluster, from the first address of O(url), without scheme, credentials and a
      default port.
  returned: success
  type: str
  sample: bitbucket.example.com
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
        - {id: 8b4b1d83-3c1c-4b4c-a5a0-6ad0a3e0c2a7, label: "192.0.2.11:7990", state: ACTIVE, version: 9.4.21}
        - {id: 2f0c9b5e-7a51-4d0e-9c55-0a6f6e1b9d10, label: "192.0.2.12:7990", state: ACTIVE, version: 9.4.21}
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
          description: Inventory host of the step, or null where none is meant or it is not known yet.
          type: str
          sample: bitbucket-1.example.com
        node:
          description: Label of the node, or null. See RV(bitbucket.datacenter.cluster_info#module:cluster.nodes).
          type: str
          sample: 192.0.2.11:7990
        version:
          description: Version that the node shall run afterwards, or null where no node is meant or it cannot be told.
          type: str
          sample: 9.4.22
        reason:
          description: Why.
          type: str
          sample: node 192.0.2.11:7990 runs 9.4.21, wanted is 9.4.22 (0 tasks, 3 users)
    blockers:
      description: What forbids going on.
      type: list
      elements: dict
      contains:
        node:
          description: Label of the node, or null when the whole cluster is meant.
          type: str
          sample: 192.0.2.12:7990
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
          sample: node 192.0.2.12:7990 is in ERROR at version 9.4.22
        remedy:
          description: What to do.
          type: str
          sample: >-
            read its log, put it right and run bitbucket.datacenter.rolling_upgrade again,
            or bring all nodes back with bitbucket.datacenter.rolling_upgrade_rollback
    hosts:
      description: Which node each inventory host is. A host whose node is not known yet is left out.
      type: list
      elements: dict
      contains:
        host:
          description: Inventory host.
          type: str
          sample: bitbucket-1.example.com
        node:
          description: Label of the node.
          type: str
          sample: 192.0.2.11:7990
        id:
          description: Id of the node, or null where the cluster does not list it.
          type: str
          sample: 8b4b1d83-3c1c-4b4c-a5a0-6ad0a3e0c2a7
        name:
          description: Name of the node, or null where none is set.
          type: str
          sample: null
        address:
          description: Address and port of the node, or null while it does not show them.
          type: str
          sample: 192.0.2.11:7990
        state:
          description: State of the node, or null where it does not answer the others.
          type: str
          sample: ACTIVE
        version:
          description: Version of the node, or null while it does not show one.
          type: str
          sample: 9.4.21
    ghosts:
      description:
        - OFFLINE nodes that belong to none of the hosts. A node leaves one behind when it comes back with another
          address. The server forgets them when the upgrade is finalized or cancelled, and nothing is done to them.
        - Each has the fields of RV(plan.hosts) except C(host).
      type: list
      elements: dict
      sample: []
    given_up:
      description: The hosts of O(given_up).
      type: list
      elements: str
      sample: []
    hanging:
      description: Ids of the nodes that start, where a rollback does not wait for them any longer.
      type: list
      elements: str
      sample: []
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _cluster, _masked
from ..module_utils._argspec import PROGRESS, Spec, wait
from ..module_utils._cluster_plan import plan_once_settled
from ..module_utils._errors import BlockedError, InputError
from ..module_utils._module import execute
from ..module_utils._progress import Progress
from ..module_utils._refs import version
from ..module_utils._retry import UPGRADE
from ..module_utils._upgrade_plan import WORDS
from ..module_utils._upgrade_plan import plan as make_plan

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    "goal": {"type": "str", "choices": ["upgrade", "rollback", "restart"], "default": "upgrade"},
    "target_version": {"type": "str"},
    "nodes": {"type": "dict", "required": True},
    "node": {"type": "str"},
    "given_up": {"type": "list", "elements": "str", "default": []},
    "on_blockers": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
    "wait": {"type": "bool", "default": False},
    "hanging": {"type": "list", "elements": "str", "default": []},
    **wait(delay=2, timeout=600),
    **PROGRESS,
}


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for what no plan can be computed from."""
    if params["target_version"] is not None:
        version(params["target_version"])
    for host in filter(None, [params["node"], *params["given_up"]]):
        if host not in params["nodes"]:
            raise InputError(f"{host!r} is not a key of nodes", "use one of the inventory hosts of nodes")
    if params["given_up"] and params["goal"] != "upgrade":
        raise InputError(f"given_up is set for a {params['goal']}", "set it only for an upgrade")
    if params["node"] in params["given_up"]:
        raise InputError(f"node {params['node']!r} is one of given_up", "use another host, or do not give it up")
    for host, references in params["nodes"].items():
        listed = [references] if isinstance(references, str) else references
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise InputError(
                f"nodes has {references!r} for {host}",
                "use an address, address:port, a name or an id, or a list of them",
            )


def refuse_masked(module: "AnsibleModule", cluster: "_cluster.View | None" = None) -> None:
    """Raise InputError where Ansible would mask what this plan, or a later one of the run, is read for."""
    params, nodes = module.params, cluster["nodes"] if cluster else []
    words = [*WORDS, *params["nodes"], params["target_version"], *([cluster["state"]] if cluster else [])]
    words += [node[field] for node in nodes for field in ("state", "version")]
    _masked.check(module.no_log_values, words, "the name of a host, or of an action, state or version of the plan")


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the cluster and plan."""
    params = module.params
    check(params)
    refuse_masked(module)

    def make(cluster: _cluster.View, timed_out: bool) -> dict[str, t.Any]:
        starting = sorted(node["id"] for node in cluster["nodes"] if node["state"] == "STARTING")
        stuck = params["goal"] == "rollback" and (timed_out or set(starting) <= set(params["hanging"]))
        plan = make_plan(
            cluster,
            params["nodes"],
            params["target_version"],
            params["goal"],
            params["node"],
            given_up=params["given_up"],
            stuck=stuck,
        )
        return {**plan, "hanging": starting if stuck else []}

    with _cluster.Watch(client) as watch:
        if params["wait"] and not module.check_mode:
            cluster, plan = plan_once_settled(
                watch,
                make,
                timeout=params["wait_timeout"],
                delay=params["wait_delay"],
                progress=Progress(module.tmpdir, params["progress_interval"]),
            )
        else:
            cluster = watch.read()
            plan = make(cluster, False)
        refuse_masked(module, cluster)
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
    return {
        "changed": False,
        "plan": plan,
        "cluster": cluster,
        "address": client.address,
        "observations": watch.observations,
    }


def main() -> None:
    """Entry point."""
    needs_target = [("goal", goal, ["target_version"]) for goal in ("upgrade", "rollback")]
    execute(run, SPEC, read_only=True, retry=UPGRADE, required_if=needs_target)


if __name__ == "__main__":
    main()
