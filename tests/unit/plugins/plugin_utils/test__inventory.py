# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a server as variables and names of hosts, with the commands of the ansible-core that runs the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml
from ansible_collections.bitbucket.datacenter.plugins.plugin_utils._inventory import runs

ROOT = Path(__file__).parents[6]
#: Runs a command on the controller where it is taken for a template, or for an expression.
CALL = "lookup('ansible.builtin.pipe', 'touch {}')"
#: ansible-test hides the entry points of `python -m ansible`.
COMMAND = "from ansible.cli.{} import main; main()"
PLUGIN = '''
import json
from ansible_collections.bitbucket.datacenter.plugins.plugin_utils._inventory import BitbucketInventory, data

DOCUMENTATION = """
name: told
extends_documentation_fragment:
  - constructed
options:
  plugin: {required: true}
  facts: {type: str}
"""

class InventoryModule(BitbucketInventory):
    NAME, ENDING = "told", "told"

    def look(self, path, cache):
        return json.loads(self.get_option("facts"))

    def fill(self, inventory, found):
        inventory.add_host("told")
        inventory.set_variable("told", "ansible_connection", "local")
        inventory.set_variable("told", "facts", data(found))
        self.construct(inventory, "told")
'''


class Told:
    """An inventory of one host with the variable ``facts``, and what Ansible's commands make of it."""

    def __init__(self, directory, facts, **options):
        self.directory = directory
        (directory / "plugins").mkdir()
        (directory / "plugins" / "told.py").write_text(PLUGIN, encoding="utf-8")
        written = {"plugin": "told", "facts": json.dumps(facts), **options}
        (directory / "x.told.yml").write_text(yaml.safe_dump(written), encoding="utf-8")

    def run(self, command, *arguments):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
            "ANSIBLE_INVENTORY_PLUGINS": str(self.directory / "plugins"),
            "ANSIBLE_INVENTORY_ENABLED": "told",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "ANSIBLE_HOME": str(self.directory / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "tmp"),
        }
        done = subprocess.run(
            [sys.executable, "-c", COMMAND.format(command), "-i", str(self.directory / "x.told.yml"), *arguments],
            cwd=self.directory,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def exported(self):
        return json.loads(self.run("inventory", "--list", "--export"))


def test_what_cannot_run_anything_is_exported_as_plain_text(tmp_path):
    facts = {
        "state": "AVAILABLE",
        "public": True,
        "id": 7,
        "none": None,
        "links": ["ssh://git@bitbucket.example.com:7999/plat/api.git", "größer & <kleiner> [x] 'y' \"z\" 5 %"],
        "project": {"key": "~jane.doe"},
    }
    compose = {"enabled": "facts.state | lower", "address": "facts.project.key ~ '.example.com'"}
    exported = Told(tmp_path, facts, compose=compose, strict=True).exported()["_meta"]["hostvars"]["told"]
    assert exported["facts"] == facts
    assert (exported["enabled"], exported["address"]) == ("available", "~jane.doe.example.com")


HOSTILE = (
    "{{ %s }}",
    "{%% if %s %%}x{%% endif %%}",
    "{# x #}{{ %s }}",
    "a {{ %s",
    "x'}}{{ %s }}",
    # what an expression is where Ansible takes a text for a condition
    "%s",
    "[%s]",
    "%s | bool",
)


def test_what_could_run_something_is_never_run(tmp_path):
    """In every place where Ansible evaluates text: of a variable, of what is made of it, and of a group's name."""
    place = tmp_path / "created"
    place.mkdir()
    facts = {f"text{number}": text % CALL.format(place / str(number)) for number, text in enumerate(HOSTILE)}
    assert all(runs(text) for text in facts.values())
    told = Told(
        tmp_path,
        {**facts, "more": [{"name": text} for text in facts.values()]},
        compose={
            **{f"joined_{name}": f"'x' ~ facts.{name}" for name in facts},
            **{f"taken_{name}": f"facts.{name}" for name in facts},
        },
        keyed_groups=[{"key": f"facts.{name}", "prefix": "about"} for name in facts],
        strict=True,
    )
    assert set(told.exported()["_meta"]["hostvars"]["told"]["facts"]) == {*facts, "more"}
    assert not list(place.iterdir())
    made = [f"{how}{name}" for name in facts for how in ("facts.", "joined_", "taken_")]
    checked = [
        {"ansible.builtin.debug": {"msg": f"{{{{ {name} }}}}"}}
        for name in ("facts", *made, "group_names", "groups", "hostvars.told")
    ]
    # which the author of a playbook should not do, and which ends in an error at most
    for name in made:
        checked += [
            {"ansible.builtin.assert": {"that": f"{{{{ {name} }}}}"}, "ignore_errors": True},
            {"ansible.builtin.debug": {"msg": "x"}, "when": name, "ignore_errors": True},
            {"ansible.builtin.debug": {"var": f"{{{{ {name} }}}}"}, "ignore_errors": True},
        ]
    book = tmp_path / "book.yml"
    book.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": checked}]), encoding="utf-8")
    told.run("playbook", str(book))
    assert not list(place.iterdir())
