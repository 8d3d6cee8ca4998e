#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: jira_issue_commit_info
short_description: List the commits of a Jira issue
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the commits whose messages name a Jira issue, over all repositories of Bitbucket Data Center that the account
    may read, all of them, over as many pages as it takes.
  - Jira itself is not asked. An issue that Jira has and that no commit names is as unknown as one that Jira has not.
  - The server finds keys in new commits some time after they were pushed.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  issue_key:
    description:
      - Key of the issue.
    type: str
    required: true
  max_changes:
    description:
      - Return at most so many changed files of each commit, from V(0) to V(1000). RV(commits[].changes_complete) tells
        whether there are more.
    type: int
    default: 10
  limit:
    description:
      - Return at most so many commits, the first ones that the server lists. RV(complete) tells whether there are more.
    type: int
seealso:
  - module: bitbucket.datacenter.commit_info
  - module: bitbucket.datacenter.pull_request_issue_info
"""

EXAMPLES = r"""
- name: Find what was done for an issue
  bitbucket.datacenter.jira_issue_commit_info:
    issue_key: PLAT-7
  register: issue

- name: Print the repositories that it touched
  ansible.builtin.debug:
    msg: "{{ issue.commits | map(attribute='repository') | unique }}"

- name: See only whether any commit names it
  bitbucket.datacenter.jira_issue_commit_info:
    issue_key: PLAT-7
    max_changes: 0
    limit: 1
"""

RETURN = r"""
commits:
  description:
    - The commits in the server's order, repository by repository. An empty list when no commit names the issue.
  returned: success
  type: list
  elements: dict
  contains:
    project_key:
      description: Key of the project that the repository belongs to, C(~) and the user's slug for a personal one.
      type: str
      sample: PLAT
    repository:
      description: Slug of the repository. A commit that is in several repositories is listed for each.
      type: str
      sample: api
    id:
      description: Full id.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    subject:
      description: The first line of the message.
      type: str
      sample: "PLAT-7 Trace requests"
    message:
      description: The whole message.
      type: str
      sample: "PLAT-7 Trace requests\n\nAnd name the caller."
    issue_keys:
      description:
        - Keys of Jira issues, as the server has found them in the message; where it tells none, as they stand there.
      type: list
      elements: str
      sample: [PLAT-7]
    parents:
      description: Full ids of the parents. None for the first commit of a history, several for a merge.
      type: list
      elements: str
      sample: [1e0c5a3b84a7e230d95ed74961020ab62646b083]
    author_name:
      description: Who wrote it; of an account of the server its display name.
      type: str
      sample: Dora Developer
    author_email:
      description: Their address, or null where the server tells none.
      type: str
      sample: developer@example.com
    author_time:
      description: When it was written, in UTC and ISO 8601; null where the calendar has no such time.
      type: str
      sample: "2026-09-30T13:40:19Z"
    author_timestamp:
      description: The same in seconds since 1970.
      type: int
      sample: 1790775619
    committer_name:
      description:
        - Who committed it, as RV(commits[].author_name). Null where the server does not tell, as old versions do not;
          so are the three values below.
      type: str
      sample: Dora Developer
    committer_email:
      description: Their address.
      type: str
      sample: developer@example.com
    committer_time:
      description: When it was committed, in UTC and ISO 8601.
      type: str
      sample: "2026-09-30T13:40:19Z"
    committer_timestamp:
      description: The same in seconds since 1970.
      type: int
      sample: 1790775619
    changes:
      description: Files that the commit changed, at most O(max_changes) of them.
      type: list
      elements: dict
      contains:
        type:
          description: V(ADD), V(COPY), V(DELETE), V(MODIFY) or V(MOVE), as the server says.
          type: str
          sample: MOVE
        path:
          description: The file.
          type: str
          sample: src/trace.py
        source_path:
          description: Where a file that was moved or copied comes from, else null.
          type: str
          sample: src/debug.py
    changes_complete:
      description: Whether these are all changes of the commit. False when O(max_changes) has cut the list.
      type: bool
      sample: true
complete:
  description: Whether these are all commits. False when O(limit) has cut the list.
  returned: success
  type: bool
  sample: true
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import Spec
from ..module_utils._errors import InputError
from ..module_utils._issue_key import issue_key
from ..module_utils._jira import commits_of_issue
from ..module_utils._module import execute

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

# a page of changes has no more (documented)
MOST_CHANGES = 1000
SPEC: Spec = {
    # named like a secret, and none
    "issue_key": {"type": "str", "required": True, "no_log": False},
    "max_changes": {"type": "int", "default": 10},
    "limit": {"type": "int"},
}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the commits."""
    params = module.params
    key, most, limit = issue_key(params["issue_key"]), params["max_changes"], params["limit"]
    if not 0 <= most <= MOST_CHANGES:
        raise InputError(f"max_changes {most} is not between 0 and {MOST_CHANGES}", "correct the value")
    if limit is not None and limit < 1:
        raise InputError(f"limit {limit} is less than 1", "give a positive number, or none for all commits")
    # one more than wanted, so that it is known whether there are more
    found = list(commits_of_issue(client, key, most, limit and limit + 1))
    commits = found[:limit]
    return {"changed": False, "commits": commits, "complete": len(commits) == len(found)}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
