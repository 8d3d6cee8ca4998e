# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Release notes: commits in, the same grouped by issue, author and type out, with links."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote

from ._errors import InputError
from ._issue_key import PATTERN, compiled, is_issue_key, keys_in
from ._refs import is_commit_id
from ._text import one_line

View = dict[str, t.Any]
Known = t.Mapping[str, t.Any]

OTHER = "other"
# of conventional commits, in the order of a page; others come after these, by name
_TYPES = {
    "feat": "Features",
    "fix": "Fixes",
    "perf": "Performance",
    "refactor": "Refactoring",
    "revert": "Reverts",
    "docs": "Documentation",
    "test": "Tests",
    "build": "Build",
    "ci": "Continuous integration",
    "style": "Style",
    "chore": "Chores",
}
# a word that is no issue key, a scope in brackets, a mark for what breaks users, and a text
_CONVENTIONAL = re.compile(r"(?P<type>[A-Za-z]+(?:-[A-Za-z]+)*)(?:\((?P<scope>[^()]*)\))?(?P<breaking>!)?: +\S")
# the footer of a change that breaks users, with its text behind it or from the next line on; and what ends a footer:
# another one, a trailer of git, or a reference to an issue
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE:(?=\s|\Z)[ \t]*", re.MULTILINE)
_FOOTER = re.compile(
    r"^(?:BREAKING[ -]CHANGE:(?=\s|\Z)|[A-Z][A-Za-z]*(?:-[A-Za-z]+)+: |(?:Closes|Fixes|Refs|Resolves)(?:: | #))",
    re.MULTILINE,
)
_BETWEEN_KEYS = re.compile(r"[\s\[\](),:/-]*")
_SHORT = 11
# no user name, and nothing that would end a link in HTML or Markdown
_ADDRESS = re.compile(r"(https?://[^\s<>\"'()\\@\x00-\x1f]+?)/*\Z")
_PAGE_OF_REPOSITORY = re.compile(r"/browse\Z")
# of an issue or a project, as the server tells it of a linked project (assumed)
_PAGE_OF_JIRA = re.compile(r"/(?:browse|projects)/[^/]*\Z")


def notes(
    commits: t.Iterable[Known],
    group_by: t.Sequence[str],
    *,
    issue_pattern: str | None = None,
    repository_url: str | None = None,
    jira_url: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> View:
    """The notes of a release: its commits, views of ``_commit.view`` in the order of a log, in groups.

    ``group_by`` are kinds of GROUPS in the order that is wanted. ``issue_pattern`` is Jira's own unless given.
    ``repository_url`` and ``jira_url`` may be the addresses of pages there; without them there are no links.
    ``since`` and ``until`` are the ends of the range, for the address of the page that compares them.
    Raises InputError; KeyError, TypeError or AttributeError where a commit is not as described.
    """
    unknown = [kind for kind in group_by if kind not in GROUPS]
    if unknown:
        raise InputError(f"group_by {unknown[0]!r} is none of {', '.join(GROUPS)}", "choose of these")
    pattern = compiled(issue_pattern or PATTERN, "issue_pattern")
    links = _Links(
        _address(repository_url, "repository_url", _PAGE_OF_REPOSITORY), _address(jira_url, "jira_url", _PAGE_OF_JIRA)
    )
    entries = [_entry(commit, pattern, links) for commit in commits]
    issue_keys = sorted({key for entry in entries for key in entry["issue_keys"]}, key=_by_number)
    return {
        "commit_count": len(entries),
        "compare_url": links.comparison(since, until),
        "latest_commit_time": entries[0]["author_time"] if entries else None,
        "issues": [{"issue_key": key, "url": links.issue(key)} for key in issue_keys],
        "authors": sorted({entry["author_name"] for entry in entries if entry["author_name"]}, key=_by_name),
        "breaking_changes": [entry for entry in entries if entry["breaking"]],
        # once each, whatever was asked for twice
        "groups": [_group(kind, entries, links) for kind in dict.fromkeys(group_by)],
    }


class _Links:
    """Addresses of commits and issues, None where there are none."""

    def __init__(self, repository: str | None, jira: str | None) -> None:
        self._repository = repository
        self._jira = jira

    def commit(self, commit_id: str) -> str | None:
        """The page of a commit."""
        return f"{self._repository}/commits/{commit_id}" if self._repository and is_commit_id(commit_id) else None

    def comparison(self, since: str | None, until: str | None) -> str | None:
        """The page that shows what ``until`` has and ``since`` has not.

        Both are names of branches or tags, full refs or ids of commits (seen in the links of users and of tools that
        write change logs, most often full refs).
        """
        if not (self._repository and since and until):
            return None
        return f"{self._repository}/compare/diff?targetBranch={_quoted(since)}&sourceBranch={_quoted(until)}"

    def issue(self, key: str) -> str | None:
        """The page of an issue; what another pattern has found may be no key of Jira's."""
        return f"{self._jira}/browse/{key}" if self._jira and is_issue_key(key) else None


def _address(url: str | None, option: str, page: re.Pattern[str]) -> str | None:
    """The base address, without a page below it."""
    if not url:
        return None
    found = _ADDRESS.match(url)
    if found is None:
        # not repeated, for it may hold a password
        raise InputError(
            f"{option} is no address that a page may link to",
            "give one of http or https, without credentials, spaces, quotes and parentheses",
        )
    return page.sub("", found[1]).rstrip("/")


def _entry(commit: Known, pattern: re.Pattern[str], links: _Links) -> View:
    subject, message = one_line(commit["subject"]), commit["message"]
    keys = list(dict.fromkeys(filter(None, map(one_line, keys_in(message, pattern)))))
    kind = _CONVENTIONAL.match(subject, _after_keys(subject, pattern))
    shown = set(keys_in(subject, pattern))
    breaking = bool((kind and kind["breaking"]) or _BREAKING.search(message))
    description = subject[kind.end() - 1 :] if kind else subject
    return {
        "id": commit["id"],
        "short_id": commit["id"][:_SHORT],
        "url": links.commit(commit["id"]),
        "subject": subject,
        "parts": _parts(subject, pattern, links),
        "issue_keys": keys,
        "other_issues": [{"issue_key": key, "url": links.issue(key)} for key in keys if key not in shown],
        "author_name": one_line(commit["author_name"] or "") or None,
        "author_time": commit["author_time"],
        "type": kind["type"].lower() if kind else OTHER,
        "scope": kind["scope"] or None if kind else None,
        "breaking": breaking,
        "breaking_notes": (_breaking_notes(message) or [description]) if breaking else [],
        "merge": len(commit["parents"]) > 1,
    }


def _breaking_notes(message: str) -> list[str]:
    """The whole text of each footer that tells what breaks, line by line as it was written."""
    message = "\n".join(message.splitlines())
    found = []
    for footer in _BREAKING.finditer(message):
        end = _FOOTER.search(message, footer.end())
        text = message[footer.end() : end.start() if end else None].strip()
        found.append("\n".join(one_line(line) for line in text.split("\n")))
    return [text for text in found if text]


def _quoted(name: str) -> str:
    """A value for a query. What would end a link of Markdown or an attribute of HTML is encoded too."""
    return quote(name, safe="", errors="replace")


def _after_keys(subject: str, pattern: re.Pattern[str]) -> int:
    """Where the subject begins after the issue keys in front of it, as in ``[PLAT-1] feat: ...``."""
    place = 0
    while True:
        first = t.cast("re.Match[str]", _BETWEEN_KEYS.match(subject, place)).end()
        found = pattern.match(subject, first)
        if found is None or found.end() == first:
            return first if place else 0
        place = found.end()


def _parts(subject: str, pattern: re.Pattern[str], links: _Links) -> list[View]:
    """The subject cut into what links to an issue, and what does not."""
    parts, place = [], 0
    for found in pattern.finditer(subject):
        url = links.issue(found[0])
        if url is None:
            continue
        if found.start() > place:
            parts.append({"text": subject[place : found.start()], "url": None})
        parts.append({"text": found[0], "url": url})
        place = found.end()
    return [*parts, {"text": subject[place:], "url": None}] if place < len(subject) else parts


def _group(kind: str, entries: t.Sequence[View], links: _Links) -> View:
    """The entries in sections of one kind; the section of those that have none is the last."""
    title, names_of, order, title_of = GROUPS[kind]
    found: dict[str | None, list[View]] = {}
    for entry in entries:
        names: list[str | None] = [*names_of(entry)]
        for name in names or [None]:
            found.setdefault(name, []).append(entry)
    last = [None] if None in found else []
    return {
        "by": kind,
        "title": title,
        "sections": [
            {
                "name": name,
                "title": title_of(name),
                "url": links.issue(name) if kind == "issue" and name else None,
                "commits": found[name],
            }
            for name in [*sorted((name for name in found if name is not None), key=order), *last]
        ],
    }


def _by_number(key: str) -> tuple[str, int, str]:
    """Keys by project, then by number: the longer of two is the greater, however long it is."""
    project, _dash, number = key.rpartition("-")
    return project, len(number), number


def _by_name(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _by_type(name: str) -> tuple[int, str]:
    """The known ones first, the one of all that have none last."""
    known = list(_TYPES)
    return (len(known) + 1 if name == OTHER else known.index(name) if name in known else len(known)), name


class _Kind(t.NamedTuple):
    """How entries are grouped: the title, the names of sections for an entry, their order and their titles."""

    title: str
    names_of: t.Callable[[View], list[str]]
    order: t.Callable[[str], t.Any]
    title_of: t.Callable[[str | None], str]


GROUPS = {
    "issue": _Kind("By issue", lambda entry: entry["issue_keys"], _by_number, lambda name: name or "No issue"),
    "author": _Kind(
        "By author",
        lambda entry: [entry["author_name"]] if entry["author_name"] else [],
        _by_name,
        lambda name: name or "Unknown author",
    ),
    "type": _Kind(
        "By type",
        lambda entry: [entry["type"]],
        _by_type,
        lambda name: "Other changes" if name == OTHER else _TYPES.get(name or "", name or ""),
    ),
}
