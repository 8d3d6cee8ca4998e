#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: branch_info
short_description: List branches
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the branches of a repository of Bitbucket Data Center, all of them, over as many pages as it takes.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  name:
    description:
      - Return only the branch of exactly this name, with or without C(refs/heads/).
    type: str
  filter_text:
    description:
      - Return only branches whose name contains this text.
    type: str
  order_by:
    description:
      - V(alphabetical) by name, or V(modification) by the latest change, the newest first.
    type: str
    choices: [alphabetical, modification]
seealso:
  - module: bitbucket.datacenter.branch
"""

EXAMPLES = r"""
- name: List release branches
  bitbucket.datacenter.branch_info:
    project_key: PLAT
    repository: api
    filter_text: release/
  register: releases

- name: Look at one branch
  bitbucket.datacenter.branch_info:
    project_key: PLAT
    repository: api
    name: release/9.4
"""

RETURN = r"""
branches:
  description: The branches. An empty list when none matches; a missing repository is an error.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Full ref.
      type: str
      sample: refs/heads/release/9.4
    name:
      description: Name without C(refs/heads/).
      type: str
      sample: release/9.4
    latest_commit:
      description: Commit at the tip.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    is_default:
      description: Whether it is the default branch of the repository.
      type: bool
      sample: false
"""

import typing as t

from ..module_utils import _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._branch import Branches
from ..module_utils._module import execute
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "name": {"type": "str"},
    "filter_text": {"type": "str"},
    "order_by": {"type": "str", "choices": ["alphabetical", "modification"]},
}


def run(module: AnsibleModule, client: Client) -> dict[str, t.Any]:
    """Read the branches."""
    params = module.params
    branches = Branches(client, Repository(params["project_key"], params["repository"]))
    if params["name"] is not None:
        found = branches.find(_refs.branch_name(params["name"]))
        return {"changed": False, "branches": [found] if found else []}
    order_by = params["order_by"] and params["order_by"].upper()
    return {"changed": False, "branches": list(branches.all(params["filter_text"], order_by))}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True, mutually_exclusive=[("name", "filter_text"), ("name", "order_by")])


if __name__ == "__main__":
    main()
