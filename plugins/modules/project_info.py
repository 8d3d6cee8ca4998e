#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: project_info
short_description: List projects
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the projects of Bitbucket Data Center that the account may see, all of them, over as many pages as it takes.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  project_key:
    description:
      - Key of the project, or a glob over keys, with C(*), C(?) and C([...]). Upper and lower case are the same.
      - A glob that begins with C(~) stands for personal projects, and only such a glob does. The server has no listing
        of them, they are found by their repositories; one without any is only found by its key.
    type: str
    default: "*"
  name:
    description:
      - Return only projects whose name matches this glob.
    type: str
seealso:
  - module: bitbucket.datacenter.repository_info
"""

EXAMPLES = r"""
- name: List all projects
  bitbucket.datacenter.project_info:
  register: all_projects

- name: List personal projects
  bitbucket.datacenter.project_info:
    project_key: "~*"
"""

RETURN = r"""
projects:
  description: The projects, ordered by key. An empty list when none matches, or when the one named does not exist.
  returned: success
  type: list
  elements: dict
  contains:
    project_key:
      description: Key of the project, C(~) and the user's slug for a personal one.
      type: str
      sample: PLAT
    id:
      description: Number of the project on this server.
      type: int
      sample: 7
    name:
      description: Name as people see it.
      type: str
      sample: Platform
    description:
      description: Description, or null.
      type: str
      sample: Services that everything else stands on
    public:
      description: Whether everybody may see it.
      type: bool
      sample: false
    personal:
      description: Whether it is the personal project of a user.
      type: bool
      sample: false
    owner:
      description: Name of the user whose personal project it is, else null.
      type: str
      sample: jdoe
    url:
      description: Address for a browser.
      type: str
      sample: https://bitbucket.example.com/projects/PLAT
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import Spec
from ..module_utils._errors import NotFoundError
from ..module_utils._glob import matches
from ..module_utils._module import execute
from ..module_utils._project import Projects

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    # named like a secret, and none
    "project_key": {"type": "str", "default": "*", "no_log": False},
    "name": {"type": "str"},
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the projects."""
    params = module.params
    try:
        found = Projects(client).matching(params["project_key"])
    except NotFoundError as error:
        if "com.atlassian.bitbucket.project.NoSuchProjectException" not in error.exception_names:
            raise
        found = []
    name = params["name"]
    kept = [each for each in found if name is None or matches(name, each["name"] or "", ignore_case=True)]
    return {"changed": False, "projects": kept}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
