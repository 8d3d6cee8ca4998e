# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Times as the server gives them and as people read them."""

from __future__ import annotations

import datetime as dt


def iso_time(seconds: int | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None for None, and for what is beyond the calendar."""
    if seconds is None:
        return None
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None  # a commit may carry any number
    # not by strftime, which writes the year 1 as it is
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
