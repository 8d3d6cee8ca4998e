# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/rest/jira: issues from comments, commits of issues, issues of pull requests, and the linked Jira project."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiohttp import web

from simulator import errors
from simulator.call import Call
from simulator.directory import READ, Repository
from simulator.errors import ApiError
from simulator.gitdiff import changes
from simulator.jira import CommitIndex, Jira, jira_keys
from simulator.paging import PageRequest
from simulator.pull_requests import Comment, Comments, PullRequests
from simulator.resources import present
from simulator.resources.pull_request_shown import tips
from simulator.routing import PROJECT, REPOSITORY, Routes

routes = Routes()

JIRA = r"/rest/jira/{apiVersion:latest|1\.0}"
COMMITS_READ = 100  # doc: so many commits of a pull request are looked at
_index = CommitIndex()


@routes.post(JIRA + r"/comments/{commentId:\d+}/issues", permission="LICENSED_USER")
async def create_issue(call: Call) -> web.Response:
    """doc: Jira's own create-issue JSON in the body; 201 in the older reference, 200 in 9.x."""
    comment = _comment(call)
    body = await call.body()
    application_id = call.query("applicationId") or ""
    jira = Jira(call.node.store)
    link = jira.link(application_id)
    if link is None:
        # doc: 400.
        raise errors.bad_request(f"No application link exists with the ID '{application_id}'.", "applicationId")
    if link["needs_authentication"]:
        # doc: 401; seen: clients of the plugin's other resources read this exception and address.
        raise ApiError(
            401,
            f"You must authenticate with {link['name']} before you can create an issue.",
            "com.atlassian.integration.jira.JiraAuthenticationRequiredException",
            authenticationUri=f"{link['url']}/plugins/servlet/applinks/oauth/login-dance/access",
        )
    fields = body.get("fields")
    if not isinstance(fields, dict) or not str(fields.get("summary") or "").strip():
        raise _refused_by_jira(summary="You must specify a summary of the issue.")
    key = jira.create_issue(application_id, comment.id, fields)
    if key is None:
        raise _refused_by_jira(project="valid project is required")
    return call.reply({"commentId": comment.id, "issueKey": key}, call.node.dialect.issue_created_status)


def _refused_by_jira(**faults: str) -> ApiError:
    """What Jira says of fields: seen by clients of the plugin's other resources, assumed for this one."""
    return ApiError(400, "Jira has refused the issue.", elementErrors={"errorMessages": [], "errors": faults})


def _comment(call: Call) -> Comment:
    """doc: only comments on pull requests; the status for others is assumed."""
    number = call.request.match_info["commentId"]
    comment = Comments(call.node.store).get(int(number))
    repository = call.node.directory.repository_by_id(comment.repository_id) if comment else None
    if comment is None or repository is None:
        raise errors.no_such_comment(number)
    if not call.can_read(repository):
        raise errors.not_permitted()
    if comment.pull_request_id is None:
        raise errors.bad_request("An issue can only be created from a comment on a pull request.", "commentId")
    return comment


@routes.get(JIRA + "/issues/{issueKey}/commits", permission="LICENSED_USER")
async def issue_commits(call: Call) -> web.Response:
    """doc: over all repositories that the caller may read, each with its first `maxChanges` changes."""
    key = call.request.match_info["issueKey"]
    limit = PageRequest.parse(None, call.query("maxChanges") or "10").limit

    def found() -> Iterator[tuple[Repository, str]]:
        for repository in call.node.directory.repositories():
            if call.node.directory.repository_level(call.identity.user, repository) >= READ:
                for commit_id in _index.commits(call.node.git(repository.id), key):
                    yield repository, commit_id

    return call.reply(call.page().of(found(), lambda each: _changeset(call, *each, limit)))


def _changeset(call: Call, repository: Repository, commit_id: str, limit: int) -> dict[str, Any]:
    git = call.node.git(repository.id)
    commit = git.commit(commit_id)
    assert commit is not None
    parent = commit.parents[0] if commit.parents else None
    shown = present.repository(call, repository)
    page_url = shown["links"]["self"][0]["href"].removesuffix("/browse")
    result: dict[str, Any] = {
        "toCommit": present.commit(call, commit),
        "changes": PageRequest(0, limit).of(changes(git, commit, parent), present.change),
        "repository": shown,
        "links": {"self": [{"href": f"{page_url}/commits/{commit_id}"}]},
    }
    if parent is not None:
        result["fromCommit"] = present.commit(call, parent)
    return result


@routes.get(JIRA + PROJECT + "/primary-enhanced-entitylink", permission="PROJECT_READ")
async def entity_link(call: Call) -> web.Response:
    """doc: key and name in the older reference, projectKey and projectName in 9.x. No link is unknown, see dialect."""
    link = Jira(call.node.store).entity_link(call.project.id)
    dialect = call.node.dialect
    if link is None:
        if dialect.no_entity_link_status == 204:
            return call.no_content()
        raise ApiError(404, f"Project {call.project.key} is not linked with a Jira project.")
    names = ("projectKey", "projectName") if dialect.entity_link_project_names else ("key", "name")
    return call.reply(
        {
            "applicationLinkId": link["application_id"],
            "displayUrl": f"{link['url']}/browse/{link['key']}",
            "projectId": link["id"],
            names[0]: link["key"],
            names[1]: link["name"],
        }
    )


@routes.get(JIRA + REPOSITORY + r"/pull-requests/{pullRequestId:\d+}/issues", permission="REPO_READ")
async def pull_request_issues(call: Call) -> web.Response:
    """seen 10.4: a pull request that does not exist has an empty list, too."""
    request = PullRequests(call.node.store).get(call.repository.id, int(call.request.match_info["pullRequestId"]))
    if request is None:
        return call.reply([])
    found = islice(call.git.between(*tips(call, request)), COMMITS_READ)
    keys = dict.fromkeys(key for commit in found for key in jira_keys(commit.message))
    link = Jira(call.node.store).primary_link()
    # assumed: without an application link there is nothing that a key could be resolved with.
    return call.reply([{"key": key, "url": f"{link['url']}/browse/{key}"} for key in keys] if link else [])
