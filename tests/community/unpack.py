# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""unpack.py WHEELS DIRECTORY: from the wheel of the Ansible package, the little of community.general that tests use.

The directory is one for ANSIBLE_COLLECTIONS_PATH: a hundred collections less than in the wheel.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

COLLECTION = "ansible_collections/community/general"
# What makes a collection of it, and the module that a role of ours can drain nodes with.
NEEDED = ("MANIFEST.json", "COPYING", "meta/runtime.yml", "plugins/modules/haproxy.py")


def main() -> None:
    wheels, directory = map(Path, sys.argv[1:])
    (wheel,) = wheels.glob("ansible-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in NEEDED:
            archive.extract(f"{COLLECTION}/{name}", directory)


if __name__ == "__main__":
    main()
