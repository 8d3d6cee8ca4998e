# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._issue_key import PATTERN
from ansible_collections.bitbucket.datacenter.plugins.module_utils._release_gate import (
    NO_ISSUE_KEY,
    NOT_CONTAINED,
    NOT_LINKED,
    Rules,
    judge,
    told,
    violation,
)
from hypothesis import given
from hypothesis import strategies as st

RULES = Rules(re.compile(PATTERN))


def commit(number, message):
    return {
        "id": f"{number:040x}",
        "subject": message.partition("\n")[0],
        "message": message,
        "author_name": "Dora",
    }


def test_each_commit_names_an_issue_or_breaks_the_gate():
    commits = [
        commit(1, "PLAT-2 Newest"),
        commit(2, "No issue\n\nNot plat-9, nor PLAT-0 or XPLAT-1x"),
        commit(3, "In the body\n\nSee PLAT-1, PLAT-2"),
    ]
    named, violations = judge(commits, RULES)
    assert named == {"PLAT-2": commits[0], "PLAT-1": commits[2]}
    assert violations == [
        {
            "reason": "no_issue_key",
            "commit": commits[1]["id"],
            "subject": "No issue",
            "author_name": "Dora",
            "issue_key": None,
            "branch": None,
        }
    ]


@pytest.mark.parametrize(
    "rules",
    [
        Rules(RULES.pattern, (re.compile("^Merge "),)),
        Rules(RULES.pattern, (re.compile("never"), re.compile(r"(?m)^Gate: none$"))),
        Rules(RULES.pattern, (), frozenset([f"{7:040x}"])),
    ],
)
def test_what_is_allowed_is_not_looked_at(rules):
    merge = commit(7, "Merge UTF-8\n\nGate: none\n")
    assert judge([merge], rules) == ({}, [])


def test_a_pattern_of_one_s_own():
    named, violations = judge([commit(1, "Fix #12"), commit(2, "PLAT-1")], Rules(re.compile(r"#(\d+)")))
    assert list(named) == ["#12"]
    assert [each["commit"] for each in violations] == [f"{2:040x}"]


MESSAGES = st.lists(st.sampled_from(["PLAT-1 a", "WEB-2", "none", "PLAT-1 WEB-3", "chore: none", ""]), max_size=8)


@given(MESSAGES, st.sets(st.integers(0, 7)))
def test_every_commit_is_exempt_or_names_an_issue_or_is_told_of_once(messages, allowed):
    commits = [commit(number, message) for number, message in enumerate(messages)]
    rules = Rules(RULES.pattern, (re.compile("^chore"),), frozenset(f"{number:040x}" for number in allowed))
    named, violations = judge(commits, rules)
    broken = [each["commit"] for each in violations]
    assert len(set(broken)) == len(broken)
    for each in commits:
        keys = set(re.findall(r"[A-Z]+-[0-9]", each["message"]))
        exempt = rules.exempt(each)
        assert (each["id"] in broken) == (not exempt and not keys)
        assert exempt or keys <= set(named)
    assert all(commits.index(first) == min(commits.index(each) for each in commits
                                           if key in each["message"] and not rules.exempt(each))
               for key, first in named.items())  # fmt: skip


def test_a_message_tells_how_many_there_are_and_the_first_of_each():
    without = [violation(NO_ISSUE_KEY, commit(number, f"Change {number}")) for number in range(1, 6)]
    unlinked = [violation(NOT_LINKED, commit(9, "PLAT-9"), issue_key="PLAT-9")]
    elsewhere = [violation(NOT_CONTAINED, {"id": "f" * 40}, branch=name) for name in ("main", "release/1.0")]
    assert told([*without, *unlinked, *elsewhere], 12) == (
        "5 of 12 commits name no issue (00000000000 'Change 1', 00000000000 'Change 2', 00000000000 'Change 3' and 2 "
        "more), and 1 issue is not linked with Jira (PLAT-9 of 00000000000), and fffffffffff is not contained in main, "
        "release/1.0"
    )


@pytest.mark.parametrize(
    ("violations", "words"),
    [
        ([violation(NO_ISSUE_KEY, commit(1, "x"))], "1 of 1 commit names no issue ("),
        (
            [violation(NOT_LINKED, commit(1, "x"), issue_key=f"A-{number}") for number in range(5)],
            "5 issues are not linked with Jira (A-0 of 00000000000, A-1 of 00000000000, A-2 of 00000000000 and 2 more)",
        ),
        ([violation(NO_ISSUE_KEY, commit(1, "a\x1b[2J\u202e" + "x" * 99))], "'a\ufffd[2J\ufffdxxx"),
    ],
)
def test_a_message_is_one_line(violations, words):
    said = told(violations, 1)
    assert words in said and len(said) < 200 and said.isprintable()
