# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of a bounded wait."""

from __future__ import annotations


class ModuleDocFragment:
    """See the head of the file."""

    DOCUMENTATION = r"""
options:
  wait_delay:
    description:
      - Seconds between two looks at the cluster.
    type: float
    default: 2
  wait_timeout:
    description:
      - Seconds after which the wait fails.
    type: float
    default: 600
"""
