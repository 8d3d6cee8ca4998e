# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node of a simulated cluster each row of its list is, where neither name nor id nor address says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_TRIES = 40

Row = dict[str, Any]


def by_label(
    read_cluster: Callable[[], dict[str, Any]], read_nodes: Callable[[], list[dict[str, Any]]]
) -> tuple[dict[str, Any], dict[str, Row]]:
    """The cluster as ``/rest/zdu/cluster`` lists it, and its rows by ``node1``, ``node2``, ...

    ``read_nodes`` gives the nodes of the control address, which know their ids. Where a node has two rows, the one
    that is not OFFLINE is taken. A row that none of them knows, after some tries, has its id for a key.
    """
    for _try in range(_TRIES):
        cluster = read_cluster()
        labels = {row: node["name"] for node in read_nodes() for row in node["listed"]}
        if all(row["id"] in labels for row in cluster["nodes"]):
            break
        # a node has come or gone between the two answers
        time.sleep(0.05)
    ordered = sorted(cluster["nodes"], key=lambda row: row["state"] != "OFFLINE")
    found = {labels.get(row["id"], row["id"]): row for row in ordered}
    return cluster, dict(sorted(found.items()))
