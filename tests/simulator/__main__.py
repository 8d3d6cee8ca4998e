# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m simulator: a simulated Bitbucket Data Center cluster in the foreground."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import yaml

from simulator import faults
from simulator.ports import PortInUseError
from simulator.schemas import control_schema, faults_in
from simulator.seed import DEFAULT_SEED, SeedError
from simulator.supervisor import Options, SetUpError, Supervisor
from simulator.version import Version


def _context_path(text: str) -> str:
    text = text.rstrip("/")
    if text and not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", text):
        raise argparse.ArgumentTypeError("must be empty or like /bitbucket")
    return text


def _version(text: str) -> Version:
    try:
        return Version.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError("must be a number from 1 to 20")
    return int(text)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("must be like NAME=VALUE")
    setting = {name: yaml.safe_load(value)}
    found = faults_in(setting, control_schema("server"))
    if found:
        raise argparse.ArgumentTypeError("; ".join(found))
    return name, setting[name]


_EPILOG = f"""\
The control address (its index lists everything) sets faults, settings and states while the cluster runs.
A fault on demand is a rule:

{textwrap.indent(faults.__doc__ or "", "  ")}"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="simulator",
        description="A simulated Bitbucket Data Center cluster on real git; loopback only.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data-dir", type=Path, required=True,
        help="everything on disk is below this directory; what a former run left there is used again",
    )  # fmt: skip
    parser.add_argument("--nodes", type=_count, default=3, help="how many nodes (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=7990,
        help="the port of the entry address and of every node; control is one below; 0: free ports"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--shared-address", action="store_true",
        help="the nodes share the entry's address and have the ports above its own, in place of one port and an"
        " address each",
    )  # fmt: skip
    parser.add_argument(
        "--node-names", choices=("none", "unique", "same"), default=os.environ.get("SIMULATOR_NODE_NAMES", "none"),
        help="the names of the nodes in the cluster: not configured, node1 to nodeN, or one for all"
        " (default: %(default)s, or by the environment variable SIMULATOR_NODE_NAMES)",
    )  # fmt: skip
    parser.add_argument(
        "--version", type=_version, default=Version(9, 4, 21),
        help="the release that the nodes are installed from, x.y.z (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--context-path", type=_context_path, default="", help="for example /bitbucket")
    parser.add_argument(
        "--seed", type=Path, default=DEFAULT_SEED, help="seed document, YAML or JSON, for a new data directory"
    )
    parser.add_argument(
        "--administrator-password",
        help="in place of the one that the seed document gives to users with SYS_ADMIN, for a new data directory",
    )
    parser.add_argument(
        "--start-up-seconds", type=float, default=1.0, help="how long a node is STARTING (default: %(default)s)"
    )
    parser.add_argument("--ready-file", type=Path, help="written as JSON when every node is ACTIVE")
    parser.add_argument("--fresh", action="store_true", help="forget what a former run left in the data directory")
    parser.add_argument(
        "--until-eof", action="store_true", help="stop when standard input ends: together with whoever holds it"
    )
    parser.add_argument(
        "--setting", type=_setting, action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="a setting of the servers, repeatable: basic_authentication, captcha_after_failed_logins,"
        " rest_delay_seconds, null_state_seconds, zdu_conflict_body, license_limit_exceeded, page_max, rate_limit;"
        " for example basic_authentication=false, rate_limit='{enabled: true}'",
    )  # fmt: skip
    parser.add_argument(
        "--tls-certificate", type=Path, help="serve the entry address over HTTPS: PEM file with certificate and key"
    )
    parser.add_argument(
        "--tls-client-ca", type=Path, help="with it, demand a certificate of clients that one of these has signed"
    )
    arguments = parser.parse_args()
    arguments.settings = dict(arguments.settings)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        Supervisor(Options(**vars(arguments)), lambda line: print(line, flush=True)).run()
    except (SetUpError, SeedError, PortInUseError) as error:
        print(f"The simulator cannot run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
