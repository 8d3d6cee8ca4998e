#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branch_info
short_description: List branches
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the branches of a repository of Bitbucket Data Center, all of them, over as many pages as it takes.
  - What is asked for by name is narrowed on the server as far as it can be, and then looked at here, letter by letter.
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
      - Return only branches whose name contains this text, as the server understands it.
    type: str
  glob:
    description:
      - Return only branches whose whole name this glob stands for. V(*) is any text, with slashes too, V(?) any
        character, V([ab]) and V([!ab]) one of some. Upper and lower case differ.
    type: str
  regex:
    description:
      - Return only branches in whose name this regular expression of Python finds something. Begin it with V(^) and
        end it with V($) to mean the whole name.
    type: str
  order_by:
    description:
      - V(alphabetical) by name, or V(modification) by the latest change, the newest first.
    type: str
    choices: [alphabetical, modification]
  details:
    description:
      - Return what the server tells beside each branch, too, its distance to O(base), its latest commit, pull requests
        and builds. This costs the server time for each branch.
    type: bool
    default: false
  base:
    description:
      - Branch, tag or commit that branches are compared with. Implies O(details=true). Without it, they are compared
        with the default branch.
      - The module fails if the server cannot compare them because the configured default branch does not exist. Set a
        branch that exists with M(bitbucket.datacenter.default_branch).
    type: str
  containing:
    description:
      - Return only branches that contain this commit, given by its full id.
      - This sends one request for each different tip among the branches that the other options select. In a repository
        with many branches, select some with O(name), O(glob), O(regex) or O(filter_text).
    type: str
seealso:
  - module: bitbucket.datacenter.branch
"""

EXAMPLES = r"""
- name: List release branches
  bitbucket.datacenter.branch_info:
    project_key: PLAT
    repository: api
    glob: release/*
  register: releases

- name: Look at one branch
  bitbucket.datacenter.branch_info:
    project_key: PLAT
    repository: api
    name: release/9.4

- name: See which feature branches have something that develop has not
  bitbucket.datacenter.branch_info:
    project_key: PLAT
    repository: api
    glob: feature/*
    base: develop
  register: features

- name: Print their names
  ansible.builtin.debug:
    msg: "{{ features.branches | selectattr('ahead') | map(attribute='name') }}"

- name: List where a fix has arrived
  bitbucket.datacenter.branch_info:
    project_key: PLAT
    repository: api
    regex: ^release/9\.[0-9]+$
    containing: 8d51122def5632836d1cb1026e879069e10a1e13
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
    ahead:
      description:
        - How many commits it has that the base has not. Null on the base itself, and without O(details).
        - All other values below are null without O(details), too.
      type: int
      sample: 2
    behind:
      description: How many commits the base has that it has not. Null as RV(branches[].ahead).
      type: int
      sample: 0
    latest_commit_author:
      description: Who wrote the latest commit.
      type: str
      sample: Dora Developer
    latest_commit_author_email:
      description: Their address, where the server tells it.
      type: str
      sample: developer@example.com
    latest_commit_time:
      description: When it was committed, in UTC and ISO 8601; when it was written, where the server tells only that.
      type: str
      sample: "2026-09-30T13:40:19Z"
    latest_commit_timestamp:
      description: The same in seconds since 1970.
      type: int
      sample: 1790775619
    latest_commit_message:
      description: The first line of its message.
      type: str
      sample: "PLAT-7 Trace requests"
    pull_request_id:
      description: Number of the pull request from this branch, if there is exactly one, open or not.
      type: int
      sample: 12
    pull_request_state:
      description: Its state, V(OPEN), V(MERGED) or V(DECLINED).
      type: str
      sample: OPEN
    pull_request_target:
      description: The branch that it goes to.
      type: str
      sample: develop
    pull_request_commit:
      description: The latest commit of it; that of this branch while it is open, else the one that it was closed with.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    open_pull_requests:
      description: How many pull requests from this branch are open.
      type: int
      sample: 1
    merged_pull_requests:
      description: How many were merged.
      type: int
      sample: 0
    declined_pull_requests:
      description: How many were declined.
      type: int
      sample: 0
    successful_builds:
      description: How many builds of the latest commit succeeded.
      type: int
      sample: 2
    failed_builds:
      description: How many failed.
      type: int
      sample: 0
    in_progress_builds:
      description: How many are under way.
      type: int
      sample: 0
    cancelled_builds:
      description: How many were cancelled.
      type: int
      sample: 0
    unknown_builds:
      description: How many are in none of these states.
      type: int
      sample: 0
"""

from ..module_utils._python import require

require()

import re
import typing as t

from ..module_utils import _glob, _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._branch_listing import BranchListing
from ..module_utils._commit import contains, required
from ..module_utils._errors import InputError
from ..module_utils._module import execute
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "name": {"type": "str"},
    "filter_text": {"type": "str"},
    "glob": {"type": "str"},
    "regex": {"type": "str"},
    "order_by": {"type": "str", "choices": ["alphabetical", "modification"]},
    "details": {"type": "bool", "default": False},
    "base": {"type": "str"},
    "containing": {"type": "str"},
}


def chosen(params: t.Mapping[str, t.Any]) -> "tuple[str | None, t.Callable[[str], t.Any]]":
    """What the server is asked to filter by, and what tells of a name whether it is meant. Raises InputError."""
    if params["name"] is not None:
        name = _refs.branch_name(params["name"])
        return name, lambda other: other == name
    if params["glob"] is not None:
        # what the user filters by is taken as it is: the server has one filter
        return params["filter_text"] or _glob.literal(params["glob"]) or None, _glob.matcher(params["glob"])
    if params["regex"] is not None:
        try:
            return params["filter_text"], re.compile(params["regex"]).search
        except re.error as error:
            raise InputError(f"regex {params['regex']!r} is no regular expression: {error}") from None
    return params["filter_text"], lambda _any: True


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the branches."""
    params = module.params
    repository = Repository(params["project_key"], params["repository"])
    listing = BranchListing(client, repository)
    filter_text, is_meant = chosen(params)
    order_by = params["order_by"] and params["order_by"].upper()
    base = None if params["base"] is None else _refs.revision(params["base"], "base")
    containing = None
    if params["containing"] is not None:
        containing = required(client, repository, _refs.commit_id(params["containing"], "containing"), "containing")
    if base is not None or params["details"]:
        found = listing.detailed(filter_text, order_by, base)
    else:
        found = listing.plain(filter_text, order_by)
    branches = [each for each in found if is_meant(each["name"])]
    if containing is not None:
        tips = {each["latest_commit"] for each in branches}
        within = {tip for tip in tips if contains(client, repository, tip, containing)}
        branches = [each for each in branches if each["latest_commit"] in within]
    return {"changed": False, "branches": branches}


def main() -> None:
    """Entry point."""
    exclusive = [("name", "glob", "regex"), ("name", "filter_text"), ("name", "order_by")]
    execute(run, SPEC, read_only=True, mutually_exclusive=exclusive)


if __name__ == "__main__":
    main()
