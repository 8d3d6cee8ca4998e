# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Waiting, bounded by a monotonic clock, that tells what it sees and ends early on what cannot recover."""

from __future__ import annotations

import time
import typing as t

from ._errors import BitbucketError, WaitError

T = t.TypeVar("T")


def _tell_nobody(_line: str, _news: bool) -> None:
    """For a wait that nobody watches."""


def wait_until(
    probe: t.Callable[[], T],
    reached: t.Callable[[T], bool],
    hopeless: t.Callable[[T], tuple[str, str] | None],
    describe: t.Callable[[T], str],
    *,
    subject: str,
    wanted: str,
    timeout: float,
    delay: float,
    next_step: str,
    tell: t.Callable[[str, bool], None] = _tell_nobody,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> tuple[T, float]:
    """Probe every ``delay`` seconds until ``reached``; return the last observation and the elapsed seconds.

    ``hopeless`` gives the reason why the goal cannot be reached any more, with the next step, or None. A retryable
    error of the probe counts as "not yet"; any other goes through at once. Probes at least once, and once more at the
    limit. ``subject``, ``wanted`` and what ``describe`` makes of an observation fill a sentence like "the door: ajar,
    wanted shut", which ``tell`` gets after each look that does not end the wait, with whether it is news.
    Raises WaitError with the last observation in words when ``timeout`` seconds have passed.
    """
    begin = clock()
    told = None
    while True:
        try:
            observation = probe()
        except BitbucketError as error:
            if not error.retryable:
                raise
            # that it fails is the news, not how
            news, seen = "the look failed", error.cause
            line = f"{news}, {seen}"
        else:
            if reached(observation):
                return observation, clock() - begin
            news = line = describe(observation)
            seen = f"it is {line}"
            end = hopeless(observation)
            if end is not None:
                reason, instead = end
                elapsed = clock() - begin
                raise WaitError(
                    f"Gave up after {elapsed:.0f} s waiting for {subject} to be {wanted}: {seen}, {reason}", instead
                )
        elapsed = clock() - begin
        if elapsed >= timeout:
            raise WaitError(f"Waited {elapsed:.0f} s in vain for {subject} to be {wanted}: {seen}", next_step)
        tell(f"{subject}: {line}, wanted {wanted}, {elapsed:.0f} of {timeout:.0f} s", news != told)
        told = news
        sleep(min(delay, timeout - elapsed))
