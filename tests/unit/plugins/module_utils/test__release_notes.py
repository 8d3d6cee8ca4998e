# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._release_notes import GROUPS, notes
from hypothesis import given
from hypothesis import strategies as st

JIRA, REPOSITORY = "https://jira.example.com", "https://bitbucket.example.com/projects/PLAT/repos/api"


def commit(message, number=1, author="Dora Developer", parents=1, **told):
    return {
        "id": f"{number:040x}",
        "subject": message.partition("\n")[0],
        "message": message,
        "parents": ["f" * 40] * parents,
        "author_name": author,
        "author_time": "2026-09-30T13:40:19Z",
        **told,
    }


def one(message, **more):
    (group,) = notes([commit(message)], ["type"], **more)["groups"]
    (section,) = group["sections"]
    (entry,) = section["commits"]
    return entry


def sections(messages, by, **more):
    (group,) = notes([commit(message, number) for number, message in enumerate(messages)], [by], **more)["groups"]
    assert group["by"] == by
    return {each["title"]: [entry["subject"] for entry in each["commits"]] for each in group["sections"]}


@pytest.mark.parametrize(
    ("message", "kind", "scope", "breaking"),
    [
        ("feat: search", "feat", None, False),
        ("fix(basket)!: count", "fix", "basket", True),
        ("Feat (x): no", "other", None, False),
        ("FEAT: loud", "feat", None, False),
        ("refactor!: all", "refactor", None, True),
        ("no-op: nothing", "no-op", None, False),
        ("docs: say\n\nBREAKING CHANGE: all of it", "docs", None, True),
        ("docs: say\n\nBREAKING-CHANGE: all of it", "docs", None, True),
        ("docs: no BREAKING CHANGE: here", "docs", None, False),
        ("BREAKING CHANGE: all of it", "other", None, True),
        ("PLAT-7 feat(api): search", "feat", "api", False),
        ("[PLAT-7, PLAT-8]: feat: search", "feat", None, False),
        ("PLAT-7: search", "other", None, False),
        ("PLAT-7 search", "other", None, False),
        ("PLAT-7", "other", None, False),
        ("(feat): search", "other", None, False),
        ("feat:search", "other", None, False),
        ("feat: ", "other", None, False),
        ("feat(): search", "feat", None, False),
        ("https://example.com", "other", None, False),
        ("two words: search", "other", None, False),
        ("Merge pull request #1: feat", "other", None, False),
        ("", "other", None, False),
    ],
)
def test_the_type_is_that_of_a_conventional_commit(message, kind, scope, breaking):
    entry = one(message)
    assert (entry["type"], entry["scope"], entry["breaking"]) == (kind, scope, breaking)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("feat: a", []),
        ("feat!: a", ["a"]),
        ("PLAT-1 feat(x)!: a: b", ["a: b"]),
        ("feat: a\n\nBREAKING CHANGE: one line", ["one line"]),
        ("feat!: a\n\nBREAKING CHANGE: one line", ["one line"]),
        ("feat: a\n\nBREAKING CHANGE: one\ntwo\n\n  three", ["one\ntwo\n\nthree"]),
        ("feat: a\r\n\r\nBREAKING CHANGE: one\r\ntwo\r\n", ["one\ntwo"]),
        ("feat: a\n\nBREAKING CHANGE:\n* one\n* two", ["* one\n* two"]),
        ("feat: a\n\nBREAKING CHANGE: one\nBREAKING-CHANGE: two\nmore", ["one", "two\nmore"]),
        ("feat: a\n\nBREAKING CHANGE: one\n\nSigned-off-by: Dora <dora@example.com>", ["one"]),
        ("feat: a\n\nBREAKING CHANGE: one\nRefs: PLAT-1", ["one"]),
        ("feat: a\n\nBREAKING CHANGE: one\nFixes #1", ["one"]),
        ("feat: a\n\nSigned-off-by: Dora\nBREAKING CHANGE: one", ["one"]),
        # nothing that may be text of it ends it
        (
            "feat: a\n\nBREAKING CHANGE: one\nNote: two\nhttps://example.com\nwell-known: three",
            ["one\nNote: two\nhttps://example.com\nwell-known: three"],
        ),
        ("feat: a\n\nBREAKING CHANGE: one\x1b[31m \u202etwo", ["one\ufffd[31m \ufffdtwo"]),
        ("feat: a\n\nBREAKING CHANGE:", ["a"]),
        ("feat: a\n\nno BREAKING CHANGE: here\nBREAKING CHANGE of all", []),
        ("BREAKING CHANGE: all of it", ["all of it"]),
    ],
)
def test_the_whole_text_of_what_breaks_is_told(message, told):
    entry = one(message)
    assert entry["breaking_notes"] == told
    assert entry["breaking"] is bool(told)


@pytest.mark.parametrize(
    ("since", "until", "query"),
    [
        ("v1", "v2", "targetBranch=v1&sourceBranch=v2"),
        ("refs/tags/v1", "release/2", "targetBranch=refs%2Ftags%2Fv1&sourceBranch=release%2F2"),
        ("a&b=\"'", "<c>)(ü", "targetBranch=a%26b%3D%22%27&sourceBranch=%3Cc%3E%29%28%C3%BC"),
    ],
)
def test_the_ends_of_the_range_are_compared(since, until, query):
    made = notes([], ["type"], repository_url=f"{REPOSITORY}/browse", since=since, until=until)
    assert made["compare_url"] == f"{REPOSITORY}/compare/diff?{query}"


@pytest.mark.parametrize("missing", ["repository_url", "since", "until"])
def test_without_an_end_or_an_address_nothing_is_compared(missing):
    given = {"repository_url": REPOSITORY, "since": "a", "until": "b"}
    assert notes([], ["type"], **{**given, missing: None})["compare_url"] is None


def test_types_are_in_the_order_of_a_page():
    subjects = ["PLAT-1 x", "wip: c", "chore: c", "fix: b", "api: d", "feat: a", "fix: a"]
    found = sections(subjects, "type")
    assert list(found) == ["Features", "Fixes", "Chores", "api", "wip", "Other changes"]
    assert found["Fixes"] == ["fix: b", "fix: a"]


def test_issues_are_in_the_order_of_their_numbers_and_a_commit_is_under_each_of_its_own():
    subjects = ["PLAT-10 a", "none", "PLAT-9, WEB-1 b", "ABC-1 c", "PLAT-9 d"]
    found = sections(subjects, "issue")
    assert list(found) == ["ABC-1", "PLAT-9", "PLAT-10", "WEB-1", "No issue"]
    assert found["PLAT-9"] == ["PLAT-9, WEB-1 b", "PLAT-9 d"] and found["No issue"] == ["none"]


def test_a_number_may_be_of_any_length():
    huge = "PLAT-" + "9" * 5000
    assert list(sections([huge, "PLAT-8"], "issue")) == ["PLAT-8", huge]


def test_authors_are_in_the_order_of_their_names():
    commits = [commit("x", 1, "zoe"), commit("x", 2, None), commit("x", 3, "Änne"), commit("x", 4, "Bob\n")]
    made = notes(commits, ["author"])
    assert [each["title"] for each in made["groups"][0]["sections"]] == ["Bob", "zoe", "Änne", "Unknown author"]
    assert made["authors"] == ["Bob", "zoe", "Änne"]


def test_links_lead_to_commits_and_issues():
    message = "PLAT-7 Search, see PLAT-8\n\nAlso WEB-1 and PLAT-7"
    entry = one(message, repository_url=f"{REPOSITORY}/browse", jira_url=f"{JIRA}/browse/PLAT")
    assert entry["url"] == f"{REPOSITORY}/commits/{1:040x}"
    assert entry["parts"] == [
        {"text": "PLAT-7", "url": f"{JIRA}/browse/PLAT-7"},
        {"text": " Search, see ", "url": None},
        {"text": "PLAT-8", "url": f"{JIRA}/browse/PLAT-8"},
    ]
    assert entry["other_issues"] == [{"issue_key": "WEB-1", "url": f"{JIRA}/browse/WEB-1"}]
    assert entry["issue_keys"] == ["PLAT-7", "PLAT-8", "WEB-1"]


def test_without_addresses_there_are_no_links():
    made = notes([commit("PLAT-7 Search")], list(GROUPS))
    assert made["issues"] == [{"issue_key": "PLAT-7", "url": None}]
    (section,) = made["groups"][0]["sections"]
    assert section["url"] is None and section["commits"][0]["url"] is None
    assert section["commits"][0]["parts"] == [{"text": "PLAT-7 Search", "url": None}]


def test_what_another_pattern_finds_links_only_where_jira_may_know_it():
    entry = one("#12 and PLAT-3", issue_pattern=r"#(\d+)|[A-Z]+-\d", jira_url=JIRA)
    assert entry["issue_keys"] == ["#12", "PLAT-3"]
    assert [part["url"] for part in entry["parts"]] == [None, f"{JIRA}/browse/PLAT-3"]


@pytest.mark.parametrize(
    ("given", "base"),
    [
        (JIRA, JIRA),
        (f"{JIRA}//", JIRA),
        (f"{JIRA}/jira/browse/PLAT", f"{JIRA}/jira"),
        (f"{JIRA}/projects/PLAT", JIRA),
        ("http://[::1]:8080/jira/", "http://[::1]:8080/jira"),
    ],
)
def test_the_base_of_jira_is_found(given, base):
    assert one("PLAT-1", jira_url=given)["parts"][0]["url"] == f"{base}/browse/PLAT-1"


@pytest.mark.parametrize("option", ["jira_url", "repository_url"])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "jira.example.com",
        "https://",
        "https://user:hidden@jira.example.com",
        "https://jira.example.com/a b",
        'https://jira.example.com/"onclick=',
        "https://jira.example.com/)[x](",
    ],
)
def test_what_is_no_plain_address_is_refused_without_being_repeated(option, url):
    with pytest.raises(InputError, match=f"^{option} is no address that a page may link to; give one") as caught:
        notes([], ["issue"], **{option: url})
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("group_by", "more", "words"),
    [
        (["colour"], {}, "group_by 'colour' is none of issue, author, type"),
        (["type"], {"issue_pattern": "("}, "no reg"),
    ],
)
def test_what_is_not_known_is_refused(group_by, more, words):
    with pytest.raises(InputError, match=words):
        notes([], group_by, **more)


def test_no_commits_make_empty_groups():
    assert notes([], ["issue", "issue"]) == {
        "commit_count": 0,
        "compare_url": None,
        "latest_commit_time": None,
        "issues": [],
        "authors": [],
        "breaking_changes": [],
        "groups": [{"by": "issue", "title": "By issue", "sections": []}],
    }


WORDS = st.sampled_from(
    [
        "feat:",
        "fix(x)!:",
        "PLAT-1",
        "WEB-22",
        "[PLAT-1]",
        "text",
        "\n",
        "BREAKING CHANGE: x",
        "<b>",
        "{{ x }}",
        "\x1b",
        ",",
    ]
)
MESSAGES = st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=20)
COMMITS = st.lists(st.tuples(MESSAGES, st.sampled_from(["Dora", "dora", "", None, "Ä\u202eda"])), max_size=8)


@given(COMMITS, st.permutations(list(GROUPS)), st.sampled_from([None, JIRA]))
def test_every_commit_is_in_every_group(found, group_by, jira_url):
    commits = [commit(message, number, author) for number, (message, author) in enumerate(found)]
    made = notes(commits, group_by, jira_url=jira_url, repository_url=REPOSITORY)
    assert [group["by"] for group in made["groups"]] == group_by
    ids = [each["id"] for each in commits]
    for group in made["groups"]:
        names = [section["name"] for section in group["sections"]]
        assert len(set(names)) == len(names) and None not in names[:-1]
        listed = [[entry["id"] for entry in section["commits"]] for section in group["sections"]]
        assert sorted({each for section in listed for each in section}) == sorted(ids)
        # in the order in which they came
        assert all(section == [each for each in ids if each in section] and section for section in listed)
        if group["by"] != "issue":
            assert sum(map(len, listed)) == len(ids)
        for section in group["sections"]:
            for entry in section["commits"]:
                own = {
                    "issue": entry["issue_keys"] or [None],
                    "author": [entry["author_name"]],
                    "type": [entry["type"]],
                }
                assert section["name"] in own[group["by"]]
                assert bool(entry["breaking_notes"]) or not entry["breaking"]
                assert "".join(part["text"] for part in entry["parts"]) == entry["subject"]
                assert all(part["text"] for part in entry["parts"])
                linked = {part["text"] for part in entry["parts"] if part["url"]}
                others = {other["issue_key"] for other in entry["other_issues"]}
                assert not linked & others and linked <= set(entry["issue_keys"])
