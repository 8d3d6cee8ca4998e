# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks branch_cleanup and branch_restore, on a repository with 500 branches of every kind; git tells."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygit2
import pytest
import yaml
from harness.playbook import Event
from harness.simulator import Simulator

from .conftest import Play

# a personal one: no glob of another test stands for it
KEY, SLUG = "~admin", "branches-of-every-kind"
REPOSITORY = f"{KEY}/{SLUG}"
HEADS = "refs/heads/"
DAY = 86400
OLD, YOUNG = 100, 5


class Yard:
    """A repository made for these tests; ``stale`` are the branches that are to be deleted, with their commits."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        made = self.api("POST", f"/rest/api/latest/projects/{KEY}/repos", {"name": SLUG, "defaultBranch": "main"})
        self.path = Path(simulator.repositories[0]["path"]).with_name(f"{made['id']}.git")
        self.git = pygit2.Repository(str(self.path))
        self.stale: dict[str, str] = {}
        self._number = itertools.count(1)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.simulator.http.request(
            method,
            self.simulator.url + path,
            json=body,
            auth=self.simulator.administrator,
            headers={"X-Atlassian-Token": "no-check", "Content-Type": "application/json"},
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def commit(self, age: float, *parents: str) -> str:
        """A commit, so many days old."""
        number = next(self._number)
        when = pygit2.Signature("Dora", "dora@example.com", int(time.time() - age * DAY), 0)
        blob = self.git.create_blob(f"{number}\n".encode())
        builder = self.git.TreeBuilder(*([self.git[parents[0]].peel(pygit2.Tree)] if parents else []))
        # a file of its own, so that nothing conflicts
        builder.insert(str(number), blob, pygit2.enums.FileMode.BLOB)
        message = f"Change {number}"
        return str(self.git.create_commit(None, when, when, message, builder.write(), list(parents)))

    def branch(self, name: str, commit: str, *, stale: bool = False) -> None:
        self.git.references.create(HEADS + name, pygit2.Oid(hex=commit), force=True)
        if stale:
            self.stale[name] = commit

    def pull_request(self, source: str, target: str = "main") -> dict[str, Any]:
        ends = {"fromRef": {"id": HEADS + source}, "toRef": {"id": HEADS + target}}
        path = f"/rest/api/latest/projects/{KEY}/repos/{SLUG}/pull-requests"
        made: dict[str, Any] = self.api("POST", path, {"title": source, **ends})
        return made

    def restrict(self, kind: str, matcher: str, wanted: str, *, exempt: bool) -> None:
        path = f"/rest/branch-permissions/2.0/projects/{KEY}/repos/{SLUG}/restrictions"
        users = [self.simulator.administrator[0]] if exempt else []
        self.api("POST", path, {"type": kind, "matcher": {"id": wanted, "type": {"id": matcher}}, "users": users})

    def refs(self) -> dict[str, str]:
        """By git itself."""
        listed = subprocess.run(
            ["git", "ls-remote", "--heads", str(self.path)], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        return {
            ref.removeprefix(HEADS): commit for commit, ref in (line.split("\t") for line in listed.split("\n") if line)
        }


@dataclasses.dataclass(frozen=True)
class Commits:
    """What the branches stand at: ``base`` is in every branch, ``tip`` the one of main, which has merged the others."""

    base: str
    merged: list[str]
    young: list[str]
    tip: str


#: Names that are hard to write, in a shell, in YAML, in an address or for Ansible.
STRANGE = (
    "feature/größe-ändern", "日本語/ブランチ", "emoji/\U0001f600\u0085", "a%20b", "it's#1", "&yes",
    "{{7+7}}", "{{lookup('pipe','id')}}", "!unsafe", "null", "x" * 200,
)  # fmt: skip


def history(yard: Yard) -> Commits:
    base = yard.commit(399, yard.commit(400))
    merged = [yard.commit(200 + number, base) for number in range(40)]
    young = [yard.commit(YOUNG, base) for _each in range(10)]
    tip = base
    for one in merged:
        tip = yard.commit(90, tip, one)
    for one in young:
        tip = yard.commit(1, tip, one)
    return Commits(base, merged, young, tip)


def have_model(yard: Yard) -> None:
    kinds = {"BUGFIX": "bugfix/", "FEATURE": "feature/", "HOTFIX": "hotfix/", "RELEASE": "release/"}
    document = {
        "development": {"refId": HEADS + "develop", "useDefault": False},
        "production": {"refId": HEADS + "production", "useDefault": False},
        "types": [{"id": kind, "enabled": True, "prefix": prefix} for kind, prefix in kinds.items()],
    }
    path = f"/rest/branch-utils/latest/projects/{KEY}/repos/{SLUG}/branchmodel/configuration"
    yard.api("PUT", path, document)


def have_stale_ones(yard: Yard, commits: Commits) -> None:
    """Merged by history, of all types and of none, and squashed: main does not have the commits of these."""
    for number, one in enumerate(commits.merged):
        for prefix in ("feature/", "bugfix/", "hotfix/", "", "release/old-"):
            yard.branch(f"{prefix}merged-{number}", one, stale=True)
    for name in STRANGE:
        yard.branch(name, commits.base, stale=True)
    for number in range(5):
        yard.branch(f"feature/squashed-{number}", yard.commit(OLD, commits.base), stale=True)


def have_others(yard: Yard, commits: Commits) -> None:
    """Some for each reason to keep one."""
    yard.branch("develop", commits.base)
    yard.branch("production", commits.base)
    for number, one in enumerate(commits.young):
        yard.branch(f"feature/young-{number}", one)
        yard.branch(f"young-{number}", one)
    for number in range(20):
        for prefix in ("keep/", "release/1.", "locked/"):
            yard.branch(f"{prefix}{number}", commits.merged[number])
    for number in range(5):
        yard.branch(f"feature/at-base-{number}", commits.tip)
        yard.branch(f"target-{number}", commits.merged[number])
        for name in ("review", "squashed-then-pushed", "declined"):
            yard.branch(f"feature/{name}-{number}", yard.commit(OLD, commits.base))
    # the account that deletes is exempt: nothing but the role's own judgement protects these
    yard.restrict("no-deletes", "PATTERN", "release/1.*", exempt=True)
    yard.restrict("read-only", "PATTERN", "heads/locked/", exempt=True)


def have_pull_requests(yard: Yard) -> None:
    requests = f"/rest/api/latest/projects/{KEY}/repos/{SLUG}/pull-requests"
    for number in range(5):
        yard.pull_request(f"feature/review-{number}", f"target-{number}")
        for name, how in (("squashed", "merge"), ("squashed-then-pushed", "merge"), ("declined", "decline")):
            asked = yard.pull_request(f"feature/{name}-{number}")
            yard.api("POST", f"{requests}/{asked['id']}/{how}?version={asked['version']}", {})
        pushed = f"feature/squashed-then-pushed-{number}"
        yard.branch(pushed, yard.commit(OLD, yard.refs()[pushed]))


@pytest.fixture(scope="module")
def yard(simulator: Simulator) -> Iterator[Yard]:
    """500 branches: many that are stale, and some for each reason to keep one; gone for the tests of other files."""
    made = Yard(simulator)
    commits = history(made)
    made.branch("main", commits.tip)
    have_model(made)
    have_stale_ones(made, commits)
    have_others(made, commits)
    have_pull_requests(made)
    # the server merges by merge commits; without them main knows nothing of what came by pull requests
    made.branch("main", commits.tip)
    for number in range(500 - len(made.refs())):
        made.branch(f"feature/unmerged-{number}", made.commit(OLD, commits.base))
    assert len(made.refs()) == 500
    yield made
    made.api("DELETE", f"/rest/api/latest/projects/{KEY}/repos/{SLUG}")


def variables(directory: Path, **more: Any) -> dict[str, Any]:
    return {
        "branch_cleanup_repositories": [{"project_key": KEY, "repository": SLUG}],
        "branch_cleanup_restore_dir": str(directory),
        "branch_cleanup_keep": ["keep/*"],
        "branch_cleanup_most": 300,
        **more,
    }


def test_the_right_branches_go_and_come_back(yard: Yard, play: Play, tmp_path: Path) -> None:
    before = yard.refs()
    assert len(yard.stale) > 200

    yard.simulator.forget_requests()
    predicted = play("branch_cleanup", "--check", "--diff", variables=variables(tmp_path))
    assert predicted.returncode == 0, predicted.output
    assert yard.refs() == before and not list(tmp_path.iterdir())
    (table,) = predicted.messages("Show what is stale")
    assert table[0] == f"{len(yard.stale)} of 500 branches in 1 repositories are stale"
    assert [line.split(" ")[2] for line in table[1:]] == sorted(yard.stale)
    (said,) = predicted.messages("Show the result")
    assert said == [f"{len(yard.stale)} would be deleted, 0 moved, 0 gone, 0 failed (check mode)"]
    assert not [route for route in yard.simulator.requests_served() if route.startswith(("POST", "PUT"))]

    done = play("branch_cleanup", variables=variables(tmp_path))
    assert done.returncode == 0, done.output
    assert yard.refs() == {name: commit for name, commit in before.items() if name not in yard.stale}
    (listed,) = tmp_path.iterdir()
    text = listed.read_text(encoding="utf-8").replace("!unsafe\n    ", "  ")
    restorable = yaml.safe_load(text)["branch_cleanup_restore_list"]
    assert {each["name"]: each["start_point"] for each in restorable} == yard.stale

    again = play("branch_cleanup", variables=variables(tmp_path))
    assert again.returncode == 0 and again.changed == 0, again.output
    assert [listed] == list(tmp_path.iterdir())

    foreseen = play("branch_restore", "--check", "-e", f"@{listed}")
    assert foreseen.returncode == 0 and foreseen.changed == 1, foreseen.output
    assert len(yard.refs()) == 500 - len(yard.stale)
    restored = play("branch_restore", "-e", f"@{listed}")
    assert restored.returncode == 0, restored.output
    assert yard.refs() == before


def test_what_others_do_in_between(yard: Yard, play: Play, tmp_path: Path) -> None:
    """Pushed to, deleted and restricted between judging and deleting: each survives, or is gone, and all is told."""
    before = yard.refs()
    moved, gone, restricted = (f"feature/merged-{number}" for number in range(3))
    pushed = yard.commit(0, before[moved])

    def meddle(event: Event) -> None:
        if event.get("task") == "Find stale branches":
            yard.branch(moved, pushed)
            yard.git.references.delete(HEADS + gone)
            yard.restrict("no-deletes", "BRANCH", HEADS + restricted, exempt=False)

    run = play("branch_cleanup", variables=variables(tmp_path), follow=meddle)
    assert run.returncode != 0
    assert f"{REPOSITORY} {restricted}: " in run.failures[-1]["msg"]
    (said,) = run.messages("Show the result")
    assert f"{REPOSITORY} {moved}: kept, it was pushed to since it was judged" in said
    assert f"{REPOSITORY} {gone}: gone already" in said
    assert said[-1].startswith(f"{len(yard.stale) - 3} deleted, 1 moved, 1 gone, 1 failed; restore list: {tmp_path}/")
    kept = {name: commit for name, commit in before.items() if name not in yard.stale}
    assert yard.refs() == {**kept, moved: pushed, restricted: before[restricted]}

    (listed,) = tmp_path.iterdir()
    restored = play("branch_restore", "-e", f"@{listed}")
    assert restored.returncode == 0, restored.output
    assert yard.refs() == {**before, moved: pushed}
    (said,) = restored.messages("Show the result of restoring")
    assert f"{REPOSITORY} {moved}: there already, elsewhere" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"branch_cleanup_restore_dir": "/no/where"}, "/no/where is no directory that can be written to; nothing was"),
        ({"branch_cleanup_most": 200}, "branches are stale and branch_cleanup_most is 200; nothing was deleted"),
        ({"branch_cleanup_repositories": [{"project_key": KEY, "repository": SLUG, "base": "nope"}]}, "nope"),
    ],
)
def test_what_is_refused_deletes_nothing(
    yard: Yard, play: Play, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    before = yard.refs()
    run = play("branch_cleanup", variables={**variables(tmp_path), **more})
    assert run.returncode != 0 and words in run.failures[-1]["msg"], run.output
    assert yard.refs() == before and not list(tmp_path.iterdir())
