#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: stale_branch_info
short_description: Find stale branches
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Finds branches that nobody needs any more, in many repositories of Bitbucket Data Center, and deletes none. The role
    P(bitbucket.datacenter.branch_cleanup#role) does.
  - Never stale are the default branch, the base, the development and production branch of the branch model, a branch
    that a restriction V(read-only) or V(no-deletes) concerns, whoever is exempt from it, a branch that an open pull
    request comes from or goes to, and a branch that O(keep) stands for.
  - What the server does not tell is never taken for a sign of age or of having been merged.
  - The account needs to administer the repositories, since nobody else may read restrictions.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  repositories:
    description:
      - Where to look. A repository that several entries stand for is looked at once, as the first of them says.
    type: list
    elements: dict
    required: true
    suboptions:
      project_key:
        description: Key of the project, or a glob over keys. V(~user) is the personal project of a user.
        type: str
        required: true
      repository:
        description: Slug of the repository, or a glob over slugs. Globs leave archived repositories out.
        type: str
        default: "*"
      exclude:
        description: Globs over slugs to leave out of what the globs stand for.
        type: list
        elements: str
      base:
        description:
          - Name of the branch that others are merged into. The default branch unless given.
          - Each of the repositories needs to have it.
        type: str
  merged:
    description:
      - Find only branches that are merged into the base, which has all of their commits then.
      - A branch that is where the base is, is not stale, for it may have been created a moment ago. When a branch was
        created, the server does not tell.
    type: bool
    default: true
  merged_by_pull_request:
    description:
      - Count a branch as merged, too, whose only pull request into the base is merged and that has not moved since,
        although the base does not have its commits, since they were squashed or rebased.
    type: bool
    default: true
  older_than_days:
    description: Find only branches whose latest commit is at least that old. V(0) is any age.
    type: float
    default: 30
  types:
    description: Find only branches of these types of the branch model. All branches unless given, of no type too.
    type: list
    elements: str
    choices: [BUGFIX, FEATURE, HOTFIX, RELEASE]
  globs:
    description: Find only branches for whose name one of these globs stands. V(*) is any text, with slashes too.
    type: list
    elements: str
    default: ["*"]
  keep:
    description: Never find branches for whose name one of these globs stands.
    type: list
    elements: str
    default: []
  kept:
    description: Return what is not stale, too, each branch with the reasons.
    type: bool
    default: false
  concurrency:
    description: How many repositories are looked at at the same time.
    type: int
    default: 8
seealso:
  - module: bitbucket.datacenter.branch_info
  - module: bitbucket.datacenter.branch_restriction_info
"""

EXAMPLES = r"""
- name: Find what was merged into main and is older than a month
  bitbucket.datacenter.stale_branch_info:
    repositories:
      - project_key: PLAT
        repository: api
        base: main

- name: Find feature branches in all repositories but the legacy ones, and see why others are kept
  bitbucket.datacenter.stale_branch_info:
    repositories:
      - project_key: PLAT
        repository: "*"
        exclude: [legacy-*]
    types: [FEATURE, BUGFIX]
    older_than_days: 90
    keep: ["*/long-term-*"]
    kept: true
  register: found
"""

RETURN = r"""
stale_branches:
  description: The stale branches, by repository and name.
  returned: success
  type: list
  elements: dict
  contains: &branch
    project_key:
      description: Key of the project.
      type: str
      sample: PLAT
    repository:
      description: Slug of the repository.
      type: str
      sample: api
    name:
      description: Name of the branch.
      type: str
      sample: feature/ABC-1-login-page
    latest_commit:
      description: Commit at the tip that was judged.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    latest_commit_author:
      description: Who wrote it.
      type: str
      sample: Dora Developer
    latest_commit_time:
      description: When it was committed, in UTC and ISO 8601.
      type: str
      sample: "2026-09-30T13:40:19Z"
    latest_commit_timestamp:
      description: The same in seconds since 1970.
      type: int
      sample: 1790775619
    type:
      description: Type of the branch by the branch model, null for none.
      type: str
      sample: FEATURE
    base:
      description: Branch that it was compared with, null where the default branch does not exist.
      type: str
      sample: main
    ahead:
      description: How many commits it has that the base has not.
      type: int
      sample: 0
    behind:
      description: How many commits the base has that it has not.
      type: int
      sample: 12
    merged_by:
      description: V(history) where the base has all of its commits, V(pull_request) where one brought it in, else null.
      type: str
      sample: history
    reasons:
      description:
        - Why the branch is kept, an empty list for a stale one.
        - V(default), V(base), V(development), V(production), V(protected) by a restriction, V(keep_list),
          V(open_pull_request), V(other_name), V(other_type), V(not_merged), V(at_base), V(recent),
          V(no_default_branch), V(unknown).
        - V(no_default_branch) means that the configured default branch of the repository does not exist, so the server
          compares no branch. Set a branch that exists with M(bitbucket.datacenter.default_branch).
      type: list
      elements: str
      sample: []
kept_branches:
  description: The other branches, where O(kept=true), else null.
  returned: success
  type: list
  elements: dict
  contains: *branch
summary:
  description: Counts.
  returned: success
  type: dict
  contains:
    repositories:
      description: How many repositories were looked at.
      type: int
      sample: 12
    branches:
      description: How many branches they have.
      type: int
      sample: 340
    stale:
      description: How many are stale.
      type: int
      sample: 87
    kept:
      description: How many are not, by reason; a branch counts for each of its reasons.
      type: dict
      sample: {default: 12, recent: 150}
"""

from ..module_utils._python import require

require()

import collections
import time
import typing as t

from ..module_utils import _masked
from ..module_utils._argspec import Spec
from ..module_utils._errors import InputError
from ..module_utils._module import execute
from ..module_utils._stale import Rules
from ..module_utils._stale_branches import judge_all, places

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

_REPOSITORY: Spec = {
    # named like a secret, and none
    "project_key": {"type": "str", "required": True, "no_log": False},
    "repository": {"type": "str", "default": "*"},
    "exclude": {"type": "list", "elements": "str"},
    "base": {"type": "str"},
}
SPEC: Spec = {
    "repositories": {"type": "list", "elements": "dict", "required": True, "options": _REPOSITORY},
    "merged": {"type": "bool", "default": True},
    "merged_by_pull_request": {"type": "bool", "default": True},
    "older_than_days": {"type": "float", "default": 30},
    "types": {"type": "list", "elements": "str", "choices": ["BUGFIX", "FEATURE", "HOTFIX", "RELEASE"]},
    "globs": {"type": "list", "elements": "str", "default": ["*"]},
    "keep": {"type": "list", "elements": "str", "default": []},
    "kept": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 8},
}
DAY = 24 * 60 * 60


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Judge every branch of every repository."""
    params = module.params
    # written so that it refuses what is no number, too
    if not 0 <= params["older_than_days"] <= 100_000:
        raise InputError(f"older_than_days {params['older_than_days']} is not between 0 and 100000")
    if not 1 <= params["concurrency"] <= 64:
        raise InputError(f"concurrency {params['concurrency']} is not between 1 and 64")
    rules = Rules(
        params["merged"],
        params["merged_by_pull_request"],
        params["older_than_days"] * DAY,
        params["types"] or (),
        params["globs"],
        params["keep"],
    )
    found = places(client, params["repositories"])
    stale: list[dict[str, t.Any]] = []
    kept: t.Optional[list[dict[str, t.Any]]] = [] if params["kept"] else None
    branches, why = 0, collections.Counter[str]()
    for row in judge_all(client, found, rules, time.time(), params["concurrency"]):
        branches += 1
        why.update(row["reasons"])
        if not row["reasons"]:
            stale.append(row)
        elif kept is not None:
            kept.append(row)
    named = [row[field] for row in stale for field in ("project_key", "repository", "name", "latest_commit")]
    _masked.check(module.no_log_values, named, "the name of a stale branch, of its repository or of its commit")
    summary = {"repositories": len(found), "branches": branches, "stale": len(stale), "kept": dict(why)}
    return {"changed": False, "stale_branches": stale, "kept_branches": kept, "summary": summary}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
