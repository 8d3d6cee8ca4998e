# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of all parts together. A module without a scenario, or without a row of faults, fails the suite."""

from __future__ import annotations

from ..proof import Scenario, Uses
from . import branches, cleanup, commits, jira, listings, mesh, release, settings, upgrade

# The upgrade comes last: its scenarios leave the cluster at another release.
PARTS = (branches, cleanup, commits, jira, listings, mesh, release, settings, upgrade)

SCENARIOS: list[Scenario] = [scenario for part in PARTS for scenario in part.SCENARIOS]

USES: Uses = {}
for part in PARTS:
    for endpoint, uses in part.USES.items():
        USES.setdefault(endpoint, []).extend(uses)
