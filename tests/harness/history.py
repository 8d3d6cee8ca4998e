# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories made by git, and what git itself says of them."""

from __future__ import annotations

import dataclasses
import os
import random
import string
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

#: Of a commit, in the order of the user's view, a field each; a commit follows the other, since none has such a byte.
_FIELDS = ("%H", "%B", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct")
_BEGIN = 1_700_000_000
_BESIDE = "beside"
_WORD = set(string.ascii_letters + string.digits + "_-")
DORA = ("Dora", "dora@example.com")
#: As the server knows who has this address.
KNOWN = {"dora@example.com": "Dora Developer, who is known"}


def git(path: Path, *arguments: str, text: bytes | None = None, **environment: str) -> str:
    """What a command of git says in a directory."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    surroundings = {**clean, **nobody, **environment}
    done = subprocess.run(["git", *arguments], cwd=path, env=surroundings, input=text, capture_output=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr.decode()}"
    return done.stdout.decode()


@dataclasses.dataclass(frozen=True)
class History:
    """A bare repository. ``refs`` are full names to what they lead to, ``commits`` the views of all by their ids."""

    path: Path
    refs: Mapping[str, str]
    commits: Mapping[str, Mapping[str, Any]]
    paths: Sequence[str]

    def log(self, *arguments: str) -> list[str]:
        """The ids that `git log` lists, none before one that is based on it."""
        return git(self.path, "--literal-pathspecs", "log", "--date-order", "--format=%H", *arguments).split()

    def named(self, revision: str) -> str:
        """The same revision so that git cannot take it for another: of a branch and a tag of one name the branch."""
        full = (f"refs/{kind}/{revision}" for kind in ("heads", "tags"))
        return next((ref for ref in full if ref in self.refs), revision)


def read(path: Path) -> History:
    """What is in a repository."""
    listed = git(path, "for-each-ref", "--format=%(refname) %(*objectname)%(objectname)")
    refs = {ref: ids[:40] for ref, ids in (line.rsplit(" ", 1) for line in listed.splitlines())}
    said = git(path, "log", "--all", "-z", f"--format={'%x00'.join(_FIELDS)}").split("\0")
    rows = [said[at : at + len(_FIELDS)] for at in range(0, len(said) - 1, len(_FIELDS))]
    changed = git(path, "log", "--all", "-m", "-z", "--name-only", "--format=").split("\0")
    paths = sorted({name.lstrip("\n") for name in changed} - {""})
    times = _times({row[at] for row in rows for at in (5, 8)})
    return History(path, refs, {row[0]: _view(row, times) for row in rows}, paths)


def _times(seconds: Iterable[str]) -> dict[str, str]:
    """Seconds since 1970 to what `date` calls them: nobody's Python is asked twice."""
    listed = sorted(seconds)
    command = ["date", "--utc", "--file=-", "+%Y-%m-%dT%H:%M:%SZ"]
    lines = "".join(f"@{each}\n" for each in listed)
    said = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(listed, said, strict=True))


def _view(row: Sequence[str], times: Mapping[str, str]) -> dict[str, Any]:
    commit, message, parents, author, author_email, authored, committer, committer_email, committed = row
    # the simulator takes empty lines away at both ends
    message = message.strip("\n")
    return {
        "id": commit,
        "subject": next((line.strip() for line in message.split("\n") if line.strip()), ""),
        "message": message,
        "issue_keys": keys(message),
        "parents": parents.split(),
        "author_name": KNOWN.get(author_email, author),
        "author_email": author_email,
        "author_time": times[authored],
        "author_timestamp": int(authored),
        "committer_name": KNOWN.get(committer_email, committer),
        "committer_email": committer_email,
        "committer_time": times[committed],
        "committer_timestamp": int(committed),
    }


def keys(message: str) -> list[str]:
    """The keys of Jira issues in a text, found letter by letter, and each once."""
    words = "".join(letter if letter in _WORD else " " for letter in message).split()
    found = {}
    for word in words:
        project, _dash, rest = word.partition("-")
        number = rest.partition("-")[0]
        begins = project[:1] in set(string.ascii_uppercase) and len(project) > 1
        plain = set(project) <= set(string.ascii_uppercase + string.digits + "_")
        if begins and plain and number and set(number) <= set(string.digits) and number[0] != "0":
            found[f"{project}-{number}"] = True
    return list(found)


class Weaver:
    """A working copy in which commits are made, one minute after the other, by whoever is named."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True)
        self.path = path
        self._minutes = 0
        git(path, "init", "--quiet", "--initial-branch=main")

    def git(
        self, *arguments: str, by: tuple[str, str] = ("Nobody Known", "nobody@example.com"), **environment: str
    ) -> str:
        self._minutes += 1
        date = f"@{_BEGIN + 60 * self._minutes} +0530"
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
               for what, value in zip(("NAME", "EMAIL", "DATE"), (*by, date), strict=True)}  # fmt: skip
        return git(self.path, *arguments, **{**who, **environment})

    def commit(self, message: str | bytes, files: Mapping[str, str] | None = None, *options: str, **more: Any) -> None:
        for name, content in (files or {}).items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        (self.path / ".git" / "words").write_bytes(message.encode() if isinstance(message, str) else message)
        self.git("add", "--all")
        empty = ("--allow-empty", "--allow-empty-message")
        self.git(*options, "commit", "--quiet", *empty, "--cleanup=verbatim", "--file=.git/words", **more)

    def checkout(self, name: str, *start: str) -> None:
        self.git("checkout", "--quiet", *(("-b", name, *start) if start else (name,)))

    def merge(self, message: str, *others: str, options: Sequence[str] = ()) -> None:
        self.git("merge", "--quiet", "--no-ff", *options, "--message", message, *others)

    def move(self, old: str, new: str) -> None:
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)


def weave(work: Path, bare: Path) -> History:
    """A short history in which everything comes that is not plain, pushed to the bare repository."""
    made = Weaver(work)
    guide = "".join(f"Line {number} of the guide\n" for number in range(40))
    made.commit("PLAT-1 Begin\n", {"README.md": "one\n", "docs/guide.md": guide}, by=DORA)
    made.commit("Keys WEB-2 in the middle, PLAT-3 and at the end PLAT-4\n", {"src/ümläut name.txt": "ü\n"})
    made.commit(
        "None here\n\nBut PLAT-5 here,\nand there: (PLAT-6)\n\nRefs: WEB-2, WEB-2\nCloses PLAT-7.\n", {"a": "1"}
    )
    made.commit("plat-8 PLAT-0 PLAT-09 xPLAT-9 PLAT-10x PLAT- -11 P-1 A-PLAT-12\n", {"b": "1"})
    made.git("tag", "v1")
    made.commit("Grüße aus Köln 🎉, 日本語, PLAT-11\n\nЖЩЮ WEB-3\n", {"src/日本語/файл.txt": "x"},
                by=("Ünal Çelik 🎈", "ünal@example.com"))  # fmt: skip
    made.commit(
        "PLAT-12/PLAT-13: [WEB-4]#PLAT-14\ton lines\r\nof Windows\r\n\r\nA2_B-15\r\n", by=('O\'Neil, "Q" \\ -', "")
    )
    made.commit("\n\n  Begins late\n\n\n  and ends late  \n\n\n", {"a": "2"})
    made.commit("", {"a": "3"})
    made.commit("Größe in Latin-1, PLAT-16\n".encode("latin-1"), {"a": "4"}, "-c", "i18n.commitEncoding=ISO-8859-1")
    made.commit("Rebased by another\n", {"b": "2"}, GIT_AUTHOR_DATE="@1 -1100", GIT_AUTHOR_NAME="Early")
    _weave_lines(made, guide)
    _weave_ends(made)
    made.git("push", "--quiet", "--all", str(bare))
    made.git("push", "--quiet", "--tags", str(bare))
    return read(bare)


def _weave_lines(made: Weaver, guide: str) -> None:
    """Lines of development that part and meet."""
    for number in (1, 2, 3):
        made.checkout(f"topic/{number}", "v1")
        made.commit(f"PLAT-2{number} Topic\n", {f"topics/{number}.txt": f"{number}\n"}, by=DORA)
        made.commit(
            f"feature: topic {number}, goes on\n\nPLAT-2{number}\n", {f"topics/{number}.txt": f"{number}\n{number}\n"}
        )
    made.checkout("main")
    made.merge("Merge topic 1, PLAT-21", "topic/1")
    made.merge("Octopus", "topic/2", "topic/3")
    # what is taken back before it is merged, a log of the file leaves out
    made.checkout("undone", "v1")
    made.commit("Change the first file\n", {"README.md": "two\n"})
    made.commit("Change it back\n", {"README.md": "one\n"})
    made.checkout("main")
    made.merge("Merge what was undone", "undone")
    made.move("docs/guide.md", "docs/manual.md")
    made.commit("Rename\n")
    made.commit("Change under its second name\n", {"docs/manual.md": guide + "more\n"})
    made.move("docs/manual.md", "handbook/ümläut/manual.md")
    made.commit("Rename again, and change a bit\n", {"handbook/ümläut/manual.md": guide + "more\nand more\n"})
    made.git("tag", "--annotate", "--message", "PLAT-99 is no commit's", "v2")
    # two lines that take from each other
    made.checkout("left", "topic/1")
    made.commit("Left\n", {"left": "1"})
    made.checkout("right", "topic/2")
    made.commit("Right\n", {"right": "1"})
    made.merge("Right takes left", "left")
    made.checkout("left")
    made.merge("Left takes right", "right~1")
    made.checkout("crossed/ümläut", "left")
    made.merge("Both, PLAT-30", "right")
    made.checkout("main")


def _weave_ends(made: Weaver) -> None:
    """A second beginning, wrong clocks, and two refs of one name."""
    made.git("checkout", "--quiet", "--orphan", "elsewhere")
    made.git("rm", "-r", "--quiet", "--force", ".")
    made.commit("Another first one, OTHER-1\n", {"elsewhere/README.md": "three\n"})
    made.checkout("main")
    made.merge("Take it in", "elsewhere", options=["--allow-unrelated-histories"])
    # clocks that go wrong
    made.commit("Long ago\n", {"b": "3"}, GIT_COMMITTER_DATE=f"@{_BEGIN - 10_000_000} +0000")
    made.commit("And now again\n", {"b": "4"})
    made.git("branch", "both", "v1")
    made.git("tag", "both", "v2")


def spin(bare: Path, count: int) -> History:
    """A long history: so many commits on `main` and what was merged into it, made by `git fast-import`."""
    stream = "".join(_spun(count, random.Random(7))).encode()
    git(bare, "fast-import", "--quiet", "--force", "--date-format=raw", text=stream)
    git(bare, "update-ref", "-d", f"refs/heads/{_BESIDE}")
    git(bare, "update-ref", "refs/tags/middle", f"main~{count // 4}")
    return read(bare)


def _spun(count: int, luck: random.Random) -> Iterator[str]:
    """The stream, in which a mark is the number of a commit."""
    open_lines: list[int] = []
    tip, seconds, names = 0, _BEGIN, 0
    for mark in range(1, count + 1):
        seconds += luck.randint(1, 5000)
        ends = mark >= count - 20
        branches = not ends and len(open_lines) < 6 and luck.random() < 0.1
        several = open_lines and not branches and (ends or luck.random() < 0.1)
        joined = luck.sample(open_lines, min(len(open_lines), luck.choice((1, 1, 1, 2, 4)))) if several else []
        begins = tip
        if open_lines and not branches and not joined and luck.random() < 0.5:
            # go on with a line beside
            begins = luck.choice(open_lines)
        parents = [begins, *joined]
        on_main = begins == tip and not branches
        yield f"commit refs/heads/{'main' if on_main else _BESIDE}\nmark :{mark}\n"
        who = luck.choice(("Dora <dora@example.com>", "Ünal Çelik <ünal@example.com>", "Bot <bot@example.com>"))
        yield f"author {who} {seconds - luck.randint(0, 900)} +0200\ncommitter {who} {seconds} -0330\n"
        message = _words(mark, luck)
        yield f"data {len(message.encode())}\n{message}\n"
        if tip:
            yield f"from :{parents[0]}\n" + "".join(f"merge :{parent}\n" for parent in parents[1:])
        if on_main and names and luck.random() < 0.03:
            yield f"R files/{names}.txt files/{names + 1}.txt\n"
            names += 1
        content = "".join(f"{luck.random()}\n" for _line in range(5))
        yield f"M 100644 inline {'src' if mark % 3 else 'docs'}/{mark % 50}.txt\ndata {len(content)}\n{content}\n"
        if mark == 1:
            names = 1
            yield f"M 100644 inline files/1.txt\ndata {len(content)}\n{content}\n"
        open_lines = [line for line in open_lines if line not in parents]
        if on_main:
            tip = mark
        else:
            open_lines.append(mark)
    if open_lines:
        raise AssertionError("a line was left open")


def _words(mark: int, luck: random.Random) -> str:
    key = f"{luck.choice(('PLAT', 'WEB'))}-{luck.randint(1, 900)}"
    return luck.choice(
        (
            f"{key} Number {mark}",
            f"feat(part {mark}): {key}\n\nMore of it, see {key} and WEB-1.\n",
            f"fix: number {mark}\n\nRefs: {key}\n",
            f"Number {mark} has none: {key.lower()}\n",
            f"Größe {mark} 🎉 ({key})\n",
        )
    )
