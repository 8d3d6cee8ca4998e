# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the suite makes in the sandbox project, by REST and by git, and takes away again."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from conformance.api import Answer, Api
from conformance.target import Account, Target

ISSUE = "CONFORM-1"
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
    """The server does not let the user make a repository in the sandbox project."""


def git(
    *arguments: str, cwd: Path | None = None, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Real git. AssertionError with what it said when it fails, unless ``check`` is False."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env={**os.environ, **_GIT_ENVIRONMENT},
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
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

    def take_away(self) -> None:
        """The repository when it is the suite's own, else every ref that the suite made in it."""
        if self.own:
            self.api.delete(self.rest)
            return
        made = [ref for ref in self.remote_refs() if ref.partition("/")[2].partition("/")[2].startswith(self.prefix)]
        if made:
            self.push(*(f":{ref}" for ref in made))


class Sandbox:
    """Makes repositories in the sandbox project."""

    def __init__(self, target: Target, api: Api, directory: Path) -> None:
        self._target = target
        self._api = api
        self._directory = directory
        self._made: list[Repository] = []
        self._shared: Repository | None = None
        #: Only on disk: what new repositories are filled from.
        self._template: Repository | None = None
        self._numbers = itertools.count(1)
        self.run = secrets.token_hex(3)

    @property
    def key(self) -> str:
        return self._target.project_key

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
        name = f"conformance-{self.run}-{len(self._made) + 1}"
        body = {"name": name, "scmId": "git", "defaultBranch": "main"}
        answer = self._api.post(f"/rest/api/latest/projects/{self.key}/repos", body)
        if answer.status in (401, 403):
            raise RefusedError(f"{self._target.user.name} may not create repositories in {self.key}")
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

    def clean_up(self) -> None:
        for repository in self._made:
            repository.take_away()
