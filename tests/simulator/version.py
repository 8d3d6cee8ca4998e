# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release numbers of the product."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PATTERN = re.compile(r"^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$")


@dataclass(frozen=True, order=True)
class Version:
    """A release x.y.z: x.y is the feature release, z the bug-fix level."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `x.y.z`; ValueError for anything else."""
        match = _PATTERN.match(text.strip())
        if match is None:
            raise ValueError(f"'{text}' is not a release number of the form x.y.z")
        return cls(*(int(part) for part in match.groups()))

    @property
    def feature(self) -> tuple[int, int]:
        return self.major, self.minor

    @property
    def build_number(self) -> str:
        """seen 9.4.22: "9004022"."""
        return str(self.major * 1_000_000 + self.minor * 1_000 + self.patch)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"
