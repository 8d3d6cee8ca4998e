# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of what the modules support."""

from __future__ import annotations


class ModuleDocFragment:
    """See the head of the file."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Options can be set for all modules of the group by C(module_defaults).
    support: full
    membership:
      - bitbucket.datacenter.bitbucket
  check_mode:
    description: Predicts the result without changing anything.
  diff_mode:
    description: Shows the resource before and after.
"""

    READS = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: N/A
    details:
      - This module only reads.
"""

    # of modules that send no request
    LOCAL = r"""
options: {}
attributes:
  check_mode:
    description: Predicts the result without changing anything.
  diff_mode:
    description: Shows the resource before and after.
"""
