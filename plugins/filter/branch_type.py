# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: a branch name tells its type."""

from __future__ import annotations

DOCUMENTATION = r"""
name: branch_type
short_description: Tell the type of a branch by a branch model
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Tells which type of the repository's branch model a branch is of, by the beginning of its name. The reverse of
    P(bitbucket.datacenter.branch_name#filter).
  - Types that are switched off in the model have no branches.
positional: name
options:
  _input:
    description: The branch model, as returned by M(bitbucket.datacenter.branch_model_info).
    type: dict
    required: true
  name:
    description: Name of a branch, with or without C(refs/heads/). It need not exist.
    type: str
    required: true
  model_branches:
    description:
      - Tell the branches that play a part in the model, too, as V(development) and V(production). A branch that plays
        both is V(production).
    type: bool
    default: false
seealso:
  - plugin: bitbucket.datacenter.branch_name
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Tell the type of a branch
  ansible.builtin.debug:
    msg: "{{ model.branch_model | bitbucket.datacenter.branch_type('feature/ABC-1-login-page') }}"
    # FEATURE
"""

RETURN = r"""
_value:
  description:
    - Id of the type, V(BUGFIX), V(FEATURE), V(HOTFIX) or V(RELEASE), null where the name begins with no prefix of the
      model.
  type: str
  sample: FEATURE
"""

import typing as t

from ansible.errors import AnsibleFilterError


def branch_type(model: t.Mapping[str, t.Any], name: str, model_branches: bool = False) -> str | None:
    """``type_of`` with errors as Ansible's."""
    from ..module_utils._branch_name import refuse_other, type_of
    from ..module_utils._errors import InputError

    try:
        refuse_other(model, name=name)
        return type_of(model, name, model_branches=model_branches)
    except InputError as error:
        raise AnsibleFilterError(f"branch_type: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"What branch_type was given is no branch model ({error!r}); give what branch_model_info returns."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"branch_type": branch_type}
