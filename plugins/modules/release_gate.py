#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: release_gate
short_description: Assert that every commit of a release has its issue
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Looks at the commits between two refs of a repository of Bitbucket Data Center, and fails where one of them names no
    issue, where an issue is not linked with Jira, or where a branch does not contain the release.
  - It is meant for pipelines. What it has found is returned after a failure, too.
  - What the gate cannot look at fails always, such as a ref or a branch that is not there, or a range without commits.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  since:
    description:
      - Branch, tag, full ref or full commit id that the release is compared with. It is left out with all that it leads
        to, as in C(git log). It need not be an ancestor of O(until).
      - Of a branch and a tag of the same name the branch is meant, here and in O(until).
    type: str
    required: true
  until:
    description:
      - Branch, tag, full ref or full commit id of the release.
    type: str
    required: true
  issue_pattern:
    description:
      - Regular expression of Python for issue keys in messages. A key is all that it finds, whatever groups it has.
      - By default two or more capitals, digits and C(_), of which the first is a capital, a dash and a number, not
        within a longer word; which is Jira's own.
    type: str
  allowed_messages:
    description:
      - Regular expressions of Python. A commit needs no issue when one of them is found in its message. V(^) matches
        at the beginning of the message, after V((?m\)) at the beginning of each line.
    type: list
    elements: str
    default: []
  allowed_commits:
    description:
      - Full ids of commits that need no issue.
    type: list
    elements: str
    default: []
  merges:
    description:
      - V(include) looks at merge commits as at all others, V(exclude) leaves them out.
    type: str
    choices: [include, exclude]
    default: include
  branches:
    description:
      - Names of branches that have to contain the commit of O(until).
    type: list
    elements: str
    default: []
  linked:
    description:
      - Whether every issue has to be known to the server's link with Jira, which is when it lists a commit of the
        release under the issue's key.
      - The server may list commits there only some time after they were pushed.
      - Issues that only commits name which need none are not looked at.
    type: bool
    default: true
  on_violations:
    description:
      - V(fail) fails with what was found, V(report) returns it.
    type: str
    choices: [fail, report]
    default: fail
seealso:
  - module: bitbucket.datacenter.commit_info
  - module: bitbucket.datacenter.jira_issue_commit_info
"""

EXAMPLES = r"""
- name: Let nothing be released that has no issue
  bitbucket.datacenter.release_gate:
    project_key: PLAT
    repository: api
    since: v9.4.21
    until: release/9.4

- name: Take commits of the build server as they are, and see that fixes are merged forward
  bitbucket.datacenter.release_gate:
    project_key: PLAT
    repository: api
    since: v9.4.21
    until: v9.4.22
    merges: exclude
    allowed_messages: ["^chore\\(release\\): ", "(?m)^Gate: none$"]
    branches: [main, release/10.0]

- name: Report what is wrong without failing
  bitbucket.datacenter.release_gate:
    project_key: PLAT
    repository: api
    since: v9.4.21
    until: main
    on_violations: report
  register: gate
"""

RETURN = r"""
release_gate:
  description: What was found.
  returned: success, and when there are violations
  type: dict
  contains:
    passed:
      description: Whether there is no violation.
      type: bool
      sample: false
    since:
      description: Full id of the commit that O(since) names.
      type: str
      sample: 1e0c5a3b84a7e230d95ed74961020ab62646b083
    until:
      description: Full id of the commit that O(until) names.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    commits:
      description: How many commits were looked at, those that need no issue among them.
      type: int
      sample: 12
    issue_keys:
      description: The issues that the commits name which need one, those of the newest commit first.
      type: list
      elements: str
      sample: [PLAT-7, PLAT-5]
    violations:
      description: What breaks the gate; commits, the newest first, then issues, then branches.
      type: list
      elements: dict
      contains:
        reason:
          description:
            - V(no_issue_key) for a commit that names no issue, V(not_linked) for an issue that is not linked with Jira,
              V(not_contained) for a branch that does not contain the commit of O(until).
          type: str
          sample: not_linked
        commit:
          description: Full id of the commit; of an issue the newest that names it, of a branch that of O(until).
          type: str
          sample: 8d51122def5632836d1cb1026e879069e10a1e13
        subject:
          description: First line of its message, null of a branch.
          type: str
          sample: "PLAT-7 Trace requests"
        author_name:
          description: Who wrote it, null of a branch.
          type: str
          sample: Dora Developer
        issue_key:
          description: The issue, null of a commit and of a branch.
          type: str
          sample: PLAT-7
        branch:
          description: Name of the branch, else null.
          type: str
          sample: null
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._errors import GateError, InputError
from ..module_utils._issue_key import PATTERN, compiled
from ..module_utils._module import execute
from ..module_utils._release import Release
from ..module_utils._release_gate import NOT_CONTAINED, NOT_LINKED, Rules, judge, told, violation
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "since": {"type": "str", "required": True},
    "until": {"type": "str", "required": True},
    "issue_pattern": {"type": "str"},
    "allowed_messages": {"type": "list", "elements": "str", "default": []},
    "allowed_commits": {"type": "list", "elements": "str", "default": []},
    "merges": {"type": "str", "choices": ["include", "exclude"], "default": "include"},
    "branches": {"type": "list", "elements": "str", "default": []},
    "linked": {"type": "bool", "default": True},
    "on_violations": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
}


def rules_of(params: t.Mapping[str, t.Any]) -> Rules:
    """What the options ask of a commit. Raises InputError."""
    if "" in params["allowed_messages"]:
        raise InputError("allowed_messages has an empty text, which is found in every message", "leave it out")
    return Rules(
        compiled(params["issue_pattern"] or PATTERN, "issue_pattern"),
        tuple(compiled(pattern, "allowed_messages") for pattern in params["allowed_messages"]),
        frozenset(_refs.commit_id(commit, "allowed_commits") for commit in params["allowed_commits"]),
    )


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Judge the release."""
    params = module.params
    repository, rules = Repository(params["project_key"], params["repository"]), rules_of(params)
    branches = dict.fromkeys(_refs.branch_name(name, "branches") for name in params["branches"])
    release = Release(client, repository, params["since"], params["until"])
    commits = release.commits(params["merges"])
    named, violations = judge(commits, rules)
    if params["linked"]:
        violations += [violation(NOT_LINKED, named[key], issue_key=key) for key in release.unlinked(named, commits)]
    violations += [violation(NOT_CONTAINED, {"id": release.until}, branch=name) for name in release.elsewhere(branches)]
    gate = {
        "passed": not violations,
        "since": release.since,
        "until": release.until,
        "commits": len(commits),
        "issue_keys": list(named),
        "violations": violations,
    }
    if violations and params["on_violations"] == "fail":
        raise GateError(
            f"{repository} does not pass the gate since {params['since']} until {params['until']}: "
            f"{told(violations, len(commits))}",
            "look at release_gate.violations for all of them, and see to each or allow it",
            facts={"release_gate": gate},
        )
    return {"changed": False, "release_gate": gate}


def main() -> None:
    """Entry point."""
    execute(run, SPEC, read_only=True)


if __name__ == "__main__":
    main()
