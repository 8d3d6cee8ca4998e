# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Projects and the repositories in them, as listings."""

from __future__ import annotations

import typing as t

from ._client import Client
from ._errors import ConflictError
from ._glob import any_matches, is_glob, matches, project_glob, project_matches, slug_glob
from ._repository import Project, Repository
from ._schema import Json, Schema, page

_TEXT: Json = {"type": ["string", "null"]}
_FLAG: Json = {"type": ["boolean", "null"]}
_NUMBER: Json = {"type": ["integer", "null"]}
_PROJECT: Json = {
    "type": "object",
    "required": ["key"],
    "properties": {
        "key": {"type": "string", "minLength": 1},
        "id": _NUMBER,
        "name": _TEXT,
        "description": _TEXT,
        "public": _FLAG,
        "owner": {"type": ["object", "null"], "properties": {"name": _TEXT}},
    },
}
_REPOSITORY: Json = {
    "type": "object",
    "required": ["slug", "project"],
    "properties": {
        "slug": {"type": "string", "minLength": 1},
        "project": _PROJECT,
        "id": _NUMBER,
        "name": _TEXT,
        "description": _TEXT,
        "state": _TEXT,
        "archived": _FLAG,
        "public": _FLAG,
        "forkable": _FLAG,
        "defaultBranch": _TEXT,
    },
}
_ONE_PROJECT, _PROJECTS = Schema(_PROJECT), Schema(page(_PROJECT))
_ONE_REPOSITORY, _REPOSITORIES = Schema(_REPOSITORY), Schema(page(_REPOSITORY))
# archived ones are left out of this listing unless they are asked for (documented)
_EVERYWHERE = ("/rest/api/latest/repos", _REPOSITORIES, {"archived": "ALL"})

View = dict[str, t.Any]


def project_view(project: Json) -> View:
    """The user's view of a project; what the server does not say is None."""
    key = project["key"]
    return {
        "project_key": key,
        "id": project.get("id"),
        "name": project.get("name"),
        "description": project.get("description"),
        # not sent for personal projects (documented)
        "public": bool(project.get("public", False)),
        "personal": key.startswith("~"),
        "owner": (project.get("owner") or {}).get("name"),
        "url": _hrefs(project, "self").get(""),
    }


def repository_view(repository: Json) -> View:
    """The user's view of a repository; what the server does not say is None."""
    project = repository["project"]
    return {
        "project_key": project["key"],
        "project_name": project.get("name"),
        "slug": repository["slug"],
        "id": repository.get("id"),
        "name": repository.get("name"),
        "description": repository.get("description"),
        "state": repository.get("state"),
        # before 8.0 nothing could be archived (documented)
        "archived": bool(repository.get("archived")),
        "public": bool(repository.get("public", False)),
        "forkable": repository.get("forkable"),
        "personal": project["key"].startswith("~"),
        # documented as a field of the repository, not seen in listings
        "default_branch": repository.get("defaultBranch"),
        "clone_urls": _hrefs(repository, "clone"),
        "url": _hrefs(repository, "self").get(""),
    }


def _hrefs(thing: Json, relation: str) -> dict[str, str]:
    """The addresses of a relation by their names, the nameless one by the empty name.

    Nothing rests on them, so they may have any shape: the vendor's own examples have ``{"self": [null]}``.
    """
    links = thing.get("links")
    related = links.get(relation) if isinstance(links, dict) else None
    usable = [each for each in related if isinstance(each, dict)] if isinstance(related, list) else []
    return {_text(link.get("name")): link["href"] for link in usable if _text(link.get("href"))}


def _text(value: t.Any) -> str:
    return value if isinstance(value, str) else ""


class Projects:
    """The projects that the user may see. Every method may raise any BitbucketError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self) -> t.Iterator[View]:
        """Every project in the server's order, personal ones not among them (assumed)."""
        return map(project_view, self._client.items("/rest/api/latest/projects", _PROJECTS))

    def personal(self) -> t.Iterator[View]:
        """Every personal project with a repository that the user may see: the server lists no others (assumed)."""
        found = (repository["project"] for repository in self._client.items(*_EVERYWHERE))
        return map(project_view, {each["key"]: each for each in found if each["key"].startswith("~")}.values())

    def matching(self, glob: str) -> list[View]:
        """Those that the glob over keys stands for, ordered by key; a plain key asks for that project alone.

        Raises NotFoundError for a plain key, InputError before any request.
        """
        project_glob(glob)
        if not is_glob(glob):
            return [self.get(glob)]
        found = self.personal() if glob.startswith("~") else self.all()
        kept = [each for each in found if project_matches(glob, each["project_key"])]
        return sorted(kept, key=lambda each: str(each["project_key"]))

    def get(self, project_key: str) -> View:
        """One project, personal or not. Raises NotFoundError."""
        return project_view(self._client.get(Project(project_key).path("api/latest"), _ONE_PROJECT))


class Repositories:
    """The repositories that the user may see, archived ones too. Every method may raise any BitbucketError.

    What was listed is kept, so that several globs over the same projects cost one listing.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._listed: dict[str, list[View]] = {}

    def of(self, project_key: str) -> list[View]:
        """Those of one project, personal or not. Raises NotFoundError."""
        # archived ones are among them (seen)
        return self._list(project_key.lower(), Project(project_key).path("api/latest", "repos"), _REPOSITORIES, {})

    def all(self) -> list[View]:
        """Those of all projects, personal ones too (seen on 6 and later), in one listing."""
        return self._list("", *_EVERYWHERE)

    def get(self, project_key: str, slug: str) -> View:
        """One repository. Raises NotFoundError."""
        return repository_view(self._client.get(Repository(project_key, slug).path("api/latest"), _ONE_REPOSITORY))

    def matching(
        self, project: str, repository: str = "*", *, exclude: t.Sequence[str] = (), archived: bool | None = False
    ) -> list[View]:
        """Those that the globs over keys and slugs stand for, ordered by both; ``archived`` None takes both kinds.

        Globs match whatever the case, since the server does not tell cases apart (documented). A plain project key
        lists that project alone, and raises NotFoundError; both plain, one repository is asked for and returned
        whether it is archived or not: it was named. Raises InputError before any request.
        """
        project_glob(project)
        for glob in (repository, *exclude):
            slug_glob(glob)
        if is_glob(project):
            found = [each for each in self.all() if project_matches(project, each["project_key"])]
        elif is_glob(repository):
            found = self.of(project)
        else:
            named = self.get(project, repository)
            return [] if any_matches(exclude, named["slug"], ignore_case=True) else [named]
        kept = [
            each
            for each in found
            if matches(repository, each["slug"], ignore_case=True)
            and archived in (None, each["archived"])
            and not any_matches(exclude, each["slug"], ignore_case=True)
        ]
        return sorted(kept, key=lambda each: (each["project_key"], each["slug"]))

    def _list(self, key: str, path: str, schema: Schema, query: t.Mapping[str, str]) -> list[View]:
        if key not in self._listed:
            self._listed[key] = list(map(repository_view, self._client.items(path, schema, query)))
        return self._listed[key]


def refuse_archived(client: Client, repository: Repository) -> None:
    """Raise the ConflictError that a write meets in an archived repository (assumed), of which no other read tells."""
    if Repositories(client).get(repository.project_key, repository.slug)["archived"]:
        raise ConflictError(f"Repository {repository} is archived", "take it out of the archive first")
