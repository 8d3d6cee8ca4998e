# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories of repositories and of nodes, by real ansible-inventory and in a real playbook."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbook import Playbooks
from harness.simulator import Simulator

from .conftest import SECRET, cluster

PLUGIN = "bitbucket.datacenter.repositories"
EVERYWHERE = "GET /rest/api/{apiVersion}/repos"
OF_PROJECT = "GET /rest/api/{apiVersion}/projects/{projectKey}/repos"
WRONG = "a-wr0ng-s3cret"
# what runs on the control node where it is taken for a template
TEMPLATE = "{{ lookup('ansible.builtin.pipe', 'echo run') }} {% raw %} {{ 1 + 1 }}"


@dataclasses.dataclass
class Estate:
    """A simulated server and what Ansible makes of it."""

    simulator: Simulator
    directory: Path
    playbooks: Playbooks
    plugin: str = PLUGIN
    ending: str = "bitbucket.yml"

    def file(self, name: str = "estate", **options: Any) -> Path:
        """An inventory file with these options."""
        path = self.directory / f"{name}.{self.ending}"
        path.write_text(yaml.safe_dump({"plugin": self.plugin, **options}), encoding="utf-8")
        return path

    def inventory(self, path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """What ansible-inventory says; the requests that it made are in ``simulator.requests_served()`` then."""
        self.simulator.forget_requests()
        strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
        done = self.playbooks.inventory(
            "--inventory", str(path), *(options or ["--list"]), environment={**strict, **environment}
        )
        assert SECRET not in done.stdout + done.stderr
        return done

    def listed(self, path: Path, *options: str, **environment: str) -> dict[str, Any]:
        """The inventory as JSON."""
        done = self.inventory(path, "--list", *options, **environment)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The raw API."""
        answer = self.simulator.http.request(
            method,
            f"{self.simulator.url}/rest/api/latest/{path}",
            json=body,
            auth=self.simulator.administrator,
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def estate(directory: Path) -> Iterator[Estate]:
    with cluster(directory / "inventory", nodes=1) as simulator:
        place = directory / "inventory"
        found = Estate(simulator, place, Playbooks(place / "ansible", simulator.connection))
        found.api("POST", "projects/~admin/repos", {"name": "notes", "scmId": "git"})
        found.api("PUT", "projects/WEB/repos/portal", {"description": TEMPLATE})
        yield found


def hosts(listed: dict[str, Any], group: str) -> list[str]:
    return list(listed.get(group, {}).get("hosts", []))


def plain(value: Any) -> Any:
    """A value less the mark of what is no template."""
    if isinstance(value, dict):
        unmarked = value.get("__ansible_unsafe")
        return {name: plain(inner) for name, inner in value.items()} if unmarked is None else unmarked
    return value


def test_every_repository_is_a_host_in_the_group_of_its_project(estate: Estate) -> None:
    listed = estate.listed(estate.file())
    assert hosts(listed, "project_PLAT") == ["PLAT.api", "PLAT.empty", "PLAT.infra", "PLAT.worker"]
    assert hosts(listed, "project_WEB") == ["WEB.portal", "WEB.shop"]
    assert sorted(listed["bitbucket_repositories"]["children"]) == ["project_PLAT", "project_WEB"]
    assert estate.simulator.requests_served() == {EVERYWHERE: 1}

    # as AWX compares them: only what could be a template is marked as none
    states = {found["bitbucket_repository"]["state"] for found in listed["_meta"]["hostvars"].values()}
    assert states == {"AVAILABLE"}
    descriptions = [found["bitbucket_repository"]["description"] for found in listed["_meta"]["hostvars"].values()]
    assert {"__ansible_unsafe": TEMPLATE} in descriptions
    facts = {host: plain(found) for host, found in listed["_meta"]["hostvars"].items()}
    for host, found in facts.items():
        assert found["ansible_connection"] == "local"
        repository = found["bitbucket_repository"]
        shown = estate.api("GET", f"projects/{repository['project_key']}/repos/{repository['slug']}")
        assert host == f"{shown['project']['key']}.{shown['slug']}"
        assert (
            repository["id"] == shown["id"] and repository["clone_urls"]["http"] == shown["links"]["clone"][0]["href"]
        )
    assert len(facts) == 6


def test_the_graph(estate: Estate) -> None:
    shown = estate.inventory(estate.file(project_key=["web"]), "--graph").stdout.split()
    assert [word for word in shown if "--" in word and word != "|--@ungrouped:"] == [
        "|--@bitbucket_repositories:", "|--@project_WEB:", "|--WEB.portal", "|--WEB.shop",
    ]  # fmt: skip


def test_plain_keys_ask_for_these_projects_alone(estate: Estate) -> None:
    listed = estate.listed(estate.file(project_key=["PLAT", "~admin"], repository=["a*", "n*"], archived="all"))
    assert sorted(listed["_meta"]["hostvars"]) == ["PLAT.api", "PLAT.attic", "_admin.notes"]
    assert hosts(listed, "project__admin") == ["_admin.notes"]
    assert estate.simulator.requests_served() == {OF_PROJECT: 2}


def test_constructed_groups(estate: Estate) -> None:
    path = estate.file(
        project_key=["PLAT"],
        exclude=["e*"],
        strict=True,
        groups={"short": "bitbucket_repository.slug | length < 4"},
        keyed_groups=[{"key": "bitbucket_repository.state | lower", "prefix": "state"}],
        compose={"where": "bitbucket_repository.slug ~ '@' ~ bitbucket_repository.project_key"},
        run_locally=False,
    )
    listed = estate.listed(path)
    assert hosts(listed, "short") == ["PLAT.api"]
    assert hosts(listed, "state_available") == ["PLAT.api", "PLAT.infra", "PLAT.worker"]
    facts = plain(listed["_meta"]["hostvars"]["PLAT.api"])
    assert facts["where"] == "api@PLAT" and "ansible_connection" not in facts


def test_strict_says_what_cannot_be_composed(estate: Estate) -> None:
    done = estate.inventory(estate.file(strict=True, compose={"wrong": "bitbucket_repository.no_such.thing"}))
    assert done.returncode != 0 and "wrong" in done.stderr


def test_a_cache_is_asked_instead_of_the_server(estate: Estate) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}
    place = estate.directory / "cache"
    options = {**cache, "cache_connection": str(place)}
    first = estate.listed(estate.file("cached", **options))
    assert estate.simulator.requests_served() == {EVERYWHERE: 1}
    written = [path.read_text(encoding="utf-8") for path in place.rglob("*") if path.is_file()]
    assert written and not any(SECRET in text for text in written)

    assert estate.listed(estate.file("cached", **options)) == first
    assert estate.simulator.requests_served() == {}

    assert estate.listed(estate.file("cached", **options), "--flush-cache") == first
    assert estate.simulator.requests_served() == {EVERYWHERE: 1}

    # another question is not answered by what was kept of the last one
    other = estate.listed(estate.file("cached", **options, project_key=["PLAT"]))
    assert len(other["_meta"]["hostvars"]) == 4
    assert estate.simulator.requests_served() == {OF_PROJECT: 1}


def test_a_playbook_works_on_the_hosts(estate: Estate) -> None:
    tasks = [
        {
            "name": "Branch",
            "bitbucket.datacenter.branch": {
                "project_key": "{{ bitbucket_repository.project_key }}",
                "repository": "{{ bitbucket_repository.slug }}",
                "name": "inventory/new",
                "start_point": "main",
            },
        },
        {"name": "Say", "ansible.builtin.debug": {"msg": "{{ bitbucket_repository.description }}"}},
    ]
    book = estate.directory / "hosts.yml"
    book.write_text(yaml.safe_dump([{"hosts": "bitbucket_repositories", "gather_facts": False, "tasks": tasks}]))
    run = estate.playbooks.run(
        str(book), "--inventory", str(estate.file()), "--limit", "*.api:project_WEB:!WEB.s*", "--forks", "4"
    )
    assert run.returncode == 0, run.output
    assert sorted(run.hosts) == ["PLAT.api", "WEB.portal"] and run.changed == 2
    made = [name for name, refs in estate.simulator.refs().items() if "refs/heads/inventory/new" in refs]
    assert sorted(made) == ["PLAT/api", "WEB/portal"]
    # what somebody has written into a description is shown, not run
    assert TEMPLATE in run.messages("Say")


def test_slices_of_a_job_share_one_document(estate: Estate) -> None:
    branches = [{"name": "inventory/sliced", "start_point": "main"}]
    rule = {"project_key": "*", "repository": "*", "exclude": ["empty"], "branches": branches}
    restricted = {"rules": [{"type": "no-deletes", "matcher": {"type": "PATTERN", "id": "sliced/*"}}]}
    hosts = "{{ ansible_play_hosts_all | map('extract', hostvars, 'bitbucket_repository') | list }}"
    task = {
        "name": "Share",
        "run_once": True,
        "ansible.builtin.import_role": {"name": "bitbucket.datacenter.branch_provisioning"},
        "vars": {
            "branch_provisioning_document": {
                "projects": [{"project_key": "PLAT", "restrictions": restricted}],
                "repositories": [rule],
            },
            "branch_provisioning_only": hosts,
        },
    }
    book = estate.directory / "sliced.yml"
    book.write_text(yaml.safe_dump([{"hosts": "bitbucket_repositories", "gather_facts": False, "tasks": [task]}]))

    def sliced(pattern: str) -> list[str]:
        """The repositories that have the branch after one slice, which is what AWX limits a job to."""
        run = estate.playbooks.run(str(book), "--inventory", str(estate.file()), "--limit", pattern)
        assert run.returncode == 0 and run.changed == 1, run.output
        return sorted(name for name, refs in estate.simulator.refs().items() if "refs/heads/inventory/sliced" in refs)

    assert sliced("PLAT.api:PLAT.infra") == ["PLAT/api", "PLAT/infra"]
    assert sliced("all:!PLAT.api:!PLAT.infra:!PLAT.empty:!_admin.*") == [
        "PLAT/api",
        "PLAT/infra",
        "PLAT/worker",
        "WEB/portal",
        "WEB/shop",
    ]


def test_the_connection_may_be_templates(estate: Estate) -> None:
    path = estate.file(
        url=["{{ lookup('ansible.builtin.env', 'PLACE') }}"],
        username="{{ lookup('ansible.builtin.env', 'WHO') }}",
        password="{{ lookup('ansible.builtin.env', 'WORD') }}",
    )
    name, password = estate.simulator.administrator
    environment = {"BITBUCKET_URL": "", "BITBUCKET_USERNAME": "", "BITBUCKET_PASSWORD": ""}
    given = {"PLACE": estate.simulator.url, "WHO": name, "WORD": password}
    assert len(estate.listed(path, **environment, **given)["_meta"]["hostvars"]) == 6


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"project_keys": ["PLAT"]}, "option project_keys is unknown"),
    ({"project_key": ["a/b"]}, "project_key 'a/b' is neither a project key nor a glob over project keys"),
    ({"repository": ["a b"]}, "repository 'a b' is neither a repository slug nor a glob over slugs"),
    ({"project_key": ["NOSUCH"]}, "GET /rest/api/latest/projects/NOSUCH/repos answered 404"),
    ({"timeout": 0}, "timeout is not positive"),
    ({"url": []}, "url is not set"),
    ({"url": f"http://admin:{WRONG}@127.0.0.1"}, "url carries credentials"),
    ({"url": "http://127.0.0.1:9", "timeout": 1}, "GET /rest/api/latest/repos got no answer from http://127.0.0.1:9"),
    ({"username": "developer", "password": WRONG}, "GET /rest/api/latest/repos answered 401"),
    ({"token": WRONG, "project_key": ["PLAT"]}, "GET /rest/api/latest/projects/PLAT/repos answered 401"),
    ({"token": WRONG, "token_file": "/dev/null"}, "token and token_file are given together"),
]


def assert_that_each_is_told(estate: Estate, mistakes: list[tuple[dict[str, Any], str]]) -> None:
    """That each set of options is refused with its cause, all by one run."""
    files = [estate.file(f"wrong-{number}", **options) for number, (options, _cause) in enumerate(mistakes)]
    more = [word for path in files[1:] for word in ("--inventory", str(path))]
    done = estate.inventory(files[0], "--list", *more, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
    said = " ".join(done.stderr.split())
    assert WRONG not in done.stdout + said and "Traceback" not in said
    for _options, cause in mistakes:
        assert re.search(rf"plugin: {re.escape(cause)}[^;]*; [^;.]+[^;]*?\.(\s|$)", said), cause


def test_each_error_is_one_sentence(estate: Estate) -> None:
    assert_that_each_is_told(estate, MISTAKES)
    # a refused log-in is not tried again, and what cannot be is not sent
    assert sum(estate.simulator.requests_served().values()) == 3


def test_another_file_is_not_taken(estate: Estate) -> None:
    path = estate.directory / "other.yml"
    path.write_text(f"plugin: {PLUGIN}\n", encoding="utf-8")
    assert "could not be verified by inventory plugin" in " ".join(estate.inventory(path).stderr.split())
    assert estate.simulator.requests_served() == {}


# -- nodes -----------------------------------------------------------------------------------------------------------

CLUSTER = "GET /rest/zdu/cluster"


@pytest.fixture
def nodes(simulator: Simulator, directory: Path) -> Estate:
    place = directory / "inventory-of-nodes"
    place.mkdir(exist_ok=True)
    playbooks = Playbooks(place / "ansible", simulator.connection)
    return Estate(simulator, place, playbooks, "bitbucket.datacenter.cluster", "bitbucket_cluster.yml")


def host_names(nodes: Estate) -> list[str]:
    """The hosts of node1 and node2: their names in the cluster, else their addresses."""
    return [node["cluster_name"] or node["address"] for node in nodes.simulator.facts["nodes"]]


def test_every_node_is_a_host_in_groups_by_state_and_version(nodes: Estate) -> None:
    listed = nodes.listed(nodes.file(node_count=2))
    assert nodes.simulator.requests_served() == {CLUSTER: 1}
    shown = nodes.simulator.cluster()["nodes"]
    (version,) = {running for _state, running in shown.values()}
    for group in ("bitbucket", "state_active", f"version_{version.replace('.', '_')}"):
        assert hosts(listed, group) == host_names(nodes)
    for node, host in zip(nodes.simulator.facts["nodes"], host_names(nodes), strict=True):
        found = listed["_meta"]["hostvars"][host]
        told = found["bitbucket_node"]
        assert (told["name"], told["state"], told["version"]) == (node["cluster_name"], *shown[node["name"]])
        assert found["rolling_upgrade_node_name"] == told["label"] == nodes.simulator.label(node["name"])
        assert found["ansible_host"] == told["ip_address"] == node["address"]


def test_constructed_groups_of_nodes(nodes: Estate) -> None:
    first, second = host_names(nodes)
    address = nodes.simulator.facts["nodes"][0]["address"]
    path = nodes.file(
        group="machines",
        strict=True,
        compose={"ansible_host": "bitbucket_node.ip_address ~ '.example.com'"},
        groups={"first": f"bitbucket_node.ip_address == '{address}'"},
        keyed_groups=[{"key": "bitbucket_node.build_number", "prefix": "build"}],
    )
    listed = nodes.listed(path)
    assert hosts(listed, "machines") == [first, second] and "bitbucket" not in listed
    assert hosts(listed, "first") == [first]
    assert any(group.startswith("build_900") for group in listed)
    assert plain(listed["_meta"]["hostvars"][first]["ansible_host"]) == f"{address}.example.com"


def test_a_plan_takes_the_nodes_from_the_inventory(nodes: Estate) -> None:
    names = "groups.bitbucket | map('extract', hostvars, 'rolling_upgrade_node_name')"
    plan = {
        "name": "Plan",
        "bitbucket.datacenter.rolling_upgrade_plan": {
            "target_version": "9.4.99",
            "nodes": f"{{{{ dict(groups.bitbucket | zip({names})) }}}}",
        },
        "delegate_to": "localhost",
        "run_once": True,
        "register": "planned",
    }
    say = {"name": "Say", "ansible.builtin.debug": {"msg": "{{ planned.plan.steps | map(attribute='host') }}"}}
    book = nodes.directory / "plan.yml"
    play = {"hosts": "bitbucket", "gather_facts": False, "tasks": [plan, {**say, "run_once": True}]}
    book.write_text(yaml.safe_dump([play]), encoding="utf-8")
    run = nodes.playbooks.run(str(book), "--inventory", str(nodes.file()))
    assert run.returncode == 0, run.output
    assert sorted(filter(None, run.messages("Say")[0])) == host_names(nodes)


def test_each_mistake_with_nodes_is_one_sentence(nodes: Estate) -> None:
    listed = ", ".join(f"{nodes.simulator.label(name)} ACTIVE" for name in ("node1", "node2"))
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"cache": True}, "option cache is unknown"),
        ({"node_count": 3}, f"The cluster lists 2 nodes, not 3 ({listed})"),
        ({"url": []}, "url is not set"),
        ({"url": "http://127.0.0.1:9", "patience": 0}, "GET /rest/zdu/cluster got no answer from http://127.0.0.1:9"),
        ({"username": "developer", "password": WRONG}, "GET /rest/zdu/cluster answered 401"),
        ({"username": "reader", "password": "reader"}, "GET /rest/zdu/cluster answered 403"),
    ]
    assert_that_each_is_told(nodes, mistakes)
