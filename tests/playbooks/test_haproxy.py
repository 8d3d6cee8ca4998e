# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role does to a real HAProxy when it drains a node there and puts it back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from harness.haproxy import BACKEND, MISSING, Balancer, balancing
from harness.playbook import COMMUNITY, ROOT, Playbooks, Run
from harness.simulator import Simulator

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

Step = Callable[..., Run]


@pytest.fixture(scope="module")
def balancer(simulator: Simulator, directory: Path) -> Iterator[Balancer]:
    with balancing(simulator, directory / "haproxy") as started:
        yield started


@pytest.fixture
def step(simulator: Simulator, balancer: Balancer, directory: Path) -> Iterator[Step]:
    """Runs steps of the role for node1, one after the other."""
    here = directory / "haproxy"
    variables = {**balancer.variables, "rolling_upgrade_hooks": {}, "rolling_upgrade_haproxy_timeout": 1}
    inventory = simulator.write_inventory(here / "inventory.yml", **variables)

    def run(*names: str, others: tuple[Path, ...] = (COMMUNITY,), **more: object) -> Run:
        role = {"name": "bitbucket.datacenter.rolling_upgrade"}
        tasks = [{"ansible.builtin.include_role": {**role, "tasks_from": f"balancer/haproxy/{name}"}} for name in names]
        playbook = here / "steps.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "node1", "gather_facts": False, "tasks": tasks}]))
        playbooks = Playbooks(directory / "ansible", simulator.connection, others=others)
        return playbooks.run(str(playbook), "--inventory", str(inventory), variables=more)

    yield run
    for server in balancer.servers():
        balancer.set_state(server, "ready")


def refusal(run: Run) -> str:
    """The one sentence of a run that ended as it should, by failing."""
    assert run.returncode == 2, run.output
    message = run.failures[-1]["msg"]
    assert "\n" not in message, message
    return str(message)


def test_drain_and_undrain(balancer: Balancer, step: Step) -> None:
    drained = step("preflight", "drain", "drain")
    assert drained.returncode == 0, drained.output
    assert balancer.servers() == {"node1": "DRAIN", "node2": "UP"}
    assert drained.changed == 1

    back = step("undrain", "undrain")
    assert back.returncode == 0, back.output
    assert balancer.servers() == {"node1": "UP", "node2": "UP"}
    assert back.changed == 1


def test_a_server_in_maintenance_is_left_alone(balancer: Balancer, step: Step) -> None:
    balancer.set_state("node1", "maint")
    run = step("drain", "undrain")
    assert run.returncode == 0, run.output
    assert balancer.servers() == {"node1": "MAINT", "node2": "UP"}
    assert run.changed == 0


def test_the_last_server_in_service_is_not_drained(balancer: Balancer, step: Step) -> None:
    balancer.set_state("node2", "maint")
    message = refusal(step("drain"))
    assert "node1 is the only server in service of bitbucket at localhost" in message
    assert balancer.servers() == {"node1": "UP", "node2": "MAINT"}


def test_sessions_that_do_not_end(simulator: Simulator, balancer: Balancer, step: Step) -> None:
    balancer.set_state("node2", "maint")
    rule = {"path": "/projects$", "count": 1, "fault": {"kind": "delay", "seconds": 9}}
    simulator.http.post(f"{simulator.control}/faults", json=rule, timeout=30).raise_for_status()
    slow = threading.Thread(target=lambda: simulator.http.get(f"{balancer.url}/rest/api/latest/projects", timeout=60))
    slow.start()
    while "be=bitbucket srv=node1" not in balancer.command("show sess"):
        assert slow.is_alive()
    balancer.set_state("node2", "ready")
    message = refusal(step("drain"))
    slow.join()
    assert "(sessions open: 1, 127.0.0.1:" in message
    assert "so it was not stopped" in message


def test_a_node_that_haproxy_takes_for_dead(simulator: Simulator, balancer: Balancer, step: Step) -> None:
    """After a failure nobody waits for it; after a success the run says so."""
    unwell = {"node": "node1", "path": "/status$", "fault": {"kind": "status", "status": 503}}
    simulator.at_control("POST", "/faults", unwell)
    try:
        balancer.wait("node1", "DOWN")
        done = step("drain", "undrain", __rolling_upgrade_failure="it did not start")
        assert done.returncode == 0, done.output
        message = refusal(step("drain", "undrain"))
        assert "node1 is down in bitbucket at localhost after 1 s" in message
    finally:
        simulator.at_control("DELETE", "/faults")
        balancer.wait("node1", "UP")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rolling_upgrade_haproxy_hosts": []}, "rolling_upgrade_haproxy_hosts is empty"),
        ({"rolling_upgrade_haproxy_hosts": ["balancer.invalid"]}, "HAProxy at balancer.invalid does not tell of node1"),
        ({"rolling_upgrade_haproxy_socket": "/nowhere.sock"}, "/nowhere.sock: [Errno 2] No such file or directory"),
        ({"rolling_upgrade_haproxy_backends": [BACKEND, "git"]}, "there is no server node1 in git"),
        ({"rolling_upgrade_haproxy_server": "node9"}, "there is no server node9 in bitbucket"),
    ],
)
def test_preflight_names_what_is_wrong(step: Step, wrong: dict[str, object], told: str) -> None:
    assert told in refusal(step("preflight", **wrong))


def test_preflight_knows_what_it_may(balancer: Balancer, step: Step) -> None:
    operator = f"{balancer.socket}.operator"
    assert f"{operator} at localhost is of level operator" in refusal(
        step("preflight", rolling_upgrade_haproxy_socket=operator)
    )
    assert "install the collection community.general" in refusal(step("preflight", others=()))


def test_the_readme_tells_the_configuration_that_is_tested(balancer: Balancer) -> None:
    told = (ROOT / "roles" / "rolling_upgrade" / "README.md").read_text(encoding="utf-8")
    block = told.partition("```haproxy\n")[2].partition("```")[0]
    # what differs are addresses, names, secrets and times
    lines = {
        line.strip() for line in block.splitlines() if re.match(r" +(mode|option|retries|balance|http-check)", line)
    }
    used = {line.strip() for line in balancer.configuration.splitlines()}
    assert {line for line in lines if not line.startswith("http-check send")} - used == set()
    assert sum(line.startswith("http-check send") for line in lines) == 2
