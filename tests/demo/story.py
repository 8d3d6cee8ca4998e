# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the demo talks: headings, lines as things happen, and promises that hold or do not."""

from __future__ import annotations

import time
from typing import Any

from harness.playbook import Event

# results that say something although nothing changed
TELLING = ("Show the plan", "Show the result", "Predict the approval")
WAITS = "Wait until "


class Story:
    """Prints, and remembers which promises were broken."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.kept = 0
        self._began = time.monotonic()
        self._chapter = 0

    def chapter(self, title: str) -> None:
        """A numbered heading."""
        self._chapter += 1
        self.say(f"\n{self._chapter}. {title}")

    def say(self, line: str) -> None:
        """A line, at once."""
        print(line, flush=True)

    def promise(self, promised: str, holds: bool, seen: Any = None) -> None:
        """Says whether it holds; what was ``seen`` instead is shown when it does not."""
        if holds:
            self.kept += 1
            self.say(f"   ok      {promised}")
        else:
            self.broken.append(promised)
            self.say(f"   BROKEN  {promised}" + ("" if seen is None else f"\n           seen: {seen}"))

    def follow(self, event: Event) -> None:
        """Shows of a run of ansible-playbook what a person wants to see."""
        if event["event"] != "result":
            return
        if event["status"] in ("failed", "unreachable"):
            self.say(f"   {self._clock} {event['host']:<9} FAILED {event['task']}: {event['msg']}")
        elif event["task"] in TELLING and event["msg"]:
            for line in event["msg"] if isinstance(event["msg"], list) else [event["msg"]]:
                self.say(f"           {line}")
        elif event["status"] == "changed" or (event["status"] == "ok" and event["task"].startswith(WAITS)):
            self.say(f"   {self._clock} {event['host']:<9} {event['task']}")

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    @property
    def _clock(self) -> str:
        return f"{self.seconds:5.1f}s "
