# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook does the same whatever stands in a user's ansible.cfg, environment and group_vars/all.

Runs with the ansible-playbook that BITBUCKET_TEST_ANSIBLE_PLAYBOOK names, one gate for each ansible-core. Settings are
combined, as long as each would show by itself; by itself each is tried with the tests that take long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import COMMUNITY, ROOT, Playbooks, Run
from harness.simulator import Simulator, running

DIRECTORY = ROOT / ".build" / "tests-settings"
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
REPOSITORY = {"project_key": "PLAT", "repository": "api"}
OLD, TARGET, NEXT = "9.4.21", "9.4.22", "9.4.23"
STALE, DECLARED = "settings/stale", "settings/declared"

#: By environment, which beats ansible.cfg.
STRATEGIES_AND_USERS = {
    "ANSIBLE_STRATEGY": "free",
    "ANSIBLE_FORKS": "1",
    # would end every task
    "ANSIBLE_TASK_TIMEOUT": "1",
    "ANSIBLE_ANY_ERRORS_FATAL": "true",
    "ANSIBLE_GATHERING": "explicit",
    "ANSIBLE_HOST_PATTERN_MISMATCH": "error",
    "ANSIBLE_BECOME": "true",
    "ANSIBLE_BECOME_EXE": "/no/sudo/here",
    "ANSIBLE_BECOME_ALLOW_SAME_USER": "true",
    "ANSIBLE_BECOME_USER": "nobody",
}
VALUES_AND_OUTPUT = {
    "ANSIBLE_STRATEGY": "host_pinned",
    "ANSIBLE_GATHERING": "smart",
    "ANSIBLE_HASH_BEHAVIOUR": "merge",
    "ANSIBLE_ERROR_ON_UNDEFINED_VARS": "false",
    "ANSIBLE_INJECT_FACT_VARS": "false",
    "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(DIRECTORY / "facts"),
    "ANSIBLE_JINJA2_NATIVE": "true",
    "ANSIBLE_PRIVATE_ROLE_VARS": "true",
    "ANSIBLE_DUPLICATE_YAML_DICT_KEY": "error",
    "ANSIBLE_DIFF_ALWAYS": "true",
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
}
SETTINGS = {"strategies-and-users": STRATEGIES_AND_USERS, "values-and-output": VALUES_AND_OUTPUT}
#: Hooks are a user's own tasks, which the variables for all hosts mean too: here they would all fail.
FOR_ALL = {
    "ansible_become": True,
    "ansible_become_exe": "/no/sudo/here",
    "ansible_become_user": "nobody",
    "rolling_upgrade_hooks": {},
}
SINGLE = sorted({*STRATEGIES_AND_USERS.items(), *VALUES_AND_OUTPUT.items()} - {("ANSIBLE_BECOME_EXE", "/no/sudo/here")})


class World:
    """A cluster, and ansible-playbook with settings of a user's own."""

    def __init__(
        self, simulator: Simulator, directory: Path, environment: dict[str, str], variables: dict[str, Any]
    ) -> None:
        self.simulator = simulator
        self.directory = directory
        self._environment = environment
        inventory = simulator.write_inventory(directory / "inventory.yml")
        hosts = yaml.safe_load(inventory.read_text(encoding="utf-8"))
        # with another level of each mapping, for hash_behaviour
        mappings = {"rolling_upgrade_environment": {"FROM_ALL": "1"}, "rolling_upgrade_installer_variables": {}}
        hosts["all"] = {"vars": {**mappings, **variables}}
        hosts["bitbucket"]["vars"]["rolling_upgrade_environment"] = {"FROM_GROUP": "1"}
        if "rolling_upgrade_hooks" in variables:
            del hosts["bitbucket"]["vars"]["rolling_upgrade_hooks"]
        inventory.write_text(yaml.safe_dump(hosts), encoding="utf-8")
        self._inventory = inventory
        self._playbooks = Playbooks(directory / "ansible", simulator.connection, others=[COMMUNITY])

    def play(self, playbook: str, **variables: Any) -> Run:
        """A run, which must succeed."""
        run = self._playbooks.run(
            playbook, "--inventory", str(self._inventory), variables=variables, environment=self._environment
        )
        assert run.returncode == 0, run.output
        return run

    def assert_cluster(self, state: str, version: str) -> None:
        seen = self.simulator.cluster()
        assert seen["state"] == state
        assert seen["nodes"] == dict.fromkeys(seen["nodes"], ("ACTIVE", version))
        assert not [name for name, backend in self.simulator.backends().items() if backend["drained"]]

    @property
    def branches(self) -> set[str]:
        return {ref.removeprefix("refs/heads/") for ref in self.simulator.refs()["PLAT/api"]}


def provisioning(world: World) -> None:
    rule = {**REPOSITORY, "branches": [{"name": DECLARED, "start_point": "main"}]}
    run = world.play("branch_provisioning", branch_provisioning_document={"repositories": [rule]})
    assert run.changed and DECLARED in world.branches


def cleanup(world: World) -> None:
    branches = "/rest/branch-utils/latest/projects/PLAT/repos/api/branches"
    world.simulator.api("POST", branches, {"name": STALE, "startPoint": "main"})
    run = world.play(
        "branch_cleanup",
        branch_cleanup_repositories=[REPOSITORY],
        branch_cleanup_restore_dir=str(world.directory),
        branch_cleanup_merged=False,
        branch_cleanup_older_than_days=0,
        branch_cleanup_globs=[STALE],
    )
    assert run.changed and STALE not in world.branches


def restore(world: World) -> None:
    (written,) = world.directory.glob("branch_cleanup-*.yml")
    listed = yaml.safe_load(written.read_text(encoding="utf-8").replace("!unsafe", ""))
    run = world.play("branch_restore", **listed)
    assert run.changed and STALE in world.branches


def notes(world: World) -> None:
    options = {**REPOSITORY, "since": "v1.0.0", "until": "develop", "dir": str(world.directory), "name": "notes"}
    world.play("release_notes", **{f"release_notes_{name}": value for name, value in options.items()})
    assert all((world.directory / f"notes.{ending}").stat().st_size for ending in ("md", "html"))


def preflight(world: World) -> None:
    run = world.play("rolling_upgrade_preflight", **world.simulator.archive(TARGET))
    assert run.changed == 0
    world.assert_cluster("STABLE", OLD)


def begin(world: World) -> None:
    assert world.play("rolling_upgrade_begin", **world.simulator.archive(TARGET)).changed
    world.assert_cluster("READY_TO_UPGRADE", OLD)


def rollback(world: World) -> None:
    assert world.play("rolling_upgrade_rollback", **world.simulator.archive(TARGET)).changed
    world.assert_cluster("STABLE", OLD)


def upgrade(world: World) -> None:
    assert world.play("rolling_upgrade", **world.simulator.archive(TARGET)).changed
    world.assert_cluster("STABLE", TARGET)


def nodes(world: World) -> None:
    world.play("rolling_upgrade_begin", **world.simulator.archive(NEXT))
    assert world.play("rolling_upgrade_nodes", **world.simulator.archive(NEXT)).changed
    world.assert_cluster("READY_TO_RUN_UPGRADE_TASKS", NEXT)


def finalize(world: World) -> None:
    assert world.play("rolling_upgrade_finalize", **world.simulator.archive(NEXT)).changed
    world.assert_cluster("STABLE", NEXT)


def restart(world: World) -> None:
    assert world.play("rolling_restart").changed
    world.assert_cluster("STABLE", NEXT)


#: Each goes on where the one before it has ended.
IN_ORDER: dict[str, Callable[[World], None]] = {
    "branch_provisioning": provisioning,
    "branch_cleanup": cleanup,
    "branch_restore": restore,
    "release_notes": notes,
    "rolling_upgrade_preflight": preflight,
    "rolling_upgrade_begin": begin,
    "rolling_upgrade_rollback": rollback,
    "rolling_upgrade": upgrade,
    "rolling_upgrade_nodes": nodes,
    "rolling_upgrade_finalize": finalize,
    "rolling_restart": restart,
}


def test_no_playbook_is_left_out() -> None:
    assert sorted(IN_ORDER) == PLAYBOOKS


def started(name: str, environment: dict[str, str], variables: dict[str, Any]) -> Iterator[World]:
    directory = DIRECTORY / name
    with running(directory, "--nodes", "2", "--start-up-seconds", "0.2") as simulator:
        yield World(simulator, directory, environment, variables)


@pytest.fixture(scope="module", params=SETTINGS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    environment = SETTINGS[request.param]
    yield from started(request.param, environment, FOR_ALL if "ANSIBLE_BECOME" in environment else {})


@pytest.mark.parametrize("playbook", IN_ORDER)
def test_a_playbook_does_the_same(world: World, playbook: str) -> None:
    IN_ORDER[playbook](world)


@pytest.mark.long
@pytest.mark.parametrize(("name", "value"), SINGLE, ids=lambda text: text.removeprefix("ANSIBLE_").replace("/", "_"))
def test_a_setting_by_itself(name: str, value: str) -> None:
    variables = {"rolling_upgrade_hooks": {}} if name == "ANSIBLE_BECOME" else {}
    for world in started("single", {name: value, "ANSIBLE_BECOME_EXE": "/no/sudo/here"}, variables):
        for playbook in ("branch_cleanup", "rolling_upgrade"):
            IN_ORDER[playbook](world)
