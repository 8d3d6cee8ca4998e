# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The link with Jira: commits of an issue, issues of a pull request, the project in Jira, and new issues."""

from __future__ import annotations

import itertools
import typing as t

from ._client import Client, quote
from ._commit import COMMIT
from ._commit import view as commit_view
from ._errors import (
    AnonymousError,
    AuthenticationError,
    CaptchaError,
    ContractError,
    InputError,
    NotFoundError,
    NotSupportedError,
    ValidationError,
)
from ._project import Projects
from ._repository import NAMED, Project, Repository
from ._schema import Json, Schema, array, page

_API = "jira/latest"
_REST = f"/rest/{_API}"
_PATH: Json = {"type": "object", "required": ["toString"], "properties": {"toString": {"type": "string"}}}
_CHANGESETS = Schema(
    page(
        {
            "type": "object",
            "required": ["toCommit", "changes", "repository"],
            "properties": {
                "toCommit": COMMIT,
                "changes": page(
                    {
                        "type": "object",
                        "required": ["type", "path"],
                        "properties": {
                            "type": {"type": "string"},
                            "path": _PATH,
                            "srcPath": {**_PATH, "type": ["object", "null"]},
                        },
                    }
                ),
                "repository": NAMED,
            },
        }
    )
)
_ISSUES = Schema(
    array(
        {
            "type": "object",
            "required": ["key", "url"],
            "properties": {"key": {"type": "string"}, "url": {"type": "string"}},
        }
    )
)
_TEXT: Json = {"type": ["string", "null"]}
_ENTITY_LINK = Schema(
    {
        "type": "object",
        "required": ["applicationLinkId", "displayUrl"],
        "properties": {
            "applicationLinkId": {"type": "string"},
            "displayUrl": {"type": "string"},
            "projectId": {"type": ["integer", "null"]},
            "projectKey": {"type": "string"},
            "projectName": _TEXT,
            "key": {"type": "string"},
            "name": _TEXT,
        },
    },
    optional=True,
)
_CREATED = Schema({"type": "object", "required": ["issueKey"], "properties": {"issueKey": {"type": "string"}}})
# changesets are large, and no more than a hundred come at once in any listing of commits (documented)
_MOST_AT_ONCE = 100

View = dict[str, t.Any]


def commits_of_issue(client: Client, issue_key: str, max_changes: int, limit: int | None = None) -> t.Iterator[View]:
    """The commits whose messages name the issue, over all repositories that the account may read; page by page.

    Each is a commit's view with ``project_key``, ``repository``, at most ``max_changes`` ``changes`` and whether these
    are all, ``changes_complete``. An issue that no commit names has none: the server knows no other issues
    (documented). Any BitbucketError.
    """
    # a page of nothing is refused (assumed), so that one is asked for where none is wanted
    query = {"maxChanges": max(max_changes, 1)}
    path = f"{_REST}/issues/{quote(issue_key)}/commits"
    found = client.items(path, _CHANGESETS, query, limit=min(limit or _MOST_AT_ONCE, _MOST_AT_ONCE))
    return (_changeset_view(each, max_changes) for each in itertools.islice(found, limit))


def _changeset_view(changeset: Json, max_changes: int) -> View:
    told, changes = changeset["changes"], changeset["changes"]["values"]
    return {
        **commit_view(changeset["toCommit"]),
        "project_key": changeset["repository"]["project"]["key"],
        "repository": changeset["repository"]["slug"],
        "changes": [_change_view(change) for change in changes[:max_changes]],
        "changes_complete": told["isLastPage"] and len(changes) <= max_changes,
    }


def _change_view(change: Json) -> View:
    """``source_path`` is where a file that was moved or copied comes from, else None."""
    source = change.get("srcPath")
    return {"type": change["type"], "path": change["path"]["toString"], "source_path": source and source["toString"]}


def issues_of_pull_request(client: Client, repository: Repository, number: int) -> list[View]:
    """``issue_key`` and ``url`` of each issue that commits of the pull request name. Any BitbucketError.

    The server reads no more than a hundred of its commits, unless it is configured to (documented), and knows none of
    a pull request that does not exist, too (seen on 10.4).
    """
    found = client.get(repository.path(_API, f"pull-requests/{number}/issues"), _ISSUES)
    return [{"issue_key": issue["key"], "url": issue["url"]} for issue in found]


def entity_link(client: Client, project: Project) -> View | None:
    """The project in Jira that the project is linked with first of all, None where it is linked with none.

    Raises NotFoundError where there is no such project; any BitbucketError.
    """
    # what a server says of a project without a link is not known: 204 or some 404 (assumed)
    try:
        link = client.get(project.path(_API, "primary-enhanced-entitylink"), _ENTITY_LINK)
    except NotFoundError:
        link = None
    except NotSupportedError:
        # this 404 may as well mean that the plugin is missing: then another of its resources says the same
        next(commits_of_issue(client, "NONE-1", 0, 1), None)
        link = None
    if link is None:
        Projects(client).get(project.project_key)
        return None
    return _entity_link_view(link)


def _entity_link_view(link: Json) -> View:
    # key and name in the older reference, projectKey and projectName in 9.x (documented)
    key, name = link.get("projectKey", link.get("key")), link.get("projectName", link.get("name"))
    if key is None:
        raise ContractError("The server tells of a link with Jira, and not with which project", method="GET")
    return {
        "application_id": link["applicationLinkId"],
        "url": link["displayUrl"],
        "jira_project_id": link.get("projectId"),
        "jira_project_key": key,
        "jira_project_name": name,
    }


def check_fields(fields: t.Mapping[str, t.Any]) -> None:
    """What every issue needs, told before anything is sent; the rest is Jira's to judge. Raises InputError."""
    project, summary = fields.get("project"), fields.get("summary")
    if not isinstance(project, dict) or not (project.get("key") or project.get("id")):
        raise InputError("fields name no project of Jira", "add project with the key or the id of one to fields")
    if not isinstance(summary, str) or not summary.strip():
        raise InputError("fields have no summary", "add summary with a text to fields")


def create_issue(client: Client, application_id: str, comment_id: int, fields: t.Mapping[str, t.Any]) -> str:
    """Create an issue from a comment on a pull request and return its key; sent once, since nothing is read back by.

    ``fields`` are those of Jira's own API. Any BitbucketError, in words of their own where the application link or the
    project is unknown, and where Jira wants its own authentication.
    """
    path, query = f"{_REST}/comments/{comment_id}/issues", {"applicationId": application_id}
    try:
        # 201 in the older reference, 200 in 9.x (documented)
        return str(client.post(path, _CREATED, {"fields": dict(fields)}, query)["issueKey"])
    except ValidationError as error:
        _explain(error, application_id, fields["project"])
        raise
    except AuthenticationError as error:
        # documented: Jira's. Bitbucket's own refusals have types and names of their own.
        if not isinstance(error, (AnonymousError, CaptchaError)) and not _by_bitbucket(error):
            url = error.facts.get("authentication_url")
            where = f"open {url}" if url else "create an issue from any comment"
            error.cause = f"Jira wants this account to authenticate there ({_said(error)})"
            error.next_step = (
                f"{where} in a browser, logged in to Bitbucket as this account, and allow the access to Jira"
            )
        raise


def _explain(error: ValidationError, application_id: str, project: t.Mapping[str, t.Any]) -> None:
    """Say which of the user's values it is, as far as the server's messages tell (their words are assumed)."""
    said = [message.lower() for message in error.messages]
    if any("application link" in message or application_id.lower() in message for message in said):
        error.cause = f"application_id {application_id!r} is no application link with Jira ({_said(error)})"
        error.next_step = "give the id of one, such as jira_entity_link_info returns for a project that is linked"
    elif any(message.startswith("project") for message in said):
        named = project.get("key") or project.get("id")
        error.cause = f"Jira has no project {named!r} in which this account may create issues ({_said(error)})"
        error.next_step = "correct project in fields"
    else:
        error.cause = f"Jira does not take the issue ({_said(error)})"
        error.next_step = "correct fields, which are those of Jira's own API"


def _said(error: ValidationError | AuthenticationError) -> str:
    return f"{error.status}: {' '.join(error.messages)}".rstrip(". :")


def _by_bitbucket(error: AuthenticationError) -> bool:
    return any(name.startswith("com.atlassian.bitbucket.") for name in error.exception_names)
