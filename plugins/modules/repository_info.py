#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: repository_info
short_description: List repositories
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the repositories of Bitbucket Data Center that the account may see, of one project or of many, all of them,
    over as many pages as it takes.
  - A plain project key asks for that project alone; a glob over project keys is answered by one listing of everything.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  project_key:
    description:
      - Key of the project, or a glob over keys, with C(*), C(?) and C([...]). Upper and lower case are the same.
      - A personal project, C(~) and the user's slug, is only meant by a glob that begins with C(~).
    type: str
    default: "*"
  repository:
    description:
      - Slug of the repository, or a glob over slugs.
    type: str
    default: "*"
  exclude:
    description:
      - Globs over slugs; what one of them stands for is left out.
    type: list
    elements: str
    default: []
  name:
    description:
      - Return only repositories whose name, as people see it, matches this glob.
    type: str
  archived:
    description:
      - Return V(active) repositories, V(archived) ones, or V(all) of them.
      - A repository that is named by its key and slug without a glob is returned whatever it is.
    type: str
    choices: [active, archived, all]
    default: active
  state:
    description:
      - Return only repositories in this state of the server's storage.
    type: str
    choices: [AVAILABLE, INITIALISING, INITIALISATION_FAILED, OFFLINE]
seealso:
  - module: bitbucket.datacenter.project_info
  - plugin: bitbucket.datacenter.repositories
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: List the services of a project
  bitbucket.datacenter.repository_info:
    project_key: PLAT
    repository: service-*
    exclude: [service-legacy-*]
  register: services

- name: Give each of them a release branch
  bitbucket.datacenter.branch:
    project_key: "{{ item.project_key }}"
    repository: "{{ item.slug }}"
    name: release/9.4
    start_point: main
  loop: "{{ services.repositories }}"
  loop_control:
    label: "{{ item.project_key }}/{{ item.slug }}"

- name: Find the archived repositories of everybody
  bitbucket.datacenter.repository_info:
    project_key: "~*"
    archived: archived
"""

RETURN = r"""
repositories:
  description:
    - The repositories, ordered by project key and slug.
    - An empty list when none matches, or when the one that was named does not exist; a missing project is an error.
  returned: success
  type: list
  elements: dict
  contains:
    project_key:
      description: Key of the project.
      type: str
      sample: PLAT
    project_name:
      description: Name of the project.
      type: str
      sample: Platform
    slug:
      description: Slug, by which the other modules know the repository.
      type: str
      sample: api
    id:
      description: Number of the repository on this server.
      type: int
      sample: 42
    name:
      description: Name as people see it.
      type: str
      sample: API
    description:
      description: Description, or null.
      type: str
      sample: The public API
    state:
      description: State of its storage.
      type: str
      sample: AVAILABLE
    archived:
      description: Whether it is archived, and so takes no change.
      type: bool
      sample: false
    public:
      description: Whether everybody may read it.
      type: bool
      sample: false
    forkable:
      description: Whether it may be forked.
      type: bool
      sample: true
    personal:
      description: Whether it is in a personal project.
      type: bool
      sample: false
    default_branch:
      description: Name of the default branch where the server tells it in listings, else null.
      type: str
      sample: main
    clone_urls:
      description: Addresses to clone from, by protocol.
      type: dict
      sample:
        http: https://bitbucket.example.com/scm/plat/api.git
        ssh: ssh://git@bitbucket.example.com:7999/plat/api.git
    url:
      description: Address for a browser.
      type: str
      sample: https://bitbucket.example.com/projects/PLAT/repos/api/browse
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import Spec
from ..module_utils._errors import NotFoundError
from ..module_utils._glob import matches
from ..module_utils._module import execute
from ..module_utils._project import Repositories

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    # named like a secret, and none
    "project_key": {"type": "str", "default": "*", "no_log": False},
    "repository": {"type": "str", "default": "*"},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "name": {"type": "str"},
    "archived": {"type": "str", "choices": ["active", "archived", "all"], "default": "active"},
    "state": {"type": "str", "choices": ["AVAILABLE", "INITIALISING", "INITIALISATION_FAILED", "OFFLINE"]},
}
_ARCHIVED = {"active": False, "archived": True, "all": None}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the repositories."""
    params = module.params
    try:
        found = Repositories(client).matching(
            params["project_key"],
            params["repository"],
            exclude=params["exclude"],
            archived=_ARCHIVED[params["archived"]],
        )
    except NotFoundError as error:
        if "com.atlassian.bitbucket.repository.NoSuchRepositoryException" not in error.exception_names:
            raise
        found = []
    kept = [
        each
        for each in found
        if (params["name"] is None or matches(params["name"], each["name"] or "", ignore_case=True))
        and params["state"] in (None, each["state"])
    ]
    return {"changed": False, "repositories": kept}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
