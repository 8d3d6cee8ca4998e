# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter.branch_type import FilterModule
from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError

branch_type = FilterModule().filters()["branch_type"]
MODEL = {"development": {"name": "main"}, "types": [{"id": "FEATURE", "prefix": "feature/"}]}


def test_a_name_tells_its_type():
    assert branch_type(MODEL, "refs/heads/feature/x") == "FEATURE"
    assert branch_type(MODEL, "main") is None
    assert branch_type(MODEL, "main", model_branches=True) == "development"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (None, "The branch model is not a mapping but null"),
        ("main", "The branch model is not a mapping but a text"),
        ([], "The branch model is not a mapping but a list"),
        ({}, "The branch model has no list of types"),
        ({"types": None}, "The branch model has no list of types"),
        ({"changed": False, "branch_model": MODEL}, "has no list of types; give branch_model as branch_model_info"),
        ({"types": [{"id": "FEATURE"}]}, "is no branch model"),
    ],
)
def test_what_is_no_model_is_refused(model, words):
    with pytest.raises(AnsibleFilterError, match=words):
        branch_type(model, "x")


def test_swapped_arguments_are_named():
    with pytest.raises(AnsibleFilterError) as caught:
        branch_type("feature/x", MODEL)
    assert str(caught.value) == (
        "branch_type: The branch model and the name are swapped; write the branch model in front of the filter."
    )


@pytest.mark.parametrize("name", [1.1, True, ["main"], MODEL, None])
def test_a_name_is_a_text(name):
    with pytest.raises(AnsibleFilterError, match="name is not a text but "):
        branch_type(MODEL, name)


def test_an_undefined_variable_is_an_error_of_its_own():
    with pytest.raises(UndefinedError, match="'model' is undefined"):
        branch_type(StrictUndefined(name="model"), "x")
