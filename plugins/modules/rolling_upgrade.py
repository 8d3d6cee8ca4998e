#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: rolling_upgrade
short_description: Start, approve or cancel a rolling upgrade
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Switches the upgrade mode of a Bitbucket Data Center cluster.
  - The nodes themselves are upgraded between O(state=started) and O(state=approved), for example by the role
    P(bitbucket.datacenter.rolling_upgrade#role).
  - Needs the permission SYS_ADMIN. HTTP access tokens cannot carry it.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.wait
  - bitbucket.datacenter.progress
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  state:
    description:
      - V(started) switches the upgrade mode on.
      - V(approved) finishes the upgrade, once every live node runs the new version.
      - V(cancelled) switches the upgrade mode off, as long as every node runs the original version.
      - A cluster that is not in upgrade mode is taken as approved and as cancelled.
    type: str
    choices: [started, approved, cancelled]
    required: true
  wait:
    description:
      - Whether to wait until the cluster has reached the state, and before that until every node shows its version,
        which a node that starts does not.
      - What is seen is told meanwhile; a change at once, whatever O(progress_interval) says.
    type: bool
    default: true
seealso:
  - module: bitbucket.datacenter.rolling_upgrade_plan
  - module: bitbucket.datacenter.cluster_wait
"""

EXAMPLES = r"""
- name: Switch upgrade mode on
  bitbucket.datacenter.rolling_upgrade:
    state: started

- name: Finish the upgrade after all nodes
  bitbucket.datacenter.rolling_upgrade:
    state: approved
    wait_timeout: 1800
"""

RETURN = r"""
acted:
  description: What the server was asked to do in this run. Null when nothing was left to do, and in check mode.
  returned: success, and failure when the server had obeyed
  type: dict
  contains:
    action:
      description: V(start), V(approve) or V(cancel).
      type: str
      sample: approve
    at:
      description: When it was asked, in ISO 8601 and UTC.
      type: str
      sample: "2026-11-21T16:18:40.120Z"
cluster:
  description: The cluster after the run, with the fields of RV(bitbucket.datacenter.cluster_info#module:cluster).
  returned: success
  type: dict
  sample:
    state: STABLE
    upgrade_mode_enabled: false
    original_version: null
    nodes: []
observations:
  description:
    - What was seen of the cluster, one entry for each look that differs from the one before,
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
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _cluster
from ..module_utils._argspec import PROGRESS, Spec, wait
from ..module_utils._cluster_goal import Goal, wait_for_versions
from ..module_utils._errors import ConflictError
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._progress import Progress
from ..module_utils._retry import UPGRADE
from ..module_utils._upgrade_plan import after, is_settled, obeyed

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    "state": {"type": "str", "choices": ["started", "approved", "cancelled"], "required": True},
    "wait": {"type": "bool", "default": True},
    **wait(delay=2, timeout=600),
    **PROGRESS,
}
# each with what is posted, the states that pass by themselves, and the state that is waited for
STATES = {
    "started": ("start", ("STABLE",), "READY_TO_UPGRADE"),
    "approved": ("approve", ("READY_TO_RUN_UPGRADE_TASKS", "RUNNING_UPGRADE_TASKS"), "STABLE"),
    "cancelled": ("cancel", ("READY_TO_UPGRADE",), "STABLE"),
}


def act(watch: _cluster.Watch, action: str) -> tuple[_cluster.View, bool]:
    """Post the action; return the cluster and whether it was this run that the server obeyed."""
    try:
        return watch.act(action), True
    except ConflictError:
        # another operator may have been first: what counts is the state of the cluster
        seen = watch.read()
        if not obeyed(seen, action):
            raise
        return seen, False


def limits(module: "AnsibleModule") -> dict[str, t.Any]:
    """How long to wait, and where progress is reported."""
    params = module.params
    return {
        "timeout": params["wait_timeout"],
        "delay": params["wait_delay"],
        "progress": Progress(module.tmpdir, params["progress_interval"]),
    }


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring the upgrade mode to its state."""
    action, passing, settled = STATES[module.params["state"]]
    with _cluster.Watch(client) as watch:
        before = watch.read()
        if module.params["wait"] and not (module.check_mode or obeyed(before, action) or is_settled(before)):
            before = wait_for_versions(watch, **limits(module))
        cluster = after(before, action)
        if not module.check_mode:
            acted = False
            if cluster != before:
                cluster, acted = act(watch, action)
            if module.params["wait"] and cluster["state"] in passing:
                # until it has left every state in between
                cluster, _seconds = Goal(settled).wait(watch, **limits(module))
            if not acted:
                # whatever happened meanwhile was somebody else's doing
                before = cluster
    outcome = Outcome(_cluster.summary(before), _cluster.summary(cluster))
    return outcome.result(
        "upgrade mode of the cluster", cluster=cluster, observations=watch.observations, acted=watch.acted
    )


def main() -> None:
    """Entry point."""
    execute(run, SPEC, retry=UPGRADE)


if __name__ == "__main__":
    main()
