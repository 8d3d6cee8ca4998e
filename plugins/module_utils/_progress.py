# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Lines that tell how far a long task is, left in a file that its action plugin reads while the module runs."""

from __future__ import annotations

import pathlib
import time
import typing as t

FILE = "progress"


class Progress:
    """Writes lines to the file in ``directory``, none without a directory.

    Not more than one in ``interval`` seconds, except for those that must not wait.
    """

    def __init__(self, directory: str | None, interval: float, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._path = pathlib.Path(directory, FILE) if directory else None
        self._interval = interval
        self._clock = clock
        self._last = clock()

    def say(self, line: str, *, at_once: bool = False) -> None:
        """Leave the line, unless the last one was just now. That it cannot be written is nobody's failure."""
        if self._path is None or (not at_once and self._clock() - self._last < self._interval):
            return
        self._last = self._clock()
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError:
            self._path = None
