#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: cluster_lock
short_description: Keep other runs of Ansible away from a cluster
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Takes, renews and gives back a lock in a directory that all nodes of a cluster share, such as its shared home.
  - One run of C(ansible-playbook) at a time holds the lock. Whoever comes second fails with one sentence that says who
    holds it, since when and for what.
  - A run that calls the module again keeps the lock and renews it. Before each step that must not happen twice, call it
    with O(renew=true). It fails when another run has taken the lock over.
  - The lock of a run that was killed is taken over automatically where the module can be sure of that. That needs the
    same controller, with Linux, the same boot, and the same container if there is one. Otherwise O(expires_after) and
    O(take_over) decide.
  - Runs on a node. Sends no request to Bitbucket, and needs nothing but Python there.
extends_documentation_fragment:
  - bitbucket.datacenter.attributes.local
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing. Fails like the real run when another run holds the lock.
  diff_mode:
    support: full
options:
  path:
    description:
      - Directory of the lock, an absolute path. It is created when it is missing. Its parent directory must exist.
      - As root, the module accesses it as the owner of the directory or of its parent, because root often has no
        rights on NFS.
      - To remove a lock manually, delete the directory.
    type: path
    required: true
  state:
    description:
      - With V(held) the run takes the lock, or keeps and renews it.
      - With V(free) the run gives it back. This changes nothing when another run holds it.
    type: str
    choices: [held, free]
    default: held
  purpose:
    description: What the run does, for those who come second.
    type: str
  renew:
    description:
      - Whether the run must hold the lock already. The module then does not take it, and fails unless this run holds
        it.
    type: bool
    default: false
  take_over:
    description:
      - Whether to take the lock from a run that holds it. Only set this when you know that the other run has ended.
    type: bool
    default: false
  expires_after:
    description:
      - Seconds without a renewal after which the lock is taken over automatically. By default it never is.
      - Choose more than the longest time between two renewals.
    type: float
  settle:
    description:
      - Seconds that must have passed since the last renewal before a lock is taken over, for whatever reason. The other
        run may have begun a step right after its renewal.
    type: float
    default: 30
  ended:
    description:
      - RV(lock.id) of a lock whose run is known to have ended. It is taken over. Set automatically where the run was
        started on the same controller.
    type: str
  holder:
    description:
      - The run. Set automatically to the present run of C(ansible-playbook). What is given here takes precedence.
    type: dict
    default: {}
    suboptions:
      run:
        description: Identifies the run. Two runs must not have the same.
        type: str
      host:
        description: Name of the controller.
        type: str
      user:
        description: Name of the user who started the run.
        type: str
      pid:
        description: Number of the process on the controller.
        type: int
      started:
        description: When that process was started, in clock ticks since the controller was booted.
        type: str
      boot:
        description: Id of the boot of the controller.
        type: str
      namespace:
        description: Namespace of the number of the process. It differs between containers.
        type: str
seealso:
  - module: bitbucket.datacenter.rolling_upgrade
"""

EXAMPLES = r"""
- name: Keep rolling upgrades away while the operating system is patched
  bitbucket.datacenter.cluster_lock:
    path: /var/atlassian/application-data/bitbucket/shared/rolling_upgrade.lock
    purpose: operating system updates
  become: true

- name: Make sure that this run still holds the lock
  bitbucket.datacenter.cluster_lock:
    path: /var/atlassian/application-data/bitbucket/shared/rolling_upgrade.lock
    renew: true
  become: true

- name: Give the lock back
  bitbucket.datacenter.cluster_lock:
    path: /var/atlassian/application-data/bitbucket/shared/rolling_upgrade.lock
    state: free
  become: true
"""

RETURN = r"""
lock:
  description: The lock after the run, in check mode as it would be.
  returned: success, and when another run holds the lock
  type: dict
  contains: &lock
    path:
      description: Directory of the lock.
      type: str
      sample: /var/atlassian/application-data/bitbucket/shared/rolling_upgrade.lock
    status:
      description: V(held) or V(free).
      type: str
      sample: held
    ours:
      description: Whether this run holds it.
      type: bool
      sample: true
    id:
      description: Changes whenever the lock changes its holder.
      type: str
      sample: 4f1c9a7be2d05836
    holder:
      description: Who holds it, with the fields of O(holder) and O(purpose). Empty when nobody does.
      type: dict
      sample:
        run: ctl1/4242/918273/0c5b6f0e-1f0c-4a43-9a53-5a1d1e9f4c11
        host: ctl1.example.com
        user: alice
        purpose: rolling upgrade to 9.4.22
    taken_at:
      description: When it was taken, in UTC by the clock of the file system, or null.
      type: str
      sample: "2026-11-21T15:59:12Z"
    renewed_at:
      description: When it was renewed last, or null.
      type: str
      sample: "2026-11-21T16:03:40Z"
    age:
      description: Seconds since then, or null.
      type: float
      sample: 0.0
took_over:
  description: The lock of the other run that was taken over, or null.
  returned: success
  type: dict
  contains: *lock
"""

from ..module_utils._python import require

require()

import typing as t

from ..module_utils._argspec import Spec
from ..module_utils._errors import InputError
from ..module_utils._lock import FREE, Claim, Lock, LockDirectory, view
from ..module_utils._module import execute_locally
from ..module_utils._outcome import Outcome

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_HOLDER: Spec = {
    "run": {"type": "str"},
    "host": {"type": "str"},
    "user": {"type": "str"},
    "pid": {"type": "int"},
    "started": {"type": "str"},
    "boot": {"type": "str"},
    "namespace": {"type": "str"},
}
SPEC: Spec = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["held", "free"], "default": "held"},
    "purpose": {"type": "str"},
    "renew": {"type": "bool", "default": False},
    "take_over": {"type": "bool", "default": False},
    "expires_after": {"type": "float"},
    "settle": {"type": "float", "default": 30},
    "ended": {"type": "str"},
    "holder": {"type": "dict", "default": {}, "options": _HOLDER},
}


def holder_of(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Who this run is. Raises InputError."""
    holder = {name: value for name, value in params["holder"].items() if value is not None}
    if not holder.get("run"):
        raise InputError("holder.run is not set", "set it, or run the module as a task of Ansible, which sets it")
    return {**holder, **({"purpose": params["purpose"]} if params["purpose"] else {})}


def hold(directory: LockDirectory, params: t.Mapping[str, t.Any], check: bool) -> "tuple[Lock, Lock | None]":
    """The lock after it was taken or renewed, and the other run's that was taken over."""
    claim = Claim(
        holder_of(params),
        renew=params["renew"],
        take_over=params["take_over"],
        ended=params["ended"],
        expires_after=params["expires_after"],
        settle=params["settle"],
    )
    return directory.foresee(claim) if check else directory.hold(claim)


def give_back(directory: LockDirectory, run: str, check: bool) -> tuple[Lock, None]:
    """The lock after it was given back."""
    if not check:
        return directory.give_back(run), None
    current = directory.look()
    return (FREE if current.is_of(run) else current), None


def run(module: "AnsibleModule") -> dict[str, t.Any]:
    """Take or give back the lock."""
    params = module.params
    directory = LockDirectory(params["path"])
    me = holder_of(params)["run"]
    before = directory.look()
    if params["state"] == "held":
        after, other = hold(directory, params, module.check_mode)
    else:
        after, other = give_back(directory, me, module.check_mode)
    return Outcome(_shown(before), _shown(after)).result(
        f"lock {directory.path}",
        lock=view(directory.path, after, me),
        took_over=view(directory.path, other, me) if other else None,
    )


def _shown(lock: Lock) -> dict[str, t.Any]:
    """What counts as a change: a renewal does not."""
    return {"status": "free" if lock.holder is None else "held", "holder": dict(lock.holder or {})}


def main() -> None:
    """Entry point."""
    execute_locally(run, SPEC)


if __name__ == "__main__":
    main()
