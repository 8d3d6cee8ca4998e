# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Much at once, and something happens in the middle of it: every row of `branches` says what git has afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from .rows import verify
from .world import HOW_MANY, MANY, PROJECT, SLUGS, Repo, World

POOL = [f"{PROJECT}/{slug}" for slug in SLUGS]
NEW = [f"new/{number}" for number in range(5)]
OLD = [f"old/{number}" for number in range(5)]


def wishes(names: list[str], **more: Any) -> list[dict[str, Any]]:
    """The same branches in each repository of the pool."""
    return [{"project_key": PROJECT, "repository": slug, "name": name, **more} for slug in SLUGS for name in names]


def prepare(pool: World) -> None:
    pool.put(Repo(slug, {"main": 1, **dict.fromkeys(OLD, 2)}) for slug in SLUGS)


def outcomes(result: dict[str, Any], slug: str) -> list[str]:
    return [row["outcome"] for row in result["branches"] if row["repository"] == slug]


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize(
    ("event", "error"),
    [
        pytest.param(lambda pool: pool.hide("POOL/two"), "not_found", id="the repository vanishes"),
        pytest.param(lambda pool: pool.archive("POOL/two"), "conflict", id="it is archived"),
        pytest.param(lambda pool: pool.permit("POOL/two", "read"), "permission", id="the account may only read"),
        pytest.param(lambda pool: pool.permit("POOL/two", "none"), "permission", id="the account may do nothing"),
    ],
)
@pytest.mark.parametrize("names", [NEW, OLD], ids=["creating", "deleting"])
def test_one_repository_is_lost_in_the_middle(
    pool: World, names: list[str], event: Callable[[World], None], error: str, concurrency: int
) -> None:
    prepare(pool)
    before = pool.states(POOL)
    state = {"start_point": "main"} if names is NEW else {"state": "absent"}
    writes = Counter[str]()

    def seen(sent: Any) -> None:
        if sent.writes and "/repos/two/" in sent.path:
            writes["two"] += 1
            if writes["two"] == 3:
                event(pool)

    with pool.bench.watched(seen):
        ended, result = pool.bench.run("branches", {"branches": wishes(names, **state), "concurrency": concurrency})
    verify(result, before, pool.states(POOL))
    assert ended == error
    done = "created" if names is NEW else "deleted"
    for slug in SLUGS:
        assert outcomes(result, slug) == ([done] * 2 + ["failed"] * 3 if slug == "two" else [done] * 5)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_one_repository_is_lost_before_it_is_read(pool: World, concurrency: int) -> None:
    prepare(pool)
    before = pool.states(POOL)

    def seen(sent: Any) -> None:
        if "/repos/three/" in sent.path:
            pool.hide("POOL/three")

    with pool.bench.watched(seen):
        ended, result = pool.bench.run(
            "branches", {"branches": wishes(NEW, start_point="main"), "concurrency": concurrency}
        )
    verify(result, before, pool.states(POOL))
    assert ended == "not_found"
    assert [outcomes(result, slug) for slug in SLUGS] == [["created"] * 5, ["created"] * 5, ["failed"] * 5]


def test_after_a_failure_nothing_more_is_begun_when_asked(pool: World) -> None:
    prepare(pool)
    before = pool.states(POOL)

    def seen(sent: Any) -> None:
        if sent.writes and "/repos/two/" in sent.path and sent.body["name"] == "new/2":
            pool.permit("POOL/two", "read")

    options = {"branches": wishes(NEW, start_point="main"), "concurrency": 1, "on_error": "stop"}
    with pool.bench.watched(seen):
        ended, result = pool.bench.run("branches", options)
    verify(result, before, pool.states(POOL))
    assert ended == "permission"
    assert outcomes(result, "one") == ["created"] * 5
    assert outcomes(result, "two") == ["created", "created", "failed", "skipped", "skipped"]
    assert outcomes(result, "three") == ["skipped"] * 5


def test_what_is_foreseen_stops_everything_when_asked(pool: World) -> None:
    prepare(pool)
    pool.put([Repo("three", {"main": 0}, archived=True)])
    before = pool.states(POOL)
    options = {"branches": wishes(NEW, start_point="main"), "on_error": "stop"}
    with pool.bench.watched(lambda _sent: None) as sent:
        ended, result = pool.bench.run("branches", options)
    assert pool.states(POOL) == before
    assert ended == "conflict" and not any(each.writes for each in sent)
    verify(result, before, before)
    assert {row["outcome"] for row in result["branches"]} == {"failed", "skipped"}


@pytest.mark.parametrize("check", [True, False], ids=["check", "real"])
def test_a_wrong_password_is_tried_once_by_all_together(pool: World, check: bool) -> None:
    """With a CAPTCHA after a few, eight failed logins at once would lock the account out."""
    pool.clear_many()
    pool.simulator.forget_requests()
    items = [item for _name, item in many(1)]
    ended, result = pool.bench.run(
        "branches", {"branches": items, "concurrency": 8}, check=check, credentials=("other", "wrong")
    )
    assert ended == "authentication"
    assert pool.requests() == [("GET", 401)]
    assert pool.failed_logins("other") == 1
    assert Counter(row["outcome"] for row in result["branches"]) == {"failed": 1, "skipped": HOW_MANY - 1}
    assert not result["changed"]


def many(branches: int) -> list[tuple[str, dict[str, Any]]]:
    """So many new branches in each of the many repositories, with the name of the repository."""
    return [
        (
            f"{MANY}/many{number}",
            {"project_key": MANY, "repository": f"many{number}", "name": f"new/{count}", "start_point": "main"},
        )
        for number in range(1, HOW_MANY + 1)
        for count in range(branches)
    ]


def test_a_rate_limit_in_the_middle_of_a_thousand(pool: World) -> None:
    """All threads hold back together, and every branch is made once."""
    pool.clear_many()
    names = list(dict(many(1)))
    before = pool.states(names)
    items = [item for _name, item in many(10)]
    assert len(items) == 1000
    sent: list[Any] = []

    def seen(request: Any) -> None:
        sent.append(request)
        if len(sent) == 400:
            pool.limit_rate(enabled=True, capacity=5, refill=5)
        if len(sent) == 425:
            pool.limit_rate(enabled=False, capacity=60, refill=5)

    pool.simulator.forget_requests()
    with pool.bench.watched(seen):
        ended, result = pool.bench.run("branches", {"branches": items, "concurrency": 8})
    assert ended == "success"
    assert {row["outcome"] for row in result["branches"]} == {"created"}
    verify(result, before, pool.states(names))
    came = Counter(pool.requests())
    assert came["POST", 201] == 1000
    # those in flight when it began, and those that were let through too many in a second or two
    assert 1 <= came["POST", 429] + came["GET", 429] <= 25
    assert set(came) <= {("GET", 200), ("POST", 201), ("POST", 429), ("GET", 429)}


def test_answers_that_are_lost_here_and_there(pool: World) -> None:
    """One connection in four is reset after the branch was made: each is found to be made, and none is made twice."""
    pool.clear_many()
    names = list(dict(many(1)))
    before = pool.states(names)
    rule = {"method": "POST", "path": "/branches$", "probability": 0.25, "fault": {"kind": "reset_after"}}
    pool.simulator.forget_requests()
    with pool.fault(rule):
        ended, result = pool.bench.run("branches", {"branches": [item for _name, item in many(2)], "concurrency": 8})
    assert ended == "success"
    assert {row["outcome"] for row in result["branches"]} == {"created"}
    verify(result, before, pool.states(names))
    came = Counter(method for method, _status in pool.requests())
    assert came["POST"] == 2 * HOW_MANY


def test_a_rate_limit_that_does_not_end(pool: World) -> None:
    """The task ends, and what it says it has made is there, nothing else."""
    pool.clear_many()
    names = list(dict(many(1)))
    before = pool.states(names)
    rule = {"path": "/branches$", "skip": 150, "fault": {"kind": "status", "status": 429, "retry_after": 1}}
    with pool.fault(rule):
        ended, result = pool.impatient.run("branches", {"branches": [item for _name, item in many(2)]})
    assert ended == "rate_limited"
    verify(result, before, pool.states(names))
    outcomes = Counter(row["outcome"] for row in result["branches"])
    assert outcomes["created"] > 0 and outcomes["skipped"] > 0
    assert outcomes["created"] + outcomes["failed"] + outcomes["skipped"] == 2 * HOW_MANY
