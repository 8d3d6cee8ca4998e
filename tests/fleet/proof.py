# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module is proven by: scenarios of real runs, and the faults of each endpoint that it uses.

The tables are in `proofs`, a file for each part of the collection. What must hold is in test_modules.py and in
test_faults.py, the same for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from .modules import Fleet

API = {"project_key": "PLAT", "repository": "api"}
#: As routes of the simulator are written.
REPOSITORY = "/projects/{projectKey}/repos/{repositorySlug}"


def nothing(_fleet: Fleet) -> None:
    """For what needs no preparation."""


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One way to run a module for real.

    ``prepare`` brings the world to where the module has something to do, or to find; ``changes`` says whether the
    first real run has something to change. ``reader`` says whether an account that may only read may run it; None
    where the options and the kind of the module say so: what only reads, in a project. ``tells`` are
    return values that speak of the change itself, ``witnesses`` those of what was seen on the way, which cannot be
    predicted either. ``given`` are keys, at any depth, of what only the server can give: null in a prediction.
    ``unread`` is for what the server takes, but does not show: every run says that it changed it.
    """

    module: str
    title: str
    options: dict[str, Any]
    changes: bool = False
    prepare: Callable[[Fleet], None] = nothing
    reader: bool | None = None
    tells: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.module}: {self.title}"


@dataclasses.dataclass(frozen=True)
class Use:
    """A module that uses the endpoint.

    ``done`` looks whether a write is carried out; None for a read, and for a write of which the module cannot know.
    """

    module: str
    options: dict[str, Any]
    outcomes: dict[str, tuple[str, str]]
    prepare: Callable[[Fleet], None] = nothing
    done: Callable[[Fleet], bool] | None = None
    check: bool = False


#: Method and route to those who use it.
Uses = dict[tuple[str, str], list[Use]]

# seconds that the client waits for an answer, and that a delay lasts beyond it
TIMEOUT, TOO_LONG = 0.4, 0.8

FAULTS: dict[str, dict[str, Any]] = {
    "delay": {"kind": "delay", "seconds": 0.05},
    "too late": {"kind": "delay", "seconds": TOO_LONG, "when": "after"},
    "reset before": {"kind": "reset_before"},
    "reset after": {"kind": "reset_after"},
    "truncated": {"kind": "truncate"},
    "wrong shape": {"kind": "wrong_shape"},
    "html 200": {"kind": "html"},
    "500": {"kind": "status", "status": 500},
    "502 after": {"kind": "status", "status": 502, "when": "after"},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504},
    "429": {"kind": "status", "status": 429, "retry_after": 1},
    "redirect": {"kind": "redirect"},
    "slow drip": {"kind": "slow_drip", "bytes": 20, "pause": 0.002},
}

# of a read: what comes of the fault that happens once, and of the one that lasts
READ = {
    "delay": ("success", "success"),
    "too late": ("success", "unreachable"),
    "reset before": ("success", "unreachable"),
    "reset after": ("success", "unreachable"),
    "truncated": ("success", "unreachable"),
    "wrong shape": ("contract", "contract"),
    "html 200": ("contract", "contract"),
    "500": ("server", "server"),
    "502 after": ("success", "server"),
    "503": ("success", "server"),
    "504": ("success", "server"),
    "429": ("success", "rate_limited"),
    "redirect": ("contract", "contract"),
    "slow drip": ("success", "success"),
}
# of a write that may be sent once more after reading back: success means that it is carried out, an error that not
REPEATED = {
    "delay": ("success", "success"),
    "too late": ("success", "success"),
    "reset before": ("success", "unreachable"),
    "reset after": ("success", "success"),
    "truncated": ("success", "success"),
    "wrong shape": ("success", "success"),
    "html 200": ("success", "contract"),
    "500": ("success", "server"),
    "502 after": ("success", "success"),
    "503": ("success", "server"),
    "504": ("success", "server"),
    "429": ("success", "rate_limited"),
    "redirect": ("contract", "contract"),
    "slow drip": ("success", "success"),
}
# of a write that is never sent twice
ONCE = {
    **REPEATED,
    "reset before": ("unreachable", "unreachable"),
    "html 200": ("contract", "contract"),
    "500": ("server", "server"),
    "503": ("server", "server"),
    "504": ("server", "server"),
}
# of a write that nothing can be read back of: it is sent twice, and then an error may mean that it is carried out
UNREAD = {fault: (once, READ[fault][1]) for fault, (once, _lasting) in REPEATED.items()}
# of a write that nothing can be read back of, and that is sent once: an error may mean that it is carried out
ALONE = {fault: ("success" if fault == "429" else lasting, lasting) for fault, (_once, lasting) in READ.items()}
