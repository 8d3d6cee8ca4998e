#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: default_branch
short_description: Set the default branch of a repository
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Sets the default branch of a repository of Bitbucket Data Center.
  - A branch that does not exist is refused. Bitbucket itself would take it, and leave a repository that shows nothing.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - Whether the account may set the default branch is only known when it does.
  diff_mode:
    support: full
options:
  name:
    description:
      - Name of the branch, with or without C(refs/heads/). It has to exist.
    type: str
    required: true
seealso:
  - module: bitbucket.datacenter.default_branch_info
  - module: bitbucket.datacenter.branch
"""

EXAMPLES = r"""
- name: Make main the default branch
  bitbucket.datacenter.default_branch:
    project_key: PLAT
    repository: api
    name: main
"""

RETURN = r"""
default_branch:
  description: The default branch.
  returned: success
  type: dict
  contains:
    id:
      description: Full ref.
      type: str
      sample: refs/heads/main
    name:
      description: Name without C(refs/heads/).
      type: str
      sample: main
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._default_branch import DefaultBranch, view
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._project import refuse_archived
from ..module_utils._refs import branch_name
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "name": {"type": "str", "required": True},
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Make the branch the default branch."""
    name = branch_name(module.params["name"])
    repository = Repository(module.params["project_key"], module.params["repository"])
    default = DefaultBranch(client, repository)
    default.refuse_missing(name)
    before = default.read()
    outcome = Outcome(None if before is None else view(before), view(name))
    if outcome.changed:
        if module.check_mode:
            refuse_archived(client, repository)
        else:
            default.set(name)
    return outcome.result(f"default branch of {repository}", default_branch=outcome.after)


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
