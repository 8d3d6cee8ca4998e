# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the option of modules that tell how far they are."""

from __future__ import annotations


class ModuleDocFragment:
    """See the head of the file."""

    DOCUMENTATION = r"""
options:
  progress_interval:
    description:
      - Seconds between two lines that tell how far the task is, in the terminal and in AWX.
      - They are shown while the module runs on the controller itself, as it does at V(localhost), and not as another
        user.
      - They are shown with the default stdout callback and with callbacks that derive from it. Other callbacks, such as
        C(ansible.posix.json), may print for programs, and get none.
    type: float
    default: 5
"""
