# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Inventories of what the server says: options in, client made, hosts or a one-sentence error out."""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._argspec import CONNECTION
from ..module_utils._connection import connect
from ..module_utils._errors import BitbucketError, InputError

try:
    from ansible.template import trust_as_template
except ImportError:

    def trust_as_template(value: str) -> str:  # type: ignore[misc]  # the other takes streams, too
        """The text as it is: before 2.19 each is a template that is not marked to be none."""
        return value


if t.TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

    from ..module_utils._client import Client
    from ..module_utils._retry import Retry

#: What a text needs that runs something: braces in a template; a call or a filter where a condition, such as ``that``
#: of ``ansible.builtin.assert``, takes a text for an expression (seen with ansible-core 2.16 to 2.21).
_RUNS = re.compile(r"[{}(|]")
_TEMPLATES = ("username", "password", "token", "token_file", "proxy")


class BitbucketInventory(BaseInventoryPlugin, Constructable):
    """An inventory: each has the ENDING of its files, less the extension, and the methods ``look`` and ``fill``."""

    NAME: t.ClassVar[str]
    ENDING: t.ClassVar[str]

    def look(self, path: str, cache: bool) -> t.Any:
        """What the server, or a cache that may be used, says. Any BitbucketError."""
        raise NotImplementedError

    def fill(self, inventory: InventoryData, found: t.Any) -> None:
        """Add what ``look`` has found."""
        raise NotImplementedError

    def verify_file(self, path: str) -> bool:
        """Whether the file may be one of this inventory."""
        exists = super().verify_file(path)  # type: ignore[no-untyped-call]  # ansible-core has annotations in part
        return bool(exists) and path.endswith((f"{self.ENDING}.yml", f"{self.ENDING}.yaml"))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory. Raises AnsibleParserError before anything is added."""
        super().parse(inventory, loader, path, cache)
        unknown = self._read_config_data(path).keys() - self._options.keys()
        try:
            if unknown:
                raise InputError(f"option {min(unknown)} is unknown", "see ansible-doc -t inventory " + self.NAME)
            found = self.look(path, cache)
        except BitbucketError as error:
            raise AnsibleParserError(str(error)) from None
        self.fill(inventory, found)

    def connect(self, retry: Retry | None = None) -> Client:
        """A client by the options of the connection. Raises InputError; sends nothing."""
        params = {name: self.expanded_option(name) for name in CONNECTION}
        return connect(params, read_only=True, follow_redirects=True, retry=retry)

    def expanded_option(self, name: str) -> t.Any:
        """The value of an option of the connection, with what a template in it stands for."""
        value = self.get_option(name)
        if name == "url":
            return [self._expanded(url) for url in value or ()]
        return self._expanded(value) if name in _TEMPLATES and value is not None else value

    def _expanded(self, value: t.Any) -> str:
        # what comes from a vault is only like a text
        text = value if isinstance(value, str) else str(value)
        return str(self.templar.template(text)) if self.templar.is_template(text) else text

    @staticmethod
    def _sanitize_group_name(name: str) -> str:
        """A group's name, which ansible-core 2.16 takes for a template like any other text: without what could run."""
        return str(to_safe_group_name(_RUNS.sub("_", name)))

    def construct(self, inventory: InventoryData, host: str) -> None:
        """Give a host, whose variables are set, what ``compose``, ``groups`` and ``keyed_groups`` say."""
        facts, strict = inventory.hosts[host].get_vars(), self.get_option("strict")
        composed = self.get_option("compose")
        self._set_composite_vars(composed, facts, host, strict=strict)
        made = inventory.hosts[host].get_vars()
        for name in composed or ():
            if name in made:
                # made of what the server says, so no template either
                inventory.set_variable(host, name, data(made[name]))
        self._add_host_to_composed_groups(self.get_option("groups"), facts, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), facts, host, strict=strict)


def runs(text: str) -> bool:
    """Whether the text could run something where Ansible takes it for a template or for an expression."""
    return _RUNS.search(text) is not None


def template(text: str) -> str:
    """A text of this collection that is a template."""
    return trust_as_template(text)


def data(value: t.Any) -> t.Any:
    """What the server says as a variable that is never a template, and that is plain text for whoever exports it.

    Ansible exports a text that is marked as no template as ``{"__ansible_unsafe": ...}``, with which AWX's enabled
    variable and other readers of plain values cannot compare. So only what could run something is marked. From 2.19 on
    it is the other way round: every text is marked unless it is trusted, and what cannot run anything is.
    """
    if isinstance(value, t.Mapping):
        return {key: data(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [data(inner) for inner in value]
    if not isinstance(value, str):
        return value
    return wrap_var(value) if runs(value) else trust_as_template(value)


def group_name(prefix: str, value: str) -> str:
    """A group's name, of which Ansible takes every character: ``_`` for what is neither a letter nor a digit."""
    return f"{prefix}_" + re.sub(r"[^A-Za-z0-9_]", "_", value)
