# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clone, fetch and push by git's own program."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.api import Api
from conformance.sandbox import Repository, git

claim = pytest.mark.claim


@claim("git clones over smart HTTP with the credentials of REST", evidence="doc")
def test_clone(repository: Repository, tmp_path: Path) -> None:
    git("clone", "--quiet", "--branch", repository.base, repository.clone_url(repository.target.user), str(tmp_path))
    assert git("rev-parse", "HEAD", cwd=tmp_path).stdout.strip() == repository.tip
    assert git("fsck", "--strict", cwd=tmp_path).returncode == 0


@claim("What git pushed is what REST shows", evidence="doc")
def test_push(api: Api, repository: Repository) -> None:
    name = repository.name()
    git("checkout", "--quiet", "-B", "pushed", "base", cwd=repository.work)
    commit = repository.commit("pushed.txt", "Push")
    repository.push(f"pushed:refs/heads/{name}")
    branch = repository.branch(name)
    assert branch is not None and branch["latestCommit"] == commit
    assert api.get(f"{repository.rest}/commits/{commit}", schema="commit").json["message"] == "Push"
    repository.push(f":refs/heads/{name}")
    assert repository.branch(name) is None


@claim("What REST made is what git fetches", evidence="doc")
def test_fetch(repository: Repository, tmp_path: Path) -> None:
    name = repository.name()
    repository.create(name, repository.topic_commit)
    git("init", "--quiet", str(tmp_path))
    git("fetch", "--quiet", repository.clone_url(repository.target.user), f"refs/heads/{name}", cwd=tmp_path)
    assert git("rev-parse", "FETCH_HEAD", cwd=tmp_path).stdout.strip() == repository.topic_commit


@claim("Who may only read fetches, and is refused to push", evidence="doc")
def test_reader(repository: Repository, reader: Api) -> None:
    url = repository.clone_url(repository.target.reader)
    assert repository.tip in git("ls-remote", url).stdout
    name = repository.name()
    assert git("push", url, f"base:refs/heads/{name}", cwd=repository.work, check=False).returncode != 0
    assert f"refs/heads/{name}" not in repository.remote_refs()


@claim("Without credentials git is asked for them: 401 with a Basic challenge", evidence="doc")
def test_challenge(anonymous: Api, repository: Repository) -> None:
    path = f"/scm/{repository.key.lower()}/{repository.slug}.git/info/refs?service=git-upload-pack"
    answer = anonymous.get(path, status=401, headers={})
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
