# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With requests, one request after the other over one session."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from benchmark.by_hand.wanted import Repository, repositories, server


def provision(session: requests.Session, url: str, repository: Repository) -> None:
    path = f"projects/{repository.project_key}/repos/{repository.slug}/branches"
    existing = set(names(session, f"{url}/rest/api/latest/{path}"))
    for name in repository.branches:
        if name not in existing:
            body = {"name": name, "startPoint": repository.start_point}
            session.post(f"{url}/rest/branch-utils/latest/{path}", json=body, timeout=30).raise_for_status()


def names(session: requests.Session, listing: str) -> Iterator[str]:
    start: int | None = 0
    while start is not None:
        answer = session.get(listing, params={"start": start, "limit": 1000}, timeout=30)
        answer.raise_for_status()
        page = answer.json()
        yield from (branch["displayId"] for branch in page["values"])
        start = None if page["isLastPage"] else page["nextPageStart"]


def main() -> None:
    url, credentials = server()
    with requests.Session() as session:
        session.auth = credentials
        for repository in repositories():
            provision(session, url, repository)


if __name__ == "__main__":
    main()
