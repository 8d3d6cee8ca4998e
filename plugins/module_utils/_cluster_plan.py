# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The plan for the cluster as it is now, or as soon as every node answers that may come up without help."""

from __future__ import annotations

import typing as t

from ._cluster import View, Watch
from ._cluster_goal import wait_until_complete
from ._errors import WaitError
from ._progress import Progress

Planner = t.Callable[[View, bool], dict[str, t.Any]]


def _awaited(plan: View) -> list[str]:
    """Why the plan waits for nodes, a reason for each."""
    return [step["reason"] for step in plan["steps"] if step["action"] == "wait_for_node"]


def plan_once_settled(
    watch: Watch, make: Planner, *, timeout: float, delay: float, progress: Progress
) -> tuple[View, dict[str, t.Any]]:
    """The cluster and its plan, once the plan does not wait for nodes.

    ``make`` plans for a cluster; its second argument says that waiting has timed out. Where such a plan has steps at
    all, they do not wait any more, and it is returned. Raises WaitError otherwise, any BitbucketError.
    """
    polled: list[View] = []

    def poll() -> View:
        polled[:] = [watch.read(once=True)]
        return polled[0]

    try:
        cluster = wait_until_complete(
            poll,
            lambda cluster: not _awaited(make(cluster, False)),
            lambda cluster: ", ".join(_awaited(make(cluster, False))),
            timeout=timeout,
            delay=delay,
            progress=progress,
        )
    except WaitError:
        plan = make(polled[0], True) if polled else None
        if plan is None or _awaited(plan):
            raise
        return polled[0], plan
    return cluster, make(cluster, False)
