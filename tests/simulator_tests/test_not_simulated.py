# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of what is not simulated: it is kept by asking for each of it."""

from __future__ import annotations

import re
from pathlib import Path

from workbench import Workbench

README = Path(__file__).parents[1] / "simulator" / "README.md"
SECTION = README.read_text(encoding="utf-8").split("## What is not simulated\n", 1)[1].split("\n## ", 1)[0]
ROWS = [line for line in SECTION.splitlines() if line.startswith("| ") and "`" in line]
PATHS = [path for row in ROWS for path in re.findall(r"`([^`]+)`", row)]


def test_the_list_is_read() -> None:
    assert len(ROWS) > 20 and len(PATHS) > 50


def test_what_is_listed_is_not_there(bench: Workbench) -> None:
    """As where a plugin is missing: without `errors`. An entity that is not there would have them."""
    there = {}
    for path in PATHS:
        rest = re.sub(r"^PR", "REPO/pull-requests/1", path)
        rest = re.sub(r"^REPO", bench.repo, rest).replace("KEY", bench.key).replace("SLUG", bench.slug)
        answer = bench.cluster.call("GET", rest.replace("ID", "1"))
        if answer.status_code != 404 or "errors" in answer.text:
            there[path] = (answer.status_code, answer.text[:120])
    assert there == {}
