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
    "token_file": "BITBUCKET_TOKEN_FILE",
    "ca_path": "BITBUCKET_CA_PATH",
    "client_cert": "BITBUCKET_CLIENT_CERT",
    "client_key": "BITBUCKET_CLIENT_KEY",
    "validate_certs": "BITBUCKET_VALIDATE_CERTS",
    "allow_http": "BITBUCKET_ALLOW_HTTP",
    "timeout": "BITBUCKET_TIMEOUT",
    "patience": "BITBUCKET_PATIENCE",
}

CONNECTION: Spec = {
    "url": {"type": "list", "elements": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    # a path, no secret itself
    "token_file": {"type": "path", "no_log": False},
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
    "allow_http": {"type": "bool", "default": False},
    # the address of a proxy may carry credentials
    "proxy": {"type": "str", "no_log": True},
    "timeout": {"type": "float", "default": 30},
    "patience": {"type": "float"},
}

REPOSITORY: Spec = {
    # named like a secret, and none
    "project_key": {"type": "str", "required": True, "no_log": False},
    "repository": {"type": "str", "required": True},
}

# a repository, or the whole project where none is given
PLACE: Spec = {**REPOSITORY, "repository": {"type": "str"}}


# of modules that tell how far they are
PROGRESS: Spec = {"progress_interval": {"type": "float", "default": 5}}


def wait(delay: float, timeout: float) -> Spec:
    """The options of a bounded wait with its defaults in seconds."""
    return {
        "wait_delay": {"type": "float", "default": delay},
        "wait_timeout": {"type": "float", "default": timeout},
    }
