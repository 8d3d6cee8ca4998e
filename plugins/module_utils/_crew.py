# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Work on many repositories at once: several threads, each with a client of its own."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import typing as t

from ._client import Client

T = t.TypeVar("T")
R = t.TypeVar("R")


class Crew:
    """At most ``concurrency`` threads beside the caller's; to be used in a ``with``, which ends their sessions.

    The very first piece of work goes alone, by the caller's client: several log-ins with a wrong password at once would
    end in a CAPTCHA (documented).
    """

    def __init__(self, client: Client, concurrency: int) -> None:
        self._client = client
        self._pool = concurrent.futures.ThreadPoolExecutor(concurrency)
        self._sessions = contextlib.ExitStack()
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._begun = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_exception: object) -> None:
        # what has not begun when something is raised never will
        self._pool.shutdown(cancel_futures=True)
        self._sessions.close()

    def map(self, act: t.Callable[[Client, T], R], work: t.Iterable[T]) -> t.Iterator[R]:
        """What ``act`` makes of each piece of work, in their order. Raises what it raises."""
        remaining = list(work)
        if remaining and not self._begun:
            self._begun = True
            yield act(self._client, remaining.pop(0))
        yield from self._pool.map(lambda each: act(self._own_client(), each), remaining)

    def _own_client(self) -> Client:
        """The client of this thread."""
        if not hasattr(self._mine, "client"):
            with self._lock:
                self._mine.client = self._sessions.enter_context(self._client.another())
        client: Client = self._mine.client
        return client
