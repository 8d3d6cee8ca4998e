#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branch_model
short_description: Configure the branch model of a repository or a project
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Configures development branch, production branch and branch types of a repository or of a whole project of
    Bitbucket Data Center, or lets a repository inherit them from its project.
  - What is not mentioned stays as it is. A repository that inherits gets a configuration of its own, which begins
    with what it has inherited.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository.place
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - What a repository would inherit is read from its project. Where the account may not read that, it is null.
  diff_mode:
    support: full
options:
  state:
    description:
      - V(present) for a configuration of its own, V(inherited) for that of the project.
      - A project has nothing to inherit from.
    type: str
    choices: [present, inherited]
    default: present
  development:
    description:
      - The development branch.
      - Left as it is when not given.
    type: dict
    suboptions:
      name:
        description:
          - Name of the branch, with or without C(refs/heads/). It need not exist yet.
        type: str
      use_default:
        description:
          - Whether it is the default branch of the repository, whichever that is.
        type: bool
  production:
    description:
      - The production branch, with O(production.use_default=false) and no name for none.
      - Left as it is when not given.
    type: dict
    suboptions:
      name:
        description:
          - Name of the branch, with or without C(refs/heads/). It need not exist yet.
        type: str
      use_default:
        description:
          - Whether it is the default branch of the repository, whichever that is.
        type: bool
  types:
    description:
      - Branch types. A type that is not listed stays as it is.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - Id of the type.
        type: str
        required: true
        choices: [BUGFIX, FEATURE, HOTFIX, RELEASE]
      enabled:
        description:
          - Whether the type is offered.
        type: bool
        default: true
      prefix:
        description:
          - Prefix of the branches of this type. Left as it is when not given.
        type: str
seealso:
  - module: bitbucket.datacenter.branch_model_info
  - module: bitbucket.datacenter.default_branch
"""

EXAMPLES = r"""
- name: Configure the branch model of a project
  bitbucket.datacenter.branch_model:
    project_key: PLAT
    development:
      name: develop
    production:
      use_default: true
    types:
      - id: FEATURE
        prefix: feature/
      - id: HOTFIX
        enabled: false

- name: Let a repository inherit it
  bitbucket.datacenter.branch_model:
    project_key: PLAT
    repository: api
    state: inherited

- name: Give a repository no production branch
  bitbucket.datacenter.branch_model:
    project_key: PLAT
    repository: worker
    production:
      use_default: false
"""

RETURN = r"""
branch_model:
  description: The configuration.
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

from ..module_utils._argspec import PLACE, Spec
from ..module_utils._branch_model import TYPES, Configuration, checked
from ..module_utils._module import execute
from ..module_utils._repository import place

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

ROLE: Spec = {"name": {"type": "str"}, "use_default": {"type": "bool"}}
TYPE: Spec = {
    "id": {"type": "str", "required": True, "choices": list(TYPES)},
    "enabled": {"type": "bool", "default": True},
    "prefix": {"type": "str"},
}
SPEC: Spec = {
    **PLACE,
    "state": {"type": "str", "choices": ["present", "inherited"], "default": "present"},
    "development": {"type": "dict", "options": ROLE},
    "production": {"type": "dict", "options": ROLE},
    "types": {"type": "list", "elements": "dict", "options": TYPE},
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring the branch model to its state."""
    params = module.params
    where = place(params["project_key"], params["repository"])
    outcome = Configuration(client, where).ensure(checked(params, where), check=module.check_mode)
    return outcome.result(f"branch model of {where}", branch_model=outcome.after)


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
