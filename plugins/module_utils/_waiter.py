# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Waiting, bounded by a monotonic clock, that ends early on what cannot recover."""

from __future__ import annotations

import time
import typing as t

from ._errors import BitbucketError, WaitError

T = t.TypeVar("T")


def wait_until(
    probe: t.Callable[[], T],
    reached: t.Callable[[T], bool],
    hopeless: t.Callable[[T], str | None],
    describe: t.Callable[[T], str],
    *,
    goal: str,
    timeout: float,
    delay: float,
    next_step: str,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> tuple[T, float]:
    """Probe every ``delay`` seconds until ``reached``; return the last observation and the elapsed seconds.

    ``hopeless`` gives the reason why the goal cannot be reached any more, or None. A retryable error of the probe
    counts as "not yet"; any other goes through at once. Probes at least once, and once more at the limit.
    Raises WaitError with the last observation in words when ``timeout`` seconds have passed.
    """
    begin = clock()
    while True:
        seen = "the server was not reached yet"
        try:
            observation = probe()
        except BitbucketError as error:
            if not error.retryable:
                raise
            seen = error.cause
        else:
            if reached(observation):
                return observation, clock() - begin
            seen = describe(observation)
            reason = hopeless(observation)
            if reason is not None:
                elapsed = clock() - begin
                raise WaitError(f"Gave up after {elapsed:.0f} s waiting for {goal}: {reason} ({seen})", next_step)
        elapsed = clock() - begin
        if elapsed >= timeout:
            raise WaitError(f"Waited {elapsed:.0f} s in vain for {goal}: {seen}", next_step)
        sleep(min(delay, timeout - elapsed))
