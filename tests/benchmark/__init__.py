# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements, one file each in cases/; ratios within one run tell more than numbers of different machines."""
