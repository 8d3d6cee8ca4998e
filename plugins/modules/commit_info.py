#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: commit_info
short_description: List commits
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Lists commits of a repository of Bitbucket Data Center as C(git log) does, all of them, over as many pages as it
    takes; or reads one commit.
  - Where the list begins and ends is looked up once, before it is read. What is pushed meanwhile does not disturb it.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository
  - bitbucket.datacenter.attributes
  - bitbucket.datacenter.attributes.reads
options:
  commit:
    description:
      - Return only this commit, given by its full id, or the one that a branch, tag or full ref names.
      - Of a branch and a tag of the same name the branch is meant, here and in O(until) and O(since).
    type: str
  until:
    description:
      - Branch, tag, full ref or full commit id of the newest commit. Without it, the default branch is listed.
    type: str
  since:
    description:
      - Branch, tag, full ref or full commit id. It is left out with all that it leads to, as in C(git log).
    type: str
  path:
    description:
      - Return only commits that changed this file or directory, given from the root of the repository.
    type: str
  follow_renames:
    description:
      - Go on with the former name of the file where it was renamed. Needs O(path), which has to be a file.
    type: bool
    default: false
  merges:
    description:
      - V(include) lists merge commits as all others, V(exclude) leaves them out, V(only) lists nothing else.
    type: str
    choices: [include, exclude, only]
    default: include
  limit:
    description:
      - Return at most so many commits, the newest ones. RV(complete) tells whether there are more.
    type: int
seealso:
  - module: bitbucket.datacenter.commit_watch
"""

EXAMPLES = r"""
- name: List what a release has that the one before had not
  bitbucket.datacenter.commit_info:
    project_key: PLAT
    repository: api
    since: v9.3.0
    until: v9.4.0
    merges: exclude
  register: release

- name: Print the Jira issues of the release
  ansible.builtin.debug:
    msg: "{{ release.commits | map(attribute='issue_keys') | flatten | unique | sort }}"

- name: See who worked on a file lately, under whichever name it had
  bitbucket.datacenter.commit_info:
    project_key: PLAT
    repository: api
    path: docs/guide.md
    follow_renames: true
    limit: 10

- name: Look at one commit
  bitbucket.datacenter.commit_info:
    project_key: PLAT
    repository: api
    commit: 8d51122def5632836d1cb1026e879069e10a1e13
"""

RETURN = r"""
commits:
  description:
    - The commits, the newest first.
    - An empty list when there are none, as in a range that holds none, of a path that no commit changed, or in an empty
      repository. What is asked for by O(commit), O(until) or O(since) and is not there, is an error.
    - Without O(until) the module fails if the repository has branches, but the configured default one does not exist.
  returned: success
  type: list
  elements: dict
  contains:
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
complete:
  description: Whether these are all of them. False when O(limit) has cut the list.
  returned: success
  type: bool
  sample: true
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils import _commit, _refs
from ..module_utils._argspec import REPOSITORY, Spec
from ..module_utils._errors import InputError
from ..module_utils._module import execute
from ..module_utils._repository import Repository

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

SPEC: Spec = {
    **REPOSITORY,
    "commit": {"type": "str"},
    "until": {"type": "str"},
    "since": {"type": "str"},
    "path": {"type": "str"},
    "follow_renames": {"type": "bool", "default": False},
    "merges": {"type": "str", "choices": ["include", "exclude", "only"], "default": "include"},
    "limit": {"type": "int"},
}


def chosen(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the server is asked to choose by, besides the ends of the list. Raises InputError."""
    query: dict[str, t.Any] = {"merges": params["merges"]}
    if params["limit"] is not None and params["limit"] < 1:
        raise InputError(f"limit {params['limit']} is less than 1", "give a positive number, or none for all commits")
    if params["path"] is not None:
        query["path"] = _refs.file_path(params["path"], "path")
    if params["follow_renames"]:
        if params["path"] is None:
            raise InputError("follow_renames is set without path", "name the file that is to be followed")
        query["followRenames"] = True
    return query


def listed(client: "Client", repository: Repository, params: t.Mapping[str, t.Any]) -> list[_commit.View]:
    """The commits, one more than the limit where there are more."""
    query, limit = chosen(params), params["limit"]
    for end in ("until", "since"):
        if params[end] is not None:
            query[end] = _commit.required(client, repository, params[end], end)
    return list(_commit.log(client, repository, query, limit and limit + 1))


def one(client: "Client", repository: Repository, revision: str) -> _commit.View:
    """The commit that the revision names."""
    if not _refs.is_commit_id(revision):
        revision = _commit.required(client, repository, revision, "commit")
    return _commit.get(client, repository, revision)


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Read the commits."""
    params = module.params
    repository = Repository(params["project_key"], params["repository"])
    if params["commit"] is not None:
        return {"changed": False, "commits": [one(client, repository, params["commit"])], "complete": True}
    found = listed(client, repository, params)
    commits = found[: params["limit"]]
    return {"changed": False, "commits": commits, "complete": len(commits) == len(found)}


def main() -> None:
    """Entry point."""
    others = ("until", "since", "path", "follow_renames", "merges", "limit")
    execute(run, SPEC, read_only=True, mutually_exclusive=[("commit", other) for other in others])


if __name__ == "__main__":
    main()
