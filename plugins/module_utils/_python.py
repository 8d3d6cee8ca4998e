# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The oldest Python that modules run on. This file and those of modules can be read by Python 3.6, all others cannot.

Each module calls ``require`` before it imports anything else of the collection, which would end in an exception there.
"""

import json
import sys

OLDEST = (3, 9)


def require(version: "tuple[int, ...]" = sys.version_info[:3], executable: str = sys.executable) -> None:
    """End the process with a result of a failed module, on one line, where the Python is too old."""
    if version < OLDEST:
        oldest, found = (".".join(map(str, numbers)) for numbers in (OLDEST, version))
        message = (
            f"The modules of bitbucket.datacenter need Python {oldest} or newer, but {executable} is Python {found}; "
            "set ansible_python_interpreter to the path of a newer one."
        )
        # what _errors.py would make of it, which cannot be imported here
        error: dict[str, object] = {
            **dict.fromkeys(("method", "path", "status", "request_id")),
            "type": "input",
            "messages": [],
            "exception_names": [],
            "retryable": False,
        }
        # like AnsibleModule itself where its Python is too old
        sys.stdout.write(json.dumps({"failed": True, "msg": message, "error": error}) + "\n")
        raise SystemExit(1)
