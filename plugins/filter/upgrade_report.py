# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: what modules saw of a rolling upgrade becomes its report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_report
short_description: Make the report of a rolling upgrade
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Puts together what the modules that carry out a rolling upgrade, its rollback or a rolling restart have seen of the
    cluster, and what was done at each node, into one document with a time line for each node.
  - The role P(bitbucket.datacenter.rolling_upgrade#role) writes it to a file. In a playbook of your own it does the
    same for you.
  - An earlier document of the same upgrade is gone on with, so that several playbooks, or a run that was taken up
    again, make one report.
  - Times are in UTC and in ISO 8601, durations in seconds.
positional: earlier
options:
  _input:
    description: What was seen and done. Parts that never came about are empty strings, lists or dictionaries.
    type: dict
    required: true
    suboptions:
      goal:
        description: What the nodes went through, V(upgrade), V(rollback) or V(restart).
        type: str
        required: true
      target_version:
        description: Version that the upgrade leads to. Empty for a restart.
        type: str
        required: true
      message:
        description: What the run failed of.
        type: str
        required: true
      results:
        description:
          - Results of M(bitbucket.datacenter.rolling_upgrade_plan), M(bitbucket.datacenter.rolling_upgrade) and
            M(bitbucket.datacenter.cluster_wait) that concern all nodes.
        type: list
        elements: dict
        required: true
      turns:
        description: One for each inventory host, whether it had a turn or not.
        type: list
        elements: dict
        required: true
        suboptions:
          host:
            description: The inventory host.
            type: str
            required: true
          began:
            description: When its turn began. Empty when it had none.
            type: str
            required: true
          ended:
            description: When its turn ended.
            type: str
            required: true
          message:
            description: What went wrong in its turn.
            type: str
            required: true
          first_look:
            description: Result of M(bitbucket.datacenter.rolling_upgrade_plan) when the turn began.
            type: dict
            required: true
          last_look:
            description: The same right before the node was stopped.
            type: dict
            required: true
          gone:
            description: Result of M(bitbucket.datacenter.cluster_wait) for the node to leave.
            type: dict
            required: true
          back:
            description: The same for the node to come back.
            type: dict
            required: true
  earlier:
    description:
      - Text of the JSON document that this filter made in an earlier run. It is ignored when it is empty, broken, of
        another upgrade or another cluster, or of one that was finished, and when the cluster was not in upgrade mode
        at first.
    type: str
    default: ""
seealso:
  - plugin: bitbucket.datacenter.upgrade_report_view
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep the report of an upgrade
  ansible.builtin.copy:
    content: "{{ told | bitbucket.datacenter.upgrade_report | to_nice_json }}"
    dest: report.json
    mode: "0644"
  vars:
    told:
      goal: upgrade
      target_version: 9.4.22
      message: ""
      results: ["{{ planned }}", "{{ started }}", "{{ approved }}"]
      turns:
        - host: bitbucket-1
          began: "2026-11-21T15:59:12Z"
          ended: "2026-11-21T16:02:40Z"
          message: ""
          first_look: "{{ looked }}"
          last_look: "{{ looked_again }}"
          gone: "{{ waited_offline }}"
          back: "{{ waited_active }}"
"""

RETURN = r"""
_value:
  description: The report, empty when the run did nothing and nothing went wrong.
  type: dict
  contains:
    schema_version:
      description: Version of this shape. It grows when a field changes its meaning or goes away.
      type: int
      sample: 1
    name:
      description: Name for files of it, without an ending.
      type: str
      sample: rolling_upgrade_bitbucket.example.com_9.4.21_to_9.4.22
    cluster:
      description:
        - Host, port and context path of the cluster, as M(bitbucket.datacenter.rolling_upgrade_plan) returns its
          address. Null when no result has it.
      type: str
      sample: bitbucket.example.com
    goal:
      description: What the latest run was for.
      type: str
      sample: upgrade
    outcome:
      description:
        - V(succeeded), V(failed), or V(unfinished) where nothing went wrong and something is left to do.
      type: str
      sample: succeeded
    message:
      description: What went wrong, null unless something did.
      type: str
      sample: null
    next_steps:
      description: What to do next, none after a success.
      type: list
      elements: dict
      contains:
        command:
          description: Command to run, with the inventory and the variables of before.
          type: str
          sample: ansible-playbook bitbucket.datacenter.rolling_upgrade
        purpose:
          description: What it does.
          type: str
          sample: goes on with what is left
    original_version:
      description: Version before the upgrade, null when it is not known.
      type: str
      sample: 9.4.21
    target_version:
      description: Version that the upgrade leads to, null for a restart.
      type: str
      sample: 9.4.22
    cluster_state:
      description: State of the cluster when it was seen last.
      type: str
      sample: STABLE
    began:
      description: When the first run began.
      type: str
      sample: "2026-11-21T15:59:12.345Z"
    ended:
      description: When the latest run ended.
      type: str
      sample: "2026-11-21T16:20:03.001Z"
    duration_seconds:
      description: From the one to the other.
      type: float
      sample: 1250.656
    runs:
      description: The runs that it tells of, the latest last.
      type: list
      elements: dict
      contains:
        goal:
          description: What the run was for.
          type: str
          sample: upgrade
        began:
          description: When it began.
          type: str
          sample: "2026-11-21T15:59:12.345Z"
        ended:
          description: When it ended.
          type: str
          sample: "2026-11-21T16:20:03.001Z"
        outcome:
          description: As above.
          type: str
          sample: succeeded
        message:
          description: As above.
          type: str
          sample: null
        changed:
          description: Whether it changed anything.
          type: bool
          sample: true
    nodes:
      description: The nodes, in the order in which they were worked at.
      type: list
      elements: dict
      contains:
        name:
          description: Label of the node, see RV(bitbucket.datacenter.cluster_info#module:cluster.nodes).
          type: str
          sample: 192.0.2.11:7990
        host:
          description: Its inventory host, null when it has none.
          type: str
          sample: bitbucket-1
        outcome:
          description:
            - V(done), V(failed), V(done_before) where the node was at the target version already, V(untouched), or
              V(given_up).
          type: str
          sample: done
        goal:
          description: What its latest turn was for, null without one.
          type: str
          sample: upgrade
        state:
          description: State of the node when it was seen last. A node that the cluster does not list is V(OFFLINE).
          type: str
          sample: ACTIVE
        version_before:
          description: Version that it ran at first, null when it is not known.
          type: str
          sample: 9.4.21
        version_after:
          description: Version that it ran at last.
          type: str
          sample: 9.4.22
        turn_seconds:
          description: How long its turns took.
          type: float
          sample: 208.4
        out_of_service_seconds:
          description: From the look right before its stop to the look that saw it ACTIVE again, all times together.
          type: float
          sample: 190.2
        turns:
          description: Its turns.
          type: list
          elements: dict
          contains:
            goal:
              description: What the turn was for.
              type: str
              sample: upgrade
            began:
              description: When it began.
              type: str
              sample: "2026-11-21T15:59:12.345Z"
            ended:
              description: When it ended, null when it did not.
              type: str
              sample: "2026-11-21T16:02:40.749Z"
            stopping:
              description: When the node was looked at right before its stop, null when it was not stopped.
              type: str
              sample: "2026-11-21T15:59:20.100Z"
            touched:
              description: Whether it was stopped or started.
              type: bool
              sample: true
            done:
              description: Whether it came back as wanted.
              type: bool
              sample: true
            message:
              description: What went wrong, null unless something did.
              type: str
              sample: null
        timeline: &timeline
          description:
            - Stretches of time without a change, as far as it was looked. Between two runs there is none.
          type: list
          elements: dict
          contains:
            state:
              description:
                - The server's word for its state, and V(STOPPING) for a node between the look right before its stop and
                  the look that saw it gone.
              type: str
              sample: STARTING
            version:
              description: Version of the node, null where it told none, and for the cluster.
              type: str
              sample: 9.4.22
            began:
              description: When it was seen first.
              type: str
              sample: "2026-11-21T16:00:01.700Z"
            ended:
              description: When something else was seen.
              type: str
              sample: "2026-11-21T16:02:30.300Z"
            duration_seconds:
              description: From the one to the other.
              type: float
              sample: 148.6
    given_up:
      description: Inventory hosts that the upgrade has left out.
      type: list
      elements: str
      sample: []
    ghosts:
      description: Labels of OFFLINE nodes that were left behind by nodes that came back with another address.
      type: list
      elements: str
      sample: []
    actions:
      description: What the server was asked to do.
      type: list
      elements: dict
      contains:
        action:
          description: V(start), V(approve) or V(cancel).
          type: str
          sample: approve
        at:
          description: When it was asked.
          type: str
          sample: "2026-11-21T16:18:40.120Z"
    cluster_timeline: *timeline
    observations:
      description:
        - Everything that was seen, from which all of the above is computed. The fields are those of
          RV(bitbucket.datacenter.cluster_wait#module:observations), for each node with C(host), its inventory host, and
          C(name), its label.
        - A node that was listed without a state is C(NOT_ANSWERING).
      type: list
      elements: dict
      sample: []
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var


def upgrade_report(told: t.Mapping[str, t.Any], earlier: str = "") -> t.Any:
    """``report``, whose texts Ansible must not take for templates, since others have named nodes."""
    from ..module_utils._upgrade_report import report

    try:
        return wrap_var(report(told, earlier))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"What upgrade_report was given tells of no rolling upgrade ({error!r}); give it as documented."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"upgrade_report": upgrade_report}
