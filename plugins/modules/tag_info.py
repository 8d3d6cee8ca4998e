#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tag_info
short_description: List tags
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the tags of a repository of Bitbucket Data Center, all of them, over as many pages as it takes.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  name:
    description:
      - Return only the tag of exactly this name, with or without C(refs/tags/).
    type: str
  filter_text:
    description:
      - Return only tags whose name contains this text.
    type: str
  glob:
    description:
      - Return only tags whose whole name matches this glob, with C(*), which stands for C(/) too, C(?) and C([...]).
    type: str
  order_by:
    description:
      - V(alphabetical) by name, or V(modification) by the commit's date, the newest first.
    type: str
    choices: [alphabetical, modification]
seealso:
  - module: bitbucket.datacenter.tag
"""

EXAMPLES = r"""
- name: List the tags of a release, the newest first
  bitbucket.datacenter.tag_info:
    project_key: PLAT
    repository: api
    glob: v9.4.*
    order_by: modification
  register: releases

- name: Look at one tag
  bitbucket.datacenter.tag_info:
    project_key: PLAT
    repository: api
    name: v9.4.0
"""

RETURN = r"""
tags:
  description: The tags. An empty list when none matches; a missing repository is an error.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Full ref.
      type: str
      sample: refs/tags/v9.4.0
    name:
      description: Name without C(refs/tags/).
      type: str
      sample: v9.4.0
    latest_commit:
      description: Commit that is tagged.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    annotated:
      description: Whether the tag is annotated, else it is lightweight.
      type: bool
      sample: true
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._glob import literal, matches
from ..module_utils._module import execute
from ..module_utils._repository import Repository
from ..module_utils._tag import Tags

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "name": {"type": "str"},
    "filter_text": {"type": "str"},
    "glob": {"type": "str"},
    "order_by": {"type": "str", "choices": ["alphabetical", "modification"]},
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the tags."""
    params = module.params
    tags = Tags(client, Repository(params["project_key"], params["repository"]))
    if params["name"] is not None:
        found = tags.find(_refs.tag_name(params["name"]))
        return {"changed": False, "tags": [found] if found else []}
    glob, order_by = params["glob"], params["order_by"] and params["order_by"].upper()
    text = params["filter_text"] if glob is None else literal(glob) or None
    kept = [tag for tag in tags.all(text, order_by) if glob is None or matches(glob, tag["name"])]
    return {"changed": False, "tags": kept}


def main() -> None:
    """Entry point."""
    exclusive = [("name", "filter_text", "glob"), ("name", "order_by")]
    execute(run, SPEC, read_only=True, mutually_exclusive=exclusive)


if __name__ == "__main__":
    main()
