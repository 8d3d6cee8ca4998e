# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What noxfile.py needs to run ansible-test and the other gates without Docker and without touching the machine."""
