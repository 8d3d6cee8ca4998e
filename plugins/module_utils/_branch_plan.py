# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What the branches of one repository become while a set of them is brought to its state, and in which order."""

from __future__ import annotations

import collections
import typing as t

from ._refs import above


class Tips:
    """Branches of a repository by name, each with the commit at its tip. Knows what cannot exist beside what."""

    def __init__(self, tips: t.Mapping[str, str]) -> None:
        self._tips = dict(tips)
        self._directories = collections.Counter(parent for name in tips for parent in above(name))

    def __contains__(self, name: str) -> bool:
        return name in self._tips

    def get(self, name: str) -> str | None:
        """The commit at the tip of the branch, or None where there is no such branch."""
        return self._tips.get(name)

    def add(self, name: str, commit: str) -> None:
        """Have a branch, at this commit."""
        if name not in self._tips:
            self._directories.update(above(name))
        self._tips[name] = commit

    def remove(self, name: str) -> None:
        """Have no such branch any more."""
        del self._tips[name]
        self._directories.subtract(above(name))

    def overlapping(self, name: str) -> str | None:
        """A branch that cannot exist beside one of this name: git keeps ``a`` and ``a/b`` as file and directory."""
        parent = next((parent for parent in above(name) if parent in self._tips), None)
        if parent is None and self._directories[name] > 0:
            return next(other for other in self._tips if other.startswith(f"{name}/"))
        return parent


class Order(t.NamedTuple):
    """Numbers of wishes, in the order of work."""

    for_default: list[int]
    in_the_way: list[int]
    present: list[int]
    absent: list[int]


class Wish(t.NamedTuple):
    """A branch that shall be present, with the branch where it starts, if it is one; or one that shall be absent."""

    name: str
    present: bool
    start: str | None = None


def in_order(wishes: t.Sequence[Wish], tips: Tips, default: str | None = None) -> Order:
    """What to do first: create the default branch, take away what is in the way, create the others, delete the rest.

    ``default`` is the branch that is to be the default one: by then the one that is it now may be in the way itself.
    Where something is in the way of it, it is created with the others. A branch comes after those that it starts at. A
    circle of branches that start at each other cannot be resolved and stays as it is: none of them has a start.
    """
    new = {wish.name: number for number, wish in enumerate(wishes) if wish.present and wish.name not in tips}
    directories = {parent for name in new for parent in above(name)}

    def blocks(name: str) -> bool:
        return name in directories or any(parent in new for parent in above(name))

    def chain(number: int | None, known: t.Container[int]) -> list[int]:
        """A wish after the new branches that it starts at, less what is known."""
        found: dict[int, None] = {}  # a set that keeps its order
        while number is not None and number not in known and number not in found:
            found[number] = None
            number = new.get(wishes[number].start or "")
        return list(reversed(found))

    present = dict.fromkeys(chain(new.get(default or ""), ()))
    if any(tips.overlapping(wishes[number].name) for number in present):
        present.clear()
    order = Order(list(present), [], [], [])
    for number, wish in enumerate(wishes):
        if wish.present:
            present.update(dict.fromkeys(chain(number, present)))
        elif wish.name in tips and blocks(wish.name):
            order.in_the_way.append(number)
        else:
            order.absent.append(number)
    order.present.extend(list(present)[len(order.for_default) :])
    return order
