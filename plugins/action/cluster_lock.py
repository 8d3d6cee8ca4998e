# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module cluster_lock: it knows which runs of this controller go on."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._run import has_ended, this_run


class ActionModule(ActionBase):
    """Runs the module for this run, and once more where the run that holds the lock is known to have ended."""

    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The module's result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        options = dict(self._task.args)
        given = options.get("holder") or {}
        # what is no dictionary is refused by the module
        options["holder"] = {**this_run(), **given} if isinstance(given, dict) else given
        outcome = self._execute_module(module_args=options, task_vars=task_vars)
        lock = outcome.get("lock") or {}
        if outcome.get("failed") and not lock.get("ours") and has_ended(lock.get("holder") or {}):
            outcome = self._execute_module(module_args={**options, "ended": lock["id"]}, task_vars=task_vars)
        return {**result, **outcome}
