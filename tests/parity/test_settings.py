# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server refuses of settings: check mode refuses the same, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from .world import ACCOUNT, OTHER, PROJECT, SLUGS, Repo, Rule, World

MAIN = {"type": "BRANCH", "id": "main"}
RELEASES = {"type": "PATTERN", "id": "release/**"}
#: The repository's own restriction exempts the account already.
EXEMPT = Rule("read-only", ("BRANCH", "refs/heads/main"), exempt=True)


@pytest.mark.parametrize(
    ("who", "ended"),
    [
        ({}, "success"),
        ({"users": [ACCOUNT[0].upper()]}, "success"),
        ({"users": [ACCOUNT[0], OTHER[0].capitalize()]}, "success"),
        ({"users": [OTHER[0], "nobody"]}, "validation"),
        ({"users": ["acc"]}, "validation"),
        ({"users": ["a/b"]}, "validation"),
        ({"groups": ["no such group"]}, "validation"),
    ],
    ids=str,
)
@pytest.mark.parametrize("exact", [False, True], ids=["besides", "exact"])
def test_who_is_exempt(pool: World, who: dict[str, Any], ended: str, exact: bool) -> None:
    repo = Repo("one", {"main": 1}, rules=(EXEMPT,))
    pool.put([repo])
    before = pool.state(repo.name)
    options = {"project_key": PROJECT, "repository": "one", "type": "read-only", "matcher": MAIN, "exact": exact, **who}
    foreseen, predicted = pool.bench.run("branch_restriction", options, check=True)
    assert pool.state(repo.name) == before
    happened, real = pool.bench.run("branch_restriction", options)
    assert foreseen == happened == ended
    assert (pool.state(repo.name) != before) is bool(real.get("changed"))
    if ended == "success":
        assert predicted == real


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_who_is_exempt_in_many(pool: World, on_error: str) -> None:
    """What was done before the refusal is foreseen too, and each name is asked for once."""
    pool.put(Repo(slug, {"main": 1}, rules=(EXEMPT,)) for slug in SLUGS)
    rules = [
        {"type": "no-deletes", "matcher": MAIN, "users": [OTHER[0]]},
        {"type": "read-only", "matcher": RELEASES, "groups": ["no such group"]},
        {"type": "no-deletes", "matcher": RELEASES},
    ]
    declared = [
        {"project_key": PROJECT, "repository": slug, "restrictions": {"exact": True, "rules": rules}} for slug in SLUGS
    ]
    options = {"document": {"repositories": declared}, "concurrency": 1, "on_error": on_error}
    before = pool.states([f"{PROJECT}/{slug}" for slug in SLUGS])
    with pool.bench.watched(lambda _sent: None) as sent:
        foreseen, predicted = pool.bench.run("branches", options, check=True)
    lookups = [each.path.partition("/rest/api/latest/")[2] for each in sent if "restrictions" not in each.path]
    assert [each for each in lookups if not each.startswith("projects/")] == [f"users/{OTHER[0]}", "groups"]
    assert pool.states(before) == before
    happened, real = pool.bench.run("branches", options)
    assert foreseen == happened == "validation"
    told = [[(row["setting"], row["outcome"]) for row in result["settings"]] for result in (predicted, real)]
    assert told[0] == told[1] == [("restrictions", "failed")] * len(SLUGS)
    assert (predicted["changed"], predicted["diff"]) == (real["changed"], real["diff"])
    assert real["changed"] is (on_error == "continue") is (pool.states(before) != before)


@pytest.mark.parametrize(("name", "ended"), [("main", "success"), ("other", "conflict")])
@pytest.mark.parametrize("archived", [True, False], ids=["archived", "in use"])
def test_default_branch_of_an_archived_repository(pool: World, name: str, ended: str, archived: bool) -> None:
    repo = Repo("one", {"main": 1, "other": 2}, archived=archived)
    pool.put([repo])
    before = pool.state(repo.name)
    options = {"project_key": PROJECT, "repository": "one", "name": name}
    foreseen, predicted = pool.bench.run("default_branch", options, check=True)
    assert pool.state(repo.name) == before
    happened, real = pool.bench.run("default_branch", options)
    assert foreseen == happened == (ended if archived else "success")
    assert (pool.state(repo.name) != before) is bool(real.get("changed"))
    if happened == "success":
        assert predicted == real
