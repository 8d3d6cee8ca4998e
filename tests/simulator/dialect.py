# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the answers of one release differ from those of another."""

from __future__ import annotations

from typing import Any

from simulator.errors import ApiError, MessageError
from simulator.version import Version


class Dialect:
    """The behaviours that depend on the version of the answering node."""

    def __init__(self, version: Version) -> None:
        self.version = version
        # seen 9.4, 10.4: `context` is absent from 9.4 on.
        self.error_context = version.feature < (9, 4)
        # assumed: `properties` carries the Jira keys since 7.0, `attributes` did before.
        self.jira_key_holder = "properties" if version.major >= 7 else "attributes"
        # seen 10.4: commit info answers with the default branch alone when that contains the commit.
        self.info_default_branch_only = version.major >= 10
        # doc: restrictions on creating branches came with 9.4.
        self.no_creates_restriction = version.feature >= (9, 4)
        # doc: 201 for an issue from a comment in the older reference, 200 in 9.x.
        self.issue_created_status = 200 if version.major >= 9 else 201
        # doc: key and name of the linked Jira project are projectKey and projectName in 9.x.
        self.entity_link_project_names = version.major >= 9
        # assumed: nobody documents what a project without a link answers.
        self.no_entity_link_status = 204 if version.major >= 9 else 404
        # doc says 204, seen is 404; which release does which is assumed.
        self.no_default_branch_status = 404 if version.major >= 10 else 204

    def error_body(self, error: ApiError) -> dict[str, Any]:
        """The JSON body for an error: `errors[]`, and in it whatever the error carries beside its message (doc)."""
        if isinstance(error, MessageError):
            return {"message": str(error)}
        entries = []
        for context, message in error.entries:
            entry: dict[str, Any] = {"message": message, "exceptionName": error.exception, **error.extra}
            if self.error_context or context is not None:
                entry = {"context": context, **entry}
            entries.append(entry)
        return {"errors": entries}
