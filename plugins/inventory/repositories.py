# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory: every repository a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: repositories
short_description: Repositories of Bitbucket Data Center as hosts
version_added: 1.0.0
author: bitbucket.datacenter contributors (@bitbucket-datacenter)
description:
  - Makes a host of every repository that the account may see, so that a large estate is worked on by forks, batches
    and patterns, and spread over many machines by job slicing in AWX.
  - The name of a host is C(KEY.slug), as in V(PLAT.api). Of a personal repository it is C(_user.slug), where a dot in
    the user's slug is doubled. So each repository has its own name, and none has a character that means something in
    Ansible's patterns, as C(~) and C(:) do, or in the name of a file, as C(/) does.
  - The variable C(bitbucket_repository) of a host has what M(bitbucket.datacenter.repository_info) returns of it.
  - All hosts are in the group C(bitbucket_repositories). Its children are the groups of the projects, as in
    C(project_PLAT), with C(_) in place of what is neither a letter nor a digit. Personal projects whose users differ in
    nothing else share a group.
  - A file of this inventory ends with C(bitbucket.yml) or C(bitbucket.yaml).
  - What people write into Bitbucket, such as descriptions, is never taken for a template.
  - Text without braces, parentheses and vertical bars is exported as plain text. In AWX, C(bitbucket_repository.state)
    with the enabled value V(AVAILABLE) can therefore decide which hosts are enabled.
extends_documentation_fragment:
  - constructed
  - inventory_cache
  - bitbucket.datacenter.connection
  - bitbucket.datacenter.connection.plugins
options:
  plugin:
    description:
      - Marks the file as an inventory of this plugin.
    type: str
    required: true
    choices: [bitbucket.datacenter.repositories]
  project_key:
    description:
      - Keys of projects, or globs over keys, with C(*), C(?) and C([...]).
      - Plain keys ask for these projects alone, and each must exist; a glob is answered by one listing of everything.
      - A personal project, C(~) and the user's slug, is only meant by a glob that begins with C(~).
    type: list
    elements: str
    default: ["*"]
  repository:
    description:
      - Slugs of repositories, or globs over slugs.
    type: list
    elements: str
    default: ["*"]
  exclude:
    description:
      - Globs over slugs; what one of them stands for is left out.
    type: list
    elements: str
    default: []
  archived:
    description:
      - Take V(active) repositories, V(archived) ones, or V(all) of them.
      - A repository that is named by its key and slug without a glob is taken whatever it is.
    type: str
    choices: [active, archived, all]
    default: active
  run_locally:
    description:
      - Whether tasks run on the machine of Ansible itself, with its own Python, since a repository is no machine.
        Sets C(ansible_connection) and C(ansible_python_interpreter) of the group C(bitbucket_repositories).
    type: bool
    default: true
notes:
  - With O(cache=true) the listing is kept for the same O(url), O(username) and choice of repositories. It holds no
    credentials.
  - O(url), O(username), O(password), O(token), O(token_file) and O(proxy) may be templates, for a lookup in a vault.
seealso:
  - module: bitbucket.datacenter.repository_info
"""

EXAMPLES = r"""
# services.bitbucket.yml
# The first line alone makes a host of every repository, with the connection from the environment.
plugin: bitbucket.datacenter.repositories
url: https://bitbucket.example.com
token: "{{ lookup('ansible.builtin.env', 'PLATFORM_TOKEN') }}"
# ["~*"] stands for everybody's personal repositories
project_key: [PLAT, WEB]
repository: [service-*]
exclude: [service-legacy-*]
strict: true
groups:
  public: bitbucket_repository.public
keyed_groups:
  - key: bitbucket_repository.state | lower
    prefix: state
compose:
  service: bitbucket_repository.slug | regex_replace('^service-', '')
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/bitbucket
cache_timeout: 3600
"""

import typing as t

from ansible.plugins.inventory import Cacheable

from ..module_utils._errors import ContractError
from ..module_utils._project import Repositories, View
from ..plugin_utils._inventory import BitbucketInventory, data, group_name, runs, template

if t.TYPE_CHECKING:
    from ansible.inventory.data import InventoryData

EVERYTHING = "bitbucket_repositories"
# as of the implicit localhost
_LOCALLY = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
_ARCHIVED = {"active": False, "archived": True, "all": None}


def host_name(project_key: str, slug: str) -> str:
    """The host's name, another one for each repository: neither is ``..`` in a slug, nor does one begin with a dot."""
    personal = project_key.startswith("~")
    owner = "_" + project_key[1:].replace(".", "..") if personal else project_key
    return f"{owner}.{slug}"


class InventoryModule(BitbucketInventory, Cacheable):
    """See the head of the file."""

    NAME = "bitbucket.datacenter.repositories"
    ENDING = "bitbucket"

    def look(self, path: str, cache: bool) -> list[View]:
        """What is in the cache, if it is the answer to the same question, else what is listed now."""
        if not self.get_option("cache"):
            return self._listed()
        plain = {name: self.expanded_option(name) for name in ("url", "username", "archived")}
        asked = {**plain, **{name: self.get_option(name) for name in ("project_key", "repository", "exclude")}}
        key = self.get_cache_key(path)
        kept = self._cache.get(key) if cache else None
        if not kept or kept["asked"] != asked:
            kept = {"asked": asked, "repositories": self._listed()}
            self._cache[key] = kept
        repositories: list[View] = kept["repositories"]
        return repositories

    def _listed(self) -> list[View]:
        """The repositories, each once, in the order of the globs. Any BitbucketError."""
        with self.connect() as client:
            repositories = Repositories(client)
            found = {
                (each["project_key"], each["slug"]): each
                for project in self.get_option("project_key")
                for repository in self.get_option("repository")
                for each in repositories.matching(
                    project,
                    repository,
                    exclude=self.get_option("exclude"),
                    archived=_ARCHIVED[self.get_option("archived")],
                )
            }
        for each in found.values():
            name = host_name(each["project_key"], each["slug"])
            if runs(name):
                # ansible-core 2.16 takes the name of a host for a template; no server of the vendor has such slugs
                raise ContractError(f"The server lists a repository as {name!r}, which cannot be the name of a host")
        return list(found.values())

    def fill(self, inventory: InventoryData, found: list[View]) -> None:
        """A host for each repository, in the groups of their projects."""
        inventory.add_group(EVERYTHING)
        if self.get_option("run_locally"):
            for name, value in _LOCALLY.items():
                inventory.set_variable(EVERYTHING, name, template(value))
        for repository in found:
            self._add(inventory, repository)

    def _add(self, inventory: InventoryData, repository: View) -> None:
        """One host with its facts, in the group of its project and in those that are constructed."""
        group = inventory.add_group(group_name("project", repository["project_key"]))
        inventory.add_child(EVERYTHING, group)
        host = inventory.add_host(host_name(repository["project_key"], repository["slug"]), group=group)
        inventory.set_variable(host, "bitbucket_repository", data(repository))
        self.construct(inventory, host)
