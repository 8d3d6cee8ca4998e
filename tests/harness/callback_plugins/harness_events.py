# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes each beginning and each result as a line of JSON, for programs that follow a run."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: harness_events
type: notification
short_description: Each beginning and each result as a line of JSON
description:
  - Writes to the file descriptor that the environment variable HARNESS_EVENTS names, and waits after each line for a
    byte from the one that HARNESS_ANSWERS names, so that whoever follows the run finds it where the line says.
options: {}
"""


class CallbackModule(CallbackBase):
    """One object for each result: event, task, host, status, msg, diff, item; and the statistics at the end.

    Before it, one for each play and each task that begins at a host: event, name, host.
    """

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "harness_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._stream = os.fdopen(int(os.environ["HARNESS_EVENTS"]), "w", encoding="utf-8")
        self._answers = int(os.environ["HARNESS_ANSWERS"])

    def _write(self, **event):
        print(json.dumps(event, default=str), file=self._stream, flush=True)
        os.read(self._answers, 1)

    def _result(self, status, result, item=False):
        said = result._result
        self._write(
            event="item" if item else "result",
            host=result._host.get_name(),
            task=_name(result._task),
            action=result._task.action,
            status="changed" if status == "ok" and said.get("changed") else status,
            msg=said.get("msg"),
            diff=said.get("diff") or None,
            item=said.get("_ansible_item_label") if item else None,
        )

    def v2_playbook_on_play_start(self, play):
        self._write(event="play", name=play.get_name())

    def v2_runner_on_start(self, host, task):
        self._write(event="begin", host=host.get_name(), name=_name(task))

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_item_on_ok(self, result):
        self._result("ok", result, item=True)

    def v2_runner_item_on_failed(self, result):
        self._result("failed", result, item=True)

    def v2_playbook_on_stats(self, stats):
        self._write(event="stats", hosts={host: stats.summarize(host) for host in stats.processed}, custom=stats.custom)


def _name(task):
    """As it stands in the file, without its role."""
    return task.get_name().rpartition(" : ")[2]
