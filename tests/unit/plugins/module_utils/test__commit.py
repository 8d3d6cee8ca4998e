# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._commit import resolve
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import NotFoundError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, refusal, serving

REPOSITORY = Repository("PLAT", "api")
TIP, OTHER = "a" * 40, "b" * 40
UNKNOWN = refusal(404, "No such commit.", "commit.NoSuchCommitException")


def repository(**revisions):
    """A repository that knows these revisions, ``__`` being ``/``."""
    known = {name.replace("__", "/"): tip for name, tip in revisions.items()}

    def answer(request):
        tip = known.get(request.query["until"])
        return Answer(200, {"values": [{"id": tip}], "isLastPage": True}) if tip else UNKNOWN

    return answer


@pytest.mark.parametrize(
    ("revision", "known", "wanted", "requests"),
    [
        ("main", {"refs__heads__main": TIP, "main": OTHER}, TIP, 1),
        ("v1", {"v1": TIP}, TIP, 2),
        ("refs/tags/v1", {"refs__tags__v1": TIP}, TIP, 1),
        ("nowhere", {}, None, 2),
        (OTHER, {}, None, 1),
    ],
)
def test_a_revision_is_a_commit_or_known_to_be_none(revision, known, wanted, requests):
    with serving(repository(**known)) as (client, server):
        assert resolve(client, REPOSITORY, revision) == wanted
        assert len(server.received) == requests


def test_a_missing_repository_is_never_taken_for_a_missing_commit():
    gone = refusal(404, "Repository PLAT/api does not exist.", "repository.NoSuchRepositoryException")
    with serving(gone) as (client, _server), pytest.raises(NotFoundError, match="PLAT/api does not exist"):
        resolve(client, REPOSITORY, "main")


def test_an_empty_repository_says_so():
    empty = Answer(200, {"values": [], "isLastPage": True})
    with serving(empty) as (client, _server), pytest.raises(NotFoundError, match="push a first commit"):
        resolve(client, REPOSITORY, "main")
