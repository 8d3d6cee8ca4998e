# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, one file each, in the order of the report; a new file is added to the tuple here."""

from __future__ import annotations

from benchmark.cases import commits, estate, provisioning, requests_per_second, seeding, tasks, upgrade

ALL_CASES = (provisioning, estate, commits, tasks, requests_per_second, seeding, upgrade)
