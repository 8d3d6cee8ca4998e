#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: commit_watch
short_description: Watch a commit, or not any longer
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Has the account that the module runs as watch a commit in a repository of Bitbucket Data Center, so that the server
    tells it of comments on it; or not any longer.
  - The server does not tell who watches a commit, it can only be said. So every run says it, and that it changed
    something, in check mode, too. RV(ignore:diff) shows null for what it was before.
  - When the answer of the server is lost, it is said once more. When that is not answered either, the task fails, and
    whether the commit is watched is not known. Run it again then.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: partial
    details:
      - Always says that something changes, as the real run does, since the server does not tell who watches.
      - Makes sure that the commit exists. Whether the account may watch it is only known when it does.
  diff_mode:
    support: partial
    details:
      - Whether the commit was watched before is not known.
  idempotent:
    description: A second run with the same options changes nothing on the server.
    support: partial
    details:
      - The second run says that it changed something all the same, since the server does not tell who watches.
options:
  commit:
    description:
      - Full id of the commit, or the branch, tag or full ref that names it now. What is watched is the commit, and not
        where a branch goes later.
      - Of a branch and a tag of the same name the branch is meant.
    type: str
    required: true
  state:
    description:
      - Whether the account shall watch the commit.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: bitbucket.datacenter.commit_info
"""

EXAMPLES = r"""
- name: Watch what was released
  bitbucket.datacenter.commit_watch:
    project_key: PLAT
    repository: api
    commit: v9.4.0

- name: Watch a commit no longer
  bitbucket.datacenter.commit_watch:
    project_key: PLAT
    repository: api
    commit: 8d51122def5632836d1cb1026e879069e10a1e13
    state: absent
"""

RETURN = r"""
commit_watch:
  description: What was said.
  returned: success
  type: dict
  contains:
    commit:
      description: Full id of the commit.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    watched:
      description: Whether the account watches it.
      type: bool
      sample: true
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _commit
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "commit": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Have the commit watched or not."""
    params = module.params
    repository, watched = Repository(params["project_key"], params["repository"]), params["state"] == "present"
    commit = _commit.required(client, repository, params["commit"], "commit")
    if not module.check_mode:
        _commit.watch(client, repository, commit, watched=watched)
    after = {"commit": commit, "watched": watched}
    # what it was before nobody knows, so that no run can say that nothing changed
    outcome = Outcome({**after, "watched": None}, after)
    return outcome.result(f"watch of commit {commit} of {repository}", commit_watch=after)


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
