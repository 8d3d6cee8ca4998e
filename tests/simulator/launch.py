# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop one installed node as a daemon: what the scripts in bin/ call.

Nothing but the standard library, so that a start is quick. The running node holds `<home>/.lock`; the PID
file beside its log is for people and service managers.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from simulator.locks import is_locked, try_lock

STOP_SECONDS = 30.0


def pid_file(home: Path) -> Path:
    return home / "log" / "bitbucket.pid"


def running_pid(home: Path) -> int | None:
    """The process id of the node of this home, None when none runs."""
    if not is_locked(home / ".lock"):
        return None
    try:
        return int(pid_file(home).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def start(install_dir: Path, home: Path) -> int:
    """Exit code 0 also when it runs already: like a service."""
    (home / "log").mkdir(exist_ok=True)
    lock = try_lock(home / ".lock")
    if lock is None:
        print(f"Bitbucket is already running (pid {running_pid(home)})")
        return 0
    log_path = home / "log" / "atlassian-bitbucket.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.node", "--home", str(home), "--install-dir", str(install_dir)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=install_dir,
            env={**os.environ, "PYTHONPATH": str(install_dir / "app"), "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
            # The child holds the lock from its first to its last moment; its own children do not get it.
            pass_fds=(lock,),
            umask=0o022,
        )
    temporary = pid_file(home).with_suffix(".new")
    temporary.write_text(f"{process.pid}\n", encoding="ascii")
    temporary.replace(pid_file(home))
    print(f"Bitbucket is starting (pid {process.pid}), log: {log_path}")
    return 0


def stop(home: Path) -> int:
    """SIGTERM, up to 30 s of patience, SIGKILL; exit code 0 when nothing runs afterwards."""
    pid = running_pid(home)
    if pid is None:
        pid_file(home).unlink(missing_ok=True)
        print("Bitbucket is not running")
        return 0
    print(f"Stopping Bitbucket (pid {pid})")
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_locked(home / ".lock"):
                pid_file(home).unlink(missing_ok=True)
                print("Bitbucket has stopped" if number == signal.SIGTERM else "Bitbucket was killed")
                return 0
            time.sleep(0.05)
    print(f"Bitbucket (pid {pid}) does not end", file=sys.stderr)
    return 1


def main() -> int:
    action, install_dir = sys.argv[1], Path(sys.argv[2]).resolve()
    home_text = os.environ.get("BITBUCKET_HOME", "")
    if not home_text or not (Path(home_text) / "node.json").is_file():
        print("BITBUCKET_HOME must name the home directory of a node", file=sys.stderr)
        return 2
    home = Path(home_text).resolve()
    return start(install_dir, home) if action == "start" else stop(home)


if __name__ == "__main__":
    sys.exit(main())
