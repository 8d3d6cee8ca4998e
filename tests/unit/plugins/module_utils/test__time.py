# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._time import iso_time


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (-62_135_596_800, "0001-01-01T00:00:00Z"),
        (10**15, None),
        (10**30, None),
    ],
)
def test_a_time_that_no_calendar_has_is_none(seconds, wanted):
    assert iso_time(seconds) == wanted
