#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: jira_issue
short_description: Create a Jira issue from a comment on a pull request
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Creates an issue in Jira from a comment on a pull request of Bitbucket Data Center, one for each comment.
  - The server does not tell which issues were created from a comment. So that a later run knows, the module replies to
    the comment. People who look at the pull request see this reply, and are told of it like of any other.
  - >-
    Before Jira is asked, the reply reads C(Jira issue: being created), with a few letters by which the run knows it.
    Afterwards it reads C(Jira issue:) with the key of the issue. A run that finds such a reply with a key, whoever has
    written it, changes nothing and returns that key, whatever O(fields) and O(application_id) are.
  - >-
    When that reply is deleted, the next run creates another issue. When somebody has created an issue of the comment by
    hand, a reply like C(Jira issue: PLAT-91) keeps the module from creating one, too.
  - When the issue is refused, the reply is deleted again. When it is not known whether the issue was created, since the
    answer was lost or the run was cut short, the reply stays, and every further run fails. It takes a person then, who
    looks in Jira, and edits the reply so that it names the issue, or deletes it. No issue is created twice.
  - Of two runs for one comment at the same time, one or both fail before Jira is asked.
  - The account needs to read the repository. What Jira lets it do counts besides.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: partial
    details:
      - The key of an issue that would be created is null, since only Jira gives it.
      - Whether Jira takes the issue, and knows the account, is only known when it is created.
  diff_mode:
    support: full
  idempotent:
    description: A second run with the same options changes nothing on the server.
    support: full
    details:
      - By the reply to the comment, as long as nobody deletes it.
options:
  pull_request_id:
    description:
      - Number of the pull request in its repository.
    type: int
    required: true
  comment_id:
    description:
      - Id of the comment, as its address ends with. It may be a reply to another one.
      - From a comment on a commit the server creates no issue.
    type: int
    required: true
  application_id:
    description:
      - Id of the application link with Jira, which M(bitbucket.datacenter.jira_entity_link_info) returns for a project
        that is linked.
    type: str
    required: true
  fields:
    description:
      - The fields of the issue in the words of Jira's own REST API. It takes C(project) and C(summary), and mostly
        C(issuetype), too.
    type: dict
    required: true
seealso:
  - module: bitbucket.datacenter.jira_entity_link_info
  - module: bitbucket.datacenter.pull_request_issue_info
"""

EXAMPLES = r"""
- name: Make an issue of a comment
  bitbucket.datacenter.jira_issue:
    project_key: PLAT
    repository: api
    pull_request_id: 1
    comment_id: 42
    application_id: 6b5f0c0e-4f3b-3d0c-9f0e-0d9c3a1b2c3d
    fields:
      project:
        key: PLAT
      issuetype:
        name: Task
      summary: Switch tracing off in tests
  register: task

- name: Print its key
  ansible.builtin.debug:
    msg: "{{ task.jira_issue.issue_key }}"

- name: Find the application link of the project
  bitbucket.datacenter.jira_entity_link_info:
    project_key: PLAT
  register: jira

- name: Make an issue in the project that this one is linked with
  bitbucket.datacenter.jira_issue:
    project_key: PLAT
    repository: api
    pull_request_id: 1
    comment_id: 43
    application_id: "{{ jira.entity_link.application_id }}"
    fields:
      project:
        key: "{{ jira.entity_link.jira_project_key }}"
      issuetype:
        name: Bug
      summary: Requests are traced twice
      labels: [review]
"""

RETURN = r"""
jira_issue:
  description:
    - The issue of the comment, whether this run has created it or one before.
    - Returned by a failed task, too, that has created the issue and could only not make the reply name it.
  returned: success
  type: dict
  contains:
    comment_id:
      description: Id of the comment.
      type: int
      sample: 42
    issue_key:
      description: Key of the issue. Null in check mode, where it would be created.
      type: str
      sample: PLAT-91
authentication_url:
  description: Where the account allows Bitbucket to access Jira, by a browser.
  returned: when Jira wants the account to authenticate there, and the server tells the address
  type: str
  sample: https://jira.example.com/plugins/servlet/applinks/oauth/login-dance/access
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._errors import InputError
from ..module_utils._jira import check_fields
from ..module_utils._jira_issue import create, known
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._pull_request_comment import Comment
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "pull_request_id": {"type": "int", "required": True},
    "comment_id": {"type": "int", "required": True},
    "application_id": {"type": "str", "required": True},
    "fields": {"type": "dict", "required": True},
}


def view(comment_id: int, issue_key: "str | None") -> dict[str, t.Any]:
    """The user's view; the key is None where the issue is only predicted."""
    return {"comment_id": comment_id, "issue_key": issue_key}


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Have an issue of the comment."""
    params = module.params
    check_fields(params["fields"])
    if not params["application_id"].strip():
        raise InputError("application_id is empty", "give the id of an application link with Jira")
    repository = Repository(params["project_key"], params["repository"])
    comment = Comment(client, repository, params["pull_request_id"], params["comment_id"])
    key = known(comment)
    before = None if key is None else view(comment.id, key)
    if key is None and module.check_mode:
        comment.refuse_archived()
    elif key is None:
        key = create(client, comment, params["application_id"], params["fields"])
    after = view(comment.id, key)
    what = f"Jira issue of comment {comment.id} of pull request {params['pull_request_id']} of {repository}"
    return Outcome(before, after).result(what, jira_issue=after)


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
