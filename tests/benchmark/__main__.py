# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m benchmark: run the cases, and write report.md, report.json and report.png."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmark.cases import ALL_CASES
from benchmark.frame import machine, title
from benchmark.report import write


def main() -> int:
    names = {case.__name__.rpartition(".")[2]: case for case in ALL_CASES}
    parser = argparse.ArgumentParser(prog="benchmark", description="Measure on this machine, each case by itself.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(names)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="more rounds, steadier medians (default: %(default)s)")
    parser.add_argument("--output-dir", type=Path, default=Path(".build", "benchmark"), help="default: %(default)s")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(names):
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    found = machine()
    tables = {}
    for name in arguments.cases or names:
        case = names[name]
        print(title(case.__doc__), flush=True)
        work = arguments.output_dir.resolve() / "work" / name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        tables[name] = case.measure(work, arguments.rounds)
        shutil.rmtree(work)
    print("\n" + write(arguments.output_dir, found, tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
