# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of every kind, there and back again, by what `git ls-remote` says."""

from __future__ import annotations

import pytest
from harness.simulator import ls_remote

from .ways import WAYS
from .world import HEADS, Repo, World

REPOSITORY = "POOL/one"
NAMES = (
    "plain", "feature/ABC-1-login-page", "a/b/c/d/e/f", "Umlaute/größe", "日本語/ブランチ", "😀", "e\u0301", "\u00e9",
    "100%", "50%25", "a%2Fb", "%2e%2e/x", "a+b", "a&b=c", "a#b", "a;b", "it's\"so\"", "a{b}", "a@b", "a$b", "a,b",
    "a!b", "(a)", "<a>|b", "=a", "a=", "a./b", "a/-b", "a\u00a0b", "a\u3000b", "a\u0085b", "\u202eright-to-left",
    "HEADS", "heads/x", "refs/x", "refs/tags/x", "tags/x", "0" * 40, "deadbeef", "true", "null", "n" * 250, "é" * 125,
    "/".join(["n" * 199] * 5),
)  # fmt: skip
REFUSED = (
    "", "a b", " a", "a ", "a\tb", "a\nb", "a\x7fb", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a..b", "@{",
    "@", "HEAD", "-a", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "/a", "a/", "a//b", "refs/heads/",
    "refs/heads/refs/heads/a", "n" * 251, "é" * 126, "a/" + "n" * 256, "/".join(["n" * 200] * 5), "a\ud800b", "a\x00b",
)  # fmt: skip
#: What is there, and what git cannot have beside it, whichever of both is first.
OVERLAPS = (("a", "a/b"), ("a", "a/b/c"), ("a/b", "a"), ("a/b/c", "a"), ("a/b/c", "a/b"), ("größe", "größe/ß"))
BESIDE = (
    ("a", "A/b"),
    ("a", "ab"),
    ("a/b", "a-b"),
    ("a/b", "a/bc"),
    ("a/b", "a/c"),
    ("a.b", "a/b"),
    ("é", "e\u0301/x"),
)


def listed(pool: World) -> dict[str, str]:
    """Every branch of the repository, by git itself."""
    found = ls_remote(str(pool.paths[REPOSITORY]))
    return {ref.removeprefix(HEADS): commit for ref, commit in found.items()}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_valid_name_goes_there_and_back(pool: World, way: str, name: str) -> None:
    pool.put([Repo("one", {"main": 2})])
    wishes = {"created": {"name": name, "start_point": "main"}, "deleted": {"name": name, "state": "absent"}}
    for outcome, wish in wishes.items():
        before = listed(pool)
        assert WAYS[way](pool, REPOSITORY, wish, check=True).outcome == outcome
        assert listed(pool) == before
        assert WAYS[way](pool, REPOSITORY, wish).outcome == outcome
        there = {"main": pool.commits[2], **({name: pool.commits[2]} if outcome == "created" else {})}
        assert listed(pool) == there
        assert WAYS[way](pool, REPOSITORY, wish).outcome == "unchanged"
        assert listed(pool) == there


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_every_other_name_is_refused_before_anything_is_asked(pool: World, way: str, name: str, state: str) -> None:
    with pool.bench.watched(lambda _sent: None) as sent:
        came = WAYS[way](pool, REPOSITORY, {"name": name, "state": state})
    assert (came.outcome, came.type) == ("failed", "input")
    assert ascii(name) in ascii(came.message) or repr(name) in str(came.message)
    assert not sent


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("there", "wanted"), OVERLAPS)
def test_a_file_is_no_directory(pool: World, way: str, there: str, wanted: str) -> None:
    pool.put([Repo("one", {"main": 0, there: 1})])
    before = listed(pool)
    for check in (True, False):
        came = WAYS[way](pool, REPOSITORY, {"name": wanted, "start_point": "main"}, check=check)
        assert (came.outcome, came.type) == ("failed", "conflict")
        assert there in str(came.message)
        assert listed(pool) == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("there", "wanted"), BESIDE)
def test_what_only_looks_alike_lies_beside(pool: World, way: str, there: str, wanted: str) -> None:
    pool.put([Repo("one", {"main": 0, there: 1})])
    for check in (True, False):
        came = WAYS[way](pool, REPOSITORY, {"name": wanted, "start_point": there}, check=check)
        assert came.outcome == "created"
    assert listed(pool) == {"main": pool.commits[0], there: pool.commits[1], wanted: pool.commits[1]}
