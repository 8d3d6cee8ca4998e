# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: which requests they meet, how often, and their counters. What they do is in fault_kinds.py.

A rule is added by `POST {control}/faults` and counts at every node at once:

    {"method": "POST", "path": "/branches$", "count": 1, "fault": {"kind": "reset_after"}}

`GET {control}/faults` lists the rules with their counters, `DELETE {control}/faults` forgets them all,
`DELETE {control}/faults/{id}` one of them.

A request is met when everything agrees that the rule names; the oldest rule that fires wins.
    method, node, user   exactly (the user's name as the credentials claim it)
    route                the route as GET {control}/requests shows it
    path                 a regular expression, searched in the path below the context path
How often, of the requests that are met:
    skip                 the first so many are left alone
    count                the rule fires so many times, then never again (without it: for ever)
    probability          from 0 to 1; which requests that are follows from `seed` (default 0)
`/status` is met only by rules that name it in `route` or `path`, so that health checks use up no count.

The fault is `{"kind": ...}` and what the kind takes; `when` tells whether the action was done before:
    delay         seconds; when: before (default) or after
    reset_before  the connection is reset, nothing was done
    reset_after   the action is done, then the connection is reset
    truncate      the action is done; the body breaks off after `bytes` (default: half of it), shorter than announced
    wrong_shape   `body` (default {"unexpected": ["shape"]}) with `status` (200) as JSON; when: after (default)
    html          a login page with `status` (200); when: before (default)
    status        `status` of 400 to 599, `retry_after` in seconds, `body`: errors (default for 4xx and 500),
                  html (default for 501 and more) or empty; when: before (default)
    redirect      to another host: `to` (default http://elsewhere.invalid) and the same path, `status` (302);
                  when: before (default)
    anonymous     the caller is served as anonymous, as for a token that was revoked
    strip_header  the answer loses a header, as by a proxy: `name` (default X-AUSERNAME)
    slow_drip     the action is done; the body comes in pieces of `bytes` (1) with a `pause` (0.1 s) between
A 429 is {"kind": "status", "status": 429, "retry_after": 2}.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Any

from simulator.store import Store

EXAMPLE = '{"method": "POST", "path": "/branches$", "count": 1, "fault": {"kind": "reset_after"}}'


@dataclass(frozen=True)
class Facts:
    """What rules look at in a request."""

    method: str
    path: str
    route: str | None
    node: str
    user: str | None


@dataclass(frozen=True)
class Rule:
    """One rule; `document` was checked against the schema when it was added."""

    id: int
    document: dict[str, Any]

    @property
    def fault(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["fault"]
        return found

    def meets(self, facts: Facts) -> bool:
        wanted = self.document
        for name, value in (("method", facts.method), ("route", facts.route), ("node", facts.node)):
            if wanted.get(name, value) != value:
                return False
        if "user" in wanted and wanted["user"].lower() != (facts.user or "").lower():
            return False
        if facts.path == "/status" and "status" not in wanted.get("route", "") + wanted.get("path", ""):
            return False
        return "path" not in wanted or re.search(wanted["path"], facts.path) is not None

    def fires(self, seen: int, hits: int) -> bool:
        """Whether it acts on the request number `seen`, after it has acted `hits` times."""
        wanted = self.document
        if seen <= wanted.get("skip", 0) or hits >= wanted.get("count", hits + 1):
            return False
        chance = random.Random(f"{wanted.get('seed', 0)}:{self.id}:{seen}").random()
        return bool(chance < wanted.get("probability", 1))


def read_rules(store: Store) -> list[Rule]:
    return [Rule(row["id"], json.loads(row["rule"])) for row in store.all("SELECT id, rule FROM fault ORDER BY id")]


def show_rules(store: Store) -> list[dict[str, Any]]:
    """Each rule with its counters: requests that it met, and those that it acted on."""
    return [
        {"id": row["id"], "seen": row["seen"], "hits": row["hits"], **json.loads(row["rule"])}
        for row in store.all("SELECT * FROM fault ORDER BY id")
    ]


def add_rule(store: Store, rule: dict[str, Any]) -> int:
    return int(store.execute("INSERT INTO fault (rule) VALUES (?)", json.dumps(rule)).lastrowid or 0)


def delete_rules(store: Store, rule_id: int | None = None) -> bool:
    """One rule or all of them; False when there was none."""
    if rule_id is None:
        return store.execute("DELETE FROM fault").rowcount > 0
    return store.execute("DELETE FROM fault WHERE id = ?", rule_id).rowcount > 0


def choose(store: Store, rules: list[Rule], facts: Facts) -> Rule | None:
    """The rule that acts on this request; counts it in the database, where the nodes take turns."""
    met = [rule for rule in rules if rule.meets(facts)]
    if not met:
        return None
    with store.write():
        for rule in met:
            row = store.one("UPDATE fault SET seen = seen + 1 WHERE id = ? RETURNING seen, hits", rule.id)
            if row is not None and rule.fires(row["seen"], row["hits"]):
                store.execute("UPDATE fault SET hits = hits + 1 WHERE id = ?", rule.id)
                return rule
    return None
