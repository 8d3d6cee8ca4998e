# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo and the playbook tests share: a simulated cluster, and ansible-playbook as users run it."""
