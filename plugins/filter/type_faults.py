# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: role variables that do not fit what they are declared as."""

from __future__ import annotations

DOCUMENTATION = r"""
name: type_faults
short_description: List what does not fit the declared types of role variables
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Checks variables that hold mappings or lists, also where they arrived as JSON or YAML text, which the argument spec
    of a role would refuse. The roles of this collection check their variables by it in their first task.
positional: specs
options:
  _input:
    description: The variables, each name with its value.
    type: dict
    required: true
  specs:
    description:
      - For each of the names an argument spec, with the keys C(type), C(elements), C(options), C(choices) and
        C(required).
    type: dict
    required: true
seealso:
  - plugin: bitbucket.datacenter.as_type
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check the variables
  ansible.builtin.assert:
    that: faults | length == 0
    fail_msg: "{{ faults | first }}"
  vars:
    faults: "{{ {'app_ports': app_ports} | bitbucket.datacenter.type_faults({'app_ports': spec}) }}"
    spec: {type: list, elements: int}
"""

RETURN = r"""
_value:
  description: A sentence for each fault, with its cause and what to do. Empty when all variables fit.
  type: list
  elements: str
  sample: ["app_ports[0] is not a whole number: use a whole number."]
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils._typed import faults


def type_faults(values: t.Mapping[str, t.Any], specs: t.Mapping[str, t.Any]) -> list[str]:
    """The faults of all variables."""
    try:
        return [fault for name, value in values.items() for fault in faults(value, specs[name], name)]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"type_faults cannot use its input ({error!r}); give a dictionary of variables and a spec for each of them."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"type_faults": type_faults}
