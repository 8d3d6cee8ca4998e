# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Options that modules share, as data; documented by the fragments in plugins/doc_fragments."""

from __future__ import annotations

import typing as t

Spec = dict[str, dict[str, t.Any]]

# option: environment variable that fills it when it is not given
ENVIRONMENT = {
    "url": "BITBUCKET_URL",
    "username": "BITBUCKET_USERNAME",
    "password": "BITBUCKET_PASSWORD",
    "token": "BITBUCKET_TOKEN",
    "ca_path": "BITBUCKET_CA_PATH",
    "validate_certs": "BITBUCKET_VALIDATE_CERTS",
    "timeout": "BITBUCKET_TIMEOUT",
}

CONNECTION: Spec = {
    "url": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 30},
}

REPOSITORY: Spec = {
    # the name of the option matches a pattern for secrets, its value is none
    "project_key": {"type": "str", "required": True, "no_log": False},
    "repository": {"type": "str", "required": True},
}


def wait(delay: float, timeout: float) -> Spec:
    """The options of a bounded wait with its defaults in seconds."""
    return {
        "wait_delay": {"type": "float", "default": delay},
        "wait_timeout": {"type": "float", "default": timeout},
    }
