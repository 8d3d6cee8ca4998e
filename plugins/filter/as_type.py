# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: a role variable in the type that it is declared with."""

from __future__ import annotations

DOCUMENTATION = r"""
name: as_type
short_description: Convert a role variable to its declared type
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Converts a value that arrived as text, as C(-e name=value) and the answers of an AWX survey do, to the type that the
    variable is declared with. The roles of this collection read their variables through it.
  - A value that has the type already is returned unchanged.
positional: type
options:
  _input:
    description: The value of the variable.
    type: raw
    required: true
  type:
    description:
      - The declared type.
      - Booleans and numbers are converted as Ansible converts module options.
      - Text of a V(list) is JSON, YAML, or has commas between its elements. Text of a V(dict) is JSON or YAML. Empty
        text is an empty list or dictionary.
    type: str
    choices: [bool, int, float, list, dict]
    required: true
seealso:
  - plugin: bitbucket.datacenter.type_faults
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read a variable that a survey may have set
  ansible.builtin.debug:
    msg: Printed unless app_quiet is false, "false", "no" or 0
  when: app_quiet | bitbucket.datacenter.as_type('bool')
"""

RETURN = r"""
_value:
  description:
    - The converted value.
    - Before ansible-core 2.19 a template turns a number into text again, unless C(jinja2_native) is set. Convert it
      once more where it is compared, for example by C(int).
  type: raw
  sample: false
"""

import typing as t

from ansible.errors import AnsibleFilterError
from jinja2 import Undefined

from ..plugin_utils._typed import typed

_TYPES = ("bool", "int", "float", "list", "dict")


def as_type(value: t.Any, type: str) -> t.Any:  # noqa: A002 - the word that users know from argument specs
    """``typed``, whose errors say what the value should be; it is not shown, since it may be secret."""
    if type not in _TYPES:
        raise AnsibleFilterError(f"as_type does not know the type {type}; use one of {', '.join(_TYPES)}.")
    if isinstance(value, Undefined):
        # older versions of Ansible hand it over where error_on_undefined_vars is off: as without the filter
        return value
    try:
        return typed(value, type)
    except (TypeError, ValueError):
        raise AnsibleFilterError(
            f"The value cannot be converted to the type {type}; correct the variable as it is documented."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"as_type": as_type}
