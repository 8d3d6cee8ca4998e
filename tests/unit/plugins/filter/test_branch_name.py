# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter.branch_name import FilterModule

branch_name = FilterModule().filters()["branch_name"]
MODEL = {"types": [{"id": "FEATURE", "prefix": "feature/"}]}


def test_a_name_is_built_by_position_or_by_keyword():
    assert branch_name(MODEL, "FEATURE", "ABC-1 Login page") == "feature/ABC-1-login-page"
    assert branch_name(MODEL, type="FEATURE", text="x") == "feature/x"


def test_what_the_model_does_not_have_is_one_error_of_ansible_s():
    with pytest.raises(AnsibleFilterError, match="Branch type 'RELEASE' is not enabled in the branch model"):
        branch_name(MODEL, "RELEASE", "x")


def test_an_issue_key_and_a_title():
    name = branch_name(MODEL, "FEATURE", issue_key="ABC-1", title="Log in at the first try", max_length=26)
    assert name == "feature/ABC-1-log-in-at"
    assert branch_name(MODEL, "FEATURE", issue_key="ABC-1") == "feature/ABC-1"


@pytest.mark.parametrize(
    ("model", "kind", "text", "words"),
    [
        ("FEATURE", MODEL, "x", "The branch model and the name are swapped"),
        ("x", "FEATURE", MODEL, "The branch model and the name are swapped"),
        ({"branch_model": MODEL}, "FEATURE", "x", "The branch model has no list of types"),
        (None, "FEATURE", "x", "The branch model is not a mapping but null"),
        (MODEL, 7, "x", "type is not a text but a number"),
        (MODEL, "FEATURE", 1.1, "text is not a text but a number"),
        ({"types": [None]}, "FEATURE", "x", "is no branch model"),
    ],
)
def test_arguments_of_another_kind_are_refused_in_words(model, kind, text, words):
    with pytest.raises(AnsibleFilterError, match=words):
        branch_name(model, kind, text)


@pytest.mark.parametrize(
    "given", [{}, {"text": "x", "issue_key": "ABC-1"}, {"title": "x"}, {"text": "x", "title": "x"}]
)
def test_what_is_not_one_text_is_refused(given):
    with pytest.raises(AnsibleFilterError, match="needs either a text or an issue key; give"):
        branch_name(MODEL, "FEATURE", **given)
