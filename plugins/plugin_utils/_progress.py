# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Actions that run the module of their name and show its progress while it runs."""

from __future__ import annotations

import pathlib
import threading
import typing as t

from ansible import constants, context
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import callback_loader
from ansible.utils.display import Display

from ..module_utils._progress import FILE

_display = Display()
_SECONDS_BETWEEN_LOOKS = 0.5


class ProgressAction(ActionBase):
    """Runs the module like any other. Where it runs on this machine, its lines of progress are shown as they come.

    Each line is an event of its own, which is what AWX shows as it happens; the lines have no part in the result.
    On another machine, or as another user, they are not within reach, and programs that read standard output would not
    understand them: then nothing is shown.
    """

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The module's result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        in_background = self._task.async_val and not self._connection.has_native_async
        if in_background or self._connection.transport != "local" or not _is_for_people():
            return {**result, **self._execute_module(task_vars=task_vars, wrap_async=in_background)}
        # where the module has its temporary directory, too
        path = pathlib.Path(self._make_tmp_path(), FILE)
        with _Following(path):
            return {**result, **self._execute_module(task_vars=task_vars)}


def _is_for_people() -> bool:
    """Whether lines between results fit into what is printed.

    They do for the default callback and those that derive from it, AWX's own among them; not for those that print JSON,
    a line for each result, or nothing. An action does not learn which callback is used but from the configuration.
    """
    # of ad-hoc commands, which have callbacks of their own
    if context.CLIARGS.get("one_line") or context.CLIARGS.get("tree"):
        return False
    name = constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK")
    callback = callback_loader.get(name, class_only=True) if isinstance(name, str) else type(name)
    # by name: Ansible may have loaded the file of the default callback twice
    return any(vars(each).get("CALLBACK_NAME") == "default" for each in getattr(callback, "__mro__", ()))


class _Following:
    """Shows the lines that are added to a file, as long as the block lasts."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._position = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        self._end.set()
        self._thread.join()

    def _follow(self) -> None:
        ended = False
        while not ended:
            ended = self._end.wait(_SECONDS_BETWEEN_LOOKS)
            # once more in the end, for what was said last
            for line in self._added():
                _display.display(line)

    def _added(self) -> list[str]:
        """The complete lines that were not there before."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                text = file.read()
        except OSError:
            return []
        text = text[: text.rfind(b"\n") + 1]
        self._position += len(text)
        return text.decode("utf-8", "replace").splitlines()
