# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role branch_provisioning: predicted, done and done again; git and the raw API tell what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import Run
from harness.simulator import Simulator

from .conftest import Play

FACTS = ("branch_provisioning_result", "branch_provisioning_settings", "branch_provisioning_summary")
READ_ONLY = {"type": "read-only", "matcher": {"type": "BRANCH", "id": "main"}, "users": ["admin"]}
NO_DELETES = {"type": "no-deletes", "matcher": {"type": "MODEL_CATEGORY", "id": "RELEASE"}}
ALL_RELEASES = {"type": "no-deletes", "matcher": {"type": "PATTERN", "id": "release/**"}}
# everything at once: projects, globs, models, default branches, names and types, what overlaps and what is not in order
DOCUMENT: dict[str, Any] = {
    "projects": [
        {
            "project_key": "W*",
            "branch_model": {"types": [{"id": "FEATURE", "prefix": "story/"}]},
            "restrictions": {"rules": [NO_DELETES]},
        },
        # would refuse what is declared below, if it came first
        {"project_key": "PLAT", "restrictions": {"rules": [ALL_RELEASES]}},
    ],
    "repositories": [
        {
            "project_key": "*",
            "repository": "*",
            "exclude": ["empty", "WEB/p*"],
            "branches": [{"name": "release/9.4", "start_point": "main"}],
        },
        {
            "project_key": "plat",
            "repository": "api",
            "branch_model": {"types": [{"id": "BUGFIX", "prefix": "repair/"}]},
            "default_branch": "trunk",
            "branches": [
                {"name": "trunk", "start_point": "refs/heads/develop"},
                {"type": "BUGFIX", "text": "PLAT-9 Größe: Login page!", "start_point": "release/9.5"},
                {"name": "release/9.5", "start_point": "develop"},
                {"name": "release/1.0/hotfix", "start_point": "main"},
                {"name": "release/1.0", "state": "absent"},
                {"name": "main"},
            ],
            "restrictions": {"rules": [READ_ONLY]},
        },
        {
            "project_key": "WEB",
            "repository": "shop",
            "branches": [
                {"type": "FEATURE", "text": "WEB-4 Wish list", "start_point": "main"},
                {"name": "never/there", "state": "absent"},
            ],
        },
        {"project_key": "PLAT", "repository": "x*", "optional": True, "branches": [{"name": "x"}]},
    ],
}


def variables(*repositories: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "branch_provisioning_document": {"repositories": list(repositories)},
        **{f"branch_provisioning_{name}": value for name, value in more.items()},
    }


def branch(repository: str, name: str, start_point: str = "main", project_key: str = "WEB") -> dict[str, Any]:
    branches = [{"name": name, "start_point": start_point}]
    return {"project_key": project_key, "repository": repository, "branches": branches}


@pytest.fixture
def with_facts(directory: Path) -> str:
    """A playbook that runs the role and then says its facts, failed or not."""
    role = {"name": "Provision", "ansible.builtin.import_role": {"name": "bitbucket.datacenter.branch_provisioning"}}
    facts = "{{ " + "{" + ", ".join(f"'{name}': {name} | default(none)" for name in FACTS) + "} }}"
    say = {"name": "Say the facts", "ansible.builtin.debug": {"msg": facts}}
    path = directory / "with_facts.yml"
    play = {"name": "Facts", "hosts": "localhost", "gather_facts": False, "tasks": [{"block": [role], "always": [say]}]}
    path.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    return str(path)


def facts(run: Run) -> dict[str, Any]:
    (said,) = run.messages("Say the facts")
    assert isinstance(said, dict)
    return said


def diff(run: Run) -> Any:
    (found,) = [event["diff"] for event in run.events if event.get("diff")]
    return found


def api(simulator: Simulator, path: str) -> Any:
    answer = simulator.http.get(f"{simulator.url}/rest/{path}", auth=simulator.administrator, timeout=30)
    answer.raise_for_status()
    return answer.json()


def writes(simulator: Simulator) -> list[str]:
    return [route for route in simulator.requests_served() if not route.startswith("GET")]


def prefixes(simulator: Simulator, path: str) -> dict[str, str]:
    configuration = api(simulator, f"branch-utils/latest/projects/{path}/branchmodel/configuration")
    return {kind["id"]: kind["prefix"] for kind in configuration["types"]}


def restrictions(simulator: Simulator, path: str) -> list[tuple[str, str, list[str]]]:
    found = api(simulator, f"branch-permissions/latest/projects/{path}/restrictions")["values"]
    return sorted((each["type"], each["matcher"]["id"], [user["name"] for user in each["users"]]) for each in found)


def test_check_real_again(simulator: Simulator, play: Play, with_facts: str) -> None:
    before = simulator.snapshot()
    simulator.forget_requests()
    document = {"branch_provisioning_document": DOCUMENT}

    predicted = play(with_facts, "--check", "--diff", variables=document)
    assert predicted.returncode == 0, predicted.output
    assert predicted.changed == 1
    assert simulator.snapshot() == before
    # the server's own dry run of a deletion is no write
    assert not [route for route in writes(simulator) if not route.startswith("DELETE")]

    done = play(with_facts, "--diff", variables=document)
    assert done.returncode == 0, done.output
    was = before["refs"]
    (heads, infra, shop, worker) = ({**was[each]} for each in ("PLAT/api", "PLAT/infra", "WEB/shop", "PLAT/worker"))
    del heads["refs/heads/release/1.0"]
    for name in ("trunk", "release/9.5", "repair/PLAT-9-größe-login-page"):
        heads[f"refs/heads/{name}"] = heads["refs/heads/develop"]
    heads["refs/heads/release/1.0/hotfix"] = heads["refs/heads/main"]
    shop["refs/heads/story/WEB-4-wish-list"] = shop["refs/heads/main"]
    for refs in (heads, infra, shop, worker):
        refs["refs/heads/release/9.4"] = refs["refs/heads/main"]
    wanted = {**was, "PLAT/api": heads, "PLAT/infra": infra, "WEB/shop": shop, "PLAT/worker": worker}
    assert simulator.refs() == wanted
    assert prefixes(simulator, "WEB")["FEATURE"] == "story/"
    assert prefixes(simulator, "PLAT/repos/api")["BUGFIX"] == "repair/"
    assert restrictions(simulator, "WEB") == [("no-deletes", "RELEASE", [])]
    assert restrictions(simulator, "PLAT") == [("no-deletes", "release/**", [])]
    # what it inherits is shown with its own
    assert restrictions(simulator, "PLAT/repos/api") == [
        ("no-deletes", "release/**", []),
        ("read-only", "refs/heads/main", ["admin"]),
    ]
    assert api(simulator, "api/latest/projects/PLAT/repos/api/default-branch")["displayId"] == "trunk"

    assert facts(predicted) == facts(done)
    assert diff(predicted) == diff(done)
    summary = facts(done)["branch_provisioning_summary"]
    assert {name: count for name, count in summary.items() if count and name != "requests"} == {
        "repositories": 4, "declared": 12, "created": 9, "deleted": 1, "unchanged": 2,
        "settings_changed": 6,
    }  # fmt: skip
    assert [row["setting"] for row in facts(done)["branch_provisioning_settings"]] == [
        "branch_model", "restrictions", "restrictions", "branch_model", "default_branch", "restrictions"
    ]  # fmt: skip

    now = simulator.snapshot()
    simulator.forget_requests()
    again = play(with_facts, variables=document)
    assert again.returncode == 0, again.output
    assert again.changed == 0
    assert not writes(simulator)
    assert simulator.snapshot() == now
    summary = facts(again)["branch_provisioning_summary"]
    assert (summary["unchanged"], summary["settings_unchanged"]) == (12, 6)


def test_what_is_shown(simulator: Simulator, play: Play) -> None:
    tip = simulator.refs()["WEB/portal"]["refs/heads/main"][:12]
    wanted = variables(branch("portal", "shown/a"), branch("shop", "shown/longer"))
    predicted = play("branch_provisioning", "--check", variables=wanted)
    assert predicted.messages("Show the result") == [
        [
            f"WEB/portal  shown/a       would be created  at {tip}",
            f"WEB/shop    shown/longer  would be created  at {simulator.refs()['WEB/shop']['refs/heads/main'][:12]}",
            "repositories: 2; branches: 2 created; settings: none (check mode)",
        ]
    ]
    # a diff has the changes already, one to a line
    differing = play("branch_provisioning", "--check", "--diff", variables=wanted)
    assert differing.messages("Show the result") == [
        ["repositories: 2; branches: 2 created; settings: none (check mode)"]
    ]
    for name in ("WEB/portal branch shown/a", "WEB/shop branch shown/longer"):
        (line,) = [line for line in differing.output.splitlines() if name in line]
        assert line.startswith(f'+    "{name}": ')
    assert diff(differing)["before"] == {}
    quiet = play("branch_provisioning", "--check", variables={**wanted, "branch_provisioning_show": False})
    assert not quiet.messages("Show the result")


def test_nothing_declared(play: Play) -> None:
    run = play("branch_provisioning", variables={"branch_provisioning_document": {"repositories": []}})

    assert run.returncode == 0, run.output
    assert run.changed == 0


FAILING = [
    branch("portal", "failing/first"),
    branch("nope", "failing/second"),
    {**branch("shop", "failing/third"), "default_branch": "failing/nowhere"},
]


def test_a_failure_keeps_nothing_else_from_its_state(simulator: Simulator, play: Play, with_facts: str) -> None:
    refs = simulator.refs()
    for repository in ("WEB/portal", "WEB/shop"):
        name = "failing/first" if repository == "WEB/portal" else "failing/third"
        refs[repository][f"refs/heads/{name}"] = refs[repository]["refs/heads/main"]

    predicted = play(with_facts, "--check", variables=variables(*FAILING))
    done = play(with_facts, variables=variables(*FAILING))

    assert simulator.refs() == refs
    assert facts(predicted) == facts(done)
    said = facts(done)
    assert [row["outcome"] for row in said["branch_provisioning_result"]] == ["created", "failed", "created"]
    assert [row["outcome"] for row in said["branch_provisioning_settings"]] == ["failed"]
    for run in (predicted, done):
        assert run.returncode != 0
        # one sentence in the end, after the table
        (failure,) = run.failures
        assert failure["task"] == "Fail when something could not be brought to its state"
        assert failure["msg"].startswith("WEB/nope") and failure["msg"].endswith(".")
        (table,) = run.messages("Show the result")
        assert any("WEB/nope" in line and "failed" in line for line in table)


def test_stop_looks_at_everything_first(simulator: Simulator, play: Play, with_facts: str) -> None:
    before = simulator.snapshot()
    simulator.forget_requests()

    run = play(
        with_facts,
        variables=variables(*(branch(each, "stop/it") for each in ("portal", "nope", "shop")), on_error="stop"),
    )

    assert run.returncode != 0
    assert simulator.snapshot() == before
    assert not writes(simulator)
    outcomes = [row["outcome"] for row in facts(run)["branch_provisioning_result"]]
    assert outcomes == ["skipped", "failed", "skipped"]


def test_stop_begins_nothing_after_what_could_not_be_foreseen(
    simulator: Simulator, play: Play, with_facts: str
) -> None:
    """The server refuses at the moment of writing; one repository at a time shows what is begun after that."""
    refs = simulator.refs()
    refs["WEB/portal"]["refs/heads/stop/first"] = refs["WEB/portal"]["refs/heads/main"]
    path = "/projects/WEB/repos/shop/branches$"
    fault = {"method": "POST", "path": path, "count": 1, "fault": {"kind": "status", "status": 403}}
    rule = simulator.http.post(f"{simulator.control}/faults", json=fault, timeout=30)
    rule.raise_for_status()
    names = [("WEB", "portal", "stop/first"), ("WEB", "shop", "stop/second"), ("PLAT", "worker", "stop/third")]
    declared = [branch(repository, name, project_key=project) for project, repository, name in names]
    try:
        run = play(with_facts, variables=variables(*declared, on_error="stop", concurrency=1))
    finally:
        simulator.http.delete(f"{simulator.control}/faults", timeout=30).raise_for_status()

    assert run.returncode != 0
    assert simulator.refs() == refs
    outcomes = [row["outcome"] for row in facts(run)["branch_provisioning_result"]]
    assert outcomes == ["created", "failed", "skipped"]


def test_counts_are_added_up_in_the_statistics(simulator: Simulator, play: Play, directory: Path) -> None:
    """Two hosts, each with a part of the work, as slices of a job have."""
    path = directory / "sliced.yml"
    role = {"name": "Provision", "ansible.builtin.import_role": {"name": "bitbucket.datacenter.branch_provisioning"}}
    document = {"repositories": [branch("portal", "sliced/{{ inventory_hostname }}")]}
    common = {"branch_provisioning_document": document, "ansible_connection": "local"}
    common["ansible_python_interpreter"] = "{{ ansible_playbook_python }}"
    path.write_text(
        yaml.safe_dump([{"name": "Slices", "hosts": "a,b", "gather_facts": False, "vars": common, "tasks": [role]}]),
        encoding="utf-8",
    )
    inventory = directory / "slices.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"a": None, "b": None}}}), encoding="utf-8")

    run = play(str(path), "--inventory", str(inventory))

    assert run.returncode == 0, run.output
    assert run.changed == 2
    assert {"refs/heads/sliced/a", "refs/heads/sliced/b"} <= set(simulator.refs()["WEB/portal"])
    (end,) = [event for event in run.events if event["event"] == "stats"]
    assert end["custom"]["_run"]["branch_provisioning_total_created"] == 2


def test_connection_from_a_variable(simulator: Simulator, play: Play) -> None:
    name, password = simulator.administrator
    connection = {"url": simulator.url, "username": name, "password": password}
    declared = {"project_key": "WEB", "repository": "portal", "branches": [{"name": "main"}]}

    run = play(
        "branch_provisioning",
        "-vvv",
        variables={**variables(declared), "bitbucket_connection": connection},
        url="http://127.0.0.1:9",
    )

    assert run.returncode == 0, run.output
