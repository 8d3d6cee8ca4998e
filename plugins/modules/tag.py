#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tag
short_description: Create and delete tags
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Creates a tag at a start point, or deletes a tag, in a repository of Bitbucket Data Center.
  - An existing tag is never moved. RV(drift) tells whether it is at another commit than the start point.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - The server has no dry run for tags. Whether the account may create or delete the tag is only known when it does.
        Branch restrictions that match tags are not evaluated.
  diff_mode:
    support: full
options:
  name:
    description:
      - Name of the tag, with or without C(refs/tags/).
    type: str
    required: true
  state:
    description:
      - Whether the tag shall exist.
    type: str
    choices: [present, absent]
    default: present
  start_point:
    description:
      - Branch, tag, full ref or commit at which the tag is created. Of a branch and a tag of the same name the branch
        is meant.
      - Required when the tag does not exist yet. There is no default.
    type: str
  tag_message:
    description:
      - Message of the tag, which makes it an annotated one. Without a message the tag is lightweight.
      - Used only when the tag is created. The server does not tell the message of a tag that exists.
    type: str
seealso:
  - module: bitbucket.datacenter.tag_info
"""

EXAMPLES = r"""
- name: Tag a release
  bitbucket.datacenter.tag:
    project_key: PLAT
    repository: api
    name: v9.4.0
    start_point: release/9.4
    tag_message: Release 9.4.0

- name: Delete a tag
  bitbucket.datacenter.tag:
    project_key: PLAT
    repository: api
    name: v9.4.0-rc1
    state: absent
"""

RETURN = r"""
tag:
  description: The tag, or null when it does not exist.
  returned: success
  type: dict
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
drift:
  description:
    - Whether the tag is at another commit than O(start_point).
    - Null without O(start_point), when that does not exist any more, or when the tag does not exist.
  returned: success
  type: bool
  sample: false
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._branch import drift
from ..module_utils._commit import start_of
from ..module_utils._errors import InputError
from ..module_utils._git_ref import required_start
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._repository import Repository
from ..module_utils._tag import Tags, View, view

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "start_point": {"type": "str"},
    # the vendor says message, which Ansible keeps for itself
    "tag_message": {"type": "str"},
}


def ensure_present(tags: Tags, name: str, commit: str, message: "str | None", check: bool) -> Outcome:
    """The tag, which does not exist yet, exists at the commit."""
    if check:
        tags.refuse_archived()
        tags.refuse_overlap(name)
        return Outcome(None, view(name, commit, message is not None))
    return tags.create(name, commit, message)


def ensure_absent(tags: Tags, name: str, before: t.Optional[View], check: bool) -> Outcome:
    """The tag, as it was found, does not exist any more."""
    if before is not None and check:
        tags.refuse_archived()
    elif before is not None and not tags.delete(name):
        # somebody else was faster
        before = None
    return Outcome(before, None)


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring the tag to its state."""
    params, check = module.params, module.check_mode
    name, message = _refs.tag_name(params["name"]), params["tag_message"]
    start_point = None if params["start_point"] is None else _refs.revision(params["start_point"])
    if message is not None and not message.strip():
        raise InputError("tag_message is empty", "give a text, or no message for a lightweight tag")
    repository = Repository(params["project_key"], params["repository"])
    tags, what = Tags(client, repository), f"tag {name} of {repository}"
    before = tags.find(name)
    if params["state"] == "absent":
        return ensure_absent(tags, name, before, check).result(what, tag=None, drift=None)
    start = start_of(client, repository, start_point, exists=before is not None)
    if before is None:
        commit = required_start(f"Tag {name}", start_point, start, "say what it shall be at")
        outcome = ensure_present(tags, name, commit, message, check)
    else:
        outcome = Outcome(before, before)
    return outcome.result(what, tag=outcome.after, drift=drift(outcome.after, start))


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
