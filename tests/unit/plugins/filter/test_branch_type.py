# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter.branch_type import FilterModule

branch_type = FilterModule().filters()["branch_type"]
MODEL = {"development": {"name": "main"}, "types": [{"id": "FEATURE", "prefix": "feature/"}]}


def test_a_name_tells_its_type():
    assert branch_type(MODEL, "refs/heads/feature/x") == "FEATURE"
    assert branch_type(MODEL, "main") is None
    assert branch_type(MODEL, "main", model_branches=True) == "development"


@pytest.mark.parametrize("model", [None, {}, [], {"types": None}, {"types": [{"id": "FEATURE"}]}])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(AnsibleFilterError, match="is no branch model"):
        branch_type(model, "x")
