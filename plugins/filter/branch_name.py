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
  - Builds a branch name from a type of the repository's branch model and a text, or an issue key and a title.
  - The prefix comes from the model. Words are joined by V(-) and written in lower case. An issue key in front of the
    text keeps its capitals, so that Jira finds it.
  - A name that would be too long ends with the last word that fits. The issue key is always kept.
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
    description:
      - What the branch is about, for example an issue key and a title.
      - Required unless O(issue_key) is given.
    type: str
  issue_key:
    description:
      - Key of a Jira issue, such as V(ABC-1), in place of O(text). The project key has two or more upper-case letters,
        digits and underscores and begins with a letter. The number has no leading zeros.
    type: str
  title:
    description: Title of the issue, for O(issue_key).
    type: str
  max_length:
    description:
      - How long the name may be with its prefix, in bytes of UTF-8, at most 250. Letters beyond ASCII have two to four
        bytes.
      - Git keeps a part of a name as a file, which file systems limit to 255 bytes, of which it needs five for itself.
    type: int
    default: 100
seealso:
  - plugin: bitbucket.datacenter.branch_type
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name a feature branch
  ansible.builtin.debug:
    msg: "{{ model.branch_model | bitbucket.datacenter.branch_name('FEATURE', 'ABC-1 Login page') }}"
    # feature/ABC-1-login-page

- name: Name one for an issue, not longer than 30 bytes
  ansible.builtin.debug:
    msg: >-
      {{ model.branch_model | bitbucket.datacenter.branch_name(
           'BUGFIX', issue_key='ABC-2', title='Log in at the first try', max_length=30) }}
    # bugfix/ABC-2-log-in-at-the
"""

RETURN = r"""
_value:
  description: The branch name, without C(refs/heads/).
  type: str
  sample: feature/ABC-1-login-page
"""

import typing as t

from ansible.errors import AnsibleFilterError


def branch_name(
    model: t.Mapping[str, t.Any],
    type: str,  # noqa: A002 - the word users write
    text: str | None = None,
    *,
    issue_key: str | None = None,
    title: str | None = None,
    max_length: int | None = None,
) -> str:
    """``typed_name`` with errors as Ansible's."""
    from ..module_utils._branch_name import MAX_LENGTH, issue_text, refuse_other, typed_name
    from ..module_utils._errors import BitbucketError

    if (text is None) == (issue_key is None) or (title is not None and issue_key is None):
        raise AnsibleFilterError(
            "branch_name needs either a text or an issue key; give text alone, or issue_key and, if you like, title."
        )
    try:
        texts = {"text": text, "issue_key": issue_key, "title": title}
        refuse_other(model, type=type, **{name: each for name, each in texts.items() if each is not None})
        about = text or "" if issue_key is None else issue_text(issue_key, title)
        return typed_name(model, type, about, MAX_LENGTH if max_length is None else max_length)
    except BitbucketError as error:
        raise AnsibleFilterError(str(error)) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"What branch_name was given is no branch model ({error!r}); give what branch_model_info returns."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"branch_name": branch_name}
