#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branch
short_description: Create and delete branches
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Creates a branch at a start point, or deletes a branch, in a repository of Bitbucket Data Center.
  - An existing branch is never moved. RV(drift) tells whether it is at another commit than the start point.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - A deletion is tried by the server's own dry run, so that its refusals are found too.
      - A branch restriction of the repository or its project that forbids to create the branch is found, where the
        account may read restrictions, which needs the permission to administer the repository, and where the
        restriction exempts no groups, since the groups of an account cannot be read. In other cases, whether the
        account may create the branch is only known when it is created.
  diff_mode:
    support: full
options:
  name:
    description:
      - Name of the branch, with or without C(refs/heads/).
    type: str
    required: true
  state:
    description:
      - Whether the branch shall exist.
    type: str
    choices: [present, absent]
    default: present
  start_point:
    description:
      - Branch, tag, full ref or commit at which the branch is created.
      - Required when the branch does not exist yet. There is no default.
    type: str
  end_point:
    description:
      - Full id of the commit that must still be the tip of the branch when it is deleted.
      - Used only with O(state=absent).
    type: str
seealso:
  - module: bitbucket.datacenter.branch_info
"""

EXAMPLES = r"""
- name: Create a release branch
  bitbucket.datacenter.branch:
    project_key: PLAT
    repository: api
    name: release/9.4
    start_point: main

- name: Delete a branch if nobody has pushed to it in between
  bitbucket.datacenter.branch:
    project_key: PLAT
    repository: api
    name: feature/ABC-1-login-page
    state: absent
    end_point: 8d51122def5632836d1cb1026e879069e10a1e13
"""

RETURN = r"""
branch:
  description: The branch, or null when it does not exist.
  returned: success
  type: dict
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
drift:
  description:
    - Whether the branch is at another commit than O(start_point).
    - Null without O(start_point), when that names nothing any more, or when the branch does not exist.
  returned: success
  type: bool
  sample: false
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._branch import Branches, drift, view
from ..module_utils._branch_guard import Guard
from ..module_utils._commit import start_of
from ..module_utils._default_branch import DefaultBranch
from ..module_utils._git_ref import required_start
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "start_point": {"type": "str"},
    "end_point": {"type": "str"},
}


def predict(client: "Client", repository: Repository, name: str, start: str) -> Outcome:
    """What creating the branch at the commit ``start`` would come to, or the error that it would surely meet."""
    branches = Branches(client, repository)
    branches.refuse_archived()
    branches.refuse_overlap(name)
    Guard(client, repository).refuse("create", name)
    # the default branch may be one that did not exist
    return Outcome(None, view(name, start, DefaultBranch(client, repository).read() == name))


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring the branch to its state."""
    params, check = module.params, module.check_mode
    name = _refs.branch_name(params["name"])
    start_point = None if params["start_point"] is None else _refs.revision(params["start_point"])
    end_point = None if params["end_point"] is None else _refs.commit_id(params["end_point"], "end_point")
    repository = Repository(params["project_key"], params["repository"])
    branches, what = Branches(client, repository), f"branch {name} of {repository}"
    before = branches.find(name)
    if params["state"] == "absent":
        if before is not None:
            branches.delete(name, end_point, dry_run=check)
        return Outcome(before, None).result(what, branch=None, drift=None)
    start = start_of(client, repository, start_point, exists=before is not None)
    if before is None:
        commit = required_start(f"Branch {name}", start_point, start, "say where it shall start")
        outcome = predict(client, repository, name, commit) if check else branches.create(name, commit)
    else:
        outcome = Outcome(before, before)
    return outcome.result(what, branch=outcome.after, drift=drift(outcome.after, start))


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
