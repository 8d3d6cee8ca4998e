#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: branch_model_info
short_description: Read the branch model of a repository
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Reads the branch model that is in effect in a repository of Bitbucket Data Center, inherited or its own.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
seealso:
  - plugin: bitbucket.datacenter.branch_name
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the branch model
  bitbucket.datacenter.branch_model_info:
    project_key: PLAT
    repository: api
  register: model

- name: Create a feature branch that is named by the model
  bitbucket.datacenter.branch:
    project_key: PLAT
    repository: api
    name: "{{ model.branch_model | bitbucket.datacenter.branch_name('FEATURE', 'ABC-1 Login page') }}"
    start_point: "{{ model.branch_model.development.name }}"
"""

RETURN = r"""
branch_model:
  description: The branch model.
  returned: success
  type: dict
  contains:
    development:
      description: Development branch, or null when it is not set.
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
    production:
      description: Production branch, or null when there is none.
      type: dict
      contains:
        id:
          description: Full ref.
          type: str
          sample: refs/heads/production
        name:
          description: Name without C(refs/heads/).
          type: str
          sample: production
    types:
      description: Branch types that are enabled.
      type: list
      elements: dict
      contains:
        id:
          description: Id of the type, one of BUGFIX, FEATURE, HOTFIX and RELEASE.
          type: str
          sample: FEATURE
        name:
          description: Name that Bitbucket shows.
          type: str
          sample: Feature
        prefix:
          description: Prefix of the branches of this type.
          type: str
          sample: feature/
"""

import typing as t

from ..module_utils import _branch_model
from ..module_utils._argspec import REPOSITORY
from ..module_utils._module import execute
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client


def run(module: AnsibleModule, client: Client) -> dict[str, t.Any]:
    """Read the branch model."""
    repository = Repository(module.params["project_key"], module.params["repository"])
    return {"changed": False, "branch_model": _branch_model.read(client, repository)}


def main() -> None:
    """Entry point."""
    execute(run, REPOSITORY, read_only=True)


if __name__ == "__main__":
    main()
