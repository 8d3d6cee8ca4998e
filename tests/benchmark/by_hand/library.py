# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With atlassian-python-api, as its documentation shows it: one call after the other."""

from __future__ import annotations

from typing import Any

from atlassian import Bitbucket

from benchmark.by_hand.wanted import repositories, server

# The library has no annotations.
BITBUCKET: Any = Bitbucket


def main() -> None:
    url, (username, password) = server()
    api = BITBUCKET(url, username=username, password=password)
    for repository in repositories():
        place = (repository.project_key, repository.slug)
        existing = {branch["displayId"] for branch in api.get_branches(*place, limit=1000, details=False)}
        for name in repository.branches:
            if name not in existing:
                api.create_branch(*place, name, repository.start_point)


if __name__ == "__main__":
    main()
