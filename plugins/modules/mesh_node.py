#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mesh_node
short_description: Take a Mesh node out of service, and back into it
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Drains, disables or enables a Mesh node of Bitbucket Data Center, for example to upgrade it.
  - Mesh nodes are taken out one at a time. A node is not taken out while another one is not V(AVAILABLE), or is down.
  - After a node is back, the vendor asks to wait until its replicas are consistent before the next one is taken out.
    The documented API does not tell that, and neither does this module.
  - Needs the permission SYS_ADMIN. HTTP access tokens cannot carry it.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.wait
  - bitbucket.datacenter.progress
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - What would be refused because another node is out is refused in check mode, too.
      - With O(state=available), a node that is down is taken for one that comes back disabled.
  diff_mode:
    support: full
options:
  name:
    description:
      - Name of the node, or its id.
    type: str
    required: true
  state:
    description:
      - V(drained) takes no new requests to the node, lets those under way end, and leaves it C(DISABLED), so that it
        can be stopped.
      - V(disabled) asks for C(DISABLED) at once.
      - V(available) takes requests to the node. One that is down is waited for first.
      - A node that is down is taken as drained and as disabled.
    type: str
    choices: [available, drained, disabled]
    required: true
  wait:
    description:
      - Whether to wait until the node has arrived at the state.
      - What is seen is told meanwhile; a change at once, whatever O(progress_interval) says.
    type: bool
    default: true
seealso:
  - module: bitbucket.datacenter.mesh_node_info
  - name: How to upgrade Remote Mesh Nodes
    description: The vendor's page.
    link: https://confluence.atlassian.com/bitbucketserverkb/how-to-upgrade-remote-mesh-nodes-1364721919.html
"""

EXAMPLES = r"""
- name: Drain a Mesh node, so that it can be stopped
  bitbucket.datacenter.mesh_node:
    name: mesh-1
    state: drained
    wait_timeout: 1800

- name: Put it back into service once it is up again
  bitbucket.datacenter.mesh_node:
    name: mesh-1
    state: available
"""

RETURN = r"""
mesh_node:
  description: The node after the run.
  returned: success
  type: dict
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
from ..module_utils._argspec import PROGRESS, Spec, wait
from ..module_utils._errors import ConflictError
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._progress import Progress
from ..module_utils._retry import UPGRADE
from ..module_utils._waiter import wait_until

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["available", "drained", "disabled"], "required": True},
    "wait": {"type": "bool", "default": True},
    **wait(delay=2, timeout=600),
    **PROGRESS,
}
# each with what is asked for, the states that need no asking, and the state in which it ends (documented)
STATES = {
    "available": ("AVAILABLE", ("AVAILABLE",), "AVAILABLE"),
    "drained": ("DRAINING", ("DRAINING", "DISABLED"), "DISABLED"),
    "disabled": ("DISABLED", ("DISABLED",), "DISABLED"),
}
_LOOK = "look at its log and at the Mesh nodes in the administration, then run again"


class MeshNode:
    """One node on its way to a state."""

    def __init__(self, client: "Client", params: t.Mapping[str, t.Any], progress: Progress) -> None:
        self._client = client
        self._params = params
        self._progress = progress
        self._wanted, self._passing, self._end = STATES[params["state"]]
        self._left: float = params["wait_timeout"]
        self._nodes = _mesh.read(client)
        self.seen = _mesh.get(self._nodes, params["name"])

    @property
    def down_and_out(self) -> bool:
        """Whether it shall be out, and takes no requests anyway, since it is down."""
        return bool(self.seen["offline"] and self._wanted != "AVAILABLE")

    @property
    def must_be_asked(self) -> bool:
        """Whether it takes a request to bring it on its way."""
        return not self.down_and_out and self.seen["state"] not in self._passing

    def refuse(self) -> None:
        """Raise ConflictError for what the server would refuse, as far as is known without trying."""
        if self.seen["state"] == "DELETING":
            raise ConflictError(f"{_mesh.describe(self.seen)}: it is about to leave for good", "choose another node")
        if self.seen["offline"] and not self.down_and_out and not self._params["wait"]:
            raise ConflictError(f"{_mesh.describe(self.seen)}: it cannot be enabled", "start it, or set wait")
        if self.must_be_asked and self._wanted != "AVAILABLE":
            _mesh.refuse_second(self._nodes, self.seen)

    def predict(self) -> _mesh.View:
        """The node as it will be."""
        if self.down_and_out:
            return self.seen
        asked = self._wanted if self.must_be_asked else self.seen["state"]
        return {**self.seen, "state": self._end if self._params["wait"] else asked, "offline": False}

    def bring(self) -> bool:
        """Bring it to its state; return whether it was this run that the server obeyed."""
        if self.down_and_out:
            return False
        if self.seen["offline"]:
            self._await("up", lambda node: not node["offline"])
        asked = self.must_be_asked and self._ask()
        if self._params["wait"]:
            self._await(self._end, lambda node: bool(node["state"] == self._end))
        return asked

    def _ask(self) -> bool:
        try:
            self.seen = _mesh.change(self._client, self.seen, self._wanted, self._passing)
        except ConflictError:
            # somebody else may have been first: what counts is the state of the nodes
            self._look()
            if self.must_be_asked:
                self.refuse()
                raise
            return False
        return True

    def _look(self, *, once: bool = False) -> _mesh.View:
        """The node as it is now; one that is not registered any more is an error."""
        self._nodes = _mesh.read(self._client, once=once)
        self.seen = _mesh.get(self._nodes, self.seen["id"])
        return self.seen

    def _await(self, wanted: str, reached: t.Callable[[_mesh.View], bool]) -> None:
        _node, elapsed = wait_until(
            lambda: self._look(once=True),
            reached,
            self._hopeless,
            self._describe,
            subject=f"Mesh node {self.seen['name']}",
            wanted=wanted,
            timeout=self._left,
            delay=self._params["wait_delay"],
            next_step=_LOOK,
            tell=lambda line, news: self._progress.say(line, at_once=news),
        )
        self._left = max(0.0, self._left - elapsed)

    def _hopeless(self, node: _mesh.View) -> "tuple[str, str] | None":
        if node["state"] == "DELETING":
            return "so it is about to leave for good", _LOOK
        if self.down_and_out:
            return "so it went down before it was drained", _LOOK
        return None

    def _describe(self, node: _mesh.View) -> str:
        others = _mesh.others_out(self._nodes, node)
        return ", and ".join([_mesh.condition(node), *map(_mesh.describe, others)])


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring the node to its state."""
    node = MeshNode(client, module.params, Progress(module.tmpdir, module.params["progress_interval"]))
    node.refuse()
    before = node.seen
    if module.check_mode:
        asked, after = node.must_be_asked, node.predict()
    else:
        asked, after = node.bring(), node.seen
    # where nothing was asked for, whatever happened meanwhile was somebody else's doing
    outcome = Outcome(_mesh.summary(before if asked else after), _mesh.summary(after))
    return outcome.result(f"Mesh node {after['name']}", mesh_node=after)


def main() -> None:
    """Entry point."""
    execute(run, SPEC, retry=UPGRADE)


if __name__ == "__main__":
    main()
