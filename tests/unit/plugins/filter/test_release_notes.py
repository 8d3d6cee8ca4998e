# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter import markdown_text, release_notes

notes = release_notes.FilterModule().filters()["release_notes"]
markdown = markdown_text.FilterModule().filters()["markdown_text"]
COMMIT = {
    "id": "a" * 40,
    "subject": "PLAT-1 {{ x }}",
    "message": "PLAT-1 {{ x }}",
    "parents": [],
    "author_name": "Dora",
    "author_time": None,
}


def test_commits_are_grouped_in_the_order_of_the_documentation():
    made = notes([COMMIT])
    assert [group["by"] for group in made["groups"]] == ["type"]
    assert made["groups"][0]["sections"][0]["commits"][0]["subject"] == "PLAT-1 {{ x }}"


@pytest.mark.parametrize("commits", [None, 1, [None], [{}], [{**COMMIT, "message": None}], "text"])
def test_what_are_no_commits_is_refused(commits):
    with pytest.raises(AnsibleFilterError, match=r"are no commits .*; give what commit_info returns"):
        notes(commits)


@pytest.mark.parametrize(
    ("more", "words"),
    [({"group_by": ["colour"]}, "choose of these"), ({"jira_url": "ftp://x"}, "jira_url is no address")],
)
def test_other_input_is_refused_in_one_sentence(more, words):
    with pytest.raises(AnsibleFilterError, match=words):
        notes([COMMIT], **more)


def test_markup_becomes_text():
    assert markdown("[x](y)") == r"\[x\](y)"
    with pytest.raises(AnsibleFilterError, match="is no text; give a text"):
        markdown([])
