# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: a branch type and a text become a branch name."""

from __future__ import annotations

DOCUMENTATION = r"""
name: branch_name
short_description: Name a branch by a branch model
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Builds a branch name from a type of the repository's branch model and a text.
  - The prefix comes from the model. Words are joined by V(-) and written in lower case. An issue key in front of the
    text keeps its capitals, so that Jira finds it.
  - Fails where the type is not enabled in the model.
positional: type, text
options:
  _input:
    description: The branch model, as returned by M(bitbucket.datacenter.branch_model_info).
    type: dict
    required: true
  type:
    description: Id of a branch type, V(BUGFIX), V(FEATURE), V(HOTFIX) or V(RELEASE).
    type: str
    required: true
  text:
    description: What the branch is about, for example an issue key and a title.
    type: str
    required: true
seealso:
  - plugin: bitbucket.datacenter.branch_items
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name a feature branch
  ansible.builtin.debug:
    msg: "{{ model.branch_model | bitbucket.datacenter.branch_name('FEATURE', 'ABC-1 Login page') }}"
    # feature/ABC-1-login-page
"""

RETURN = r"""
_value:
  description: The branch name, without C(refs/heads/).
  type: str
  sample: feature/ABC-1-login-page
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._branch_name import typed_name
from ..module_utils._errors import BitbucketError


def branch_name(model: t.Mapping[str, t.Any], type: str, text: str) -> str:  # noqa: A002 - the word users write
    """``typed_name`` with errors as Ansible's."""
    try:
        return typed_name(model, type, text)
    except BitbucketError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"branch_name": branch_name}
