# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: a text becomes one that Markdown shows as it is."""

from __future__ import annotations

DOCUMENTATION = r"""
name: markdown_text
short_description: Escape a text for Markdown
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Escapes a text that others have written, such as the subject of a commit, so that a page of Markdown shows it as it
    is, without markup, links or new lines.
  - Control characters, and those that turn the direction of the text around them, are replaced.
  - It is meant for text in paragraphs, lists, headings and names of links, not for code.
options:
  _input:
    description: The text.
    type: str
    required: true
seealso:
  - plugin: bitbucket.datacenter.release_notes
    plugin_type: filter
"""

EXAMPLES = r"""
- name: List subjects of commits
  ansible.builtin.copy:
    content: |
      {% for commit in log.commits %}
      - {{ commit.subject | bitbucket.datacenter.markdown_text }}
      {% endfor %}
    dest: log.md
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The escaped text.
  type: str
  sample: '\*no\* markup \<b\>'
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var


def markdown_text(text: str) -> t.Any:
    """``markdown``, which Ansible must not take for a template."""
    if not isinstance(text, str):
        raise AnsibleFilterError("What markdown_text was given is no text; give a text, or turn it into one by string.")
    from ..module_utils._text import markdown

    return wrap_var(markdown(text))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"markdown_text": markdown_text}
