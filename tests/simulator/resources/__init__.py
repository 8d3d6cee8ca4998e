# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST resources, one file each; a new file is added to the tuple here."""

from __future__ import annotations

from simulator.resources import (
    access_tokens,
    branch_model,
    branch_utils,
    branches,
    builds,
    comments,
    commits,
    git_http,
    jira,
    mesh,
    mirroring,
    permissions,
    profile,
    projects,
    pull_request_merge,
    pull_requests,
    repositories,
    restrictions,
    server,
    tags,
    users,
    zdu,
)

ALL_ROUTES = tuple(
    route
    for module in (
        server,
        zdu,
        projects,
        repositories,
        permissions,
        profile,
        users,
        branches,
        tags,
        commits,
        builds,
        branch_utils,
        branch_model,
        restrictions,
        pull_requests,
        pull_request_merge,
        comments,
        jira,
        mirroring,
        mesh,
        access_tokens,
        git_http,
    )
    for route in module.routes.items
)
