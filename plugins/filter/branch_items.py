# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: a document of declared branches becomes a flat list."""

from __future__ import annotations

DOCUMENTATION = r"""
name: branch_items
short_description: Check a document of declared branches and flatten it
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Checks the document that the role P(bitbucket.datacenter.branch_provisioning#role) takes against its JSON Schema
    and git's rules for names, and returns one item for each branch.
  - With O(models), branches that are declared by type and text get their name as well.
  - Fails with all faults at once, each with its path in the document. A branch that is declared twice is one.
positional: models
options:
  _input:
    description: The document.
    type: dict
    required: true
  models:
    description:
      - Branch models, as returned by M(bitbucket.datacenter.branch_model_info), by C(PROJECT/repository).
      - Without it, branches that are declared by type and text keep a null as name.
    type: dict
requirements:
  - jsonschema
seealso:
  - plugin: bitbucket.datacenter.branch_name
    plugin_type: filter
"""

EXAMPLES = r"""
- name: List the declared branches
  ansible.builtin.debug:
    msg: "{{ document | bitbucket.datacenter.branch_items }}"
  vars:
    document:
      repositories:
        - project_key: PLAT
          repository: api
          branches:
            - name: release/9.4
              start_point: main
            - type: FEATURE
              text: ABC-1 Login page
              start_point: main
"""

RETURN = r"""
_value:
  description: The declared branches in their order. What the document does not give is null.
  type: list
  elements: dict
  contains:
    project_key:
      description: Key of the project.
      type: str
      sample: PLAT
    repository:
      description: Slug of the repository.
      type: str
      sample: api
    state:
      description: V(present) or V(absent).
      type: str
      sample: present
    name:
      description: Name of the branch.
      type: str
      sample: release/9.4
    type:
      description: Branch type, when the name is to be built by the branch model.
      type: str
      sample: FEATURE
    text:
      description: Text for the name, together with the type.
      type: str
      sample: ABC-1 Login page
    start_point:
      description: Where a new branch starts.
      type: str
      sample: main
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._branch_items import branch_items as checked_items
from ..module_utils._errors import BitbucketError


def branch_items(document: t.Any, models: t.Mapping[str, t.Any] | None = None) -> list[dict[str, t.Any]]:
    """``_branch_items.branch_items`` with errors as Ansible's."""
    try:
        return checked_items(document, models)
    except BitbucketError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"branch_items": branch_items}
