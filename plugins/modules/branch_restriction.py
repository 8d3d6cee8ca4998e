#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: branch_restriction
short_description: Restrict what may be done to branches
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Creates, changes and deletes a branch restriction, also known as branch permission, of a repository or of a whole
    project of Bitbucket Data Center, and says who is exempt from it.
  - There is one restriction for each O(type) and O(matcher).
  - A repository inherits the restrictions of its project. For a repository this module never changes or deletes an
    inherited restriction, and RV(inherited) reports whether there is one. Bitbucket itself would delete it from the
    project, and so for every repository of the project.
  - To change or delete an inherited restriction, run this module for the project, without O(repository).
extends_documentation_fragment:
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.repository.place
  - bitbucket.datacenter.attributes
attributes:
  check_mode:
    support: full
    details:
      - Users and groups that are newly exempt are looked up, so that one that does not exist is found too. Where the
        account may not look them up, that is only known when the restriction is saved.
      - Whether access keys exist and whether the server knows the type is only known when the restriction is saved.
  diff_mode:
    support: full
options:
  type:
    description:
      - What is restricted. V(read-only) is every change, V(no-deletes) deleting, V(fast-forward-only) rewriting the
        history, V(pull-request-only) changing without a pull request, V(no-creates) creating.
      - V(no-creates) needs Bitbucket 9.4. Older servers refuse it.
    type: str
    required: true
    choices: [read-only, no-deletes, fast-forward-only, pull-request-only, no-creates]
  matcher:
    description:
      - Which branches it is restricted for.
    type: dict
    required: true
    suboptions:
      type:
        description:
          - V(BRANCH) for one branch, V(PATTERN) for those that match a pattern, V(MODEL_BRANCH) and
            V(MODEL_CATEGORY) for a branch and a branch type of the branch model, V(ANY_REF) for all.
        type: str
        required: true
        choices: [BRANCH, PATTERN, MODEL_BRANCH, MODEL_CATEGORY, ANY_REF]
      id:
        description:
          - Name of the branch with or without C(refs/heads/), the pattern, V(development) or V(production), or the
            id of a branch type such as V(RELEASE).
          - Required but for V(ANY_REF), which has none.
        type: str
  state:
    description:
      - Whether the repository or the project shall have the restriction.
    type: str
    choices: [present, absent]
    default: present
  users:
    description:
      - Names of users that are exempt. Upper and lower case are the same.
    type: list
    elements: str
  groups:
    description:
      - Names of groups that are exempt. Upper and lower case are the same.
    type: list
    elements: str
  access_keys:
    description:
      - Numbers of SSH access keys that are exempt.
    type: list
    elements: int
  exact:
    description:
      - Whether exactly the given users, groups and access keys are exempt, none where a list is not given.
      - Otherwise they are exempt besides those who are already.
    type: bool
    default: false
seealso:
  - module: bitbucket.datacenter.branch_restriction_info
"""

EXAMPLES = r"""
- name: Let main be changed by pull requests only
  bitbucket.datacenter.branch_restriction:
    project_key: PLAT
    repository: api
    type: pull-request-only
    matcher:
      type: BRANCH
      id: main
    users: [automation]

- name: Keep the release branches of all repositories of a project, but for release managers
  bitbucket.datacenter.branch_restriction:
    project_key: PLAT
    type: no-deletes
    matcher:
      type: MODEL_CATEGORY
      id: RELEASE
    groups: [release-managers]
    exact: true

- name: Take a restriction away
  bitbucket.datacenter.branch_restriction:
    project_key: PLAT
    repository: api
    type: read-only
    matcher:
      type: PATTERN
      id: archive/**
    state: absent
"""

RETURN = r"""
branch_restriction:
  description: The restriction, or null when there is none.
  returned: success
  type: dict
  contains:
    type:
      description: What is restricted.
      type: str
      sample: no-deletes
    matcher:
      description: Which branches it is restricted for.
      type: dict
      contains:
        type:
          description: Kind of the matcher.
          type: str
          sample: BRANCH
        id:
          description: What is matched, a full ref for V(BRANCH).
          type: str
          sample: refs/heads/main
    users:
      description: Names of the users that are exempt, in lower case.
      type: list
      elements: str
      sample: [automation]
    groups:
      description: Names of the groups that are exempt, in lower case.
      type: list
      elements: str
      sample: [release-managers]
    access_keys:
      description: Numbers of the SSH access keys that are exempt.
      type: list
      elements: int
      sample: [12]
inherited:
  description:
    - Whether the repository inherits a restriction of the same O(type) and O(matcher) from its project. It applies
      whatever this module does in the repository. To delete it, run this module without O(repository).
  returned: success
  type: bool
  sample: false
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import PLACE, Spec
from ..module_utils._module import execute
from ..module_utils._outcome import Outcome
from ..module_utils._repository import place
from ..module_utils._restriction import MATCHERS, TYPES, Restriction, Restrictions, merged, own, rule

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ..module_utils._client import Client

MATCHER: Spec = {
    "type": {"type": "str", "required": True, "choices": list(MATCHERS)},
    "id": {"type": "str"},
}
SPEC: Spec = {
    **PLACE,
    "type": {"type": "str", "required": True, "choices": list(TYPES)},
    "matcher": {"type": "dict", "required": True, "options": MATCHER},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "users": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
    # numbers that name keys, no secrets
    "access_keys": {"type": "list", "elements": "int", "no_log": False},
    "exact": {"type": "bool", "default": False},
}


def ensure_present(here: Restrictions, before: "Restriction | None", wanted: Restriction, check: bool) -> Outcome:
    """The restriction is as wanted, which already has in it whom to keep exempt."""
    after = wanted
    if before != wanted:
        after = here.foresee(before, wanted) if check else here.save(wanted)
    return Outcome(before.view() if before else None, after.view())


def ensure_absent(here: Restrictions, before: "Restriction | None", check: bool) -> Outcome:
    """The restriction does not exist."""
    if before is not None and not check:
        here.delete(before)
    return Outcome(before.view() if before else None, None)


def run(module: "AnsibleModule", client: "Client") -> dict[str, t.Any]:
    """Bring the restriction to its state."""
    params = module.params
    wanted = rule(params)
    where = place(params["project_key"], params["repository"])
    here = Restrictions(client, where)
    existing = here.all()
    before = own(existing).get(wanted.key)
    if params["state"] == "absent":
        outcome = ensure_absent(here, before, module.check_mode)
    else:
        outcome = ensure_present(here, before, merged(before, wanted, params["exact"]), module.check_mode)
    inherited = any(each.inherited and each.key == wanted.key for each in existing)
    what = f"branch restriction {wanted} of {where}"
    return outcome.result(what, branch_restriction=outcome.after, inherited=inherited)


def main() -> None:
    """Entry point."""
    execute(run, SPEC)


if __name__ == "__main__":
    main()
