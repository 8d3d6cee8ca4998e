#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: default_branch_info
short_description: Read the default branch of a repository
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Reads which branch is set as the default branch of a repository of Bitbucket Data Center, and whether it exists.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
seealso:
  - module: bitbucket.datacenter.default_branch
"""

EXAMPLES = r"""
- name: Read the default branch
  bitbucket.datacenter.default_branch_info:
    project_key: PLAT
    repository: api
  register: default

- name: Create a branch there
  bitbucket.datacenter.branch:
    project_key: PLAT
    repository: api
    name: release/9.4
    start_point: "{{ default.default_branch.id }}"
  when: default.default_branch.exists
"""

RETURN = r"""
default_branch:
  description: The default branch, or null where the server names none, as some versions do for an empty repository.
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
    exists:
      description: Whether the branch exists. In an empty repository it does not.
      type: bool
      sample: true
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._branch import Branches
from ..module_utils._default_branch import DefaultBranch, view
from ..module_utils._module import execute
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = REPOSITORY


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the default branch, and look for it."""
    repository = Repository(module.params["project_key"], module.params["repository"])
    name = DefaultBranch(client, repository).read()
    if name is None:
        return {"changed": False, "default_branch": None}
    exists = Branches(client, repository).find(name) is not None
    return {"changed": False, "default_branch": {**view(name), "exists": exists}}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
