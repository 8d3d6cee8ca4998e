# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Waiting for a node, or for the cluster: when it is done, when it is of no use any more, and how it is told."""

from __future__ import annotations

import typing as t

from ._cluster import Node, View, Watch
from ._node_identity import OFFLINE, References
from ._progress import Progress
from ._text import counted
from ._upgrade_plan import TASKS_FAILED, is_settled
from ._waiter import wait_until

# what a node still works on matters as long as it goes down
_GOING_DOWN = ("DRAINING", "TERMINATING")


class Goal:
    """A state, and a version where one is given, of a node or of the cluster.

    ``node`` are references of a node, see ``_node_identity.find``; None for the cluster, whose version is that of every
    node which is not OFFLINE. For ``former`` see ``_cluster.Node``.
    ``failed_states`` end the wait at once; None stands for those that the vendor's reference calls failures.
    """

    def __init__(
        self,
        state: str,
        *,
        node: References | None = None,
        former: t.Iterable[str] = (),
        version: str | None = None,
        failed_states: t.Sequence[str] | None = None,
    ) -> None:
        self._state = state
        self._version = version
        self._node = Node(node, former) if node else None
        default = ["ERROR"] if node else ["UPGRADE_TASKS_FAILED"]
        self._failed_states = default if failed_states is None else failed_states
        self.subject = self._node.subject if self._node else "the cluster"
        self.wanted = _at(state, version)

    def wait(self, watch: Watch, *, timeout: float, delay: float, progress: Progress) -> tuple[View, float]:
        """The cluster when the goal is reached, and the seconds that it took. Raises WaitError, any BitbucketError."""
        return wait_until(
            # the wait itself is the retry, and sees and tells that a look has failed
            lambda: watch.read(once=True),
            self.reached,
            self.hopeless,
            self.describe,
            subject=self.subject,
            wanted=self.wanted,
            timeout=timeout,
            delay=delay,
            next_step=self._look_at_log,
            tell=lambda line, news: progress.say(line, at_once=news),
        )

    def reached(self, cluster: View) -> bool:
        """Whether state and version are as wanted. A node that is not listed is OFFLINE.

        A node without a version does not answer yet, whatever its state.
        """
        if self._node is None:
            return bool(cluster["state"] == self._state) and not self._elsewhere(cluster)
        if self._state == OFFLINE:
            return self._node.is_gone(cluster)
        node = self._node.find(cluster)
        if node is None or node["state"] != self._state or (node["state"] == "ACTIVE" and node["version"] is None):
            return False
        return self._version in (None, node["version"])

    def hopeless(self, cluster: View) -> tuple[str, str] | None:
        """Why waiting on is of no use, and what to do; or None."""
        seen = self._observe(cluster)
        if seen is not None and seen["state"] in self._failed_states:
            remedy = TASKS_FAILED if seen["state"] == "UPGRADE_TASKS_FAILED" else self._look_at_log
            return "which does not recover by itself", remedy
        # the version that a node reports while it starts, where it reports one, is the one that it comes back on
        begun = self._node and seen is not None and seen["state"] == "STARTING"
        elsewhere = [node["label"] for node in self._elsewhere(cluster) if node["version"]]
        if not elsewhere or not (begun or self._in_state(cluster)):
            return None
        if self._node:
            return "so it came back on another version", f"see which release {self.subject} starts, then run again"
        names = ", ".join(elsewhere)
        return f"with {names} left at another version", f"bring {names} to {self._version}, then run again"

    def describe(self, cluster: View) -> str:
        """What is seen, in words that go on from "it is"."""
        seen = self._observe(cluster)
        if self._node:
            if seen is None:
                return f"not listed by the cluster ({self._node.missing(cluster)})"
            # an id says nothing to anybody
            known = seen["label"] == seen["id"] or self.subject == f"node {seen['label']}"
            name = "" if known else f"{seen['label']}, "
            return name + _told(seen)
        return f"{cluster['state']} ({_listed(cluster)})"

    @property
    def _look_at_log(self) -> str:
        return f"look at the log of {self.subject if self._node else 'the server'}, put it right and run again"

    def _observe(self, cluster: View) -> View | None:
        """The node or the cluster itself; None where the node is not listed."""
        return self._node.presumed(cluster) if self._node else cluster

    def _in_state(self, cluster: View) -> bool:
        seen = self._observe(cluster)
        return self._state == (OFFLINE if seen is None else seen["state"])

    def _elsewhere(self, cluster: View) -> list[View]:
        """The nodes that are meant and do not run the wanted version."""
        if self._version is None:
            return []
        seen = self._observe(cluster)
        meant = ([seen] if seen else []) if self._node else cluster["nodes"]
        return [node for node in meant if node["state"] != OFFLINE and node["version"] != self._version]


def wait_for_versions(watch: Watch, *, timeout: float, delay: float, progress: Progress) -> View:
    """The cluster once every live node shows its version. Raises WaitError, any BitbucketError."""
    return wait_until_complete(
        lambda: watch.read(once=True), is_settled, _listed, timeout=timeout, delay=delay, progress=progress
    )


def wait_until_complete(
    poll: t.Callable[[], View],
    is_complete: t.Callable[[View], bool],
    describe: t.Callable[[View], str],
    *,
    timeout: float,
    delay: float,
    progress: Progress,
) -> View:
    """The cluster once no node is missing that may come up. Raises WaitError, any BitbucketError."""
    cluster, _seconds = wait_until(
        poll,
        is_complete,
        lambda _cluster: None,
        lambda cluster: f"incomplete ({describe(cluster)})",
        subject="the cluster",
        wanted="complete",
        timeout=timeout,
        delay=delay,
        next_step="read the log of that node, put it right and run again",
        tell=lambda line, news: progress.say(line, at_once=news),
    )
    return cluster


def _listed(cluster: View) -> str:
    return ", ".join(f"{node['label']} {_told(node)}" for node in cluster["nodes"])


def _told(node: View) -> str:
    """State, version and, as far as they matter, tasks of a node."""
    tasks = node["tasks_total"] if node["state"] in _GOING_DOWN else None
    busy = f" with {counted(tasks, 'task')}" if tasks else ""
    return _at(node["state"] or "not answering yet", node["version"]) + busy


def _at(state: str, version: str | None) -> str:
    return f"{state} at {version}" if version else state
