# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With requests, several repositories at a time: a pool of threads, each of which has a session."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmark.by_hand.sequential import provision
from benchmark.by_hand.wanted import Repository, repositories, server


def main() -> None:
    url, credentials = server()
    local = threading.local()

    def work(repository: Repository) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.auth = credentials
        provision(local.session, url, repository)

    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        # the first exception comes out here
        list(pool.map(work, repositories()))


if __name__ == "__main__":
    main()
