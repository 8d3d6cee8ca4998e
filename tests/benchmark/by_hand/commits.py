# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With requests, one page after the other: reads the commits of a repository, PROJECT and SLUG, and says how many.

Asks for as many on a page as ``commit_info`` does.
"""

from __future__ import annotations

import sys
from typing import Any

import requests

from benchmark.by_hand.wanted import server


def main() -> None:
    url, credentials = server()
    project, slug = sys.argv[1:]
    commits: list[dict[str, Any]] = []
    start: int | None = 0
    with requests.Session() as session:
        session.auth = credentials
        while start is not None:
            answer = session.get(
                f"{url}/rest/api/latest/projects/{project}/repos/{slug}/commits",
                params={"start": start, "limit": 1000},
                timeout=30,
            )
            answer.raise_for_status()
            page = answer.json()
            commits += page["values"]
            start = None if page["isLastPage"] else page["nextPageStart"]
    print(len(commits))


if __name__ == "__main__":
    main()
