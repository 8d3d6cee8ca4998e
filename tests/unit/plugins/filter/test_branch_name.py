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
