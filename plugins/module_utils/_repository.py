# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Projects and repositories as addresses: every resource of one begins here."""

from __future__ import annotations

import dataclasses
import typing as t

from ._client import quote
from ._refs import project_key, repository_slug
from ._schema import Json

#: A repository as the server names it in other things.
NAMED: Json = {
    "type": "object",
    "required": ["slug", "project"],
    "properties": {
        "slug": {"type": "string"},
        "project": {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}},
    },
}


@dataclasses.dataclass(frozen=True)
class Project:
    """One project by its key, ``~slug`` for a personal one. Raises InputError."""

    project_key: str

    def __post_init__(self) -> None:
        project_key(self.project_key)

    def __str__(self) -> str:
        return self.project_key

    def path(self, api: str, rest: str = "") -> str:
        """The path of a resource of this project, or of itself; ``api`` is the REST module with its version."""
        return f"/rest/{api}/projects/{quote(self.project_key)}" + (rest and f"/{rest}")


@dataclasses.dataclass(frozen=True)
class Repository:
    """One repository by project key and slug, both valid. Raises InputError."""

    project_key: str
    slug: str

    def __post_init__(self) -> None:
        project_key(self.project_key)
        repository_slug(self.slug)

    def __str__(self) -> str:
        return f"{self.project_key}/{self.slug}"

    def path(self, api: str, rest: str = "") -> str:
        """The path of a resource of this repository, or of itself; ``api`` is the REST module with its version."""
        return f"/rest/{api}/projects/{quote(self.project_key)}/repos/{quote(self.slug)}" + (rest and f"/{rest}")


Place = t.Union[Project, Repository]


def place(project_key: str, slug: str | None) -> Place:
    """The repository, or the project where no repository is given. Raises InputError."""
    return Project(project_key) if slug is None else Repository(project_key, slug)
