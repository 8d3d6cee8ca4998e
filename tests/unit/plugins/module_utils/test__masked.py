# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import inspect

import pytest
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _masked, _upgrade_plan
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError


@pytest.mark.parametrize("secret", ["node1", "ode", "1", "node", "none", "", "node12", "NODE1"])
def test_what_is_refused_is_what_ansible_masks(secret):
    words = ["node1", "release/9.4", None]
    secrets = {secret} - {""}
    if remove_values(list(words), secrets) == words:
        _masked.check(secrets, words, "a word")
    else:
        with pytest.raises(InputError):
            _masked.check(secrets, words, "a word")


def test_every_action_and_phase_of_the_planner_is_known():
    tree = ast.parse(inspect.getsource(_upgrade_plan))
    named = set(_upgrade_plan._PHASE_OF.values()) | set(_upgrade_plan._PHASE_OF)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in ("_step", "step") and call.args and isinstance(call.args[0], ast.Constant):
            named.add(call.args[0].value)
    assert len(named) > 5
    assert named <= _upgrade_plan.WORDS
