# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox project: what the suite creates there by REST and by git, and deletes again."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests

from conformance.api import Answer, Api
from conformance.target import Account, Target

ISSUE = "CONFORM-1"
#: Names of repositories and tokens that the suite creates begin so.
PREFIX = "conformance-"
# Neither the user's settings nor a prompt get into git's way.
_GIT_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Conformance",
    "GIT_AUTHOR_EMAIL": "conformance@example.com",
    "GIT_COMMITTER_NAME": "Conformance",
    "GIT_COMMITTER_EMAIL": "conformance@example.com",
    # The clone answers to the credentials in its URL, whatever helper the machine has.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "credential.helper",
    "GIT_CONFIG_VALUE_0": "",
}


class RefusedError(Exception):
    """The server does not let the user create a project, or a repository in the sandbox project."""


def git(
    *arguments: str, cwd: Path | None = None, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Real git. AssertionError with what it said when it fails, unless ``check`` is False."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            env={**os.environ, **_GIT_ENVIRONMENT},
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            start_new_session=True,  # Ctrl-C must not make a test fail
        )
    except subprocess.TimeoutExpired:
        # Its message would be the command, which has the credentials in the URL.
        raise AssertionError(f"git {arguments[0]}: timed out after 120 s") from None
    assert done.returncode == 0 or not check, f"git {arguments[0]}: {done.stderr}"
    return done


@dataclass
class Repository:
    """One repository and the working copy that fills it.

    With commits (oldest first) of the branch ``base``: 0 names the issue, 1 changes only ``docs/guide.md``, 2 is
    the tip; the tip of ``topic`` is one commit more, and so is not in ``base``; the annotated ``tag`` is at commit 1.
    """

    target: Target
    api: Api
    key: str
    slug: str
    work: Path
    #: Every name in it that the suite makes begins so.
    prefix: str
    #: Made by the suite and gone after it.
    own: bool
    base: str = ""
    commits: list[str] = field(default_factory=list)
    topic_commit: str = ""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def path(self) -> str:
        """Below any REST base: projects/{key}/repos/{slug}."""
        return f"/projects/{self.key}/repos/{self.slug}"

    @property
    def rest(self) -> str:
        return f"/rest/api/latest{self.path}"

    @property
    def utils(self) -> str:
        return f"/rest/branch-utils/latest{self.path}"

    @property
    def restrictions(self) -> str:
        return f"/rest/branch-permissions/2.0{self.path}/restrictions"

    @property
    def topic(self) -> str:
        return f"{self.prefix}topic"

    @property
    def tag(self) -> str:
        return f"{self.prefix}tag"

    @property
    def tip(self) -> str:
        """Of ``base``."""
        return self.commits[-1]

    def name(self) -> str:
        """For a branch that no other test uses."""
        return f"{self.prefix}test-{next(self._numbers)}"

    def clone_url(self, account: Account | None) -> str:
        """By smart HTTP, with the account's credentials."""
        url = urlsplit(self.target.url)
        user = f"{quote(account.name, safe='')}:{quote(account.password, safe='')}@" if account else ""
        return f"{url.scheme}://{user}{url.netloc}{url.path}/scm/{self.key.lower()}/{self.slug}.git"

    def remote_refs(self) -> dict[str, str]:
        """Every ref, as git itself lists them."""
        listed = git("ls-remote", "--refs", self.clone_url(self.target.user)).stdout
        return {ref: commit for commit, ref in (line.split("\t") for line in listed.splitlines())}

    def push(self, *refspecs: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return git("push", "--quiet", self.clone_url(self.target.user), *refspecs, cwd=self.work, check=check)

    def commit(self, path: str, message: str) -> str:
        """One commit more on what is checked out in the working copy; its id."""
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"{message}\n")
        git("add", path, cwd=self.work)
        git("commit", "--quiet", "--message", message, cwd=self.work)
        return git("rev-parse", "HEAD", cwd=self.work).stdout.strip()

    def create(self, name: str, start_point: str | None = None, api: Api | None = None) -> Answer:
        """POST /branches, whatever the answer is."""
        body = {"name": name, "startPoint": start_point or self.tip}
        return (api or self.api).post(f"{self.utils}/branches", body)

    def remove(self, name: str, **more: object) -> Answer:
        """DELETE /branches, whatever the answer is."""
        return self.api.delete(f"{self.utils}/branches", {"name": f"refs/heads/{name}", **more})

    def branch(self, name: str) -> dict[str, object] | None:
        """As the listing shows it."""
        found = self.api.values(f"{self.rest}/branches", "branch_page", filterText=name)
        return next((branch for branch in found if branch["id"] == f"refs/heads/{name}"), None)

    def fill(self) -> None:
        """Make the commits, in the working copy only."""
        git("init", "--quiet", "--initial-branch=base", str(self.work))
        self.commits = [
            self.commit("README.md", f"{ISSUE} Begin"),
            self.commit("docs/guide.md", "Explain"),
            self.commit("README.md", f"{ISSUE} and CONFORM-2: go on"),
        ]
        git("tag", "--annotate", "--message", "A tag", self.tag, "HEAD~1", cwd=self.work)
        git("checkout", "--quiet", "-b", "topic", cwd=self.work)
        self.topic_commit = self.commit("src/topic.txt", "CONFORM-3 Try")

    def fill_like(self, other: Repository) -> None:
        """The same commits, without making them again."""
        shutil.copytree(other.work, self.work)
        self.commits, self.topic_commit = other.commits[:], other.topic_commit

    def push_all(self) -> None:
        self.push(f"base:refs/heads/{self.base}", f"topic:refs/heads/{self.topic}", f"refs/tags/{self.tag}")

    def made_refs(self) -> list[str]:
        """The refs that the suite created in a repository that was there before."""
        return [ref for ref in self.remote_refs() if ref.partition("/")[2].partition("/")[2].startswith(self.prefix)]

    def take_away_refs(self) -> None:
        if made := self.made_refs():
            self.push(*(f":{ref}" for ref in made))


@dataclass
class CleanUp:
    """What is left on the server after the run."""

    #: For the terminal: they have names.
    left: list[str] = field(default_factory=list)
    #: Why it could not be found out, for the terminal.
    problem: str = ""
    #: Something was requested of the server that has to be deleted.
    created: bool = True
    #: Visible projects that others created or deleted during the run.
    appeared: int = 0
    vanished: int = 0

    @property
    def complete(self) -> bool:
        return not self.left and not self.problem

    def public(self, *, throw_away: bool) -> str:
        """One sentence without names."""
        if not self.created:
            return "nothing was created"
        if self.problem:
            return "NOT VERIFIED: the server could not be read after the run; the terminal shows what to delete"
        if self.left:
            return f"NOT COMPLETE: {len(self.left)} objects were left behind; the terminal names them"
        what = "the throw-away project was deleted" if throw_away else "everything created in the project was deleted"
        others = self.appeared + self.vanished
        listed = f"{others} projects were created or deleted by others meanwhile" if others else "the same as before"
        return f"complete: {what}; list of projects: {listed}"


class Sandbox:
    """The project of the run, and the repositories in it. ``open`` it before use, ``clean_up`` always."""

    def __init__(self, target: Target, api: Api, directory: Path, admin: Api | None = None) -> None:
        self._target = target
        self._api = api
        self._admin = admin
        self._directory = directory
        self._made: list[Repository] = []
        self._shared: Repository | None = None
        #: Only on disk: what new repositories are filled from.
        self._template: Repository | None = None
        self._numbers = itertools.count(1)
        self._projects_before: set[str] = set()
        #: The throw-away project was requested, so it is ours to delete.
        self._requested = False
        self.run = secrets.token_hex(3)

    @property
    def key(self) -> str:
        return self._target.project_key

    @property
    def _project(self) -> str:
        return f"/rest/api/latest/projects/{self.key}"

    def open(self) -> None:
        """Create the project if it is a throw-away one. RefusedError when nobody may."""
        self._projects_before = self._projects()
        if not self._target.throw_away:
            return
        body = {"key": self.key, "name": self.key, "description": "Created by a test suite, which deletes it again."}
        assert self.key not in self._projects_before, "the random key is in use"
        creators = [api for api in (self._api, self._admin) if api is not None]
        for creator in creators:
            self._requested = True  # before the request: its response may be lost
            answer = creator.post("/rest/api/latest/projects", body)
            self._requested = answer.status == 201
            if answer.status not in (401, 403):
                break
        else:
            raise RefusedError("needs an account that may create projects")
        assert answer.status == 201, answer.said
        grants = {"PROJECT_ADMIN": self._target.user if creator is self._admin else None}
        grants["PROJECT_READ"] = self._target.reader
        for permission, account in grants.items():
            if account is not None:
                params = {"name": account.name, "permission": permission}
                creator.put(f"{self._project}/permissions/users", params=params, status=204)

    def _projects(self) -> set[str]:
        """The keys of all visible projects."""
        return {str(project["key"]) for project in self._api.values("/rest/api/latest/projects", "page")}

    def shared_repository(self) -> Repository:
        if self._shared is None:
            given = self._target.repository
            self._shared = self._existing(given) if given else self.new_repository()
        return self._shared

    def _existing(self, slug: str) -> Repository:
        repository = self._repository(slug, prefix=f"conformance/{self.run}/", own=False)
        repository.base = f"{repository.prefix}base"
        repository.fill()
        repository.push_all()
        return repository

    def new_repository(self, *, empty: bool = False) -> Repository:
        """RefusedError when the user may not."""
        name = f"{self._own_prefix}{len(self._made) + 1}"
        body = {"name": name, "scmId": "git", "defaultBranch": "main"}
        answer = self._api.post(f"{self._project}/repos", body)
        if answer.status in (401, 403):
            raise RefusedError("needs permission to create repositories in the project")
        assert answer.status == 201, answer.said
        answer.check("repository")
        repository = self._repository(answer.json["slug"], prefix="", own=True)
        repository.base = "main"
        if not empty:
            if self._template is None:
                self._template = self._repository(slug="", prefix="", own=True)
                self._made.remove(self._template)
                self._template.fill()
            repository.fill_like(self._template)
            repository.push_all()
        return repository

    def _repository(self, slug: str, *, prefix: str, own: bool) -> Repository:
        work = self._directory / f"work-{next(self._numbers)}"
        repository = Repository(self._target, self._api, self.key, slug, work, prefix, own)
        self._made.append(repository)
        return repository

    @property
    def _own_prefix(self) -> str:
        """How the names of the repositories of this run begin."""
        return f"{PREFIX}{self.run}-"

    def clean_up(self, seconds: float) -> CleanUp:
        """Delete everything that the run created, and read what is left. Never raises an error of the server.

        Servers delete asynchronously, so it is tried again for as long as ``seconds``.
        """
        if self._target.throw_away and not self._requested:
            return CleanUp(created=False)
        deadline = time.monotonic() + seconds
        while True:
            result = self._try_to_clean_up()
            if result.complete or time.monotonic() > deadline:
                return result
            time.sleep(1)

    def _try_to_clean_up(self) -> CleanUp:
        try:
            self._take_away()
            left = self._left()
            projects = self._projects() - {self.key}
        except (requests.RequestException, AssertionError, KeyError, ValueError) as error:
            where = f"project {self.key}" if self._target.throw_away else f"repositories {self._own_prefix}*"
            return CleanUp(problem=f"{where}: {error}")
        before = self._projects_before - {self.key}
        return CleanUp(left, appeared=len(projects - before), vanished=len(before - projects))

    def _take_away(self) -> None:
        if self._shared is not None and not self._shared.own:
            self._shared.take_away_refs()
        for slug in self._own_repositories():
            self._api.delete(f"{self._project}/repos/{slug}")
        if self._requested:
            self._api.delete(self._project)

    def _own_repositories(self) -> list[str]:
        """The slugs of what is still there, as the server lists them: tests rename repositories."""
        if self._api.get(self._project, status=None).status == 404:
            return []
        listed = [str(each["slug"]) for each in self._api.values(f"{self._project}/repos", "page")]
        return [slug for slug in listed if self._requested or slug.startswith(self._own_prefix)]

    def _left(self) -> list[str]:
        left = [f"repository {self.key}/{slug}" for slug in self._own_repositories()]
        if self._requested and self._api.get(self._project, status=None).status != 404:
            left.append(f"project {self.key}")
        if self._shared is not None and not self._shared.own:
            left += [f"{ref} in {self.key}/{self._shared.slug}" for ref in self._shared.made_refs()]
        personal = f"~{self._target.user.name}"
        for name in self._personal_repositories(personal):
            left.append(f"repository {personal}/{name}")
        return left

    def _personal_repositories(self, project: str) -> list[str]:
        answer = self._api.get(f"/rest/api/latest/projects/{project}/repos", status=None, params={"limit": 1000})
        listed = answer.json["values"] if answer.status == 200 else []
        return [str(each["slug"]) for each in listed if str(each["slug"]).startswith(PREFIX)]
