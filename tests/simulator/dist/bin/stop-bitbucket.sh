#!/bin/sh
# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stops this Bitbucket node. Needs BITBUCKET_HOME. Options of the vendor's script (--no-search) are accepted.
set -eu

if [ -z "${BITBUCKET_HOME:-}" ] || [ ! -r "$BITBUCKET_HOME/runtime.env" ]; then
    echo "BITBUCKET_HOME must name the home directory of a node" >&2
    exit 2
fi
INST=$(cd "$(dirname "$0")/.." && pwd -P)
PYTHON=python3
. "$BITBUCKET_HOME/runtime.env"
PYTHONPATH="$INST/app" PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" -m simulator.launch stop "$INST"
