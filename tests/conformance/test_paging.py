# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paged listings."""

from __future__ import annotations

import pytest

from conformance.api import Api
from conformance.sandbox import Repository

claim = pytest.mark.claim


@claim("A page carries size, limit, isLastPage, values and start; the last one has no nextPageStart", evidence="doc")
def test_shape(api: Api, repository: Repository) -> None:
    page = api.get(f"{repository.rest}/branches?limit=1", schema="branch_page").json
    assert (page["size"], page["limit"], page["isLastPage"], page["start"]) == (1, 1, False, 0)
    assert isinstance(page["nextPageStart"], int)
    last = api.get(f"{repository.rest}/branches?limit=1000", schema="branch_page").json
    assert last["isLastPage"] is True and last.get("nextPageStart") is None
    assert last["size"] == len(last["values"])


@claim("The next page starts at nextPageStart, and the pages together hold everything once", evidence="doc")
def test_pages_join(api: Api, repository: Repository) -> None:
    path = f"{repository.rest}/branches?orderBy=ALPHABETICAL"
    names, start = [], 0
    while start is not None:
        page = api.get(f"{path}&limit=1&start={start}", schema="branch_page").json
        names += [branch["id"] for branch in page["values"]]
        start = page.get("nextPageStart")
    assert len(names) == len(set(names))
    assert names == [branch["id"] for branch in api.get(f"{path}&limit=1000").json["values"]]


@claim("Without a limit a page has 25 values at most", evidence="doc")
def test_default_limit(api: Api, repository: Repository) -> None:
    names = [repository.name() for _attempt in range(26)]
    repository.push(*(f"base:refs/heads/{name}" for name in names))
    try:
        page = api.get(f"{repository.rest}/branches", schema="branch_page").json
        assert (page["limit"], page["size"], page["isLastPage"]) == (25, 25, False)
    finally:
        repository.push(*(f":refs/heads/{name}" for name in names))


@claim("A limit above the server's cap is lowered to it without a word, for branches to 1000", evidence="doc")
@pytest.mark.parametrize("resource", ["branches", "repos"])
def test_caps(api: Api, repository: Repository, resource: str) -> None:
    base = repository.rest if resource == "branches" else repository.rest.rpartition("/")[0].removesuffix("/repos")
    page = api.get(f"{base}/{resource}?limit=100000", schema="page").json
    assert page["limit"] == 1000


@claim("A limit or start that is no number is refused with 400", evidence="assumed")
@pytest.mark.parametrize("query", ["limit=many", "start=later"])
def test_no_number(api: Api, repository: Repository, query: str) -> None:
    api.get(f"{repository.rest}/branches?{query}", status=(400, 404))
