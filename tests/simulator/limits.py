# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limit: a token bucket for each user at each node."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from simulator.behaviour import RateLimit
from simulator.errors import ApiError


@dataclass
class _Bucket:
    tokens: float
    filled: float


class RateLimiter:
    """doc: off by default, 60 tokens, 5 more a second; `Retry-After` in whole seconds."""

    def __init__(self) -> None:
        self._limit = RateLimit()
        self._buckets: dict[str, _Bucket] = {}

    def take(self, limit: RateLimit, user: str) -> None:
        """One token for one request of the user; ApiError 429 when there is none."""
        if limit != self._limit:
            # assumed: another limit starts with full buckets.
            self._limit, self._buckets = limit, {}
        if not limit.enabled or user.lower() in (name.lower() for name in limit.exempt):
            return
        now = time.monotonic()
        bucket = self._buckets.setdefault(user, _Bucket(limit.capacity, now))
        bucket.tokens = min(limit.capacity, bucket.tokens + (now - bucket.filled) * limit.refill)
        bucket.filled = now
        if bucket.tokens < 1:
            wait = max(1, math.ceil((1 - bucket.tokens) / limit.refill))
            # The words are assumed.
            raise ApiError(
                429,
                f"User {user} has sent too many requests. Try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        bucket.tokens -= 1
