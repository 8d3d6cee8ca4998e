# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""When to try again, and how long to wait before: bounded by count and by total time."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Retry:
    """Limits of one call with all its tries. ``most`` counts the tries after the first, times are in seconds."""

    most: int = 4
    total: float = 60
    base: float = 0.25
    cap: float = 8

    def pause(self, retries: int, elapsed: float, wanted: float | None, jitter: float) -> float | None:
        """Seconds to wait before the next try, or None to give up.

        ``retries`` have been made, ``elapsed`` seconds have passed, ``wanted`` is the server's Retry-After.
        ``jitter`` from 0 to 1 spreads clients: below half of a growing pause, or on top of what the server wants.
        """
        if retries >= self.most:
            return None
        growing = min(self.cap, self.base * 2**retries)
        pause = growing * (0.5 + jitter / 2) if wanted is None else wanted + self.base * jitter
        return pause if elapsed + pause <= self.total else None


NEVER = Retry(most=0)
