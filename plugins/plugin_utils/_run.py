# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Which run of ansible-playbook this is, and whether another one on the same controller has ended."""

from __future__ import annotations

import getpass
import os
import pathlib
import platform
import typing as t

_PROC = pathlib.Path("/proc")
#: States of a process that does nothing any more: zombie, dead.
_ENDED = ("Z", "X", "x")


def this_run(proc: pathlib.Path = _PROC) -> dict[str, t.Any]:
    """The option ``holder`` of ``cluster_lock`` for this run.

    Actions run in workers, which are children of ansible-playbook; its process identifies the run for all plays and
    tasks. Without /proc the host and the number of the process do.
    """
    pid = os.getppid()
    holder = {"host": platform.node(), "user": _user(), "pid": pid, **_machine(proc)}
    process = _process(proc, pid)
    if process:
        holder["started"] = process[1]
    names = ("host", "pid", "started", "boot", "namespace")
    return {**holder, "run": "/".join(str(holder[name]) for name in names if name in holder)}


def has_ended(holder: t.Mapping[str, t.Any], proc: pathlib.Path = _PROC) -> bool:
    """Whether the process of a holder is known to be gone.

    False where that cannot be known: another host, another boot, another container, or no /proc.
    """
    here = {"host": platform.node(), **_machine(proc)}
    if len(here) < 3 or any(holder.get(name) != value for name, value in here.items()):
        return False
    if not holder.get("pid") or not holder.get("started"):
        return False
    process = _process(proc, int(holder["pid"]))
    if process is None:
        return not _exists(int(holder["pid"]))
    return process[0] in _ENDED or process[1] != holder["started"]


def _exists(pid: int) -> bool:
    """Whether there is such a process. /proc does not show those of other users where it is mounted with hidepid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container may run as a user without a name
        return str(os.getuid())


def _machine(proc: pathlib.Path) -> dict[str, str]:
    """What the numbers of processes depend on; empty without /proc. The namespace differs between containers."""
    try:
        return {
            "boot": (proc / "sys" / "kernel" / "random" / "boot_id").read_text(encoding="ascii").strip(),
            "namespace": str((proc / "self" / "ns" / "pid").readlink()),
        }
    except OSError:
        return {}


def _process(proc: pathlib.Path, pid: int) -> tuple[str, str] | None:
    """State of a process, and when it was started in clock ticks since the boot; None when there is no such process.

    See proc(5): the second field is the name in parentheses, which may contain anything.
    """
    try:
        fields = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]
