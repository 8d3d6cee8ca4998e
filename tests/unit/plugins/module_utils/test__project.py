# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    ConflictError,
    ContractError,
    InputError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._project import (
    Projects,
    Repositories,
    project_view,
    refuse_archived,
    repository_view,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving

KEYS = {"PLAT": "Platform", "WEB": "Web", "~JDOE": "J. Doe"}


def repository(key, slug, **more):
    return {"slug": slug, "id": 7, "name": slug.upper(), "project": {"key": key, "name": KEYS[key]}, **more}


ALL = [
    repository("WEB", "site"),
    repository("PLAT", "service-b"),
    repository("PLAT", "service-a"),
    repository("PLAT", "legacy", archived=True),
    repository("~JDOE", "site"),
]
ROOT = "/context/rest/api/latest"


def server(request):
    """Two items a page."""
    _resource, project, _repos, slug = (*request.path.removeprefix(f"{ROOT}/").split("/"), None, None, None)[:4]
    if slug:
        found = [each for each in ALL if (each["project"]["key"], each["slug"]) == (project, slug)]
        return Answer(200, found[0])
    if request.path == f"{ROOT}/projects":
        items = [{"key": key, "name": name} for key, name in KEYS.items() if key[0] != "~"]
    elif request.path == f"{ROOT}/repos":
        assert request.query["archived"] == "ALL"
        items = ALL
    else:
        items = [each for each in ALL if each["project"]["key"] == project]
    start = int(request.query["start"])
    last = start + 2 >= len(items)
    return Answer(200, {"values": items[start : start + 2], "isLastPage": last, "nextPageStart": start + 2})


def found(*arguments, **options):
    """What matches, as key/slug, and the paths that were asked for."""
    with serving(server, read_only=True) as (client, memory):
        views = Repositories(client).matching(*arguments, **options)
    return [f"{each['project_key']}/{each['slug']}" for each in views], [
        each.path.removeprefix(ROOT) for each in memory.received
    ]


def test_a_plain_key_lists_that_project_alone():
    assert found("PLAT") == (["PLAT/service-a", "PLAT/service-b"], ["/projects/PLAT/repos"] * 2)


def test_plain_names_ask_for_that_repository_alone():
    assert found("PLAT", "legacy") == (["PLAT/legacy"], ["/projects/PLAT/repos/legacy"])
    assert found("PLAT", "legacy", exclude=["leg*"])[0] == []


def test_a_glob_over_keys_is_one_listing():
    assert found("*", "s*") == (["PLAT/service-a", "PLAT/service-b", "WEB/site"], ["/repos"] * 3)


def test_personal_repositories_are_found_by_their_tilde():
    assert found("~*")[0] == ["~JDOE/site"]
    assert found("~JDOE") == (["~JDOE/site"], ["/projects/~JDOE/repos"])


@pytest.mark.parametrize(("archived", "expected"), [(True, ["PLAT/legacy"]), (None, ["PLAT/legacy", "PLAT/service-a"])])
def test_archived_ones_are_found_on_demand(archived, expected):
    assert found("plat*", "*", exclude=["SERVICE-B"], archived=archived)[0] == expected


def test_what_was_listed_is_kept():
    with serving(server, read_only=True) as (client, memory):
        repositories = Repositories(client)
        for glob in ("*", "~*", "PLAT*"):
            repositories.matching(glob)
        assert len(memory.received) == 3
        repositories.matching("PLAT", "a*")
        repositories.matching("PLAT", "b*")
        assert len(memory.received) == 5


@pytest.mark.parametrize("arguments", [("a/b",), ("*", "a/b"), ("",), ("P..", "x")])
def test_nothing_is_sent_for_what_cannot_be(arguments):
    with serving(server, read_only=True) as (client, memory):
        with pytest.raises(InputError):
            Repositories(client).matching(*arguments)
        assert memory.received == []


def test_an_exclusion_is_checked_too():
    with serving(server, read_only=True) as (client, _memory), pytest.raises(InputError):
        Repositories(client).matching("*", exclude=["a b"])


def test_projects():
    with serving(server, read_only=True) as (client, _memory):
        assert [each["project_key"] for each in Projects(client).all()] == ["PLAT", "WEB"]


def test_projects_that_a_glob_stands_for():
    with serving(server, read_only=True) as (client, memory):
        projects = Projects(client)
        assert [each["name"] for each in projects.matching("w*")] == ["Web"]
        assert [each["name"] for each in projects.matching("~*")] == ["J. Doe"]
        assert {each.path.removeprefix(ROOT) for each in memory.received} == {"/projects", "/repos"}
        with pytest.raises(InputError):
            projects.matching("a/b")


def test_a_plain_key_asks_for_that_project_alone():
    project = {"key": "~JDOE", "type": "PERSONAL", "owner": {"name": "jdoe"}}
    with serving(Answer(200, project), read_only=True) as (client, memory):
        assert [each["owner"] for each in Projects(client).matching("~jdoe")] == ["jdoe"]
        assert [each.path for each in memory.received] == [f"{ROOT}/projects/~jdoe"]


def test_a_view_says_none_where_the_server_says_nothing():
    assert repository_view({"slug": "a", "project": {"key": "~jdoe"}}) == {
        "project_key": "~jdoe", "project_name": None, "slug": "a", "id": None, "name": None, "description": None,
        "state": None, "archived": False, "public": False, "forkable": None, "personal": True, "default_branch": None,
        "clone_urls": {}, "url": None,
    }  # fmt: skip
    assert project_view({"key": "PLAT"}) == {
        "project_key": "PLAT", "id": None, "name": None, "description": None, "public": False, "personal": False,
        "owner": None, "url": None,
    }  # fmt: skip


def test_links_are_flattened():
    links = {
        "clone": [{"href": "https://x/scm/a.git", "name": "http"}, {"href": "ssh://git@x/a.git", "name": "ssh"}],
        "self": [{"href": "https://x/browse"}],
    }
    view = repository_view({"slug": "a", "project": {"key": "P"}, "links": links, "defaultBranch": "main"})
    assert view["clone_urls"] == {"http": "https://x/scm/a.git", "ssh": "ssh://git@x/a.git"}
    assert (view["url"], view["default_branch"]) == ("https://x/browse", "main")


def test_a_repository_without_its_project_is_no_repository():
    page = Answer(200, {"values": [{"slug": "a"}], "isLastPage": True})
    with serving(page, read_only=True) as (client, _memory), pytest.raises(ContractError):
        Repositories(client).all()


@pytest.mark.parametrize("archived", [True, False, None])
def test_what_is_archived_is_refused(archived):
    shown = {"slug": "api", "project": {"key": "PLAT"}, **({} if archived is None else {"archived": archived})}
    with serving(Answer(200, shown), read_only=True) as (client, _server):
        if archived:
            with pytest.raises(ConflictError, match="Repository PLAT/api is archived"):
                refuse_archived(client, Repository("PLAT", "api"))
        else:
            refuse_archived(client, Repository("PLAT", "api"))
