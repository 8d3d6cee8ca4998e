#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: pull_request_issue_info
short_description: List the Jira issues of a pull request
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists the Jira issues that the commits of a pull request name.
  - A pull request that does not exist is an error. The server itself answers with an empty list then, so that the pull
    request is read first.
  - The server reads at most 100 commits of a pull request, unless its administrators have set another limit, and does
    not tell whether there are more. Use M(bitbucket.datacenter.commit_info) where that matters.
  - Without an application link with Jira the server knows no issues.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  pull_request_id:
    description:
      - Number of the pull request in its repository, open, merged or declined.
    type: int
    required: true
seealso:
  - module: bitbucket.datacenter.commit_info
  - module: bitbucket.datacenter.jira_issue_commit_info
"""

EXAMPLES = r"""
- name: List the issues of a pull request
  bitbucket.datacenter.pull_request_issue_info:
    project_key: PLAT
    repository: api
    pull_request_id: 1
  register: review

- name: Refuse a pull request without an issue
  ansible.builtin.assert:
    that: review.issues | length > 0
"""

RETURN = r"""
issues:
  description: The issues. An empty list when no commit of the pull request names one.
  returned: success
  type: list
  elements: dict
  contains:
    issue_key:
      description: Key of the issue.
      type: str
      sample: PLAT-7
    url:
      description: Address of the issue in Jira.
      type: str
      sample: https://jira.example.com/browse/PLAT-7
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _pull_request
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._jira import issues_of_pull_request
from ..module_utils._module import execute
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {**REPOSITORY, "pull_request_id": {"type": "int", "required": True}}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the issues of a pull request that is there."""
    params = module.params
    repository, number = Repository(params["project_key"], params["repository"]), params["pull_request_id"]
    _pull_request.require(client, repository, number)
    return {"changed": False, "issues": issues_of_pull_request(client, repository, number)}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
