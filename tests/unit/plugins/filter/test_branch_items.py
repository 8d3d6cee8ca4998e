# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter.branch_items import FilterModule

branch_items = FilterModule().filters()["branch_items"]


def test_a_document_becomes_items():
    declared = {"repositories": [{"project_key": "P", "repository": "r", "branches": [{"name": "a"}]}]}
    assert [item["name"] for item in branch_items(declared)] == ["a"]


def test_faults_are_one_error_of_ansible_s_and_one_sentence():
    with pytest.raises(AnsibleFilterError) as caught:
        branch_items({"repositories": [{"project_key": "P", "repository": "r", "branches": [{}, {"name": "a b"}]}]})
    said = str(caught.value)
    assert "branches[0]" in said and "branches[1].name" in said
    assert said.endswith("; correct the document, nothing was changed.") and "\n" not in said
