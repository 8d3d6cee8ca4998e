# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks under a user's own configuration of Ansible, on several releases of ansible-core."""
