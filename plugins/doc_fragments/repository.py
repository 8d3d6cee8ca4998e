# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that name a repository."""

from __future__ import annotations


class ModuleDocFragment:
    """See the head of the file."""

    DOCUMENTATION = r"""
options:
  project_key:
    description:
      - Key of the project, or C(~) and the user's slug for a personal repository.
    type: str
    required: true
  repository:
    description:
      - Slug of the repository, as in its address.
    type: str
    required: true
"""

    PLACE = r"""
options:
  project_key:
    description:
      - Key of the project, or C(~) and the user's slug for a personal one.
    type: str
    required: true
  repository:
    description:
      - Slug of the repository, as in its address.
      - Without it the settings of the whole project are meant, which its repositories inherit.
    type: str
"""
