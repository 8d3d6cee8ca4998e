#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branch_model_info
short_description: Read the branch model of a repository or a project
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Reads the branch model that is in effect in a repository of Bitbucket Data Center, inherited or its own, and how
    it is configured.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository.place
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  configuration:
    description:
      - Whether to read the configuration, too, which needs the permission to administer the repository.
      - The configuration of a project is always read, and needs the permission to administer the project.
    type: bool
    default: false
seealso:
  - module: bitbucket.datacenter.branch_model
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

- name: Read the configuration of a project
  bitbucket.datacenter.branch_model_info:
    project_key: PLAT
"""

RETURN = r"""
branch_model:
  description: The branch model that is in effect, or null for a project.
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
configuration:
  description: The configuration, or null where it was not asked for.
  returned: success
  type: dict
  contains:
    development:
      description: Development branch, or null where there is none.
      type: dict
      contains:
        name:
          description: Name without C(refs/heads/), or null where it is the default branch, whichever that is.
          type: str
          sample: develop
        use_default:
          description: Whether it is the default branch of the repository, whichever that is.
          type: bool
          sample: false
    production:
      description: Production branch, or null where there is none.
      type: dict
      contains:
        name:
          description: Name without C(refs/heads/), or null where it is the default branch, whichever that is.
          type: str
          sample: production
        use_default:
          description: Whether it is the default branch of the repository, whichever that is.
          type: bool
          sample: false
    types:
      description: Branch types, switched off ones too.
      type: list
      elements: dict
      contains:
        id:
          description: Id of the type, one of BUGFIX, FEATURE, HOTFIX and RELEASE.
          type: str
          sample: FEATURE
        enabled:
          description: Whether the type is offered.
          type: bool
          sample: true
        prefix:
          description: Prefix of the branches of this type.
          type: str
          sample: feature/
    inherited:
      description: Whether the repository has no configuration of its own, so that its project's holds.
      type: bool
      sample: false
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _branch_model
from ..module_utils._argspec import PLACE, Spec
from ..module_utils._module import execute
from ..module_utils._repository import Repository, place

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {**PLACE, "configuration": {"type": "bool", "default": False}}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the branch model, its configuration, or both."""
    where = place(module.params["project_key"], module.params["repository"])
    in_effect = configuration = None
    if isinstance(where, Repository):
        in_effect = _branch_model.read(client, where)
    if in_effect is None or module.params["configuration"]:
        configuration = _branch_model.Configuration(client, where).read()
    return {"changed": False, "branch_model": in_effect, "configuration": configuration}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
