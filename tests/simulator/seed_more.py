# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seed document says beside projects, repositories and commits: restrictions, pull requests, Jira, Mesh."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pygit2

from simulator.branching import HEADS
from simulator.directory import Directory
from simulator.gitdiff import merge
from simulator.gitrepo import Branch, GitRepository
from simulator.pull_requests import Comments, PullRequests, now
from simulator.restrictions import ANY_REF_ID, Restrictions
from simulator.store import Store

Document = dict[str, Any]

_MATCHERS = {
    "branch": "BRANCH",
    "pattern": "PATTERN",
    "model_branch": "MODEL_BRANCH",
    "model_category": "MODEL_CATEGORY",
}


class MoreSeeder:
    """Works on what the seeder has made already; ValueError names what a document refers to in vain."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._directory = Directory(store)

    def _user(self, name: str) -> int:
        user = self._directory.user(name)
        if user is None:
            raise ValueError(f"there is no user '{name}'")
        return user.id

    # --- the whole server ---

    def server(self, document: Document) -> None:
        for link in document.get("application_links", []):
            link_id = link.get("id", str(uuid.uuid5(uuid.NAMESPACE_URL, link["url"])))
            self._store.execute(
                "INSERT INTO application_link VALUES (?, ?, ?, ?)",
                link_id, link["name"], link["url"].rstrip("/"), link.get("needs_authentication", False),
            )  # fmt: skip
            for number, project in enumerate(link.get("projects", []), start=10000):
                self._store.execute(
                    "INSERT INTO jira_project VALUES (?, ?, ?, ?, ?)",
                    link_id, project["key"], project.get("id", number), project.get("name", project["key"]),
                    project.get("last_issue", 0),
                )  # fmt: skip
        for node in document.get("mesh_nodes", []):
            self._store.execute(
                "INSERT INTO mesh_node (name, rpc_url, state, drain_seconds, offline) VALUES (?, ?, ?, ?, ?)",
                node["name"], node.get("rpc_url", f"http://{node['name']}:7777"), node.get("state", "AVAILABLE"),
                node.get("drain_seconds", 1), node.get("offline", False),
            )  # fmt: skip

    # --- projects and repositories ---

    def project(self, project_id: int, project: Document) -> None:
        self._restrict("PROJECT", project_id, project)
        if "jira" in project:
            link = self._store.one("SELECT id FROM application_link WHERE name = ?", project["jira"]["application"])
            wanted = project["jira"]["project"]
            known = link and self._store.one(
                "SELECT 1 FROM jira_project WHERE application_id = ? AND key = ?", link["id"], wanted
            )
            if link is None or known is None:
                raise ValueError(f"{project['key']}: there is no such application link and Jira project")
            self._store.execute("INSERT INTO entity_link VALUES (?, ?, ?)", project_id, link["id"], wanted)

    def repository(self, repository_id: int, repository: Document, git: GitRepository) -> None:
        self._restrict("REPOSITORY", repository_id, repository)
        for build in repository.get("builds", []):
            self._store.execute(
                "INSERT OR REPLACE INTO build_status VALUES (?, ?, ?, ?, ?, NULL, ?)",
                str(_commit(git, build["commit"]).id), build["key"], build["state"],
                build.get("url", f"https://builds.example.com/{build['key']}"), build.get("name"), now(),
            )  # fmt: skip
        for comment in repository.get("commit_comments", []):
            self._comment({"commit_id": str(_commit(git, comment["commit"]).id)}, repository_id, comment)
        for request in repository.get("pull_requests", []):
            self._pull_request(repository_id, request, git)

    def _restrict(self, scope: str, resource_id: int, owner: Document) -> None:
        groups = {name.lower() for name in self._directory.groups()}
        for given in owner.get("restrictions", []):
            for name in given.get("groups", []):
                if name.lower() not in groups:
                    raise ValueError(f"there is no group '{name}'")
            matcher_type, matcher_id = "ANY_REF", ANY_REF_ID
            for name, kind in _MATCHERS.items():
                if name in given:
                    matcher_type, matcher_id = kind, (HEADS if name == "branch" else "") + given[name]
            Restrictions(self._store).save(
                scope,
                resource_id,
                {
                    "type": given["type"],
                    "matcher_type": matcher_type,
                    "matcher_id": matcher_id,
                    "users": [self._user(name) for name in given.get("users", [])],
                    "groups": given.get("groups", []),
                    "access_keys": given.get("access_keys", []),
                },
            )

    def _pull_request(self, repository_id: int, given: Document, git: GitRepository) -> None:
        source, target = (_branch(git, given[end]) for end in ("from", "to"))
        author = self._user(given["author"])
        requests = PullRequests(self._store)
        request = requests.add(
            repository_id,
            {
                "title": given["title"],
                "description": given.get("description"),
                "author_id": author,
                "reviewers": json.dumps([self._user(name) for name in given.get("reviewers", [])]),
                "from_ref": source.ref,
                "from_commit": source.tip,
                "to_ref": target.ref,
                "to_commit": target.tip,
            },
        )
        git.keep(f"refs/pull-requests/{request.id}/from", source.tip)
        for comment in given.get("comments", []):
            self._comment({"pull_request_id": request.id}, repository_id, comment)
        state = given.get("state", "OPEN")
        if state == "MERGED":
            user = self._directory.user_by_id(author)
            assert user is not None
            # In the document's own time, so that the same document has the same ids.
            time = _commit(git, target.ref).commit_time + 60
            signature = pygit2.Signature(user.display_name, user.email, time, 0)
            title = f"Pull request #{request.id}: {request.title}"
            merged = str(merge(git, target.tip, source.tip, signature, title))
            git.move_branch(target.name, target.tip, merged)
            requests.change(request, state=state, closed=now(), merge_commit=merged)
        elif state == "DECLINED":
            requests.change(request, state=state, closed=now())

    def _comment(self, on: Document, repository_id: int, given: Document, parent: int | None = None) -> None:
        values = {**on, "repository_id": repository_id, "parent_id": parent, "text": given["text"],
                  "path": given.get("path"), "author_id": self._user(given["author"])}  # fmt: skip
        comment = Comments(self._store).add(values)
        for reply in given.get("replies", []):
            self._comment(on, repository_id, reply, comment.id)


def _commit(git: GitRepository, name: str) -> pygit2.Commit:
    commit = git.resolve(name)
    if commit is None:
        raise ValueError(f"there is no branch, tag or commit '{name}'")
    return commit


def _branch(git: GitRepository, name: str) -> Branch:
    branch = git.branch(name)
    if branch is None:
        raise ValueError(f"there is no branch '{name}'")
    return branch
