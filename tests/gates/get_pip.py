# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ansible-test would download from a host of its own.

Every interpreter carries a pip, which is good enough: the version that ansible-test names is for reproducing its own
containers. It is unpacked, which is how a wheel of pure Python is installed, in a tenth of the time that ensurepip
takes; there are some forty virtual environments to fill.
"""

from __future__ import annotations

import ensurepip
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

# Distributions that patch Python keep the wheel where this variable says.
place = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).with_name("_bundled")
wheel = next(Path(place).glob("pip-*.whl"))
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(sysconfig.get_path("purelib"))

packages = [word for word in sys.argv[1:] if not word.startswith(("-", "pip=="))]
if packages:
    sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *packages]))
