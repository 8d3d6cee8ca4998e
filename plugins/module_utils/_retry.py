# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""When to try again, and how long to wait before: bounded by count and by total time."""

from __future__ import annotations

import dataclasses
import threading


@dataclasses.dataclass(frozen=True)
class Retry:
    """Limits of one call with all its tries. Times are in seconds.

    ``most`` counts the tries after the first, ``limited`` those after a 429: a server that limits the rate asks for
    them, and several clients of one account compete for what it grants. They are made within ``total``. An address
    where nobody listens refuses at once, so that counted tries are soon used up: ``patience`` is how long tries go on
    whatever their number.
    """

    most: int = 4
    limited: int = 30
    total: float = 60
    patience: float = 0
    base: float = 0.25
    cap: float = 8

    def pause(
        self, retries: int, elapsed: float, wanted: float | None, jitter: float, *, limited: bool = False
    ) -> float | None:
        """Seconds to wait before the next try, or None to give up.

        ``retries`` have been made for the same reason, ``elapsed`` seconds have passed, ``wanted`` is the server's
        Retry-After. ``jitter`` from 0 to 1 spreads clients: below half of a growing pause, or on top of what the
        server wants.
        """
        counted = retries < (self.limited if limited else self.most)
        growing = min(self.cap, self.base * 2 ** min(retries, 30))
        pause = growing * (0.5 + jitter / 2) if wanted is None else wanted + self.base * jitter
        return pause if elapsed + pause <= max(self.total if counted else 0, self.patience) else None


NEVER = Retry(most=0, limited=0)
# of what an upgrade rests on: longer than half a minute without an entry address, by more than one pause
UPGRADE = Retry(patience=45)


class Gate:
    """Until when the clients of one account hold their requests back: a 429 for one of them counts for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opens = float("-inf")

    def close(self, until: float) -> None:
        """Hold requests back until this time of the clock."""
        with self._lock:
            self._opens = max(self._opens, until)

    def remaining(self, now: float) -> float:
        """Seconds until requests may be sent, 0 when they may now."""
        return max(0.0, self._opens - now)
