#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mirror_upgrade
short_description: Start or end the rolling upgrade of a mirror farm
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Switches the upgrade mode of a mirror farm of Bitbucket Data Center, in which its nodes may run different versions.
  - A mirror farm has a switch of its own, apart from that of the cluster that it mirrors. O(url) is the address of the
    mirror farm, and the account needs the permission SYS_ADMIN there. HTTP access tokens cannot carry it.
  - The server does not tell whether the switch is on, it can only be set. So every run sets it, and says that it
    changed something, in check mode, too. RV(ignore:diff) shows null for what it was before.
  - When the answer of the server is lost, the switch is set once more. When that is not answered either, the task
    fails, and whether the switch was set is not known. Run it again then.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: partial
    details:
      - Always says that something changes, as the real run does, since the switch cannot be read.
      - Looks whether the address is that of a mirror farm. Whether the account may set the switch is only known when it
        does.
  diff_mode:
    support: partial
    details:
      - Whether the switch was on before is not known.
  idempotent:
    description: A second run with the same options changes nothing on the server.
    support: partial
    details:
      - The second run says that it changed something all the same, since the switch cannot be read.
options:
  state:
    description:
      - V(started) lets the nodes of the farm run different versions.
      - V(ended) does not any longer. Do this when every node of the farm is upgraded.
    type: str
    choices: [started, ended]
    required: true
seealso:
  - module: bitbucket.datacenter.rolling_upgrade
"""

EXAMPLES = r"""
- name: Let the nodes of a mirror farm be upgraded one by one
  bitbucket.datacenter.mirror_upgrade:
    url: https://mirror.example.com
    state: started

- name: End the upgrade of the mirror farm
  bitbucket.datacenter.mirror_upgrade:
    url: https://mirror.example.com
    state: ended
"""

RETURN = r"""
mirror_upgrade:
  description: The switch after the run.
  returned: success
  type: dict
  contains:
    rolling_upgrade_enabled:
      description: Whether the nodes of the farm may run different versions.
      type: bool
      sample: true
    version:
      description:
        - The lowest version that a node of the farm runs, or null where the server does not tell.
      type: str
      sample: 9.4.21
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _mirror
from ..module_utils._argspec import Spec
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._retry import UPGRADE

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {"state": {"type": "str", "choices": ["started", "ended"], "required": True}}
# each with what is posted, and whether the farm is in upgrade mode then
STATES = {"started": ("start", True), "ended": ("end", False)}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Set the switch."""
    action, enabled = STATES[module.params["state"]]
    if module.check_mode:
        after = _mirror.view(enabled, _mirror.lowest_version(client))
    else:
        after = _mirror.switch(client, action)
    # what it was before nobody knows, so that no run can say that nothing changed
    before = _mirror.view(None, after["version"])
    return Outcome(before, after).result("upgrade mode of the mirror farm", mirror_upgrade=after)


def main() -> None:
    """Entry point."""
    execute(run, SPEC, retry=UPGRADE)


if __name__ == "__main__":
    main()
