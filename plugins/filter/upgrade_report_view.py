# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: the report of a rolling upgrade becomes what a page shows of it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_report_view
short_description: Lay out the report of a rolling upgrade for a page
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Turns what P(bitbucket.datacenter.upgrade_report#filter) returns into words and places, for a template of a page.
  - Every text is escaped for HTML. Do not escape it again.
  - What it returns may get more entries at any time. The template C(report.html.j2) of the role
    P(bitbucket.datacenter.rolling_upgrade#role) shows how they are used.
options:
  _input:
    description: The report.
    type: dict
    required: true
seealso:
  - plugin: bitbucket.datacenter.upgrade_report
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write a page of the report
  ansible.builtin.template:
    src: page.html.j2
    dest: page.html
    mode: "0644"
  vars:
    view: "{{ rolling_upgrade_report | bitbucket.datacenter.upgrade_report_view }}"
"""

RETURN = r"""
_value:
  description:
    - C(title), the cluster's C(address), C(versions) with the C(arrow) between them, C(outcome) with its C(kind) and
      C(text), C(message), C(next_steps), C(when), C(figures), the drawing as C(ticks), C(breaks), C(rows), C(cluster)
      and C(legend), the tables C(nodes) and C(events), and C(file), the name of the JSON file.
    - Places in the drawing, C(left) and C(width), are in percent.
  type: dict
  sample:
    title: Rolling upgrade
    address: bitbucket.example.com
    versions: [9.4.21, 9.4.22]
    outcome: {kind: succeeded, text: Upgraded}
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var


def upgrade_report_view(report: t.Mapping[str, t.Any]) -> t.Any:
    """``view``, whose texts Ansible must not take for templates."""
    from ..module_utils._upgrade_view import view

    try:
        return wrap_var(view(report))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"What upgrade_report_view was given is no report ({error!r}); give what upgrade_report returns."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"upgrade_report_view": upgrade_report_view}
