# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories as a scenario wants them, put on disk and into the database at once, and looked at through git.

A few repositories are made once, with a handful of commits that are the same in each, and brought from one scenario
to the next: that takes a millisecond, where a new repository would take a hundred.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pygit2
import yaml
from harness.bench import Bench
from harness.simulator import Simulator, running
from simulator.behaviour import change_behaviour
from simulator.directory import WRITE, Directory
from simulator.layout import SharedHome
from simulator.restrictions import Guard, RefChange
from simulator.store import Store

HEADS, TAGS = "refs/heads/", "refs/tags/"
PROJECT, PERSONAL, ABSENT_PROJECT = "POOL", "~account", "GONE"
SLUGS = ("one", "two", "three")
#: Nothing was ever pushed there: no branch, no tag, no commit.
EMPTY = "empty"
#: A project with many repositories alike, `many1` to `many100`, each with nothing but `main`.
MANY, HOW_MANY = "MANY", 100
#: Of the account that the modules run as; everybody else is `other`.
ACCOUNT, OTHER = ("account", "account-password"), ("other", "other-password")
LEVELS = ("admin", "write", "read", "none")
#: The commits that every repository has, oldest first: a line, and a side line that begins at its second.
COMMITS = 5


@dataclasses.dataclass(frozen=True)
class Rule:
    """A branch permission; ``matcher`` is as the API has it: (type, id)."""

    type: str
    matcher: tuple[str, str]
    exempt: bool = False


@dataclasses.dataclass(frozen=True)
class Repo:
    """One repository before anything happens. Branches and tags are given by the number of their commit."""

    slug: str
    branches: Mapping[str, int]
    tags: Mapping[str, int] = dataclasses.field(default_factory=dict)
    default: str = "main"
    archived: bool = False
    level: str = "admin"
    rules: tuple[Rule, ...] = ()
    #: The configuration of its own branch model, as the API has it; None: that of the project.
    model: Mapping[str, Any] | None = None
    project_key: str = PROJECT

    @property
    def name(self) -> str:
        return f"{self.project_key}/{self.slug}"


@dataclasses.dataclass(frozen=True)
class State:
    """What git and the database hold of one repository."""

    refs: Mapping[str, str]
    head: str
    rules: tuple[tuple[Any, ...], ...]
    model: str | None
    #: Of a personal project, the same of the project.
    project: tuple[Any, ...] = ()

    @property
    def default(self) -> str | None:
        """The default branch, where it exists."""
        return self.head if self.head in self.refs else None


class World:
    """The pool. ``commits`` are the full ids of what every repository has."""

    def __init__(self, simulator: Simulator, collections: Path) -> None:
        self.simulator = simulator
        node = simulator.facts["nodes"][0]["url"] + simulator.facts["context_path"]
        self.bench = Bench(collections, node, ACCOUNT)
        #: The same, which gives up after two tries.
        self.impatient = Bench(collections, node, ACCOUNT, most=2, limited=2, base=0.01)
        self.paths = {f"{each['project_key']}/{each['repository']}": Path(each["path"])
                      for each in simulator.repositories}  # fmt: skip
        self._git = {
            name: pygit2.Repository(str(path), pygit2.enums.RepositoryOpenFlag.BARE)
            for name, path in self.paths.items()
        }
        self._ids = {name: int(path.stem) for name, path in self.paths.items()}
        path = next(iter(self.paths.values()))
        self._database = SharedHome(path.parents[2]).database
        self._stores = threading.local()
        row = self.store.one("SELECT id FROM user WHERE name = ?", ACCOUNT[0])
        assert row is not None
        self._account = int(row["id"])
        row = self.store.one("SELECT id FROM project WHERE key = ?", PERSONAL)
        assert row is not None
        self._personal = int(row["id"])
        self.commits = self._make_commits()
        self.numbers = {commit: number for number, commit in enumerate(self.commits)}

    @property
    def store(self) -> Store:
        """The connection of this thread: what happens in between happens in the thread whose request it precedes."""
        if not hasattr(self._stores, "mine"):
            self._stores.mine = Store(self._database)
        mine: Store = self._stores.mine
        return mine

    def _make_commits(self) -> list[str]:
        """The same objects in every repository, so that a branch can be put at each of them."""
        found: list[str] = []
        for name, repository in self._git.items():
            if name.endswith(f"/{EMPTY}") or name.startswith(f"{MANY}/"):
                continue
            found = []
            for number in range(COMMITS):
                who = pygit2.Signature("Account", "account@example.com", 1_704_096_000 + 3600 * number, 0)
                index = pygit2.Index()
                blob = repository.create_blob(f"{number}\n".encode())
                index.add(pygit2.IndexEntry("number", blob, pygit2.enums.FileMode.BLOB))
                parent = 1 if number == COMMITS - 1 else number - 1
                parents = [pygit2.Oid(hex=found[parent])] if number else []
                tree = index.write_tree(repository)
                found.append(str(repository.create_commit(None, who, who, f"Number {number}\n", tree, parents)))
        return found

    # -- to where a scenario begins ----------------------------------------------------------------------------------

    def put(self, repositories: Iterable[Repo]) -> None:
        """Bring the named repositories to where they are described; the others of the pool stay as they are."""
        with self.store.write():
            for repo in repositories:
                self._put_refs(repo)
                self._put_settings(repo)

    def _put_refs(self, repo: Repo) -> None:
        git = self._git[repo.name]
        wanted = {HEADS + name: number for name, number in repo.branches.items()}
        wanted |= {TAGS + name: number for name, number in repo.tags.items()}
        for ref in [ref for ref in git.references if ref not in wanted]:
            git.references.delete(ref)
        for ref, number in wanted.items():
            git.references.create(ref, pygit2.Oid(hex=self.commits[number]), force=True)
        git.set_head(HEADS + repo.default)

    def _put_settings(self, repo: Repo) -> None:
        number = self._ids[repo.name]
        store = self.store
        store.execute("UPDATE repository SET slug = ?, archived = ? WHERE id = ?", repo.slug, repo.archived, number)
        for table in ("permission", "restriction", "branch_model"):
            store.execute(f"DELETE FROM {table} WHERE scope = 'REPOSITORY' AND resource_id = ?", number)
        if repo.project_key == PERSONAL:
            for table in ("restriction", "branch_model"):
                store.execute(f"DELETE FROM {table} WHERE scope = 'PROJECT' AND resource_id = ?", self._personal)
        if repo.level != "none":
            self.permit(repo.name, repo.level)
        for rule in repo.rules:
            users = json.dumps([self._account] if rule.exempt else [])
            store.execute(
                "INSERT OR REPLACE INTO restriction"
                " (scope, resource_id, type, matcher_type, matcher_id, users, groups, access_keys)"
                " VALUES ('REPOSITORY', ?, ?, ?, ?, ?, '[]', '[]')",
                number, rule.type, *rule.matcher, users,
            )  # fmt: skip
        if repo.model is not None:
            document = json.dumps(dict(repo.model))
            store.execute("INSERT INTO branch_model VALUES ('REPOSITORY', ?, ?)", number, document)

    def permit(self, name: str, level: str) -> None:
        """Let the account have this permission on the repository, or ``none``."""
        number = self._ids[name]
        self.store.execute("DELETE FROM permission WHERE scope = 'REPOSITORY' AND resource_id = ?", number)
        if level != "none":
            self.store.execute(
                "INSERT INTO permission VALUES ('REPOSITORY', ?, ?, NULL, ?)",
                number, self._account, f"REPO_{level.upper()}",
            )  # fmt: skip

    def level(self, name: str) -> int:
        """The account's permission on a repository, as the server counts it: READ, WRITE, ADMIN, or 0 for none."""
        directory = Directory(self.store)
        repository, user = directory.repository_by_id(self._ids[name]), directory.user(ACCOUNT[0])
        assert repository is not None
        return directory.repository_level(user, repository)

    def refuses(self, name: str, ref: str, action: str) -> bool:
        """Whether the server's own rules keep the account from creating or deleting a ref, by permission or rule."""
        directory = Directory(self.store)
        repository, user = directory.repository_by_id(self._ids[name]), directory.user(ACCOUNT[0])
        assert repository is not None and user is not None
        default = str(self._git[name].references["HEAD"].target).removeprefix(HEADS)
        guard = Guard(self.store, repository, default, user)
        return self.level(name) < WRITE or guard.refusal(RefChange(ref, action)) is not None

    # -- somebody else -----------------------------------------------------------------------------------------------

    def point(self, name: str, branch: str, number: int) -> None:
        """Somebody pushes: the branch is at this commit now, whether it was there before or not."""
        self._git[name].references.create(HEADS + branch, pygit2.Oid(hex=self.commits[number]), force=True)

    def drop(self, name: str, branch: str) -> None:
        """Somebody deletes the branch."""
        self._git[name].references.delete(HEADS + branch)

    def clear_many(self) -> None:
        """Nothing but `main` is in the many repositories."""
        for name, git in self._git.items():
            if name.startswith(f"{MANY}/"):
                for ref in [ref for ref in git.references if ref != f"{HEADS}main"]:
                    git.references.delete(ref)

    def limit_rate(self, **limit: Any) -> None:
        """The administrator sets the rate limit; all of it starts anew."""
        change_behaviour(self.store, {"rate_limit": limit})

    def set_head(self, name: str, branch: str) -> None:
        """Somebody makes the branch the default one."""
        self._git[name].set_head(HEADS + branch)

    def archive(self, name: str) -> None:
        """Somebody archives the repository."""
        self.store.execute("UPDATE repository SET archived = 1 WHERE id = ?", self._ids[name])

    def hide(self, name: str) -> None:
        """The repository is not there any more, until it is put again."""
        self.store.execute("UPDATE repository SET slug = ? WHERE id = ?", f"hidden-{self._ids[name]}", self._ids[name])

    # -- what is there -----------------------------------------------------------------------------------------------

    def refs(self, name: str) -> dict[str, str]:
        """Every ref to the commit that it leads to, by libgit2."""
        git = self._git[name]
        return {ref: str(git.references[ref].peel(pygit2.Commit).id) for ref in git.references}

    def heads(self, name: str) -> dict[str, str]:
        """Every branch to its tip."""
        return {ref.removeprefix(HEADS): tip for ref, tip in self.refs(name).items() if ref.startswith(HEADS)}

    def state(self, name: str) -> State:
        """Everything of a repository that a module could change."""
        rules, model = self._settings("REPOSITORY", self._ids[name])
        project = self._settings("PROJECT", self._personal) if name.startswith(PERSONAL) else ()
        return State(self.refs(name), str(self._git[name].references["HEAD"].target), rules, model, project)

    def _settings(self, scope: str, number: int) -> tuple[tuple[tuple[Any, ...], ...], str | None]:
        rules = self.store.all(
            "SELECT type, matcher_type, matcher_id, users, groups, access_keys FROM restriction"
            " WHERE scope = ? AND resource_id = ? ORDER BY type, matcher_type, matcher_id", scope, number
        )  # fmt: skip
        model = self.store.one(
            "SELECT configuration FROM branch_model WHERE scope = ? AND resource_id = ?", scope, number
        )
        return tuple(tuple(rule) for rule in rules), None if model is None else model["configuration"]

    def requests(self) -> list[tuple[str, int | None]]:
        """Method and status of each request since ``simulator.forget_requests``, as the server has logged them."""
        answer = self.simulator.http.get(f"{self.simulator.control}/requests?limit=100000", timeout=30)
        answer.raise_for_status()
        return [(entry["method"], entry["status"]) for entry in answer.json()["requests"]]

    def failed_logins(self, user: str) -> int:
        """How many logins of the user have failed since the last that did not; forgotten by this."""
        row = self.store.one("SELECT failed_logins FROM user WHERE name = ?", user)
        assert row is not None
        self.store.execute("UPDATE user SET failed_logins = 0 WHERE name = ?", user)
        return int(row["failed_logins"])

    @contextlib.contextmanager
    def fault(self, rule: Mapping[str, Any]) -> Iterator[None]:
        """A rule of the simulator's faults, which must have acted in the end."""
        http, address = self.simulator.http, f"{self.simulator.control}/faults"
        made = http.post(address, json=rule, timeout=30)
        made.raise_for_status()
        mine = f"{address}/{made.json()['id']}"
        try:
            yield
        finally:
            shown = http.delete(mine, timeout=30).json()
        assert shown["hits"] > 0, "the fault was not met"

    def states(self, names: Iterable[str]) -> dict[str, State]:
        return {name: self.state(name) for name in names if name in self.paths}


@contextlib.contextmanager
def world(directory: Path, collections: Path) -> Iterator[World]:
    """A cluster of one node with the pool."""
    seed = {
        "users": [
            {"name": "admin", "password": "admin", "permission": "SYS_ADMIN"},
            *({"name": name, "password": password} for name, password in (ACCOUNT, OTHER)),
        ],
        "projects": [
            {
                "key": PROJECT,
                "restrictions": [{"type": "no-deletes", "pattern": "protected/**"}],
                "repositories": [{"slug": slug} for slug in (*SLUGS, EMPTY)],
            },
            {"key": PERSONAL, "repositories": [{"slug": "own"}]},
            {
                "key": MANY,
                "permissions": [{"user": ACCOUNT[0], "permission": "PROJECT_ADMIN"}],
                "generate": {"repositories": HOW_MANY, "prefix": "many"},
            },
        ],
    }
    path = directory.with_suffix(".yml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(seed), encoding="utf-8")
    options = ("--nodes", "1", "--start-up-seconds", "0.1", "--seed", str(path))
    with running(directory, *options) as simulator:
        yield World(simulator, collections)
