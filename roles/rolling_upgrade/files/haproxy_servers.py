# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows, as JSON, the servers of one name in every backend of the HAProxy behind a stats socket. Changes nothing.

community.general.haproxy changes the state of servers, but cannot look without doing so, and takes a server that is
drained and down for one that is merely down.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import socket
import sys
import time

SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_TO_ANSWER = 10
# Bits of srv_admin_state, management.txt of HAProxy, "show servers state": by command, by configuration, inherited
# from a tracked server, for want of an address; and drained by command or inherited.
MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20
DRAINED = 0x08 | 0x10
# srv_op_state: throttled after a start, running.
UP = (1, 2)


def ask(path, command):
    """The answer to one command. Raises OSError when there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS_TO_ANSWER)
        connection.connect(path)
        connection.sendall(command.encode() + b"\n")
        answer = b""
        while True:
            part = connection.recv(65536)
            if not part:
                return answer.decode()
            answer += part


def states(path):
    """What HAProxy knows of every server, a dictionary for each."""
    _version, header, *rows = ask(path, "show servers state").strip().splitlines()
    names = header.lstrip("# ").split()
    return [dict(zip(names, row.split())) for row in rows if not row.startswith("#")]


def sessions(path):
    """How many sessions each server has, and how many wait for it: by backend and server."""
    rows = csv.DictReader(ask(path, "show stat").lstrip("# ").splitlines())
    return {(row["pxname"], row["svname"]): int(row["scur"] or 0) + int(row["qcur"] or 0) for row in rows}


def clients(path, backend, server):
    """Who has a session at a server, and for how long: ``10.0.0.7:51234 for 3m``."""
    mine = re.compile(rf" src=(\S+) .* be={re.escape(backend)} srv={re.escape(server)} .* age=(\S+)")
    found = (mine.search(line) for line in ask(path, "show sess").splitlines())
    return [f"{each[1]} for {each[2]}" for each in found if each]


def usable(state):
    """Whether requests are given to a server."""
    return int(state["srv_op_state"]) in UP and int(state["srv_admin_state"]) == 0 and int(state["srv_uweight"]) > 0


def look(path, server, backends):
    """The servers of that name, of all backends when none is named. Raises LookupError when one is not there."""
    every = states(path)
    load = sessions(path)
    found = []
    for state in every:
        backend, admin = state["be_name"], int(state["srv_admin_state"])
        if state["srv_name"] != server or (backends and backend not in backends):
            continue
        open_now = load.get((backend, server), 0)
        found.append(
            {
                "backend": backend,
                "up": int(state["srv_op_state"]) in UP,
                "maintenance": bool(admin & MAINTENANCE),
                "drained": bool(admin & DRAINED),
                "sessions": open_now,
                "clients": clients(path, backend, server) if open_now else [],
                "others": [
                    each["srv_name"]
                    for each in every
                    if each["be_name"] == backend and each["srv_name"] != server and usable(each)
                ],
            }
        )
    missing = sorted(set(backends) - {each["backend"] for each in found})
    if missing or not found:
        raise LookupError("there is no server {} in {}".format(server, ", ".join(missing) or "any backend"))
    return found


#: What can be waited for. Servers in maintenance are somebody else's.
WANTED = {
    "idle": lambda server: server["maintenance"] or server["sessions"] == 0,
    "up": lambda server: server["maintenance"] or (server["up"] and not server["drained"]),
}


def main():
    """Prints what was seen last; without an answer of HAProxy, ends with the reason."""
    parser = argparse.ArgumentParser(description="Shows the servers of one name in every backend of HAProxy.")
    parser.add_argument("socket")
    parser.add_argument("server")
    parser.add_argument("--backend", action="append", default=[])
    parser.add_argument("--until", choices=sorted(WANTED))
    parser.add_argument("--seconds", type=float, default=0, help="how long to wait for that at most")
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.seconds
    try:
        level = ask(arguments.socket, "show cli level").strip()
        while True:
            servers = look(arguments.socket, arguments.server, arguments.backend)
            reached = arguments.until is None or all(map(WANTED[arguments.until], servers))
            if reached or time.monotonic() >= deadline:
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
    except (OSError, LookupError, ValueError) as error:
        sys.exit(f"{arguments.socket}: {error}")
    json.dump({"level": level, "servers": servers}, sys.stdout)


if __name__ == "__main__":
    main()
