# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""One comparison behind changed, diff and result, so that they cannot disagree."""

from __future__ import annotations

import dataclasses
import typing as t

View = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What counts of a resource before and after a run, each as the user sees it, None where it is absent."""

    before: View | None
    after: View | None

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return self.before != self.after

    def result(self, what: str, **returned: t.Any) -> dict[str, t.Any]:
        """The module's result: ``changed``, ``diff`` and what it returns besides.

        ``what`` names the resource where Ansible shows the diff, such as ``branch main of PLAT/api``.
        """
        return {
            "changed": self.changed,
            "diff": {
                "before": dict(self.before or {}),
                "after": dict(self.after or {}),
                "before_header": what,
                "after_header": what,
            },
            **returned,
        }
