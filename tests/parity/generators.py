# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random repositories and random wishes. Few names, so that they meet: as file and directory, as branch and tag.

Commits are written ``@2`` for the full id of number 2, ``@2^`` for the same in capitals and ``@2~`` for its first
digits: what is printed of a failure is readable, and the same whatever the ids are.
"""

from __future__ import annotations

import dataclasses
import pprint
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pygit2
from hypothesis import strategies as st

from .world import ABSENT_PROJECT, COMMITS, EMPTY, HEADS, PERSONAL, PROJECT, SLUGS, Repo, Rule, World

#: In every repository but the empty one, and never asked for: what a server makes of a repository whose last branch
#: was deleted is not known.
KEPT = "kept"

COMMON = (
    "main", "develop", "a", "a/b", "a/b/c", "feature/x", "feature/x/y", "feature/ABC-1-login-page", "release/1.0",
    "bugfix/z", "Main", "v1", "übung/ß", "日本", "100%", "a%2Fb", "#1&x=y", "a+b",
)  # fmt: skip
INVALID = ("", "a b", "a..b", "x.lock", "-x", "/a", "a/", "a//b", "@", "HEAD", "a~1", "a:b", "ü\x7f", "refs/heads/")
TAG_NAMES = ("v1", "v2/rc", "main", "a", "größe")
TYPES = ("BUGFIX", "FEATURE", "HOTFIX", "RELEASE")
TEXTS = ("x", "ABC-1 Login page", "Ünïcode & more", "z")
MATCHERS = (
    ("ANY_REF", "ANY_REF_MATCHER_ID"), ("BRANCH", "refs/heads/main"), ("BRANCH", "refs/heads/a"),
    ("BRANCH", "refs/heads/feature/x"), ("PATTERN", "feature/**"), ("PATTERN", "a/*"), ("MODEL_CATEGORY", "FEATURE"),
    ("MODEL_CATEGORY", "RELEASE"), ("MODEL_BRANCH", "development"),
)  # fmt: skip
RULE_TYPES = ("read-only", "no-deletes", "no-creates", "fast-forward-only", "pull-request-only")
MODEL_PREFIXES = {"BUGFIX": ("bugfix/", "fix/"), "FEATURE": ("feature/", "a/"), "HOTFIX": ("hotfix/",),
                  "RELEASE": ("release/", "r-")}  # fmt: skip

_COMMIT = re.compile(r"@(\d)([~^]?)\Z")
_PIECES = st.text("aB9-_.%+#=&'é日😀", min_size=1, max_size=4)


@dataclasses.dataclass(frozen=True)
class Scenario:
    """Repositories, and what a module is told."""

    module: str
    repos: tuple[Repo, ...]
    options: dict[str, Any]

    def __repr__(self) -> str:
        lines = [f"{self.module}: {pprint.pformat(self.options, width=110, sort_dicts=False)}"]
        for repo in self.repos:
            said = (f"{field.name}={getattr(repo, field.name)!r}" for field in dataclasses.fields(repo)[1:]
                    if getattr(repo, field.name) != field.default and getattr(repo, field.name) != {})  # fmt: skip
            lines.append(f"{repo.name}: {', '.join(said)}")
        return "\n  " + "\n  ".join(lines) + "\n"

    @property
    def names(self) -> list[str]:
        return [repo.name for repo in self.repos]


def spelled(value: Any, world: World) -> Any:
    """Options with the commits of this world in place of ``@2`` and the like."""
    if isinstance(value, dict):
        return {key: spelled(inner, world) for key, inner in value.items()}
    if isinstance(value, list):
        return [spelled(inner, world) for inner in value]
    found = _COMMIT.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    commit = world.commits[int(found[1])]
    return {"": commit, "~": commit[:10], "^": commit.upper()}[found[2]]


def often(likely: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Mostly the first, now and then one of the others."""
    return st.sampled_from([likely] * (4 * len(others)) + list(others))


def one_in(number: int) -> st.SearchStrategy[bool]:
    """True once in so many times; shrinks to False."""
    return st.sampled_from([False] * (number - 1) + [True])


def _is_name(name: str) -> bool:
    return not name.startswith("-") and pygit2.reference_is_valid_name(HEADS + name)


WILD = st.lists(_PIECES, min_size=1, max_size=3).map("/".join).filter(_is_name)


@st.composite
def names(draw: st.DrawFn) -> str:
    """Of a branch that somebody wants: mostly a usual one."""
    if draw(one_in(12)):
        return draw(WILD)
    name = draw(st.sampled_from(COMMON))
    return HEADS + name if draw(one_in(12)) else name


def without_overlaps(chosen: Sequence[str]) -> list[str]:
    """Those that can exist beside each other, the first of them first."""
    kept: list[str] = []
    for name in chosen:
        if not any(f"{name}/".startswith(f"{other}/") or f"{other}/".startswith(f"{name}/") for other in kept):
            kept.append(name)
    return kept


def overlaps(item: dict[str, Any], declared: Iterable[dict[str, Any]]) -> bool:
    """Whether one is declared present that cannot exist beside this one of the same repository."""
    here = [
        each["name"].removeprefix(HEADS)
        for each in (*declared, item)
        if "name" in each and "state" not in each and each.get("repository") == item.get("repository")
    ]
    return "state" not in item and without_overlaps(here) != here


RULES = st.builds(Rule, st.sampled_from(RULE_TYPES), st.sampled_from(MATCHERS), one_in(4))


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any] | None:
    """The configuration of a branch model, None where it is inherited."""
    if not draw(one_in(3)):
        return None
    model: dict[str, Any] = {"development": draw(st.sampled_from([
        {"refId": None, "useDefault": True}, {"refId": "refs/heads/develop", "useDefault": False}]))}  # fmt: skip
    if draw(st.booleans()):
        model["production"] = {"refId": "refs/heads/main", "useDefault": False}
    model["types"] = [
        {"id": kind, "displayName": kind.capitalize(), "enabled": draw(often(True, False)),
         "prefix": draw(st.sampled_from(MODEL_PREFIXES[kind]))}
        for kind in TYPES
    ]  # fmt: skip
    return model


@st.composite
def repositories(draw: st.DrawFn, slug: str = "one", project_key: str = PROJECT) -> Repo:
    """Any repository: some branches or many, a default branch that is there or not, archived, with permissions."""
    chosen: list[str] = []
    if slug != EMPTY:
        first = ["main"] if draw(often(True, False)) else []
        others = st.sampled_from(COMMON) if not draw(one_in(10)) else WILD
        chosen = without_overlaps([KEPT, *first, *draw(st.lists(others, max_size=6, unique=True))])
    numbers = st.integers(0, COMMITS - 1)
    default = draw(often("main" if "main" in chosen else chosen[-1] if chosen else "main", "main", "develop", "gone"))
    tags = draw(st.dictionaries(st.sampled_from(TAG_NAMES), numbers, max_size=3)) if chosen else {}
    return Repo(
        slug=slug,
        branches={name: draw(numbers) for name in chosen},
        tags={name: tags[name] for name in without_overlaps(list(tags))},
        default=default,
        archived=draw(one_in(20)),
        level=draw(st.sampled_from(["admin"] * 8 + ["write"] * 3 + ["read", "none"])),
        rules=tuple(draw(st.lists(RULES, max_size=2))) if draw(one_in(3)) else (),
        model=draw(models()),
        project_key=project_key,
    )


@st.composite
def start_points(draw: st.DrawFn, repo: Repo) -> str | None:
    """What exists in the repository, mostly; else a name that may be made by the same list, or what never exists."""
    there = [*repo.branches, *(HEADS + name for name in repo.branches)]
    there += [*repo.tags, *(f"refs/tags/{name}" for name in repo.tags), *(f"@{number}" for number in range(COMMITS))]
    kind = draw(st.sampled_from(["there"] * 6 + ["named", "odd"]))
    if kind == "there":
        return draw(st.sampled_from(there))
    if kind == "named":
        return draw(st.sampled_from(COMMON))
    return draw(st.sampled_from([None, "@2~", "@3^", "0" * 40, "never", "refs/heads/never", "refs/tags/never", "HEAD",
                                 "refs/heads"]))  # fmt: skip


@st.composite
def end_points(draw: st.DrawFn, repo: Repo, name: str | None) -> str | None:
    """None, the tip in small or capital letters, another commit, or one that never was."""
    tip = repo.branches.get(name.removeprefix(HEADS)) if name else None
    right = f"@{0 if tip is None else tip}"
    return draw(st.sampled_from([None] * 6 + [right] * 4 + [f"{right}^", "@0", "@4", "0" * 40]))


def deletable(repo: Repo) -> list[str]:
    """What is there and may be asked to go: all but what is always kept, the default branch last."""
    found = [name for name in repo.branches if name not in (KEPT, repo.default)]
    return found + [repo.default] * (repo.default in repo.branches and repo.default != KEPT)


@st.composite
def wishes(draw: st.DrawFn, repo: Repo, typed: bool = False) -> dict[str, Any]:
    """One branch as it is declared. ``typed``: now and then by type and text."""
    wish: dict[str, Any] = {}
    there = deletable(repo)
    absent = draw(st.sampled_from([False, False, True]))
    if typed and draw(one_in(6)):
        wish.update(type=draw(st.sampled_from(TYPES)), text=draw(st.sampled_from(TEXTS)))
    elif there and draw(st.sampled_from([absent, absent, not absent])):
        wish["name"] = draw(st.sampled_from(there))
    else:
        wish["name"] = draw(names())
    if absent:
        wish["state"] = "absent"
        end_point = draw(end_points(repo, wish.get("name")))
        if end_point is not None:
            wish["end_point"] = end_point
    else:
        start_point = draw(start_points(repo))
        if start_point is not None:
            wish["start_point"] = start_point
    return wish


@st.composite
def swaps(draw: st.DrawFn, repo: Repo) -> list[dict[str, Any]]:
    """A branch that goes, and one that cannot exist beside it and comes in its place, starting there now and then."""
    old = draw(st.sampled_from(deletable(repo)))
    parents = ["/".join(old.split("/")[:depth]) for depth in range(1, old.count("/") + 1)]
    new = draw(st.sampled_from([*parents, f"{old}/x", f"{old}/y/z"]))
    start_point = draw(st.sampled_from([old, HEADS + old, KEPT, "@3"]))
    return [{"name": old, "state": "absent"}, {"name": new, "start_point": start_point}]


@st.composite
def chains(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Branches that start at each other: in a row, or in a circle, which has no beginning."""
    found = draw(st.lists(st.sampled_from(COMMON), min_size=2, max_size=3, unique=True))
    first = draw(st.sampled_from([KEPT, KEPT, "@1", found[-1]]))
    return [{"name": name, "start_point": start} for name, start in zip(found, [first, *found], strict=False)]


@st.composite
def spoilt(draw: st.DrawFn, wish: dict[str, Any]) -> dict[str, Any]:
    """The same with a value that is refused before anything is asked of the server."""
    option = draw(st.sampled_from(["name", "start_point", "end_point"]))
    values = {"name": INVALID, "start_point": ("a b", "main~1", "", "-x"), "end_point": ("@1~", "main", "")}
    return {**wish, option: draw(st.sampled_from(values[option]))}


@st.composite
def place(draw: st.DrawFn, repo: Repo) -> dict[str, str]:
    """The options that name the repository; now and then one that is not there, or no name at all."""
    if draw(one_in(40)):
        return draw(st.sampled_from([
            {"project_key": PROJECT, "repository": "nowhere"},
            {"project_key": ABSENT_PROJECT, "repository": "one"},
        ]))  # fmt: skip
    return {"project_key": repo.project_key, "repository": repo.slug}


@st.composite
def some_repositories(draw: st.DrawFn, most: int = len(SLUGS)) -> tuple[Repo, ...]:
    """Up to so many of the pool, now and then a personal one among them."""
    found = [draw(repositories(slug)) for slug in SLUGS[: draw(st.integers(1, most))]]
    if draw(one_in(6)):
        found[-1] = draw(st.one_of(repositories("own", PERSONAL), repositories(EMPTY)))
    return tuple(found)


@st.composite
def of_branch(draw: st.DrawFn) -> Scenario:
    """The module `branch`."""
    (repo,) = draw(some_repositories(most=1))
    wish = draw(wishes(repo))
    if draw(one_in(20)):
        wish = draw(spoilt(wish))
    return Scenario("branch", (repo,), {**draw(place(repo)), **wish})


@st.composite
def of_branches(draw: st.DrawFn) -> Scenario:
    """The module `branches` with a list: several wishes for several repositories, which may contradict each other."""
    repos = draw(some_repositories())
    asked: list[dict[str, Any]] = []
    for _number in range(draw(st.integers(1, 5))):
        repo = draw(st.sampled_from(repos))
        kind = draw(st.sampled_from(["one"] * 4 + ["swap", "chain"]))
        if kind == "swap" and deletable(repo):
            some = draw(swaps(repo))
        elif kind == "chain":
            some = draw(chains())
        else:
            some = [draw(wishes(repo, typed=True))]
        asked += [{**draw(place(repo)), **wish} for wish in some]
    declared: list[dict[str, Any]] = []
    seen = set()
    for item in draw(st.permutations(asked)):
        name = (item["repository"], item.get("name", "").removeprefix(HEADS) or (item["type"], item["text"]))
        # twice the same, and one beside another that is a directory of it, are refused as a whole: seldom
        if (name not in seen and not overlaps(item, declared)) or draw(one_in(30)):
            declared.append(item)
        seen.add(name)
    if draw(one_in(30)):
        declared[-1] = draw(spoilt(declared[-1]))
    options: dict[str, Any] = {"branches": declared}
    if draw(one_in(5)):
        # one after the other, so that what is not begun after a failure is the same each time
        options.update(on_error="stop", concurrency=1)
    else:
        options["concurrency"] = draw(st.sampled_from([1, 2, 8]))
    return Scenario("branches", repos, options)


# -- settings and tags -----------------------------------------------------------------------------------------------


@st.composite
def of_default_branch(draw: st.DrawFn) -> Scenario:
    """The module `default_branch`: one that exists, mostly."""
    (repo,) = draw(some_repositories(most=1))
    name = draw(st.sampled_from([*list(repo.branches) * 3, "develop", "gone", "a b"]))
    if draw(one_in(5)):
        name = HEADS + name
    return Scenario("default_branch", (repo,), {**draw(place(repo)), "name": name})


@st.composite
def models_wanted(draw: st.DrawFn, inherited: bool = True) -> dict[str, Any]:
    """The options of a branch model; now and then such as make no sense."""
    if inherited and draw(one_in(5)):
        return {"state": "inherited"}
    wanted: dict[str, Any] = {}
    roles = [{"name": "develop"}, {"name": "main"}, {"use_default": True}, {"use_default": False}]
    for role in ("development", "production"):
        if draw(st.booleans()):
            wanted[role] = draw(st.sampled_from(roles))
    if not wanted or draw(st.booleans()):
        wanted["types"] = [
            {
                "id": kind,
                **draw(st.sampled_from([{}, {"enabled": True}, {"enabled": False}])),
                **draw(st.sampled_from([{}, *({"prefix": prefix} for prefix in MODEL_PREFIXES[kind])])),
            }
            for kind in draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=not draw(one_in(15))))
        ]
    return wanted


@st.composite
def of_branch_model(draw: st.DrawFn) -> Scenario:
    """The module `branch_model`, in a repository."""
    (repo,) = draw(some_repositories(most=1))
    return Scenario("branch_model", (repo,), {**draw(place(repo)), **draw(models_wanted())})


@st.composite
def rules_wanted(draw: st.DrawFn, repo: Repo) -> dict[str, Any]:
    """The type and the matcher of a restriction, often of one that is there, and who is exempt."""
    there = [(rule.type, rule.matcher) for rule in repo.rules]
    some = st.tuples(st.sampled_from(RULE_TYPES), st.sampled_from([*MATCHERS, ("PATTERN", "protected/**")]))
    kind, matcher = draw(st.one_of(some, st.sampled_from(there)) if there else some)
    wanted: dict[str, Any] = {"type": kind, "matcher": {"type": matcher[0], "id": matcher[1]}}
    if matcher[0] == "ANY_REF" and draw(st.booleans()):
        del wanted["matcher"]["id"]
    users = draw(st.lists(st.sampled_from(["account", "other", "Account"]), max_size=2, unique=True))
    if draw(one_in(12)):
        users.append("nobody")
    if users or draw(st.booleans()):
        wanted["users"] = users
    if draw(one_in(4)):
        wanted["access_keys"] = draw(st.sampled_from([[], [7], [7, 3]]))
    return wanted


@st.composite
def of_branch_restriction(draw: st.DrawFn) -> Scenario:
    """The module `branch_restriction`, in a repository."""
    (repo,) = draw(some_repositories(most=1))
    if not repo.rules:
        repo = dataclasses.replace(repo, rules=tuple(draw(st.lists(RULES, max_size=2))))
    options = {**draw(place(repo)), **draw(rules_wanted(repo)), "exact": draw(st.booleans())}
    if draw(one_in(3)):
        options["state"] = "absent"
    return Scenario("branch_restriction", (repo,), options)


@st.composite
def of_tag(draw: st.DrawFn) -> Scenario:
    """The module `tag`."""
    (repo,) = draw(some_repositories(most=1))
    name = draw(st.sampled_from([*TAG_NAMES, *list(repo.tags) * 2, "v1/x", "v2"]))
    options = {**draw(place(repo)), "name": f"refs/tags/{name}" if draw(one_in(8)) else name}
    if draw(one_in(20)):
        options["name"] = draw(st.sampled_from(INVALID))
    if draw(one_in(3)):
        options["state"] = "absent"
    else:
        options["start_point"] = draw(start_points(repo))
        options["tag_message"] = draw(st.sampled_from([None, None, "Release", "Größe\n\nmore", ""]))
    return Scenario("tag", (repo,), {key: value for key, value in options.items() if value is not None})


# -- the document ----------------------------------------------------------------------------------------------------


def _calm(repo: Repo, entry: dict[str, Any]) -> Repo:
    """The repository without restrictions whose effect the document itself changes while it is carried out.

    Which branch a restriction by the branch model stands for is another once the model or the default branch has
    changed, and nobody can ask a server what it will refuse then. And what was refused under a restriction that the
    document takes away in the end, is not refused by the second run.
    """
    rules = repo.rules
    if {"branch_model", "default_branch"} & set(entry):
        rules = tuple(rule for rule in rules if not rule.matcher[0].startswith("MODEL_"))
    if "restrictions" in entry:
        rules = tuple(rule for rule in rules if rule.type in ("fast-forward-only", "pull-request-only"))
    return dataclasses.replace(repo, rules=rules)


@st.composite
def restrictions_wanted(draw: st.DrawFn, repo: Repo) -> dict[str, Any]:
    """Of whole places: users that exist, and not the account, which could do more in the second run then."""
    found: dict[Any, dict[str, Any]] = {}
    for wanted in draw(st.lists(rules_wanted(repo), max_size=3)):
        if "users" in wanted:
            wanted["users"] = [user for user in wanted["users"] if user == "other"]
        found.setdefault((wanted["type"], *wanted["matcher"].values()), wanted)
    return {"exact": draw(st.booleans()), "rules": list(found.values())}


@st.composite
def entries(draw: st.DrawFn, repo: Repo) -> dict[str, Any]:
    """What a document says of one repository."""
    entry: dict[str, Any] = {}
    asked = []
    for _number in range(draw(st.integers(0, 3))):
        if draw(one_in(4)) and deletable(repo):
            asked += draw(swaps(repo))
        else:
            asked.append(draw(wishes(repo, typed=True)))
    seen = set()
    entry["branches"] = []
    for item in asked:
        name = item.get("name", "").removeprefix(HEADS) or (item["type"], item["text"])
        if name not in seen and (not overlaps(item, entry["branches"]) or draw(one_in(30))):
            entry["branches"].append(item)
        seen.add(name)
    if draw(one_in(3)):
        # what is inherited is only known where the account may look at the project
        entry["branch_model"] = draw(models_wanted(inherited=repo.project_key == PERSONAL))
    gone = {item.get("name") for item in entry["branches"] if item.get("state") == "absent"}
    there = [name for name in (*repo.branches, "develop", "feature/x") if name not in gone] or ["gone"]
    if draw(one_in(3)):
        entry["default_branch"] = draw(st.sampled_from(there))
        other = repo.default in deletable(repo) and repo.default not in {*seen, entry["default_branch"]}
        if other and draw(st.booleans()):
            # the one that was it may go then
            old = {"name": repo.default, "state": "absent", "end_point": draw(end_points(repo, repo.default))}
            entry["branches"].append({key: value for key, value in old.items() if value is not None})
    if draw(one_in(4)):
        entry["restrictions"] = draw(restrictions_wanted(repo))
    return entry if entry["branches"] else {**entry, "branches": [{"name": "new", "start_point": KEPT}]}


@st.composite
def of_document(draw: st.DrawFn) -> Scenario:
    """The module `branches` with a document: rules for repositories by name and by glob, and for a personal project."""
    repos = [draw(repositories(slug)) for slug in SLUGS]
    repos += [draw(repositories(EMPTY)), draw(repositories("own", PERSONAL))]
    rules = []
    for number in draw(st.lists(st.sampled_from(range(len(repos))), min_size=1, max_size=3, unique=True)):
        repo = repos[number]
        entry = draw(entries(repo))
        repos[number] = _calm(repo, entry)
        rules.append({"project_key": repo.project_key, "repository": repo.slug, **entry})
    if draw(one_in(3)):
        common = [{"name": "common/new", "start_point": draw(st.sampled_from([KEPT, "main", "@2"]))},
                  {"name": "common/old", "state": "absent"}]  # fmt: skip
        rules.append({
            **draw(st.sampled_from([
                {"project_key": PROJECT, "repository": "one"}, {"project_key": "P*", "repository": "*"},
                {"project_key": PROJECT.lower(), "repository": "t*"}, {"project_key": PROJECT, "repository": "no*"},
            ])),
            "optional": draw(often(True, False)),
            "exclude": draw(st.sampled_from([[EMPTY], ["three", "POOL/emp*"]])),
            "branches": common,
        })  # fmt: skip
    document: dict[str, Any] = {"repositories": draw(st.permutations(rules))}
    if draw(one_in(3)):
        project: dict[str, Any] = {"project_key": PERSONAL}
        if draw(st.booleans()):
            project["branch_model"] = draw(models_wanted(inherited=False))
        if "branch_model" not in project or draw(one_in(3)):
            project["restrictions"] = draw(restrictions_wanted(repos[-1]))
        repos[-1] = _calm(repos[-1], {"branch_model": 1, "restrictions": 1})
        document["projects"] = [project]
    options: dict[str, Any] = {"document": document, "concurrency": draw(st.sampled_from([1, 4]))}
    if draw(one_in(5)):
        options.update(on_error="stop", concurrency=1)
    return Scenario("branches", tuple(repos), options)
