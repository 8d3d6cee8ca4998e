# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_items import branch_items
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import BitbucketError, InputError
from hypothesis import given
from hypothesis import strategies as st


def document(*branches, **more):
    return {"repositories": [{"project_key": "PLAT", "repository": "api", "branches": list(branches), **more}]}


def test_a_document_becomes_a_flat_list_in_its_order():
    declared = {
        "repositories": [
            {
                "project_key": "PLAT",
                "repository": "api",
                "branches": [
                    {"name": "release/9.4", "start_point": "main"},
                    {"type": "FEATURE", "text": "ABC-1 Login page", "start_point": "main"},
                ],
            },
            {"project_key": "~jane", "repository": "web", "branches": [{"name": "old/x", "state": "absent"}]},
            {"project_key": "PLAT", "repository": "empty", "branches": []},
        ]
    }
    api = {"project_key": "PLAT", "repository": "api", "state": "present", "start_point": "main"}
    assert branch_items(declared) == [
        {**api, "name": "release/9.4", "type": None, "text": None},
        {**api, "name": None, "type": "FEATURE", "text": "ABC-1 Login page"},
        {
            "project_key": "~jane",
            "repository": "web",
            "state": "absent",
            "name": "old/x",
            "type": None,
            "text": None,
            "start_point": None,
        },
    ]


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        (None, "$: None is not of type 'object'"),
        ([], "$: [] is not of type 'object'"),
        ({}, "$: 'repositories' is a required property"),
        ({"repositories": {}}, "$.repositories: {} is not of type 'array'"),
        ({"repositories": [], "extra": 1}, "$: Additional properties are not allowed ('extra' was unexpected)"),
        ({"repositories": [{"project_key": "P", "repository": "r"}]}, "$.repositories[0]: 'branches' is a required"),
        (document({"name": "a b"}), "$.repositories[0].branches[0].name: name 'a b' is not a valid branch name"),
        (document({"name": "a", "start_point": "x..y"}), "$.repositories[0].branches[0].start_point: "),
        (document({"name": "a", "state": "gone"}), "$.repositories[0].branches[0].state: 'gone' is not one of"),
        (document({"name": "a", "startpoint": "x"}), "'startpoint' was unexpected"),
        (document({"name": 1}), "$.repositories[0].branches[0].name: 1 is not of type 'string'"),
        (document({}), "$.repositories[0].branches[0]: a branch takes either name, or type and text"),
        (document({"type": "FEATURE"}), "$.repositories[0].branches[0]: a branch takes either name, or type and text"),
        (document({"name": "a", "text": "b"}), "a branch takes either name, or type and text"),
        (document({"name": "a", "type": "F", "text": "b"}), "a branch takes either name, or type and text"),
        (document(project_key="1A"), "$.repositories[0].project_key: project_key '1A' is not a project key"),
        (document(repository="../x"), "$.repositories[0].repository: repository '../x' is not a repository slug"),
    ],
)
def test_a_fault_is_named_with_its_path(declared, fault):
    with pytest.raises(InputError) as caught:
        branch_items(declared)
    assert fault in caught.value.cause
    assert caught.value.next_step == "correct the document, nothing was changed"


def test_all_faults_are_named_at_once():
    with pytest.raises(InputError) as caught:
        branch_items(document({"name": "a b"}, {"name": "fine"}, {"state": "gone"}, project_key="1A"))
    for path in ("project_key: ", "branches[0].name: ", "branches[2]: ", "branches[2].state: "):
        assert f"$.repositories[0].{path}" in caught.value.cause
    assert "branches[1]" not in caught.value.cause


MODELS = {"PLAT/api": {"types": [{"id": "FEATURE", "prefix": "feature/"}, {"id": "HOTFIX", "prefix": "feature/"}]}}


def test_a_model_names_what_is_declared_by_type_and_text():
    declared = document({"name": "a"}, {"type": "feature", "text": "ABC-1 Login page"})
    assert [item["name"] for item in branch_items(declared, MODELS)] == ["a", "feature/ABC-1-login-page"]
    assert [item["name"] for item in branch_items(declared)] == ["a", None]


def test_names_come_without_their_namespace():
    assert branch_items(document({"name": "refs/heads/a"}))[0]["name"] == "a"


@pytest.mark.parametrize(
    ("declared", "models", "fault"),
    [
        ({"type": "BUGFIX", "text": "x"}, MODELS, "$.repositories[0].branches[0]: Branch type 'BUGFIX' is not enabled"),
        ({"type": "FEATURE", "text": "..."}, MODELS, "$.repositories[0].branches[0]: Text '...' leaves nothing"),
        ({"type": "FEATURE", "text": "x"}, {}, "$.repositories[0].branches[0]: the branch model of PLAT/api is not"),
    ],
)
def test_what_a_model_refuses_is_named_with_its_path(declared, models, fault):
    with pytest.raises(InputError) as caught:
        branch_items(document(declared, {"type": "BUGFIX", "text": "y"}), models)
    assert fault in caught.value.cause
    assert "$.repositories[0].branches[1]: " in caught.value.cause


def test_a_branch_that_is_declared_twice_is_a_fault():
    twice = document({"name": "a"}, {"name": "b"}, {"name": "refs/heads/a", "state": "absent"})
    with pytest.raises(InputError) as caught:
        branch_items(twice)
    path = "$.repositories[0].branches"
    assert f"{path}[2]: branch a is declared already at {path}[0]; correct" in str(caught.value)


def test_the_same_repository_in_another_spelling_is_the_same():
    declared = document({"name": "a"})
    declared["repositories"] += document({"name": "a"}, project_key="plat", repository="API")["repositories"]
    with pytest.raises(InputError, match=r"\$\.repositories\[1\]\.branches\[0\]: branch a is declared already"):
        branch_items(declared)
    declared["repositories"][1]["repository"] = "other"
    assert len(branch_items(declared)) == 2


def test_two_texts_that_make_one_name_are_found_with_the_models_only():
    declared = document({"type": "FEATURE", "text": "Login page"}, {"type": "HOTFIX", "text": "login: PAGE"})
    assert len(branch_items(declared)) == 2
    with pytest.raises(InputError, match="branch feature/login-page is declared already"):
        branch_items(declared, MODELS)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["repositories", "project_key", "repository", "branches", "name", "type", "text"]),
                inner,
                max_size=5,
            ),
        ),
    )
)
def test_no_document_is_too_strange(declared):
    try:
        items = branch_items(declared)
    except BitbucketError as error:
        assert isinstance(error, InputError)
    else:
        assert all(set(item) >= {"project_key", "repository", "name", "state"} for item in items)
