# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of the things that several resources show."""

from __future__ import annotations

from typing import Any

import pygit2

from simulator.call import Call
from simulator.directory import Project, Repository, User
from simulator.gitdiff import Change
from simulator.gitrepo import Branch
from simulator.jira import jira_keys


def user(call: Call, subject: User) -> dict[str, Any]:
    return {
        "name": subject.name,
        "emailAddress": subject.email,
        "active": subject.active,
        "displayName": subject.display_name,
        "id": subject.id,
        "slug": subject.slug,
        "type": "NORMAL",
        "links": {"self": [{"href": f"{call.base_url}/users/{subject.slug}"}]},
    }


def project(call: Call, subject: Project) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": subject.key, "id": subject.id, "name": subject.name}
    if subject.description is not None:
        shown["description"] = subject.description
    if subject.owner_id is None:
        shown["public"] = subject.public
        shown["type"] = "NORMAL"
        shown["links"] = {"self": [{"href": f"{call.base_url}/projects/{subject.key}"}]}
    else:
        owner = call.node.directory.user_by_id(subject.owner_id)
        shown["type"] = "PERSONAL"
        shown["owner"] = user(call, owner) if owner else None
        shown["links"] = {"self": [{"href": f"{call.base_url}/users/{subject.key[1:]}"}]}
    return shown


def repository(call: Call, subject: Repository) -> dict[str, Any]:
    key, slug = subject.project.key, subject.slug
    owner = f"users/{key[1:]}" if key.startswith("~") else f"projects/{key}"
    shown: dict[str, Any] = {
        "slug": slug,
        "id": subject.id,
        "name": subject.name,
        "hierarchyId": f"{subject.id:020x}",
        "scmId": "git",
        "state": "AVAILABLE",
        "statusMessage": "Available",
        "forkable": subject.forkable,
        "project": project(call, subject.project),
        "public": subject.public,
        "archived": subject.archived,
        "links": {
            "clone": [{"href": f"{call.base_url}/scm/{key.lower()}/{slug}.git", "name": "http"}],
            "self": [{"href": f"{call.base_url}/{owner}/repos/{slug}/browse"}],
        },
    }
    if subject.description is not None:
        shown["description"] = subject.description
    return shown


def branch(subject: Branch, default: str) -> dict[str, Any]:
    return {
        "id": subject.ref,
        "displayId": subject.name,
        "type": "BRANCH",
        "latestCommit": subject.tip,
        "latestChangeset": subject.tip,
        "isDefault": subject.name == default,
    }


def commit(call: Call, subject: pygit2.Commit) -> dict[str, Any]:
    commit_id = str(subject.id)
    shown: dict[str, Any] = {
        "id": commit_id,
        "displayId": commit_id[:11],
        "author": _person(call, subject.author),
        "authorTimestamp": subject.author.time * 1000,
        "committer": _person(call, subject.committer),
        "committerTimestamp": subject.committer.time * 1000,
        "message": subject.message.rstrip("\n"),
        "parents": [{"id": str(parent), "displayId": str(parent)[:11]} for parent in subject.parent_ids],
    }
    keys = jira_keys(subject.message)
    if keys:
        shown[call.node.dialect.jira_key_holder] = {"jira-key": keys}
    return shown


def _person(call: Call, signature: pygit2.Signature) -> dict[str, Any]:
    known = call.node.directory.user_by_email(signature.email)
    if known is not None:
        return user(call, known)
    return {"name": signature.name, "emailAddress": signature.email}


def change(subject: Change) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "contentId": subject.content_id,
        "fromContentId": subject.from_content_id,
        "path": path(subject.path),
        "executable": subject.executable,
        "percentUnchanged": subject.similarity,
        "type": subject.type,
        "nodeType": "FILE",
    }
    if subject.source is not None:
        shown["srcPath"] = path(subject.source)
    return shown


def path(text: str) -> dict[str, Any]:
    components = text.split("/")
    shown = {"components": components, "parent": "/".join(components[:-1]), "name": components[-1], "toString": text}
    if "." in components[-1]:
        shown["extension"] = components[-1].rpartition(".")[2]
    return shown
