# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository of a test's own, with a clone to commit in: what git does there is what REST is compared with."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Cluster

_numbers = itertools.count(1)
_ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Workbench:
    """A repository in a new project that `developer` may write to; main has one commit."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self.cluster = cluster
        self.clone = directory / "clone"
        # With --dist each worker has a cluster of its own, so the numbers need not be told apart.
        self.key = f"LAB{next(_numbers)}"
        self.slug = "bench"
        self.project = f"/rest/api/latest/projects/{self.key}"
        self.repo = f"{self.project}/repos/{self.slug}"
        self.utils = self.repo.replace("/api/", "/branch-utils/")
        self.restrictions = self.repo.replace("/api/", "/branch-permissions/") + "/restrictions"
        self.jira = self.repo.replace("/api/", "/jira/")
        self.ok("POST", "/rest/api/latest/projects", 201, json={"key": self.key, "name": f"Lab {self.key}"})
        self.ok("POST", self.project + "/repos", 201, json={"name": self.slug, "defaultBranch": "main"})
        self.ok("PUT", self.project + "/permissions/users?name=developer&permission=PROJECT_WRITE", 204)
        subprocess.run(["git", "init", "-q", "-b", "main", self.clone], check=True, env=_ENVIRONMENT)
        self.git("remote", "add", "origin", self.url("admin"))
        self.commit("First commit")
        self.push("main")

    def url(self, user: str) -> str:
        base = self.cluster.base.replace("http://", f"http://{user}:{user}@")
        return f"{base}/scm/{self.key.lower()}/{self.slug}.git"

    def ok(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The answer's JSON, None for an empty one, after its status was checked."""
        answer = self.cluster.call(method, path, **more)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, status: int, **more: Any) -> dict[str, Any]:
        """The first error of the answer."""
        error: dict[str, Any] = self.ok(method, path, status, **more)["errors"][0]
        return error

    # --- git ---

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", "-c", "user.name=Dora", "-c", "user.email=developer@example.com", *arguments],
            cwd=self.clone, capture_output=True, text=True, check=False, env=_ENVIRONMENT,
        )  # fmt: skip

    def git(self, *arguments: str) -> str:
        said = self.run(*arguments)
        assert said.returncode == 0, said.stderr
        return said.stdout.strip()

    def commit(self, message: str, files: dict[str, str] | None = None) -> str:
        """A commit on the present branch of the clone; its id."""
        for name, content in (files or {f"file-{next(_numbers)}": message}).items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *refspecs: str) -> None:
        self.git("push", "-q", "origin", *refspecs)

    def pushed_by(self, user: str, *refspecs: str) -> subprocess.CompletedProcess[str]:
        """A push that may fail."""
        return self.run("push", self.url(user), *refspecs)

    def branch(self, name: str, start_point: str = "main", **files: str) -> str:
        """A pushed branch with one commit more than its start; its tip."""
        self.git("checkout", "-qB", name, start_point)
        tip = self.commit(f"Work on {name}", files or None)
        self.push(name)
        return tip

    def tip(self, name: str) -> str | None:
        """As git on the server's side of things has it."""
        said = self.git("ls-remote", self.url("admin"), f"refs/heads/{name}")
        return said.split()[0] if said else None
