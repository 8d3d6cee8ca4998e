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
        # seen 10.4: commit info has exactly one ref, however many contain the commit; since when: assumed.
        self.info_has_one_ref = version.major >= 10
        # seen 9.2.1, 9.3.2 (refused); doc: restrictions on creating branches came with 9.4.
        self.no_creates_restriction = version.feature >= (9, 4)
        # doc: 201 for an issue from a comment in the older reference, 200 in 9.x.
        self.issue_created_status = 200 if version.major >= 9 else 201
        # doc: key and name of the linked Jira project are projectKey and projectName in 9.x.
        self.entity_link_project_names = version.major >= 9
        # assumed: nobody documents what a project without a link answers.
        self.no_entity_link_status = 204 if version.major >= 9 else 404
        # seen for required builds and default reviewers, 9.3.2 to 10.1.5 (refused) and 10.2.7; for restrictions assumed
        self.default_branch_matcher = version.feature >= (10, 2)
        # seen: XML on 10.2.1, JSON on 10.4.2; what 10.3 does, and that older ones do as 10.2, is assumed.
        self.unrouted_in_json = version.feature >= (10, 4)

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
