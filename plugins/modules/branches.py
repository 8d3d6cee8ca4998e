#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branches
short_description: Create and delete the branches of many repositories
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Brings the branches of many repositories of Bitbucket Data Center to their state in one task, several repositories
    at a time. Reads the branches of each repository in one listing and writes only what differs.
  - Takes either a list of branches or a document, which also declares branch models, default branches and branch
    restrictions of repositories and projects, and names repositories by globs.
  - The order inside a repository is right by itself, whatever the order in the list. First comes what is in the way
    (V(a) of V(a/b)), then what is new, where it starts before what starts there, then what shall go. The branch model
    comes before the branches that it names, the default branch as soon as it exists, restrictions last.
  - An existing branch is never moved. RV(branches[].drift) tells whether it is at another commit than its start point.
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.progress
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - A deletion is tried by the server's own dry run, so that its refusals are found too.
      - Users and groups that a restriction newly exempts are looked up, so that one that does not exist is found too.
        Where the account may not look them up, that is only known when the restriction is saved.
      - A branch restriction of the repository or its project that forbids to create a branch is found, where the
        account may read restrictions, which needs the permission to administer the repository, and where the
        restriction exempts no groups, since the groups of an account cannot be read. Restrictions by the branch model
        or the default branch are left aside where the document declares one of these for the repository, or the branch
        model of its project.
      - Otherwise, whether the account may create a branch is only known when it is created.
      - Whether the account may change a setting is only known when it is done, and so is whether
        access keys exist.
  diff_mode:
    support: full
    details:
      - One diff for all repositories. It has only what differs, one line for each branch.
options:
  branches:
    description:
      - The branches. Exactly one of O(branches) and O(document) is required.
    type: list
    elements: dict
    suboptions:
      project_key:
        description:
          - Key of the project, V(~) and the user's slug for a personal one.
        type: str
        required: true
      repository:
        description:
          - Slug of the repository.
        type: str
        required: true
      name:
        description:
          - Name of the branch, with or without C(refs/heads/). Or give O(branches[].type) and O(branches[].text).
        type: str
      type:
        description:
          - Type of the branch in the branch model of the repository, V(BUGFIX), V(FEATURE), V(HOTFIX) or V(RELEASE).
            Its prefix begins the name.
        type: str
      text:
        description:
          - What becomes the rest of the name, such as an issue key and a title. It is cut at a word where the name
            would have more than 100 bytes.
        type: str
      state:
        description:
          - Whether the branch shall exist.
        type: str
        choices: [present, absent]
        default: present
      start_point:
        description:
          - Branch, tag, full ref or commit at which the branch is created. It may be created by the same task.
            V(HEAD) is the default branch as it was before the task, or the declared one if it did not exist.
          - Required when the branch does not exist yet. There is no default.
        type: str
      end_point:
        description:
          - Full id of the commit that must still be the tip of the branch when it is deleted.
        type: str
  document:
    description:
      - The declared document, a mapping with the keys C(repositories) and C(projects). What it may have is described
        with the role P(bitbucket.datacenter.branch_provisioning#role).
      - The document is checked completely before any request is made. RV(faults) has all faults, each with its place
        and its repository. The message names the first three.
      - Branches that cannot exist beside each other in git, such as V(rel) and V(rel/1), are such a fault.
    type: dict
  only:
    description:
      - Work on these repositories of O(document) only, and on no project. Each is a mapping with C(project_key) and
        C(slug), such as M(bitbucket.datacenter.repository_info) returns it, or the inventory
        P(bitbucket.datacenter.repositories#inventory) has it of a host.
      - So that several jobs, such as the slices of a job in AWX, share the work on one document.
    type: list
    elements: dict
  concurrency:
    description:
      - How many repositories are worked on at the same time, from 1 to 64.
    type: int
    default: 8
  on_error:
    description:
      - With V(continue), what fails stands in the way of nothing else; the task fails in the end.
      - With V(stop), everything is looked at first, and nothing is changed where a failure is foreseen. After a failure
        that was not foreseen, nothing more is begun. That reads every repository twice.
      - Wrong credentials, or a server that stays away, end the task at once in either case.
    type: str
    choices: [continue, stop]
    default: continue
seealso:
  - module: bitbucket.datacenter.branch
  - module: bitbucket.datacenter.repository_info
"""

EXAMPLES = r"""
- name: Create release branches in two repositories
  bitbucket.datacenter.branches:
    branches:
      - {project_key: PLAT, repository: api, name: release/9.4, start_point: main}
      - {project_key: PLAT, repository: web, name: release/9.4, start_point: main}

- name: The same in every repository of a project whose name begins with service-
  bitbucket.datacenter.branches:
    document:
      repositories:
        - project_key: PLAT
          repository: service-*
          branches:
            - {name: release/9.4, start_point: main}
    concurrency: 16

- name: Let each slice of a job do its part, with the inventory of repositories
  bitbucket.datacenter.branches:
    document: "{{ branches_of_the_estate }}"
    only: "{{ ansible_play_hosts_all | map('extract', hostvars, 'bitbucket_repository') | list }}"
  run_once: true
"""

RETURN = r"""
branches:
  description:
    - What came of each branch, in the order of O(branches), or of the document. Also returned when the task fails.
  returned: always, unless the options are not valid
  type: list
  elements: dict
  contains:
    project_key:
      description: Key of the project.
      type: str
      sample: PLAT
    repository:
      description: Slug of the repository.
      type: str
      sample: api
    name:
      description: Name of the branch; null where it could not be built by the branch model.
      type: str
      sample: release/9.4
    state:
      description: The declared state.
      type: str
      sample: present
    start_point:
      description: Where it was declared to start.
      type: str
      sample: main
    outcome:
      description:
        - V(created), V(deleted), V(unchanged), V(failed), or V(skipped) where it was not tried after another failure.
          In check mode, what would come of it.
      type: str
      sample: created
    latest_commit:
      description: Commit at the tip of the branch; null where it does not exist, or is not known.
      type: str
      sample: 8d51122def5632836d1cb1026e879069e10a1e13
    drift:
      description: Whether the branch is at another commit than its start point; null where that is not known.
      type: bool
      sample: false
    message:
      description: Why it failed, or was skipped; null otherwise.
      type: str
      sample: null
settings:
  description: What came of branch models, default branches and branch restrictions that O(document) declares.
  returned: always, unless the options are not valid
  type: list
  elements: dict
  contains:
    project_key:
      description: Key of the project.
      type: str
      sample: PLAT
    repository:
      description: Slug of the repository; null for a setting of the project.
      type: str
      sample: api
    setting:
      description: V(branch_model), V(default_branch) or V(restrictions).
      type: str
      sample: default_branch
    outcome:
      description: V(changed), V(unchanged), V(failed) or V(skipped).
      type: str
      sample: changed
    message:
      description: Why it failed, or was skipped; null otherwise.
      type: str
      sample: null
faults:
  description: All faults of O(document) or O(branches), each with its place, line by line.
  returned: when O(document) or O(branches) is not valid
  type: list
  elements: str
  sample: ["$.repositories[0].branches[2] of PLAT/api: unknown key 'startpoint' (did you mean start_point?)"]
summary:
  description: How many there are of each.
  returned: always, unless the options are not valid
  type: dict
  contains:
    repositories:
      description: Repositories.
      type: int
      sample: 2
    declared:
      description: Branches.
      type: int
      sample: 2
    created:
      description: Branches that were created.
      type: int
      sample: 2
    deleted:
      description: Branches that were deleted.
      type: int
      sample: 0
    unchanged:
      description: Branches that were as declared.
      type: int
      sample: 0
    failed:
      description: Branches that could not be brought to their state.
      type: int
      sample: 0
    skipped:
      description: Branches that were not tried after a failure.
      type: int
      sample: 0
    drifted:
      description: Branches that are elsewhere than their start point.
      type: int
      sample: 0
    settings_changed:
      description: Settings that were changed.
      type: int
      sample: 0
    settings_unchanged:
      description: Settings that were as declared.
      type: int
      sample: 0
    settings_failed:
      description: Settings that could not be changed.
      type: int
      sample: 0
    settings_skipped:
      description: Settings that were not tried after a failure.
      type: int
      sample: 0
"""

from ..module_utils._python import require

require()

import contextlib
import typing as t

from ..module_utils import _branch_document, _masked
from ..module_utils._argspec import PROGRESS, Spec
from ..module_utils._branch_report import OUTCOMES, SETTING_OUTCOMES, Report, failure, result
from ..module_utils._branch_set import BranchSet, steps
from ..module_utils._errors import InputError, NotFoundError
from ..module_utils._module import execute
from ..module_utils._progress import Progress
from ..module_utils._project import Projects, Repositories
from ..module_utils._retry import Retry

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._branch_document import Wanted
    from ..module_utils._client import Client

SPEC: Spec = {
    "branches": {
        "type": "list",
        "elements": "dict",
        "options": {
            # named like a secret, and none
            "project_key": {"type": "str", "required": True, "no_log": False},
            "repository": {"type": "str", "required": True},
            "name": {"type": "str"},
            "type": {"type": "str"},
            "text": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "start_point": {"type": "str"},
            "end_point": {"type": "str"},
        },
    },
    "document": {"type": "dict"},
    "only": {"type": "list", "elements": "dict"},
    "concurrency": {"type": "int", "default": 8},
    "on_error": {"type": "str", "choices": ["continue", "stop"], "default": "continue"},
    **PROGRESS,
}


class Teller:
    """Tells how far the work is."""

    def __init__(self, progress: Progress, wanted: "t.Sequence[Wanted]") -> None:
        self._progress = progress
        self._all = sum(map(len, steps(wanted)))
        self._counted: dict[str, tuple[int, int, int]] = {}

    def __call__(self, report: Report, what: str) -> None:
        """Count one more project or repository."""
        done, changed, failed = self._counted.get(what, (0, 0, 0))
        done, changed, failed = done + 1, changed + report.changed, failed + report.failed
        self._counted[what] = done, changed, failed
        self._progress.say(f"{done} of {self._all} {what}, {changed} changed, {failed} failed")


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring all of it to its state."""
    params = module.params
    if not 1 <= params["concurrency"] <= 64:
        raise InputError("concurrency is not a number from 1 to 64", "choose how many repositories go at a time")
    _masked.check(module.no_log_values, (*OUTCOMES, *SETTING_OUTCOMES), "an outcome such as created")
    wanted = chosen(declared(params, client), params["only"])
    reports = BranchSet(
        client,
        check=module.check_mode,
        concurrency=params["concurrency"],
        stop_on_error=params["on_error"] == "stop",
        on_done=Teller(Progress(module.tmpdir, params["progress_interval"]), wanted),
    ).run(wanted)
    returned = result(reports)
    if params["branches"] is not None:
        places = [item.position for each in wanted for item in each.branches]
        returned["branches"] = [
            row for place, row in sorted(zip(places, returned["branches"]), key=lambda pair: pair[0])
        ]
    error = failure(reports, returned)
    if error is not None:
        raise error
    return returned


def declared(params: t.Mapping[str, t.Any], client: "Client") -> "list[Wanted]":
    """All that is wanted, of projects first. Raises InputError with every fault; reads what globs stand for."""
    if params["document"] is None:
        return _branch_document.grouped(params["branches"])
    document = params["document"]
    _branch_document.check(document)
    needed = _branch_document.listings(document)
    listing = Repositories(client)
    repositories = listing.all() if needed.everywhere else []
    for project_key in needed.repositories_of:
        # what a glob finds nothing in is told with its place in the document
        with contextlib.suppress(NotFoundError):
            repositories += listing.of(project_key)
    projects = Projects(client).all() if needed.projects else ()
    return _branch_document.wanted(document, repositories, projects)


def chosen(wanted: "list[Wanted]", only: "t.Sequence[t.Mapping[str, t.Any]] | None") -> "list[Wanted]":
    """Of what is wanted, the part that this task is to work on. Raises InputError."""
    if only is None:
        return wanted
    try:
        places = {(each["project_key"].upper(), each["slug"].lower()) for each in only}
    except (KeyError, AttributeError):
        raise InputError(
            "only has an entry without project_key or slug", "give entries as repository_info returns them"
        ) from None
    return [
        each for each in wanted if each.repository and (each.project_key.upper(), each.repository.lower()) in places
    ]


def main() -> None:
    """Entry point."""
    execute(
        run,
        SPEC,
        retry=Retry(total=300),
        mutually_exclusive=[("branches", "document")],
        required_one_of=[("branches", "document")],
        required_by={"only": ["document"]},
    )


if __name__ == "__main__":
    main()
