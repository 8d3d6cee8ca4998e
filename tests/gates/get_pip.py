# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ansible-test would download from a host of its own.

Every interpreter carries a pip, which is good enough: the version that ansible-test names is for reproducing its own
containers. In processes of their own, because ensurepip switches off pip's configuration for the rest of a process.
"""

from __future__ import annotations

import subprocess
import sys

packages = [word for word in sys.argv[1:] if not word.startswith(("-", "pip=="))]
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
if packages:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *packages])
