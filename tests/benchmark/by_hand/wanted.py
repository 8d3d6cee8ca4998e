# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that the scripts read."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repository:
    project_key: str
    slug: str
    branches: list[str]
    start_point: str


def repositories() -> list[Repository]:
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    return [Repository(**each) for each in document]


def server() -> tuple[str, tuple[str, str]]:
    """The base address, and name and password."""
    return os.environ["BITBUCKET_URL"], (os.environ["BITBUCKET_USERNAME"], os.environ["BITBUCKET_PASSWORD"])
