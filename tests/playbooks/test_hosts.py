# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that would do nothing fails, whatever made its hosts go away: Ansible itself skips a play without hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from harness.playbook import ROOT, Playbooks, Run
from harness.simulator import Simulator

from .conftest import Play, player

PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
OF_CLUSTER = [name for name in PLAYBOOKS if name.startswith("rolling_")]


def variable(playbook: str) -> str:
    """The extra variable that chooses the hosts of a playbook."""
    first = yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8"))[0]
    imported = first["ansible.builtin.import_playbook"]
    return str(first["vars"]["guard_variable"] if imported.startswith("guard/") else variable(Path(imported).stem))


def assert_refused(run: Run, *words: str) -> None:
    """One sentence before anything else was done."""
    assert run.returncode == 2, run.output
    (failure,) = run.failures
    assert failure["task"] in ("Refuse to do nothing", "Refuse to leave out hosts")
    assert all(word in failure["msg"] for word in ("so nothing was done", *words)), failure["msg"]
    assert run.changed == 0


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_no_host_of_that_name(play: Play, playbook: str) -> None:
    run = play(playbook, variables={variable(playbook): "misspelt"})
    assert_refused(run, "No host matches misspelt", variable(playbook))


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_limit_to_other_hosts(simulator: Simulator, directory: Path, playbook: str) -> None:
    inventory = directory / "others.yml"
    hosts = yaml.safe_load(simulator.write_inventory(inventory).read_text(encoding="utf-8"))
    inventory.write_text(yaml.safe_dump({**hosts, "others": {"hosts": {"web1": {}}}}), encoding="utf-8")
    run = player(simulator, directory / "shared", inventory)(playbook, "--limit", "web1")
    assert_refused(run, "the limit")


@pytest.mark.parametrize("playbook", OF_CLUSTER)
def test_a_limit_to_some_of_the_nodes(play: Play, playbook: str) -> None:
    """Otherwise the node of a host that is left out would be one that is down, or left over."""
    assert_refused(play(playbook, "--limit", "node1"), "node2 would be left out")


def test_a_limit_to_all_of_the_nodes_and_a_pattern(play: Play) -> None:
    hosts = {"rolling_upgrade_hosts": ["node1", "node2"]}
    run = play("rolling_restart", "--limit", "bitbucket", "--check", variables=hosts)
    assert run.returncode == 0, run.output


def test_an_inventory_that_failed(simulator: Simulator, directory: Path) -> None:
    inventory = directory / "failed.bitbucket_cluster.yml"
    inventory.write_text("plugin: bitbucket.datacenter.cluster\nnode_count: 3\n", encoding="utf-8")
    assert_refused(player(simulator, directory / "shared", inventory)("rolling_upgrade"), "No host matches bitbucket")


def test_a_group_that_is_named_in_group_variables_only(simulator: Simulator, directory: Path) -> None:
    """Plays choose their hosts before there are variables of hosts."""
    inventory = directory / "group_variables.yml"
    hosts = yaml.safe_load(simulator.write_inventory(inventory).read_text(encoding="utf-8"))
    for name, words in (("production", "No host matches production"), ("bitbucket", "node2 would be left out")):
        hosts = {
            "all": {"vars": {"rolling_upgrade_hosts": "production"}},
            "production": hosts.get("bitbucket") or hosts["production"],
            **({"bitbucket": {"hosts": {"node1": {}}}} if name == "bitbucket" else {}),
        }
        inventory.write_text(yaml.safe_dump(hosts), encoding="utf-8")
        run = player(simulator, directory / "shared", inventory)("rolling_upgrade_preflight")
        assert_refused(run, words, "extra variable")


def test_a_playbook_of_a_project_that_imports_one(simulator: Simulator, directory: Path) -> None:
    """As AWX needs it."""
    wrapper = directory / "wrapper.yml"
    wrapper.write_text(yaml.safe_dump([{"import_playbook": "bitbucket.datacenter.rolling_upgrade"}]), encoding="utf-8")
    run = Playbooks(directory / "shared" / "ansible", simulator.connection).run(str(wrapper))
    assert_refused(run, "No host matches bitbucket")
