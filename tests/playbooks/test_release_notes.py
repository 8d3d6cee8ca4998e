# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook release_notes and the module release_gate, on a history that git has made; git log tells."""

from __future__ import annotations

import dataclasses
import os
import re
import string
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from harness.bench import Bench
from harness.playbook import COLLECTIONS
from harness.simulator import Simulator

from .conftest import Play
from .page import Page

KEY, SLUG = "PLAT", "released"
JIRA = "https://jira.example.com/browse/"
RELEASE = "release/<b>2.0&amp;ü"
DORA, ZOE = "Dora Developer", "Zoë {{ 7 * 7 }} [x](y) & 日本"
HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) {{ lookup('pipe', 'touch trap') }} {% raw %} \"'</style>&amp;"
)

# each on main, by whom
MESSAGES = [
    ("PLAT-11 feat(search): Search in titles", DORA),
    (f"fix: {HOSTILE}\n\nFor PLAT-2 and WEB-7.", ZOE),
    ("feat(api)!: Drop the old answers\n\nPLAT-12", DORA),
    (
        "docs: Say how\n\nBREAKING CHANGE: another file,\n<b>see</b> [x](y) {{ 7 * 7 }}:\n\n* ö\n* 日\n\nRefs: x",
        ZOE,
    ),
    ("# no heading `code` *x* _y_ www.example.com https://example.com", DORA),
    ("- no list for PLAT-2, größer 日本語 \U0001f469\u200d\U0001f680 \u202eesrever", ZOE),
    ("1. no list\n\nbut a body with UTF-8 in it", DORA),
]


@dataclasses.dataclass(frozen=True)
class Commit:
    """As git log tells it."""

    id: str
    author: str
    subject: str
    message: str
    parents: int


class Work:
    """A repository made for these tests, and a clone of it that git works in."""

    def __init__(self, simulator: Simulator, directory: Path) -> None:
        self.simulator = simulator
        self.directory = directory
        name, password = simulator.administrator
        simulator.api("POST", f"/rest/api/latest/projects/{KEY}/repos", {"name": SLUG, "defaultBranch": "main"})
        self._origin = f"{simulator.url.replace('://', f'://{name}:{password}@', 1)}/scm/{KEY.lower()}/{SLUG}.git"
        directory.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, author: str = DORA) -> str:
        people = {
            f"GIT_{role}_{what}": value
            for role, name in (("AUTHOR", author), ("COMMITTER", "Ada"))
            for what, value in (("NAME", name), ("EMAIL", "nobody@example.com"))
        }
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env={**os.environ, **quiet, **people},
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        ).stdout

    def commit(self, message: str, author: str = DORA) -> None:
        # the message as it is: what looks like a comment is none
        arguments = ("--quiet", "--allow-empty", "--cleanup=verbatim", "--message", message)
        self.git("commit", *arguments, author=author)

    def push(self) -> None:
        self.git("push", "--quiet", self._origin, "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")

    def log(self, *arguments: str) -> list[Commit]:
        told = self.git("log", "--topo-order", "--format=%H%x00%an%x00%s%x00%B%x00%P%x01", *arguments)
        rows = (row.lstrip("\n").split("\0") for row in told.split("\x01")[:-1])
        return [Commit(row[0], row[1], row[2], row[3], len(row[4].split())) for row in rows]


@pytest.fixture(scope="module")
def work(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Commits after one another, a merge and an octopus; gone for the tests of other files."""
    made = Work(simulator, tmp_path_factory.mktemp("release") / "work")
    made.commit("PLAT-1 Before the release")
    made.git("tag", "v1")
    for message, author in MESSAGES:
        made.commit(message, author)
    topics = []
    for number, message in enumerate(("PLAT-9 On a topic", "PLAT-10 fix: On another", "chore(deps): On a third")):
        topics.append(f"topic-{number}")
        made.git("checkout", "--quiet", "-b", topics[-1], "v1")
        made.commit(message, ZOE)
    made.git("checkout", "--quiet", "main")
    made.git("merge", "--quiet", "--no-ff", "--message", "Merge PLAT-9 <b>", topics[0])
    made.git("merge", "--quiet", "--no-ff", "--message", "Merge an octopus", *topics[1:])
    made.git("branch", RELEASE)
    made.git("tag", "v2")
    made.push()
    yield made
    simulator.api("DELETE", f"/rest/api/latest/projects/{KEY}/repos/{SLUG}")


def variables(directory: Path, **more: Any) -> dict[str, Any]:
    given = {"project_key": KEY, "repository": SLUG, "since": "v1", "until": RELEASE, "dir": str(directory), **more}
    return {f"release_notes_{name}": value for name, value in given.items()}


# -- what is expected, from git alone --------------------------------------------------------------------------------

KEYS = re.compile(r"\b[A-Z][A-Z0-9]+-[1-9][0-9]*\b")
TYPE = re.compile(r"(?:[A-Z]+-[0-9]+ )?([a-z]+)(?:\([a-z]+\))?!?: ")
TITLES = {"feat": "Features", "fix": "Fixes", "docs": "Documentation", "chore": "Chores", None: "Other changes"}

Groups = dict[str, dict[str, list[str]]]


def expected(commits: list[Commit]) -> Groups:
    groups: Groups = {"By issue": defaultdict(list), "By author": defaultdict(list), "By type": defaultdict(list)}
    for commit in commits:
        for key in sorted(set(KEYS.findall(commit.message))) or ["No issue"]:
            groups["By issue"][key].append(commit.id[:11])
        groups["By author"][commit.author].append(commit.id[:11])
        kind = TYPE.match(commit.subject)
        groups["By type"][TITLES[kind[1] if kind else None]].append(commit.id[:11])
    return groups


def ordered(groups: Groups) -> Groups:
    return {group: {name: sorted(listed) for name, listed in sections.items()} for group, sections in groups.items()}


def breaking(commits: list[Commit]) -> list[tuple[str, str]]:
    """Id and text of what breaks users: of the footer, or of the subject without one."""
    found = []
    for each in commits:
        footer = each.message.partition("BREAKING CHANGE: ")[2].partition("\n\nRefs: ")[0].strip()
        if footer or "!: " in each.subject:
            found.append((each.id[:11], footer or each.subject.partition("!: ")[2]))
    return found


def shown(subject: str) -> str:
    """What a page may show of a subject: it must not turn around what follows."""
    return subject.replace("\u202e", "\ufffd")


# -- what the pages say ----------------------------------------------------------------------------------------------

LINK = re.compile(r"\[((?:\\.|[^]\\])*)\]\((https?://[^)]*)\)")


def plain(text: str) -> str:
    """Markdown less its links and escapes. Fails on what would be markup."""
    bare = LINK.sub(lambda found: found[1], text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]<>`*_{}&|~#!$]", bare), text
    return re.sub(rf"\\([{re.escape(string.punctuation)}])", r"\1", bare)


@dataclasses.dataclass
class Read:
    """A page: its title, groups, the commits that are marked, and subject and links of each commit."""

    title: str = ""
    groups: Groups = dataclasses.field(default_factory=dict)
    breaking: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    subjects: dict[str, str] = dataclasses.field(default_factory=dict)
    links: dict[str, set[str]] = dataclasses.field(default_factory=dict)


def read_markdown(path: Path) -> Read:
    read, group, section = Read(), "", ""
    broken: list[str] = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if group == "Breaking changes" and not line.startswith("## "):
            # an item goes on with lines that are indented below it, and ends lines that others follow with two spaces
            assert re.match(r"- |  \S|\Z", line), line
            if line.startswith("- "):
                broken.append("")
            broken[-1:] = [f"{each}{line[2:].strip()}\n" for each in broken[-1:]]
            continue
        level, _space, text = line.partition(" ")
        if level == "#":
            read.title = plain(text)
        elif level == "##":
            group, section = plain(text), ""
            read.groups[group] = {}
        elif level == "###":
            section = plain(text)
            read.groups[group][section] = []
        elif level == "-":
            matched = re.fullmatch(r"(.*) \(\[([0-9a-f]{11})\](\(.*\))", text)
            assert matched, text
            subject, found, rest = matched.groups()
            marked = subject.removeprefix("**Breaking:** ")
            read.groups[group][section].append(found)
            read.subjects[found] = plain(marked)
            read.links[found] = {url for _text, url in LINK.findall(subject + f"[{found}]" + rest)}
    read.groups.pop("Breaking changes", None)
    for each in broken:
        matched = re.fullmatch(r"(.*) \(\[([0-9a-f]{11})\]\(.*\)\)", each.strip(), flags=re.DOTALL)
        assert matched, each
        read.breaking.append((matched[2], "\n".join(map(plain, matched[1].split("\n")))))
    return read


class Notes(Page):
    """The same of HTML."""

    def __init__(self, path: Path, linked: tuple[str, ...]) -> None:
        self.read = Read()
        self._group = self._section = self._subject = ""
        self._classes: list[str] = []
        self._item: set[str] = set()
        super().__init__(path, linked)
        self.read.groups.pop("Breaking changes", None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        self._classes.append(dict(attrs).get("class") or "")
        if tag == "li":
            self._subject, self._item = "", set()
        if tag == "h3":
            self._section = ""
        if tag == "a":
            self._item.add(self.links[-1])

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        inside = self._open
        if inside[-1:] == ["title"]:
            self.read.title = data
        elif inside[-1:] == ["h2"]:
            self._group, self._section = data, ""
            self.read.groups[data] = {}
        elif "h3" in inside and "bdi" in inside:
            self._section += data
            self.read.groups[self._group][self._section] = []
        elif "li" in inside and self._classes[-1:] == ["id"]:
            if self._group == "Breaking changes":
                self.read.breaking.append((data, self._subject))
                return
            self.read.groups[self._group][self._section].append(data)
            self.read.subjects[data] = self._subject
            self.read.links[data] = self._item
        elif "li" in inside and "bdi" in inside and "soft" not in self._classes:
            self._subject += data

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        self._classes = self._classes[: len(self._open)]


def pages(directory: Path) -> dict[str, Path]:
    return {path.suffix: path for path in directory.iterdir()}


def assert_read(read: Read, commits: list[Commit], browse: str) -> None:
    # where several histories meet, servers and versions of git differ in which comes first
    groups = {name: sections for name, sections in expected(commits).items() if name in read.groups}
    assert ordered(read.groups) == ordered(groups)
    assert read.breaking == breaking(commits)
    assert read.subjects == {each.id[:11]: shown(each.subject) for each in commits}
    assert read.links == {
        each.id[:11]: {f"{browse}/commits/{each.id}", *(JIRA + key for key in KEYS.findall(each.message))}
        for each in commits
    }


def test_the_pages_say_what_git_says(work: Work, play: Play, tmp_path: Path) -> None:
    commits = work.log("--no-merges", "v1..main")
    assert len(commits) == len(MESSAGES) + 3
    browse = work.simulator.api("GET", f"/rest/api/latest/projects/{KEY}/repos/{SLUG}")["links"]["self"][0]["href"]
    work.simulator.forget_requests()

    foreseen = play("release_notes", "--check", "--diff", variables=variables(tmp_path))
    assert foreseen.returncode == 0 and foreseen.changed == 1, foreseen.output
    assert not list(tmp_path.iterdir())
    (said,) = foreseen.messages("Say what was written")
    assert said[0] == f"{SLUG} {RELEASE}: 10 commits, 7 issues, 2 authors, 2 breaking changes"
    assert [line.rpartition(": ")[2] for line in said[1:]] == ["would be written"] * 2

    done = play("release_notes", variables=variables(tmp_path))
    assert done.returncode == 0, done.output
    found = pages(tmp_path)
    assert sorted(found) == [".html", ".md"]
    compared = f"{browse.removesuffix('/browse')}/compare/diff?targetBranch=v1&sourceBranch={quote(RELEASE, safe='')}"
    assert {path.stem for path in found.values()} == {f"release_notes_{KEY}_{SLUG}_v1_to_release-b-2.0-amp-"}
    markdown, page = read_markdown(found[".md"]), Notes(found[".html"], ("http://127.0.0.1", JIRA, "#by-"))
    for read in (markdown, page.read):
        assert read.title == f"{SLUG} {RELEASE}"
        assert list(read.groups) == ["By type"]
        assert list(read.groups["By type"]) == ["Features", "Fixes", "Documentation", "Chores", "Other changes"]
        assert_read(read, commits, browse.removesuffix("/browse"))
    written = {path: path.read_bytes() for path in found.values()}
    assert not any(b"javascript" in link.encode() for link in page.links)
    assert compared in page.links
    text = found[".md"].read_text(encoding="utf-8")
    assert f"]({compared})" in text
    # what breaks users refers to its commit, and that is listed once like every other
    for path in found.values():
        listed = re.findall(r"/commits/([0-9a-f]{40})\b", path.read_text(encoding="utf-8"))
        ids = [each.id for each in commits]
        assert sorted(listed) == sorted([*ids, *(each for each in ids if each[:11] in dict(breaking(commits)))])

    again = play("release_notes", variables=variables(tmp_path))
    assert again.returncode == 0 and again.changed == 0, again.output
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == written
    assert not [route for route in work.simulator.requests_served() if not route.startswith("GET")]
    assert not list(Path.cwd().glob("trap")) and not list(tmp_path.rglob("trap"))


def test_all_groups(work: Work, play: Play, tmp_path: Path) -> None:
    commits = work.log("--no-merges", "v1..main")
    browse = work.simulator.api("GET", f"/rest/api/latest/projects/{KEY}/repos/{SLUG}")["links"]["self"][0]["href"]
    done = play("release_notes", variables=variables(tmp_path, group_by=["issue", "author", "type"]))
    assert done.returncode == 0, done.output
    found = pages(tmp_path)
    markdown, page = read_markdown(found[".md"]), Notes(found[".html"], ("http://127.0.0.1", JIRA, "#by-"))
    for read in (markdown, page.read):
        assert list(read.groups) == ["By issue", "By author", "By type"]
        assert list(read.groups["By issue"]) == [
            "PLAT-2", "PLAT-9", "PLAT-10", "PLAT-11", "PLAT-12", "UTF-8", "WEB-7", "No issue",
        ]  # fmt: skip
        assert_read(read, commits, browse.removesuffix("/browse"))


def test_merges_groups_formats_title_and_pattern(work: Work, play: Play, tmp_path: Path) -> None:
    """As chosen; a page that was there before stays as it is."""
    chosen = variables(
        tmp_path, until="v2", merges="include", group_by=["type", "issue"], formats=["markdown"], name="news",
        title="What is <new>", issue_pattern="PLAT-(?:9|10)\\b", jira_url="https://issues.example.com/",
    )  # fmt: skip
    (tmp_path / "news.html").write_text("mine", encoding="utf-8")
    done = play("release_notes", variables=chosen)
    assert done.returncode == 0 and done.changed == 1, done.output
    assert (tmp_path / "news.html").read_text(encoding="utf-8") == "mine"
    read = read_markdown(tmp_path / "news.md")
    assert read.title == "What is <new>" and list(read.groups) == ["By type", "By issue"]
    assert list(read.groups["By issue"]) == ["PLAT-9", "PLAT-10", "No issue"]
    assert [each.id[:11] for each in work.log("v1..v2") if "PLAT-9" in each.message] == read.groups["By issue"][
        "PLAT-9"
    ]
    assert len(read.subjects) == len(work.log("v1..v2"))
    links = set.union(*read.links.values())
    assert {link for link in links if "/commits/" not in link} == {
        f"https://issues.example.com/browse/PLAT-{number}" for number in (9, 10)
    }


def test_without_a_link_to_jira_keys_are_text(play: Play, tmp_path: Path) -> None:
    web = {"project_key": "WEB", "repository": "shop", "since": "main", "until": "feat/WEB-3-search"}
    done = play("release_notes", variables=variables(tmp_path, **web, group_by=["issue"]))
    assert done.returncode == 0, done.output
    found = pages(tmp_path)
    for read in (read_markdown(found[".md"]), Notes(found[".html"], ("http://127.0.0.1", "#by-")).read):
        assert list(read.groups["By issue"]) == ["WEB-3"]
        assert list(read.subjects.values()) == ["WEB-3 Search the catalogue"]
        links = list(read.links.values())
        assert len(links) == 1
        assert [link.rpartition("/")[0].rpartition("/")[2] for link in links[0]] == ["commits"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"since": "v0"}, "since 'v0' names no commit of PLAT/released; give an existing branch, tag or full commit id."),
    ({"until": "v0"}, "until 'v0' names no commit of PLAT/released; give an existing branch, tag or full commit id."),
    ({"since": "v2", "until": "v1"}, "The range from v2 to v1 of PLAT/released holds no commit but merges; check that"),
    ({"dir": "/no/where"}, "release_notes_dir /no/where is no directory of the controller that can be written to; "),
    ({"repository": "no-such"}, "Repository PLAT/no-such does not exist"),
    ({"issue_pattern": "("}, "issue_pattern '(' is no regular expression"),
    ({"jira_url": "javascript:alert(1)"}, "jira_url is no address that a page may link to; give one of http or https"),
]


@pytest.mark.parametrize(("more", "words"), REFUSED, ids=lambda value: next(iter(value)) if value else "")
def test_what_is_refused_writes_nothing(
    work: Work, play: Play, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    run = play("release_notes", variables=variables(tmp_path, **more))
    assert run.returncode != 0 and not list(tmp_path.iterdir())
    message = str(run.failures[-1]["msg"])
    assert words in message and "Traceback" not in run.output and "\n" not in message, message


# -- the gate --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench(simulator: Simulator) -> Bench:
    return Bench(COLLECTIONS, simulator.url, simulator.administrator)


def judge(bench: Bench, **options: Any) -> tuple[str, dict[str, Any]]:
    given = {"project_key": KEY, "repository": SLUG, "since": "v1", "until": "v2", **options}
    outcome, result = bench.run("release_gate", given, reads=True)
    return outcome, result


@pytest.mark.parametrize("merges", ["include", "exclude"])
def test_the_gate_finds_what_git_finds(work: Work, bench: Bench, merges: str) -> None:
    """Commits without a key, by git's own search; the keys, by the messages; all of them linked."""
    flags = ["--no-merges"] if merges == "exclude" else []
    outcome, result = judge(bench, merges=merges, branches=["main", RELEASE, "topic-1"], allowed_messages=["^docs: "])
    assert outcome == "gate" and "\n" not in result["msg"]
    gate = result["release_gate"]
    commits = work.log(*flags, "v1..v2")
    found = [each for each in commits if not each.subject.startswith("docs")]
    assert (gate["passed"], gate["commits"]) == (False, len(commits))
    assert [gate["since"], gate["until"]] == [each.strip() for each in (work.git("rev-parse", "v1", "v2")).split()]
    without = work.log(*flags, "--invert-grep", "--extended-regexp", r"--grep=\b[A-Z]+-[1-9]", "v1..v2")
    told = [each["commit"] for each in gate["violations"] if each["reason"] == "no_issue_key"]
    assert sorted(told) == sorted(each.id for each in without if each in found)
    assert sorted(gate["issue_keys"]) == sorted({key for each in found for key in KEYS.findall(each.message)})
    assert not [each for each in gate["violations"] if each["reason"] == "not_linked"]
    (elsewhere,) = [each for each in gate["violations"] if each["reason"] == "not_contained"]
    assert elsewhere["branch"] == "topic-1"
    containing = work.git("branch", "--contains", "v2", "--format=%(refname:short)").split()
    assert sorted(containing) == sorted(["main", RELEASE])


def test_the_gate_passes_what_is_allowed(work: Work, bench: Bench) -> None:
    allowed = [each.id for each in work.log("v1..v2") if not KEYS.search(each.message)]
    outcome, result = judge(bench, allowed_commits=allowed, branches=["main"])
    assert outcome == "success" and result["release_gate"]["passed"], result


def test_an_issue_of_another_release_is_not_linked_with_this_one(work: Work, bench: Bench) -> None:
    """The key that is looked for stands in this release, but the link knows it only of commits before."""
    outcome, result = judge(bench, issue_pattern="PLAT-1(?=[012])", allowed_messages=["(?s)^(?!.*PLAT-1[012])"])
    (violation,) = result["release_gate"]["violations"]
    assert outcome == "gate" and violation["reason"] == "not_linked" and violation["issue_key"] == "PLAT-1"
    naming = {each.id: each.subject for each in work.log("v1..v2") if re.search("PLAT-1[012]", each.message)}
    assert violation["subject"] == naming[violation["commit"]]


def test_a_since_beside_the_release_is_taken_as_git_takes_it(work: Work, bench: Bench) -> None:
    outcome, result = judge(bench, since="topic-1", until="topic-2", on_violations="report")
    assert outcome == "success"
    assert result["release_gate"]["commits"] == len(work.log("topic-1..topic-2")) == 1
