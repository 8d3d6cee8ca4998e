#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: jira_entity_link_info
short_description: Read which Jira project a project is linked with
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Reads the primary link between a project of Bitbucket Data Center and a project of Jira.
  - A project without a link is a normal answer. A project that does not exist, or that the account may not read, is an
    error.
  - How a server says that there is no link is not documented. 204 and 404 are taken for that where the project can be
    read.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  project_key:
    description:
      - Key of the project in Bitbucket, or C(~) and the user's slug for a personal one.
    type: str
    required: true
seealso:
  - module: bitbucket.datacenter.jira_issue
  - module: bitbucket.datacenter.project_info
"""

EXAMPLES = r"""
- name: Read which Jira project this one is linked with
  bitbucket.datacenter.jira_entity_link_info:
    project_key: PLAT
  register: jira

- name: Print it
  ansible.builtin.debug:
    msg: "{{ (jira.entity_link or {}).jira_project_key | default('no project') }}"
"""

RETURN = r"""
entity_link:
  description: The link, or null when the project is linked with no project of Jira.
  returned: success
  type: dict
  contains:
    application_id:
      description: Id of the application link with Jira.
      type: str
      sample: 6b5f0c0e-4f3b-3d0c-9f0e-0d9c3a1b2c3d
    url:
      description: Address of the project in Jira.
      type: str
      sample: https://jira.example.com/browse/PLAT
    jira_project_id:
      description: Id of the project in Jira, or null where the server does not tell.
      type: int
      sample: 10000
    jira_project_key:
      description: Key of the project in Jira, with which the keys of its issues begin.
      type: str
      sample: PLAT
    jira_project_name:
      description: Name of the project in Jira, or null where the server does not tell.
      type: str
      sample: Platform
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._jira import entity_link
from ..module_utils._module import execute
from ..module_utils._repository import Project

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {"project_key": REPOSITORY["project_key"]}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the link."""
    return {"changed": False, "entity_link": entity_link(client, Project(module.params["project_key"]))}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
