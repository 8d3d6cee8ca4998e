# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter import upgrade_report, upgrade_report_view

report = upgrade_report.FilterModule().filters()["upgrade_report"]
view = upgrade_report_view.FilterModule().filters()["upgrade_report_view"]


@pytest.mark.parametrize(
    "told", [{}, [], None, {"goal": "upgrade", "target_version": "", "message": "", "results": [1], "turns": []}]
)
def test_what_tells_of_no_upgrade_is_refused(told):
    with pytest.raises(AnsibleFilterError, match="give it as documented"):
        report(told)


@pytest.mark.parametrize("document", [{}, [], None, {"runs": [{}]}])
def test_what_is_no_report_is_refused(document):
    with pytest.raises(AnsibleFilterError, match="give what upgrade_report returns"):
        view(document)
