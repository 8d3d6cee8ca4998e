# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bitbucket.datacenter.plugins.filter import as_type as of_type
from ansible_collections.bitbucket.datacenter.plugins.filter import type_faults as of_faults
from jinja2 import Undefined

as_type = of_type.FilterModule().filters()["as_type"]
type_faults = of_faults.FilterModule().filters()["type_faults"]


def test_text_becomes_what_it_says():
    assert as_type("no", "bool") is False
    assert as_type("a: [1]", "dict") == {"a": [1]}


def test_what_cannot_be_converted_is_refused_without_being_shown():
    with pytest.raises(AnsibleFilterError, match="cannot be converted to the type dict") as caught:
        as_type("hidden-word", "dict")
    assert "hidden-word" not in str(caught.value)


def test_another_type_is_refused():
    with pytest.raises(AnsibleFilterError, match="does not know the type set"):
        as_type("x", "set")


def test_faults_of_several_variables_come_together():
    specs = {"app_on": {"type": "bool"}, "app_map": {"type": "dict"}}
    assert type_faults({"app_on": "no", "app_map": "a: b"}, specs) == []
    assert len(type_faults({"app_on": "maybe", "app_map": "b"}, specs)) == 2


@pytest.mark.parametrize(("values", "specs"), [({"x": 1}, {}), ([], {}), ({"x": 1}, {"x": {}})])
def test_faults_need_a_spec_for_each(values, specs):
    with pytest.raises(AnsibleFilterError, match="give a dictionary of variables"):
        type_faults(values, specs)


def test_what_is_undefined_stays_so():
    missing = Undefined(name="app_only")
    assert as_type(missing, "list") is missing
