# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of the role, of an upgrade that was never made: hostile names, and places that cannot be written to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import Playbooks, Run

from .page import Page

NAMES = ["<script>alert(1)</script>", "{{ lookup('pipe', 'touch ' ~ trap) }}", "{% raw %} \"'</style>&amp; ü"]
GHOST = "<i>{{ 7 * 7 }}</i>"
REPORT = "rolling_upgrade_9.4.21_to_9.4.22"
MESSAGE = "<img src=x onerror=alert(1)> {{ lookup('pipe', 'touch ' ~ trap) }} password=hidden-pw"


def look(second: int, state: str, *states: str) -> dict[str, Any]:
    told = [
        {"id": f"id of {name}", "label": name, "state": state, "version": "9.4.21"}
        for name, state in zip(NAMES, states, strict=True)
    ]
    return {"at": f"2026-11-21T15:00:{second:02}.000Z", "cluster_state": state, "nodes": told}


def facts(directory: Path) -> dict[str, Any]:
    """What a run leaves behind whose first node failed, marked as results of modules are."""
    hosts = [{"host": f"host{number}", "node": name, "id": f"id of {name}"} for number, name in enumerate(NAMES)]
    plan = {"hosts": hosts, "ghosts": [{"node": GHOST}], "given_up": []}
    cluster = {"original_version": "9.4.21", "nodes": []}
    seen = look(10, "READY_TO_UPGRADE", "ACTIVE", "ACTIVE", "ACTIVE")
    gone = look(20, "MIXED", "OFFLINE", "ACTIVE", "<b>")
    turn = {
        "__rolling_upgrade_turn_began": "2026-11-21T15:00:10.000Z",
        "__rolling_upgrade_turn_ended": "2026-11-21T15:00:30.000Z",
        "__rolling_upgrade_last_look": {"cluster": cluster, "plan": plan, "observations": [seen]},
        "__rolling_upgrade_gone": {"observations": [gone]},
    }
    return {
        "rolling_upgrade_target_version": "9.4.22",
        "rolling_upgrade_report_dir": str(directory),
        "rolling_upgrade_nodes": {f"host{number}": name for number, name in enumerate(NAMES)},
        "trap": str(directory / "trap"),
        **turn,
    }


PLAY = """
- name: Report what others have seen
  hosts: all
  gather_facts: false
  tasks:
    - name: Fail as modules fail
      block:
        - name: Fail
          ansible.builtin.fail:
            msg: "{{ message }}"
      rescue:
        - name: Report the failure and stop
          ansible.builtin.include_role:
            name: bitbucket.datacenter.rolling_upgrade
            tasks_from: fail
"""


class Unsafe(yaml.SafeDumper):
    """Marks what looks like a template, as Ansible marks what modules return."""

    def text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("!unsafe" if "{" in text else "tag:yaml.org,2002:str", text, style='"')


Unsafe.add_representer(str, Unsafe.text)


@pytest.fixture
def play(tmp_path: Path) -> Any:
    playbook, inventory = tmp_path / "play.yml", tmp_path / "inventory.yml"
    playbook.write_text(PLAY, encoding="utf-8")
    inventory.write_text("all: {hosts: {host0: {ansible_connection: local}}}", encoding="utf-8")
    playbooks = Playbooks(tmp_path / "ansible", {})

    def run(directory: Path, *options: str) -> Run:
        variables = tmp_path / "variables.yml"
        variables.write_text(yaml.dump({**facts(directory), "message": MESSAGE}, Dumper=Unsafe), encoding="utf-8")
        done = playbooks.run(str(playbook), "--inventory", str(inventory), "--extra-vars", f"@{variables}", *options)
        assert done.returncode != 0
        assert done.failures[-1]["msg"].startswith("<img src=x"), "the cause is not hidden"
        return done

    return run


def test_what_others_have_named_is_data(play: Any, tmp_path: Path) -> None:
    play(tmp_path)
    document = json.loads((tmp_path / f"{REPORT}.json").read_text(encoding="utf-8"))
    assert {node["name"] for node in document["nodes"]} == set(NAMES)
    page = Page(tmp_path / f"{REPORT}.html")
    assert set(NAMES) <= set(page.texts)
    assert len(page.described) == len(NAMES)
    assert any(GHOST in text for text in page.texts)
    assert any(text.startswith("<img src=x onerror=alert(1)>") for text in page.texts)
    assert "password=***" in document["message"]
    assert not (tmp_path / "trap").exists()


def test_a_report_that_cannot_be_written_is_told_of(play: Any, tmp_path: Path) -> None:
    run = play(tmp_path / "missing")
    (said,) = run.messages("Say that there is no report")
    assert "missing" in said and "changes nothing of the outcome" in said


def test_check_mode_writes_no_report(play: Any, tmp_path: Path) -> None:
    play(tmp_path, "--check")
    assert not list(tmp_path.glob("rolling_upgrade_*"))
