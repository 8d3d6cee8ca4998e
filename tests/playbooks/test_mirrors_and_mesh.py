# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's page says of mirrors and Mesh nodes, run as it is printed there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import ROOT
from harness.simulator import Simulator, hooks

from .conftest import cluster, player

PAGE = ROOT / "roles" / "rolling_upgrade" / "README.md"
MESH = "/rest/api/latest/admin/git/mesh/nodes"
SWITCHES = [f"POST /rest/mirroring/{{apiVersion}}/zdu/{action}" for action in ("start", "end")]


def printed(name: str, directory: Path, url: str = "") -> Path:
    """The file that the page shows under this name, with the address of the mirror farm replaced."""
    block = PAGE.read_text(encoding="utf-8").partition(f"```yaml\n# {name}\n")[2].partition("```")[0]
    assert block, f"the page shows no {name}"
    path = directory / name
    path.write_text(block.replace("https://mirror.example.com", url), encoding="utf-8")
    return path


def states(simulator: Simulator) -> list[str]:
    answer = simulator.http.get(simulator.url + MESH, auth=simulator.administrator, timeout=30)
    return [node["state"] for node in answer.json()]


def mesh_inventory(simulator: Simulator, directory: Path) -> Path:
    """The Mesh nodes as hosts, whose release is that they are down for a moment, all but those that ``stay_down``."""
    control = f"{simulator.control}/mesh-nodes/{{{{ inventory_hostname }}}}"

    def task(offline: bool, **more: Any) -> dict[str, Any]:
        body = {"url": control, "method": "PUT", "body_format": "json", "body": {"offline": offline}}
        return {"name": f"Be {'down' if offline else 'up'}", "ansible.builtin.uri": body, **more}

    release = [task(True), task(False, when="inventory_hostname not in stay_down")]
    (directory / "mesh_release.yml").write_text(yaml.safe_dump(release), encoding="utf-8")
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    hosts: dict[str, Any] = {f"mesh{number}": None for number in (1, 2, 3)}
    inventory = {"mesh": {"hosts": hosts, "vars": {**local, "stay_down": []}}}
    path = directory / "mesh_inventory.yml"
    path.write_text(yaml.safe_dump(inventory), encoding="utf-8")
    return path


@pytest.mark.long
def test_mesh_nodes_are_upgraded_one_at_a_time_and_a_second_one_is_not_taken_out(
    simulator: Simulator, directory: Path, tmp_path: Path
) -> None:
    play = player(simulator, directory / "shared", mesh_inventory(simulator, tmp_path))
    playbook = str(printed("mesh.yml", tmp_path))
    impatient = tmp_path / "impatient.yml"
    text = Path(playbook).read_text(encoding="utf-8")
    impatient.write_text(text.replace("state: available", "state: available\n        wait_timeout: 1"), "utf-8")

    failed = play(str(impatient), variables={"stay_down": ["mesh2"]})
    assert failed.returncode != 0
    assert "in vain for Mesh node mesh2 to be up: it is OFFLINE" in failed.failures[-1]["msg"]
    assert states(simulator) == ["AVAILABLE", "OFFLINE", "AVAILABLE"]

    refused = play(playbook)
    assert refused.returncode != 0
    assert "mesh1 must not be taken out as well: Mesh node mesh2 is OFFLINE" in refused.failures[-1]["msg"]

    assert play(playbook, "--limit", "mesh2").returncode == 0
    assert states(simulator) == ["AVAILABLE"] * 3
    done = play(playbook)
    assert done.returncode == 0, done.output
    assert states(simulator) == ["AVAILABLE"] * 3
    assert "Mesh node mesh3: DRAINING, wanted DISABLED" in done.output


@pytest.fixture
def small(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "mirrored", nodes=2) as started:
        yield started


@pytest.mark.long
def test_a_mirror_farm_is_in_upgrade_mode_as_long_as_the_cluster(small: Simulator, tmp_path: Path) -> None:
    """The simulated cluster plays the farm, too: its nodes are upgraded when those of the cluster are."""
    files = {name: str(printed(f"{name}.yml", tmp_path, small.url)) for name in ("pre_upgrade", "finalize")}
    inventory = small.write_inventory(tmp_path / "inventory.yml", rolling_upgrade_hooks={**hooks(), **files})
    play = player(small, tmp_path, inventory)
    variables = small.archive("9.4.22")

    def switched() -> list[int]:
        return [small.requests_served().get(switch, 0) for switch in SWITCHES]

    assert play("rolling_upgrade_begin", variables=variables).returncode == 0
    assert switched() == [1, 0]
    assert play("rolling_upgrade_nodes", variables=variables).returncode == 0
    assert switched() == [1, 0]
    assert play("rolling_upgrade_finalize", variables=variables).returncode == 0
    assert switched() == [1, 1]
    assert small.cluster()["state"] == "STABLE"
