# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks over the wire that a server, simulated or real, answers as bitbucket.datacenter takes it to answer."""
