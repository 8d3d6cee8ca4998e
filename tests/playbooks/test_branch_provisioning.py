# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook branch_provisioning: in check mode, for real and again; git tells what happened."""

from __future__ import annotations

from typing import Any

from harness.simulator import Simulator

from .conftest import Play

DOCUMENT: dict[str, Any] = {
    "repositories": [
        {
            "project_key": "PLAT",
            "repository": "api",
            "branches": [
                {"name": "release/9.4", "start_point": "main"},
                {"type": "FEATURE", "text": "PLAT-8 Größe: Login page!", "start_point": "refs/heads/develop"},
                {"name": "release/1.0", "state": "absent"},
                {"name": "main"},
            ],
        },
        {
            "project_key": "WEB",
            "repository": "shop",
            "branches": [
                {"type": "FEATURE", "text": "WEB-4 Wish list", "start_point": "main"},
                {"name": "never/there", "state": "absent"},
            ],
        },
    ]
}
VARIABLES = {"branch_provisioning_document": DOCUMENT}


def test_check_real_again(simulator: Simulator, play: Play) -> None:
    before = simulator.snapshot()
    simulator.forget_requests()

    predicted = play("branch_provisioning", "--check", "--diff", variables=VARIABLES)
    assert predicted.returncode == 0, predicted.output
    assert predicted.changed == 1
    assert simulator.snapshot() == before
    assert not [route for route in simulator.requests_served() if route.startswith(("POST", "PUT"))]

    done = play("branch_provisioning", "--diff", variables=VARIABLES)
    assert done.returncode == 0, done.output
    api, shop = dict(before["refs"]["PLAT/api"]), dict(before["refs"]["WEB/shop"])
    del api["refs/heads/release/1.0"]
    api["refs/heads/release/9.4"] = api["refs/heads/main"]
    api["refs/heads/feature/PLAT-8-größe-login-page"] = api["refs/heads/develop"]
    shop["refs/heads/feat/WEB-4-wish-list"] = shop["refs/heads/main"]
    assert simulator.refs() == {**before["refs"], "PLAT/api": api, "WEB/shop": shop}

    def lines(run: Any) -> list[str]:
        (shown,) = run.messages("Show the result")
        return [line.replace("would be ", "").replace(" (check mode)", "") for line in shown]

    assert lines(predicted) == lines(done)
    assert lines(done)[-1] == "6 declared, 3 created, 1 deleted, 2 unchanged, 0 failed"

    again = play("branch_provisioning", variables=VARIABLES)
    assert again.returncode == 0, again.output
    assert again.changed == 0
    assert simulator.refs() == {**before["refs"], "PLAT/api": api, "WEB/shop": shop}


def test_nothing_declared(simulator: Simulator, play: Play) -> None:
    run = play("branch_provisioning", variables={"branch_provisioning_document": {"repositories": []}})

    assert run.returncode == 0, run.output
    assert run.changed == 0


def test_one_fault_leaves_every_branch_alone(simulator: Simulator, play: Play) -> None:
    before = simulator.snapshot()
    branches = [{"name": "good/one", "start_point": "main"}, {"name": "main/below", "start_point": "main"}]
    document = {"repositories": [{"project_key": "WEB", "repository": "portal", "branches": branches}]}

    run = play("branch_provisioning", variables={"branch_provisioning_document": document})

    assert run.returncode != 0
    assert "main/below" in run.failures[-1]["msg"]
    assert simulator.snapshot() == before


def test_connection_from_a_variable(simulator: Simulator, play: Play) -> None:
    name, password = simulator.administrator
    connection = {"url": simulator.url, "username": name, "password": password}

    run = play(
        "branch_provisioning",
        "-vvv",
        variables={
            "branch_provisioning_document": {
                "repositories": [{"project_key": "WEB", "repository": "portal", "branches": [{"name": "main"}]}]
            },
            "bitbucket_connection": connection,
        },
        url="http://127.0.0.1:9",
    )

    assert run.returncode == 0, run.output
