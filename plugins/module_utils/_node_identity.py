# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What identifies a node: its name where one is set and unique, else its IP address and port. Pure.

An id is new at each restart (seen). A name is set only where the node's JVM runs with ``-Dcluster.node.name``, and
need not be unique (documented). IP address and port stay over a restart on the same machine (likely).
"""

from __future__ import annotations

import functools
import ipaddress
import re
import typing as t

View = t.Mapping[str, t.Any]
References = t.Union[str, t.Sequence[str]]

#: Listed as the name of every node that has none (seen 7.9).
UNNAMED = "Not configured"
OFFLINE = "OFFLINE"


def address_of(node: View) -> str | None:
    """Address and port of a node as ``10.0.0.1:7990``; the address alone without a port; None without an address."""
    address, port = node["ip_address"], node["port_number"]
    if not address or not port:
        return address or None
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def labelled(nodes: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The nodes, each with its ``label``, in the order of their labels.

    A label is unique in the list: the name, else address and port, else the id. Where several nodes have the same
    name or address, the only live one of them gets it.
    """
    listed = list(nodes)
    found = [{**node, "label": _label(node, listed)} for node in listed]
    return sorted(found, key=lambda node: _order(node["label"]))


def _label(node: View, listed: t.Sequence[View]) -> str:
    for label_of in (_name, address_of):
        label = label_of(node)
        alike = [each for each in listed if label_of(each) == label]
        rivals = [each for each in alike if is_live(each)] or alike
        if label and len(rivals) == 1 and rivals[0] is node:
            return str(label)
    return str(node["id"])


def _name(node: View) -> str | None:
    """The name, unless it looks like an address, which may be that of another node."""
    name = node["name"]
    return None if name is None or _split(name)[0] else str(name)


def _order(label: str) -> tuple[t.Any, ...]:
    """Names in the order of letters; addresses by their numbers, so that .9 comes before .10."""
    host, port = _split(label)
    return (1, host.version, int(host), port or 0, label) if host else (0, label)


def is_live(node: View) -> bool:
    """Whether the node is a member of the cluster now; an OFFLINE one only was when upgrade mode was switched on."""
    return bool(node["state"] != OFFLINE)


def is_anonymous(node: View) -> bool:
    """Whether nothing says yet which node this is: a node that starts has no address (seen 7.9)."""
    return is_live(node) and not node["ip_address"] and node["label"] == node["id"]


def find(nodes: t.Sequence[View], references: References) -> list[View]:
    """The nodes that any of the references names: an address with or without port, a name or an id.

    Several where the references are not precise enough. Live nodes come before OFFLINE ones, and addresses before
    names: an OFFLINE node is returned only if no live node matches, a match by name only if no address matches.
    """
    wanted = [references] if isinstance(references, str) else list(references)
    places = [_split(each) for each in wanted]

    def at_address(node: View) -> bool:
        place, _port = _split(node["ip_address"] or "")
        return place is not None and any(
            place == address and port in (None, node["port_number"]) for address, port in places
        )

    def by_name(node: View) -> bool:
        return any(each and each in (node["name"], node["label"], node["id"]) for each in wanted)

    for live in (True, False):
        for matches in (at_address, by_name):
            found = [node for node in nodes if is_live(node) == live and matches(node)]
            if found:
                return found
    return []


def searched(references: References) -> str:
    """What ``find`` was given, in words: ``192.0.2.11 or n1``."""
    return " or ".join([references] if isinstance(references, str) else references)


def not_found(nodes: t.Iterable[View], references: References) -> str:
    """That no node matches, in words, with the nodes that there are."""
    listed = ", ".join(str(node["label"]) for node in nodes) or "no node"
    return f"no node matches {searched(references)}, the cluster lists {listed}"


Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


_PLACE = re.compile(r"\[([^\[\]]+)\](?::([0-9]{1,5}))?|([^\[\]:]+):([0-9]{1,5})|([^\[\]]+)", re.ASCII)


@functools.lru_cache(maxsize=256)
def _split(reference: str) -> tuple[Address | None, int | None]:
    """Address and port of ``10.0.0.1``, ``10.0.0.1:7990``, ``::1`` or ``[::1]:7990``; no address for a name."""
    found = _PLACE.fullmatch(reference)
    bracketed, its_port, host, port, alone = found.groups() if found else (None,) * 5
    try:
        address = ipaddress.ip_address(bracketed or host or alone or "")
    except ValueError:
        return None, None
    number = its_port or port
    return address, int(number) if number else None
