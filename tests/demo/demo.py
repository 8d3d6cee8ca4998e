# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""make demo: branches provisioned and a cluster upgraded while clients use it, on a simulated cluster.

Everything that is promised is looked at by another way than the collection's: git itself, raw HTTP, the file system.
The exit code is 0 only when every promise was kept.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]

from harness.client import Client  # noqa: E402 - as above
from harness.playbook import ROOT, Playbooks, Run  # noqa: E402 - as above
from harness.simulator import Simulator, running  # noqa: E402 - as above

from demo.story import Story  # noqa: E402 - only found with the path above

DIRECTORY = ROOT / ".build" / "demo"
DOCUMENT = TESTS / "demo" / "branches.yml"
BEFORE, TARGET = "9.4.21", "9.4.22"

# What the document means, spelled out: repository, branch, where it starts (None: deleted).
EXPECTED = [
    ("PLAT/api", "release/9.4", "main"),
    ("PLAT/api", "feature/PLAT-8-login-page", "develop"),
    ("PLAT/api", "release/1.0", None),
    ("PLAT/infra", "release/9.4", "main"),
    ("PLAT/worker", "release/9.4", "main"),
    ("PLAT/worker", "bugfix/PLAT-23-jobs-run-twice", "main"),
    ("WEB/portal", "release/9.4", "main"),
    ("WEB/shop", "release/9.4", "main"),
    ("WEB/shop", "feat/WEB-4-wish-list", "main"),
]


class Demo:
    """The chapters, on a running cluster."""

    def __init__(self, story: Story, simulator: Simulator) -> None:
        self.story = story
        self.simulator = simulator
        self.playbooks = Playbooks(DIRECTORY / "ansible", simulator.connection)
        inventory = simulator.write_inventory(DIRECTORY / "inventory.yml", **simulator.archive(TARGET))
        self.arguments = {
            "branch_provisioning": ["-e", f"@{DOCUMENT.relative_to(ROOT)}"],
            "rolling_upgrade": ["-i", str(inventory.relative_to(ROOT))],
        }
        self.runs = 0

    def play(self, playbook: str, *options: str) -> Run:
        """Run a playbook, show what it does, keep its whole output in a file."""
        arguments = [*self.arguments[playbook], *options]
        self.story.say(f"\n   $ ansible-playbook bitbucket.datacenter.{playbook} {shlex.join(arguments)}")
        run = self.playbooks.run(playbook, *arguments, follow=self.story.follow)
        self.runs += 1
        log = DIRECTORY / f"{self.runs}-{playbook}{''.join(options)}.log"
        log.write_text(run.output, encoding="utf-8")
        self.story.say(
            f"   changed={run.changed} failed={len(run.failures)} in {run.seconds:.1f} s,"
            f" all of its output in {log.relative_to(ROOT)}"
        )
        self.story.promise("the playbook succeeds", run.returncode == 0, run.output[-2000:])
        return run

    def show_cluster(self) -> None:
        self.story.chapter(f"A cluster of three nodes, each a process of its own, at {BEFORE}")
        facts = self.simulator.facts
        self.story.say(f"   entry   {self.simulator.url}")
        for node in facts["nodes"]:
            self.story.say(f"   {node['name']:<7} {node['url']}  installed in {_short(node['install_dir'])}")
        self.story.say(f"   git     {len(facts['repositories'])} bare repositories in {_short(facts['git_dir'])}")
        seen = self.simulator.cluster()
        expected = {node["name"]: ("ACTIVE", BEFORE) for node in facts["nodes"]}
        self.story.promise(f"every node is ACTIVE at {BEFORE}", seen["nodes"] == expected, seen)

    def check(self) -> None:
        self.story.chapter("The plan first: --check of both playbooks changes nothing")
        before = self.simulator.snapshot()
        for playbook in self.arguments:
            run = self.play(playbook, "--check")
            self.story.promise("changes are predicted", run.changed > 0)
        after = self.simulator.snapshot()
        self.story.promise("git and the cluster are as before", before == after, after)

    def provision(self) -> None:
        self.story.chapter("Branches from a document, named by each repository's branch model")
        wanted = _apply(self.simulator.refs())
        self.play("branch_provisioning")
        seen = self.simulator.refs()
        for repository in sorted({each for each, _name, _start in EXPECTED}):
            path = next(each["path"] for each in self.simulator.repositories if _label(each) == repository)
            self.story.say(f"   $ git ls-remote {_short(path)}    # {repository}")
            for ref, commit in seen[repository].items():
                if ref.startswith("refs/heads/"):
                    self.story.say(f"     {commit[:12]}  {ref}")
        self.story.promise("git ls-remote shows exactly what is declared", seen == wanted, seen)
        shown = self.simulator.http.get(
            f"{self.simulator.url}/rest/branch-permissions/latest/projects/PLAT/restrictions",
            auth=self.simulator.administrator,
            timeout=30,
        ).json()["values"]
        found = [(each["type"], each["matcher"]["id"]) for each in shown]
        self.story.promise("the project is restricted as declared", found == [("fast-forward-only", "RELEASE")], found)
        again = self.play("branch_provisioning")
        self.story.promise("the second run changes nothing", again.changed == 0 and self.simulator.refs() == seen)

    def upgrade(self) -> Client:
        self.story.chapter(f"From {BEFORE} to {TARGET}, node by node, while clients read over REST and fetch with git")
        refs = self.simulator.refs()
        self.simulator.forget_requests()
        with Client(self.simulator, DIRECTORY / "client") as client:
            self.play("rolling_upgrade")
            self._verify_upgrade()
            again = self.play("rolling_upgrade")
            self.story.promise("the second run changes nothing", again.changed == 0)
            self._verify_upgrade()
        for kind, counts in client.counts.items():
            self.story.say(f"   {kind:<14} {counts.requests:>5} requests, {counts.failures} failed")
        self.story.promise("no request of a client failed", client.total.failures == 0, client.messages[:5])
        self.story.promise("every kind of client was busy", all(each.requests for each in client.counts.values()))
        self.story.promise("the repositories are as before", self.simulator.refs() == refs)
        return client

    def _verify_upgrade(self) -> None:
        nodes = self.simulator.facts["nodes"]
        seen = self.simulator.cluster()
        done = {"state": "STABLE", "upgrade_mode": False, "nodes": {each["name"]: ("ACTIVE", TARGET) for each in nodes}}
        self.story.promise(f"the cluster is STABLE, every node ACTIVE at {TARGET}", seen == done, seen)
        links = {node["name"]: Path(node["install_dir"], "current").resolve().name for node in nodes}
        self.story.promise(f"every node is installed from {TARGET}", set(links.values()) == {TARGET}, links)
        drained = [name for name, backend in self.simulator.backends().items() if backend["drained"]]
        self.story.promise("no node is left drained", not drained, drained)
        served = self.simulator.requests_served()
        posts = {route: count for route, count in served.items() if route.startswith("POST") and "/zdu/" in route}
        self.story.promise("start and approve were sent once each", sorted(posts.values()) == [1, 1], posts)

    def summary(self, client: Client) -> None:
        self.story.chapter("What was done")
        created = sum(start is not None for _repository, _name, start in EXPECTED)
        repositories = len({repository for repository, _name, _start in EXPECTED})
        self.story.say(
            f"   {created} branches created and {len(EXPECTED) - created} deleted in {repositories} repositories\n"
            f"   {len(self.simulator.facts['nodes'])} nodes taken from {BEFORE} to {TARGET}\n"
            f"   {client.total.requests} requests of clients meanwhile, {client.total.failures} failed"
        )


def _short(path: str) -> str:
    return str(Path(path).relative_to(ROOT))


def _label(repository: dict[str, str]) -> str:
    return f"{repository['project_key']}/{repository['repository']}"


def _apply(refs: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The refs as they shall be."""
    wanted = {repository: dict(found) for repository, found in refs.items()}
    for repository, name, start in EXPECTED:
        if start is None:
            del wanted[repository][f"refs/heads/{name}"]
        else:
            wanted[repository][f"refs/heads/{name}"] = refs[repository][f"refs/heads/{start}"]
    return wanted


def _open_ports(facts: dict[str, Any]) -> list[str]:
    """Addresses of the cluster at which somebody still listens."""
    addresses = [facts["entry"], facts["control"], *(node["url"] for node in facts["nodes"])]
    listening = []
    for address in addresses:
        place = urlsplit(address)
        with socket.socket() as probe:
            if probe.connect_ex((place.hostname, place.port)) == 0:
                listening.append(address)
    return listening


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended by SIGTERM"))
    story = Story()
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    # a password that is no part of any data, which Ansible would mask
    options = ("--administrator-password", "rehearsal-only", "--start-up-seconds", "0.5")
    with running(DIRECTORY / "cluster", "--version", BEFORE, *options) as simulator:
        demo = Demo(story, simulator)
        demo.show_cluster()
        demo.check()
        demo.provision()
        client = demo.upgrade()
        demo.summary(client)
    left = _open_ports(simulator.facts)
    story.promise("the cluster has ended, no port is left open", not left, left)
    story.say(f"   {story.kept} promises kept, {len(story.broken)} broken, in {story.seconds:.0f} s")
    story.say(
        f"\nWhere to look next: the output of each run in {DIRECTORY.relative_to(ROOT)}/, the document"
        f"\n{DOCUMENT.relative_to(ROOT)}, the hooks in tests/demo/hooks/, and README.md for your own server."
        "\nmake simulator starts such a cluster to try things on."
    )
    return 1 if story.broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted; the cluster has been ended")
