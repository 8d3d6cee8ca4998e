# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits as `commit_info` returns them, and as `git log` lists them: the same, in the same order, with the same words.

The histories are made by git, and looked at by git in the server's own repositories.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.bench import Bench, Sent
from harness.history import KNOWN, History, git, keys, read, spin, weave
from harness.simulator import running
from hypothesis import strategies as st

from .conftest import SCENARIOS, TIMES, WORK
from .truth import explore

PROJECT = "HIST"
#: In the long one are so many commits.
MANY = 5000
PAGE = 100


@dataclasses.dataclass(frozen=True)
class Histories:
    """A server with histories by the slugs of their repositories."""

    bench: Bench
    by_slug: dict[str, History]
    database: Path

    def run(self, module: str, slug: str, **options: Any) -> tuple[str, dict[str, Any]]:
        told = {"project_key": PROJECT, "repository": slug, **options}
        return self.bench.run(module, told, reads=module.endswith("_info"))

    def listed(self, slug: str, **options: Any) -> dict[str, Any]:
        """The result of a run that succeeds."""
        ended, result = self.run("commit_info", slug, **options)
        assert ended == "success", result
        assert result.pop("changed") is False
        return result

    def watchers(self) -> list[tuple[Any, ...]]:
        """The commits that are watched, each with who does."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            select = "SELECT user.name, commit_id FROM watch JOIN user ON user.id = user_id ORDER BY 1, 2"
            return connection.execute(select).fetchall()


@contextlib.contextmanager
def serving(version: str, collections: Path) -> Iterator[Histories]:
    """A server of this version, whose repositories are a history that is not plain, and such as have none."""
    work = WORK / f"histories-{version}"
    known = [
        {"name": f"known{number}", "password": "known", "email": email, "display_name": name}
        for number, (email, name) in enumerate(KNOWN.items())
    ]
    slugs = ("woven", "spun", "empty", "headless")
    seed = {
        "users": [{"name": "admin", "password": "admin", "permission": "SYS_ADMIN"}, *known],
        "projects": [{"key": PROJECT, "repositories": [{"slug": slug} for slug in slugs]}],
    }
    work.parent.mkdir(parents=True, exist_ok=True)
    path = work.with_suffix(".yml")
    path.write_text(yaml.safe_dump(seed), encoding="utf-8")
    options = ("--nodes", "1", "--start-up-seconds", "0.1", "--seed", str(path), "--version", version)
    with running(work, *options) as simulator:
        bare = {each["repository"]: Path(each["path"]) for each in simulator.repositories}
        made = {"woven": weave(work / "work", bare["woven"]), "spun": read(bare["spun"])}
        git(bare["headless"], "fetch", "--quiet", str(bare["woven"]), "refs/heads/main:refs/heads/elsewhere")
        node = simulator.facts["nodes"][0]["url"] + simulator.facts["context_path"]
        bench = Bench(collections, node, simulator.administrator)
        yield Histories(bench, made, bare["woven"].parents[1] / "bitbucket.db")


@pytest.fixture(scope="module")
def histories(collections: Path) -> Iterator[Histories]:
    """With a long history, too."""
    with serving("9.4.21", collections) as made:
        made.by_slug["spun"] = spin(made.by_slug["spun"].path, MANY)
        yield made


def arguments(history: History, options: dict[str, Any]) -> list[str]:
    """What `git log` is told for what the module is told."""
    said = {"exclude": ["--no-merges"], "only": ["--merges"]}.get(options.get("merges", "include"), [])
    said += ["--follow"] if options.get("follow_renames") else []
    said.append(history.named(options.get("until", "HEAD")))
    if "since" in options:
        said.append(f"^{history.named(options['since'])}")
    return [*said, "--", *([options["path"].rstrip("/")] if "path" in options else [])]


def compare(histories: Histories, slug: str, options: dict[str, Any]) -> int:
    """That both say the same; how many commits it was."""
    history, limit = histories.by_slug[slug], options.get("limit")
    result = histories.listed(slug, **options)
    ids = history.log(*arguments(history, options))
    assert [commit["id"] for commit in result["commits"]] == ids[:limit]
    assert result["commits"] == [history.commits[each] for each in ids[:limit]]
    assert result["complete"] == (limit is None or len(ids) <= limit)
    return len(result["commits"])


# -- everything that is not plain --------------------------------------------------------------------------------------


def of_history(history: History) -> st.SearchStrategy[dict[str, Any]]:
    """What the module may be told about it."""
    names = [name for ref in history.refs for name in (ref, ref.split("/", 2)[2])]
    ids = sorted(history.commits)
    revisions = st.sampled_from([*names, *ids, *(each.upper() for each in ids[:5])])
    directories = sorted({f"{part}/" for path in history.paths for part in path.split("/")[:-1]})
    plain = st.fixed_dictionaries(
        {},
        optional={
            "until": revisions,
            "since": revisions,
            "merges": st.sampled_from(["include", "exclude", "only"]),
            "limit": st.sampled_from([1, 2, 10, len(ids) - 1, len(ids), PAGE, PAGE + 1]),
        },
    )
    path = st.sampled_from([*history.paths, *directories, "never", "READ*", ":(top)"])
    of_path = st.builds(lambda options, path: {**options, "path": path}, plain, path)
    followed = st.builds(
        lambda options, path: {**options, "path": path, "follow_renames": True}, plain, st.sampled_from(history.paths)
    )
    return st.one_of(plain, of_path, followed)


@pytest.mark.parametrize("times", TIMES)
def test_whatever_is_asked_for_git_says_the_same(histories: Histories, tally: Counter[str], times: int) -> None:
    def each(options: dict[str, Any]) -> str:
        count = compare(histories, "woven", options)
        return "none" if count == 0 else "one" if count == 1 else "several"

    explore(of_history(histories.by_slug["woven"]), SCENARIOS["commit_info"] * times, each, tally)


def test_an_old_server_says_the_same(collections: Path) -> None:
    """It has the keys of issues in another place."""
    with serving("6.10.17", collections) as histories:
        for until in ("main", "crossed/ümläut"):
            assert compare(histories, "woven", {"until": until}) > 10


def test_the_history_is_not_plain(histories: Histories) -> None:
    """So that what is compared is worth it."""
    commits = list(histories.by_slug["woven"].commits.values())
    parents = Counter(len(commit["parents"]) for commit in commits)
    assert parents[0] == 2 and parents[3] == 1 and parents[2] > 5
    assert any("Größe in Latin-1" in commit["message"] for commit in commits)
    assert any(commit["message"] == "" for commit in commits)
    assert any(commit["author_name"] == KNOWN["dora@example.com"] for commit in commits)
    assert any(commit["author_timestamp"] == 1 != commit["committer_timestamp"] for commit in commits)
    assert {len(commit["issue_keys"]) for commit in commits} >= {0, 1, 2, 3, 4}


def test_a_file_is_followed_to_its_first_name(histories: Histories) -> None:
    told = {"path": "handbook/ümläut/manual.md", "until": "main"}
    subjects = [commit["subject"] for commit in histories.listed("woven", **told)["commits"]]
    assert subjects == ["Rename again, and change a bit"]
    subjects = [commit["subject"] for commit in histories.listed("woven", **told, follow_renames=True)["commits"]]
    assert subjects == ["Rename again, and change a bit", "Change under its second name", "Rename", "PLAT-1 Begin"]


def test_what_was_undone_before_a_merge_is_no_change(histories: Histories) -> None:
    subjects = [commit["subject"] for commit in histories.listed("woven", path="README.md")["commits"]]
    assert subjects == ["PLAT-1 Begin"]


def test_keys_are_the_same_without_the_server(histories: Histories) -> None:
    """What it finds, and what is found in the message where it has found none."""
    found = histories.bench.util("_issue_key").keys_in
    for history in histories.by_slug.values():
        for commit in history.commits.values():
            assert found(commit["message"]) == keys(commit["message"])


@pytest.mark.parametrize("name", ["v1", "v2", "topic/1", "refs/heads/crossed/ümläut", "refs/tags/both", "both", "HEAD"])
def test_one_commit_by_what_names_it(histories: Histories, name: str) -> None:
    history = histories.by_slug["woven"]
    commit = git(history.path, "rev-parse", f"{history.named(name)}^{{commit}}").strip()
    for revision in (name, commit, commit.upper()):
        assert histories.listed("woven", commit=revision) == {"commits": [history.commits[commit]], "complete": True}


def test_every_commit_by_its_id(histories: Histories) -> None:
    for commit, view in histories.by_slug["woven"].commits.items():
        assert histories.listed("woven", commit=commit)["commits"] == [view]


# -- many pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"limit": MANY},
        {"limit": MANY - 1},
        {"merges": "exclude", "until": "refs/heads/main"},
        {"merges": "only"},
        {"since": "middle"},
        {"path": "src/"},
        {"path": "files", "merges": "exclude"},
    ],
    ids=str,
)
def test_thousands_of_commits(histories: Histories, options: dict[str, Any]) -> None:
    assert compare(histories, "spun", options) > 5


def test_all_of_them_are_there(histories: Histories) -> None:
    commits = histories.by_slug["spun"].commits.values()
    assert len(commits) == MANY
    assert max(len(commit["parents"]) for commit in commits) == 5


def test_as_many_requests_as_pages(histories: Histories) -> None:
    # and one to know where they begin
    for options, before in (({}, 1), ({"until": "main"}, 1), ({"merges": "exclude"}, 1)):
        for limit, pages in ((PAGE - 1, 1), (PAGE * 3 - 1, 3)):
            with histories.bench.watched(lambda _sent: None) as log:
                histories.listed("spun", limit=limit, **options)
            assert len(log) == before + pages


def test_a_push_in_the_middle_changes_nothing(histories: Histories) -> None:
    history = histories.by_slug["spun"]
    before = history.log("main")

    def push(sent: Sent) -> None:
        if sent.query.get("start") not in (None, "0"):
            new = git(history.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "Meanwhile", **NOBODY).strip()
            git(history.path, "update-ref", "refs/heads/main", new)

    for options in ({"limit": PAGE * 10}, {"until": "main", "since": "middle"}, {"merges": "only"}):
        try:
            with histories.bench.watched(push):
                found = [commit["id"] for commit in histories.listed("spun", **options)["commits"]]
            assert len(history.log("main")) > MANY
        finally:
            git(history.path, "update-ref", "refs/heads/main", before[0])
        assert found == history.log(*arguments(history, options))[: options.get("limit")]


NOBODY = {f"GIT_{role}_{what}": "nobody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


# -- nothing, and what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "options"),
    [
        ("woven", {"until": "v1", "since": "v1"}),
        ("woven", {"until": "v1", "since": "main"}),
        ("woven", {"path": "never"}),
        ("woven", {"path": "never", "follow_renames": True}),
        ("woven", {"until": "v1", "merges": "only"}),
        ("empty", {}),
        ("empty", {"limit": 3, "path": "README.md"}),
    ],
    ids=str,
)
def test_a_range_of_nothing_is_empty(histories: Histories, slug: str, options: dict[str, Any]) -> None:
    assert histories.listed(slug, **options) == {"commits": [], "complete": True}


NOWHERE = "0123456789" * 4
NEITHER = "is neither a ref nor a commit"


@pytest.mark.parametrize(
    ("slug", "options", "type_", "message"),
    [
        ("woven", {"until": "nowhere"}, "not_found",
         "until 'nowhere' names no commit of HIST/woven; give an existing branch, tag or full commit id."),
        ("woven", {"since": "refs/tags/nowhere"}, "not_found",
         "since 'refs/tags/nowhere' names no commit of HIST/woven; give an existing branch, tag or full commit id."),
        ("woven", {"until": NOWHERE}, "not_found",
         f"until {NOWHERE} is not in HIST/woven; check the id and the repository."),
        ("woven", {"since": NOWHERE}, "not_found",
         f"since {NOWHERE} is not in HIST/woven; check the id and the repository."),
        ("woven", {"commit": NOWHERE}, "not_found",
         f"commit {NOWHERE} is not in HIST/woven; check the id and the repository."),
        ("woven", {"commit": "nowhere"}, "not_found",
         "commit 'nowhere' names no commit of HIST/woven; give an existing branch, tag or full commit id."),
        ("woven", {"commit": "main~1"}, "input",
         f"commit 'main~1' {NEITHER}: it contains '~'; give a branch, a tag, a full ref or a commit."),
        ("woven", {"until": ""}, "input",
         "until '' is neither a ref nor a commit: it is empty; give a branch, a tag, a full ref or a commit."),
        ("woven", {"limit": 0}, "input", "limit 0 is less than 1; give a positive number, or none for all commits."),
        ("woven", {"limit": -3}, "input", "limit -3 is less than 1; give a positive number, or none for all commits."),
        ("woven", {"follow_renames": True}, "input",
         "follow_renames is set without path; name the file that is to be followed."),
        ("woven", {"path": "/"}, "input",
         "path '/' is not a path in a repository; write it from the root, without '/' at its begin."),
        ("empty", {"until": "main"}, "not_found",
         "until 'main' names no commit of HIST/empty; give an existing branch, tag or full commit id."),
        ("empty", {"since": "main"}, "not_found",
         "since 'main' names no commit of HIST/empty; give an existing branch, tag or full commit id."),
        ("headless", {}, "not_found",
         ("The default branch main does not exist in HIST/headless, and the server needs it for"
          " GET /rest/api/latest/projects/HIST/repos/headless/commits;"
          " set a branch that exists with the module bitbucket.datacenter.default_branch.")),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_told_in_one_sentence(
    histories: Histories, slug: str, options: dict[str, Any], type_: str, message: str
) -> None:
    ended, result = histories.run("commit_info", slug, **options)
    assert (ended, result["msg"]) == (type_, message)


@pytest.mark.parametrize("slug", ["never", "../woven"])
def test_a_repository_that_is_not_there(histories: Histories, slug: str) -> None:
    ended, result = histories.run("commit_info", slug)
    assert ended in ("not_found", "input") and slug in result["msg"]


# -- who watches -------------------------------------------------------------------------------------------------------


def test_watching_and_no_longer(histories: Histories) -> None:
    """The server's own database is asked, since the API has nothing to ask."""
    history = histories.by_slug["woven"]
    v1, main = (git(history.path, "rev-parse", f"{name}^{{commit}}").strip() for name in ("refs/tags/v1", "main"))
    assert histories.watchers() == []
    for name, state, watched in (
        ("v1", "present", [v1]),
        ("v1", "present", [v1]),
        (main.upper(), "present", sorted([v1, main])),
        ("v1", "absent", [main]),
        ("v1", "absent", [main]),
        ("main", "absent", []),
    ):
        ended, result = histories.run("commit_watch", "woven", commit=name, state=state)
        assert ended == "success", result
        commit = v1 if name == "v1" else main
        after = {"commit": commit, "watched": state == "present"}
        assert result["changed"] is True and result["commit_watch"] == after
        assert result["diff"]["before"] == {"commit": commit, "watched": None}
        assert result["diff"]["after"] == after
        assert histories.watchers() == [("admin", each) for each in watched]


@pytest.mark.parametrize("commit", ["nowhere", NOWHERE])
def test_what_is_not_there_cannot_be_watched(histories: Histories, commit: str) -> None:
    ended, result = histories.run("commit_watch", "woven", commit=commit)
    assert ended == "not_found" and commit in result["msg"]
    assert histories.watchers() == []
