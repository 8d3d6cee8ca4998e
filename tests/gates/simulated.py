# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What integration targets need to know of a simulated cluster."""

from __future__ import annotations

from typing import Any

from harness.simulator import Simulator


def integration_config(simulator: Simulator) -> dict[str, Any]:
    """Returns the variables that integration targets read.

    Against a real server somebody writes the connection by hand; bitbucket_simulator is then missing, and with it what
    only a simulator has: its control address and the bare repositories.
    """
    name, password = simulator.administrator
    return {
        "bitbucket_url": simulator.url,
        "bitbucket_username": name,
        "bitbucket_password": password,
        "bitbucket_simulator": simulator.facts,
    }
