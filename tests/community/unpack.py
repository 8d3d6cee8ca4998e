# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""unpack.py WHEELS DIRECTORY: from the wheel of the Ansible package, the little of its collections that tests use.

The directory is one for ANSIBLE_COLLECTIONS_PATH: a hundred collections less than in the wheel.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

COLLECTIONS = "ansible_collections"
# What makes a collection of each, the module that a role of ours can drain nodes with, and callbacks that print JSON.
WHOLE = ("MANIFEST.json", "COPYING", "meta/runtime.yml")
NEEDED = {
    "community/general": ("plugins/modules/haproxy.py",),
    "ansible/posix": (
        "plugins/callback/json.py",
        "plugins/callback/jsonl.py",
        "plugins/callback/debug.py",
    ),
}


def main() -> None:
    wheels, directory = map(Path, sys.argv[1:])
    (wheel,) = wheels.glob("ansible-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for collection, files in NEEDED.items():
            for name in (*WHOLE, *files):
                archive.extract(f"{COLLECTIONS}/{collection}/{name}", directory)


if __name__ == "__main__":
    main()
