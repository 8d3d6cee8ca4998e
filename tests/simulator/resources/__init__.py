# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST resources, one file each; a new file is added to the tuple here."""

from __future__ import annotations

from simulator.resources import (
    access_tokens,
    branch_model,
    branch_utils,
    branches,
    commits,
    git_http,
    projects,
    server,
    zdu,
)

ALL_ROUTES = tuple(
    route
    for module in (server, zdu, projects, branches, commits, branch_utils, branch_model, access_tokens, git_http)
    for route in module.routes.items
)
