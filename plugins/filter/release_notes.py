# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: the commits of a release become its notes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: release_notes
short_description: Group the commits of a release
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Groups the commits of a release by type, by issue or by author, with the addresses of commits and issues.
  - The type is that of a conventional commit, such as V(feat) of C(feat(search)!:) and a text, in front of which issue
    keys may stand. Of any other commit it is V(other).
  - Texts are what people have written. Escape them in a template, for HTML by the filter C(e) of Jinja, for Markdown by
    P(bitbucket.datacenter.markdown_text#filter).
  - The role P(bitbucket.datacenter.release_notes#role) writes pages of it.
options:
  _input:
    description: The commits, as M(bitbucket.datacenter.commit_info) returns them.
    type: list
    elements: dict
    required: true
  group_by:
    description:
      - The groups, in their order. Each group has all commits.
      - By V(type) and by V(author), each commit is in one section. By V(issue) it is in the section of each issue that
        it names.
    type: list
    elements: str
    choices: [issue, author, type]
    default: [type]
  issue_pattern:
    description:
      - Regular expression for issue keys in messages. A key is all that it finds, whatever groups it has.
      - By default two or more capitals, digits and C(_), of which the first is a capital, a dash and a number, which is
        Jira's own.
    type: str
  repository_url:
    description:
      - Address of the repository for a browser, as RV(bitbucket.datacenter.repository_info#module:repositories[].url).
      - Without it commits have no addresses.
    type: str
  jira_url:
    description:
      - Address of Jira, or of an issue or project in it, as
        RV(bitbucket.datacenter.jira_entity_link_info#module:entity_link.url).
      - Without it issues have no addresses.
    type: str
  since:
    description:
      - Branch, tag, full ref or commit that the release is compared with, for C(compare_url).
    type: str
  until:
    description:
      - Branch, tag, full ref or commit of the release, for C(compare_url).
    type: str
seealso:
  - module: bitbucket.datacenter.commit_info
  - plugin: bitbucket.datacenter.markdown_text
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the commits of a release
  bitbucket.datacenter.commit_info:
    project_key: PLAT
    repository: api
    since: v9.4.21
    until: v9.4.22
  register: log

- name: Say what is new
  ansible.builtin.debug:
    msg: "{{ notes.groups[0].sections | items2dict(key_name='title', value_name='commits') }}"
  vars:
    notes: "{{ log.commits | bitbucket.datacenter.release_notes(group_by=['type']) }}"
"""

RETURN = r"""
_value:
  description: The notes.
  type: dict
  contains:
    commit_count:
      description: How many commits there are.
      type: int
      sample: 12
    compare_url:
      description:
        - Address of the page that compares O(since) with O(until). Null without these or O(repository_url).
      type: str
      sample: https://bitbucket.example.com/projects/PLAT/repos/api/compare/diff?targetBranch=v9.4.21&sourceBranch=v9.4.22
    latest_commit_time:
      description: When the first of them was written, null without any.
      type: str
      sample: "2026-09-30T13:40:19Z"
    issues:
      description: The issues that messages name, by project and number.
      type: list
      elements: dict
      contains: &issue
        issue_key:
          description: Key of the issue.
          type: str
          sample: PLAT-7
        url:
          description: Its address, null where that is not known.
          type: str
          sample: https://jira.example.com/browse/PLAT-7
    authors:
      description: Names of the authors.
      type: list
      elements: str
      sample: [Dora Developer]
    breaking_changes:
      description: Commits with a C(!) after their type, or with a footer C(BREAKING CHANGE) at the beginning of a line.
      type: list
      elements: dict
      contains: &commit
        id:
          description: Full id.
          type: str
          sample: 8d51122def5632836d1cb1026e879069e10a1e13
        short_id:
          description: Its first eleven digits.
          type: str
          sample: 8d51122def5
        url:
          description: Address of the commit, null where that is not known.
          type: str
          sample: https://bitbucket.example.com/projects/PLAT/repos/api/commits/8d51122def5632836d1cb1026e879069e10a1e13
        subject:
          description: First line of the message; what cannot be shown in it is replaced.
          type: str
          sample: "PLAT-7 feat(search)!: Search in titles"
        parts:
          description: The same, cut into what links to an issue and what does not.
          type: list
          elements: dict
          contains:
            text:
              description: Text of the part.
              type: str
              sample: PLAT-7
            url:
              description: Address of the issue that the part names, null where it names none.
              type: str
              sample: https://jira.example.com/browse/PLAT-7
        issue_keys:
          description: Keys in the whole message.
          type: list
          elements: str
          sample: [PLAT-7]
        other_issues:
          description: Those of them that are not in the subject.
          type: list
          elements: dict
          contains: *issue
        author_name:
          description: Who wrote it, null where the server does not tell.
          type: str
          sample: Dora Developer
        author_time:
          description: When it was written, in UTC and ISO 8601.
          type: str
          sample: "2026-09-30T13:40:19Z"
        type:
          description: Type, in lower case.
          type: str
          sample: feat
        scope:
          description: Scope, null without one.
          type: str
          sample: search
        breaking:
          description: Whether it is one of the breaking changes.
          type: bool
          sample: true
        breaking_notes:
          description:
            - Text of each footer C(BREAKING CHANGE) of the message with all its lines. A footer ends at the next one.
            - The subject without type and scope where a breaking change has no footer. Empty for other commits.
          type: list
          elements: str
          sample: ["Answers have another shape.\nSee the manual."]
        merge:
          description: Whether it has several parents.
          type: bool
          sample: false
    groups:
      description: All commits, in each of the groups that were asked for.
      type: list
      elements: dict
      contains:
        by:
          description: What is grouped by.
          type: str
          sample: issue
        title:
          description: The same as a title.
          type: str
          sample: By issue
        sections:
          description:
            - Issues by project and number, authors by name, types with V(feat) and V(fix) first.
            - A commit that names several issues is in the section of each, one that names none in the last.
          type: list
          elements: dict
          contains:
            name:
              description: Issue key, author or type; null in the section of commits without one.
              type: str
              sample: PLAT-7
            title:
              description: The same as a title.
              type: str
              sample: PLAT-7
            url:
              description: Address of the issue, null where that is not known, and for authors and types.
              type: str
              sample: https://jira.example.com/browse/PLAT-7
            commits:
              description: The commits, in the order in which they were given.
              type: list
              elements: dict
              contains: *commit
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var


def release_notes(
    commits: t.Iterable[t.Mapping[str, t.Any]],
    group_by: t.Sequence[str] = ("type",),
    *,
    issue_pattern: str | None = None,
    repository_url: str | None = None,
    jira_url: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> t.Any:
    """``notes``, whose texts Ansible must not take for templates, with errors as Ansible's."""
    from ..module_utils._errors import BitbucketError
    from ..module_utils._release_notes import notes

    try:
        return wrap_var(
            notes(
                commits,
                group_by,
                issue_pattern=issue_pattern,
                repository_url=repository_url,
                jira_url=jira_url,
                since=since,
                until=until,
            )
        )
    except BitbucketError as error:
        raise AnsibleFilterError(str(error)) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"What release_notes was given are no commits ({error!r}); give what commit_info returns."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name to function."""
        return {"release_notes": release_notes}
