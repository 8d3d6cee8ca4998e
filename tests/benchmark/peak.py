# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python interpreter that notes the most memory its process had: PEAK_FILE gets a line in KiB.

Given to Ansible as the interpreter of modules, it starts the real one (PEAK_PYTHON) with the same arguments.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    python = os.environ["PEAK_PYTHON"]
    pid = os.posix_spawn(python, [python, *sys.argv[1:]], os.environ)
    _pid, status, usage = os.wait4(pid, 0)
    with open(os.environ["PEAK_FILE"], "a", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes memory itself
        file.write(f"{usage.ru_maxrss}\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
