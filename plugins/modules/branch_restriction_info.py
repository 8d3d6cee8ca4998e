#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branch_restriction_info
short_description: List branch restrictions
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the branch restrictions, also known as branch permissions, of a repository or of a project of Bitbucket Data
    Center, and who is exempt from them.
  - This needs the permission to administer the repository or the project.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository.place
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
seealso:
  - module: bitbucket.datacenter.branch_restriction
"""

EXAMPLES = r"""
- name: List what is restricted in a repository
  bitbucket.datacenter.branch_restriction_info:
    project_key: PLAT
    repository: api
  register: restricted

- name: Show what the repository restricts by itself
  ansible.builtin.debug:
    msg: "{{ restricted.branch_restrictions | rejectattr('inherited') }}"
"""

RETURN = r"""
branch_restrictions:
  description: The restrictions, those of the project among them for a repository, in the order of the server.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Number of the restriction.
      type: int
      sample: 7
    type:
      description: What is restricted.
      type: str
      sample: no-deletes
    matcher:
      description: Which branches it is restricted for.
      type: dict
      contains:
        type:
          description: Kind of the matcher, possibly one that M(bitbucket.datacenter.branch_restriction) does not offer.
          type: str
          sample: BRANCH
        id:
          description: What is matched, a full ref for V(BRANCH).
          type: str
          sample: refs/heads/main
    users:
      description: Names of the users that are exempt, in lower case.
      type: list
      elements: str
      sample: [automation]
    groups:
      description: Names of the groups that are exempt, in lower case.
      type: list
      elements: str
      sample: [release-managers]
    access_keys:
      description: Numbers of the SSH access keys that are exempt.
      type: list
      elements: int
      sample: [12]
    inherited:
      description:
        - Whether the repository inherits the restriction from its project.
        - Delete an inherited restriction in the project only. Bitbucket accepts its O(ignore:id) at the repository as
          well, and then deletes it for all repositories of the project.
      type: bool
      sample: false
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import PLACE, Spec
from ..module_utils._module import execute
from ..module_utils._repository import place
from ..module_utils._restriction import Restrictions

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = PLACE


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """List the restrictions."""
    found = Restrictions(client, place(module.params["project_key"], module.params["repository"])).all()
    return {
        "changed": False,
        "branch_restrictions": [{"id": each.id, **each.view(), "inherited": each.inherited} for each in found],
    }


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
