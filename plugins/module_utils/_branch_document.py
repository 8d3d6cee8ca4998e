# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What people declare of branches, as a document or as a flat list: its schema, and what it wants of each place.

Nothing here knows the server, which is listed by the caller where globs are to be resolved.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import _branch_model, _restriction
from ._errors import InputError
from ._glob import any_matches, is_glob, matches, project_glob, project_matches, slug_glob
from ._refs import above, branch_name, commit_id, project_key, repository_slug, revision
from ._repository import Repository, place
from ._schema import Json, Rule, Schema, array

View = t.Mapping[str, t.Any]

SETTINGS = ("branch_model", "default_branch", "restrictions")
_OF_RULE = re.compile(r"\$\.(?P<part>projects|repositories|branches)\[(?P<number>[0-9]+)\][^: ]*(?=: )")
# more than these are counted in the message; all of them are in the facts of the error, one to a line
_SHOWN = 3


class Item(t.NamedTuple):
    """A declared branch: either ``name``, or ``type`` and ``text``, by which the branch model names it.

    ``path`` tells people where it is declared; ``position`` is its place in the list that declares it.
    """

    name: str | None = None
    type: str | None = None
    text: str | None = None
    state: str = "present"
    start_point: str | None = None
    end_point: str | None = None
    path: str = ""
    position: int = 0

    def __str__(self) -> str:
        return self.name or f"{self.type} {self.text!r}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """All that is declared of one repository, or of one project where ``repository`` is None.

    What is not declared is None, or no branch. Values are as in the document, and shared by all places of a rule.
    """

    project_key: str
    repository: str | None
    branch_model: View | None = None
    default_branch: str | None = None
    branches: tuple[Item, ...] = ()
    restrictions: View | None = None


class Listings(t.NamedTuple):
    """What must be listed to resolve the globs of a document.

    ``projects`` is true for all projects, ``everywhere`` for the repositories of all projects; ``repositories_of``
    are keys of projects whose repositories are needed besides.
    """

    projects: bool
    everywhere: bool
    repositories_of: tuple[str, ...]


# -- the schema ------------------------------------------------------------------------------------------------------


def _text(rule: t.Callable[[str], t.Any]) -> Rule:
    """The rule for strings only: other types are the schema's own business."""
    return lambda value: rule(value) if isinstance(value, str) else None


def _name_or_glob(name: t.Callable[[str], t.Any], glob: t.Callable[[str], t.Any]) -> Rule:
    return _text(lambda value: glob(value) if is_glob(value) else name(value))


def _sound(schema: Json, rule: t.Callable[[t.Any], t.Any]) -> Rule:
    """The rule for what has the right shape; of the shape the schema speaks."""
    shape = Schema(schema)
    return lambda value: None if shape.faults(value) else rule(value)


def _branch(branch: t.Any) -> None:
    """Raise InputError unless the branch has one way to its name, and what fits its state."""
    if not isinstance(branch, dict) or not set(branch) <= {"project_key", "repository", *_BRANCH}:
        # a typing error in a key is told by itself
        return
    if set(branch) & {"name", "type", "text"} not in ({"name"}, {"type", "text"}):
        raise InputError("a branch takes either name, or type and text")
    if "end_point" in branch and branch.get("state") != "absent":
        raise InputError("end_point is for branches with state absent")


def _branch_type(value: str) -> None:
    if value.upper() not in _branch_model.TYPES:
        raise InputError(f"branch type {value!r} is none of {', '.join(_branch_model.TYPES)}")


def _excluded(value: str) -> None:
    """Raise InputError unless the value is a glob over slugs, or two with a slash, over keys and slugs."""
    project, slash, slug = value.rpartition("/")
    if slash:
        project_glob(project, "exclude")
    slug_glob(slug, "exclude")


def _says_something(rule: t.Any) -> None:
    if isinstance(rule, dict) and set(rule) <= {"project_key", "repository", "exclude", "optional"}:
        raise InputError("nothing is declared here; give branch_model, default_branch, branches or restrictions")


def _object(properties: Json, *required: str, **more: t.Any) -> Json:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required, **more}


_TEXT: Json = {"type": "string", "minLength": 1}
_FLAG: Json = {"type": "boolean"}
_NAME: Json = {"type": "string", "format": "branch name"}
_ROLE: Json = _object({"name": _NAME, "use_default": _FLAG})
_TYPE: Json = _object({"id": {"enum": _branch_model.TYPES}, "enabled": _FLAG, "prefix": {"type": "string"}}, "id")


def _model(*states: str) -> Json:
    """The schema of a branch model: the options of the module branch_model."""
    parts = {"state": {"enum": states}, "development": _ROLE, "production": _ROLE, "types": array(_TYPE)}
    return _object(parts, format="branch model")


_RULE: Json = _object(
    {
        "type": {"enum": _restriction.TYPES},
        "matcher": _object({"type": {"enum": _restriction.MATCHERS}, "id": _TEXT}, "type"),
        "users": array(_TEXT),
        "groups": array(_TEXT),
        "access_keys": array({"type": "integer"}),
    },
    "type",
    "matcher",
    format="restriction",
)
_RESTRICTIONS: Json = _object({"exact": _FLAG, "rules": array(_RULE)}, "rules", format="restrictions")
_BRANCH: Json = {
    "name": _NAME,
    "type": {**_TEXT, "format": "branch type"},
    "text": _TEXT,
    "state": {"enum": ["present", "absent"]},
    "start_point": {"type": "string", "format": "revision"},
    "end_point": {"type": "string", "format": "commit"},
}
_PROJECT: Json = _object(
    {
        "project_key": {"type": "string", "format": "project"},
        "exclude": array({"type": "string", "format": "project glob"}),
        "optional": _FLAG,
        "branch_model": _model("present"),
        "restrictions": _RESTRICTIONS,
    },
    "project_key",
    format="rule",
)
_REPOSITORY: Json = _object(
    {
        "project_key": {"type": "string", "format": "project"},
        "repository": {"type": "string", "format": "repository"},
        "exclude": array({"type": "string", "format": "exclude"}),
        "optional": _FLAG,
        "branch_model": _model("present", "inherited"),
        "default_branch": _NAME,
        "branches": array(_object(_BRANCH, format="branch")),
        "restrictions": _RESTRICTIONS,
    },
    "project_key",
    "repository",
    format="rule",
)
# Keys and slugs of a model's or restriction's own rules mean nothing here: any place that may inherit does.
_ANYWHERE = Repository("ANY", "any")
_FORMATS: dict[str, Rule] = {
    "branch": _branch,
    "branch name": _text(branch_name),
    "branch type": _text(_branch_type),
    "revision": _text(revision),
    "commit": _text(lambda value: commit_id(value, "end_point")),
    "rule": _says_something,
    "project": _name_or_glob(project_key, project_glob),
    "project glob": _text(lambda value: project_glob(value, "exclude")),
    "repository": _name_or_glob(repository_slug, slug_glob),
    "exclude": _text(_excluded),
    "branch model": _sound(_model("present", "inherited"), lambda value: _branch_model.checked(value, _ANYWHERE)),
    "restriction": _sound(_RULE, _restriction.rule),
}
_DOCUMENT = Schema(
    _object({"projects": array(_PROJECT), "repositories": array(_REPOSITORY)}), formats=_FORMATS, authored=True
)
_LIST = Schema(
    _object(
        {
            "branches": array(
                _object(
                    {
                        "project_key": {"type": "string", "format": "project key"},
                        "repository": {"type": "string", "format": "repository slug"},
                        **_BRANCH,
                    },
                    "project_key",
                    "repository",
                    format="branch",
                )
            )
        }
    ),
    formats={**_FORMATS, "project key": _text(project_key), "repository slug": _text(repository_slug)},
    authored=True,
)


def _refuse(what: str, faults: t.Sequence[str]) -> None:
    """Raise InputError where there are faults."""
    if faults:
        more = len(faults) - _SHOWN
        shown = "; ".join(faults[:_SHOWN]) + (f"; and {more} more, all are listed in faults" if more > 0 else "")
        raise InputError(
            f"The {what} is not valid: {shown}",
            f"correct the {what}, nothing was changed",
            facts={"faults": list(faults)},
        )


# -- the document ----------------------------------------------------------------------------------------------------


_Place = tuple[str, t.Optional[str]]


class _Rule(t.NamedTuple):
    """An entry of the document: where it is, which places it stands for, and what it says of them."""

    path: str
    entry: Json
    items: tuple[Item, ...]

    def __str__(self) -> str:
        slug = self.entry.get("repository")
        return f"project {self.entry['project_key']}" if slug is None else f"{self.entry['project_key']}/{slug}"

    def at(self, path: str) -> str:
        """A path below this rule in the words of a fault: with what the rule stands for."""
        return f"{path} of {self}"

    @property
    def plain(self) -> bool:
        """Whether it names one place."""
        return not is_glob(self.entry["project_key"]) and not is_glob(self.entry.get("repository", ""))

    def places(self, listed: _Listed) -> list[tuple[str, str | None]]:
        """The project keys and slugs it stands for, in the spelling of the listing where that has them."""
        if "repository" not in self.entry:
            keys = [self.entry["project_key"]] if self.plain else listed.matching_projects(self.entry["project_key"])
            exclude = self.entry.get("exclude", ())
            return [(key, None) for key in keys if not any_matches(exclude, key, ignore_case=True)]
        found = listed.matching(self.entry["project_key"], self.entry["repository"], self.plain)
        return [place for place in found if not self._excludes(*place)]

    def _excludes(self, project: str, slug: str) -> bool:
        for glob in self.entry.get("exclude", ()):
            in_projects, slash, slugs = glob.rpartition("/")
            if matches(slugs, slug, ignore_case=True) and (not slash or project_matches(in_projects, project)):
                return True
        return False


class _Listed:
    """What is known of the server's projects and repositories."""

    def __init__(self, repositories: t.Iterable[View], projects: t.Iterable[View]) -> None:
        self._projects = sorted(each["project_key"] for each in projects)
        self._repositories: dict[str, dict[str, tuple[str, str, bool]]] = {}
        for each in repositories:
            key, slug = each["project_key"], each["slug"]
            of_project = self._repositories.setdefault(key.lower(), {})
            of_project[slug.lower()] = (key, slug, bool(each.get("archived", False)))

    def matching_projects(self, glob: str) -> list[str]:
        return [key for key in self._projects if project_matches(glob, key)]

    def matching(self, project: str, slug: str, plain: bool) -> list[tuple[str, str]]:
        """Repositories that are not archived, by globs; or the one that is named, whatever it is."""
        if plain:
            return [self._repositories.get(project.lower(), {}).get(slug.lower(), (project, slug))[:2]]
        keys = [key for key in self._repositories if project_matches(project, key)] if is_glob(project) else [project]
        found = [each for key in keys for each in self._repositories.get(key.lower(), {}).values()]
        return sorted(
            (key, name) for key, name, archived in found if not archived and matches(slug, name, ignore_case=True)
        )


def check(document: t.Any) -> None:
    """Raise an InputError with all faults that the document has by itself, each with its path."""
    faults = [_placed(document, fault) for fault in _DOCUMENT.faults(document)]
    if not faults:
        rules = _rules(document)
        named = _places([rule for rule in rules if rule.plain], _Listed((), ()), faults)
        for group in (*([rule] for rule in rules if not rule.plain), *(together for _where, together in named)):
            faults += _contradictions(group)
    _refuse("document", faults)


def _placed(document: t.Any, fault: str) -> str:
    """The fault with what its rule stands for after its path: nobody counts to the 137th of them."""
    found = _OF_RULE.match(fault)
    rule = document[found["part"]][int(found["number"])] if found else None
    if not found or not isinstance(rule, dict):
        return fault
    names = [rule[key] for key in ("project_key", "repository") if isinstance(rule.get(key), str)]
    return f"{found[0]} of {'/'.join(names)}{fault[found.end() :]}" if names else fault


def _overlaps(items: t.Iterable[tuple[Item, str]], default: str | None, where: str) -> list[str]:
    """Branches that are declared present and cannot exist beside another one, which git keeps as a file.

    ``items`` are the declared branches, each with its place in words, ``default`` the default branch with its place
    ``where``. A branch that is declared by type and text has no name yet.
    """
    present = {item.name: place for item, place in items if item.name and item.state == "present"}
    if default is not None:
        # it has to exist, whether it is declared or not
        present.setdefault(default, where)
    return [
        f"{path}: branch {name} cannot exist beside branch {parent}, which is declared at {present[parent]}"
        for name, path in present.items()
        for parent in above(name)
        if parent in present
    ]


def listings(document: Json) -> Listings:
    """What ``wanted`` needs to know of the server, for a document that was checked."""
    projects, repositories = document.get("projects", ()), document.get("repositories", ())
    in_globs = [rule["project_key"] for rule in repositories if is_glob(rule["repository"])]
    return Listings(
        any(is_glob(rule["project_key"]) for rule in projects),
        any(is_glob(rule["project_key"]) for rule in repositories),
        tuple(dict.fromkeys(key for key in in_globs if not is_glob(key))),
    )


def wanted(document: Json, repositories: t.Iterable[View] = (), projects: t.Iterable[View] = ()) -> list[Wanted]:
    """What a document that was checked wants: projects first, each place once, in the order of their first rules.

    ``repositories`` are views with ``project_key``, ``slug`` and ``archived``, ``projects`` with ``project_key``: what
    ``listings`` asks for. Raises an InputError with all contradictions, and all globs that stand for nothing.
    """
    faults: list[str] = []
    contradictions: dict[str, str] = {}
    merged: dict[tuple[str, ...], dict[str, t.Any]] = {}
    found = []
    for (project, slug), rules in _places(_rules(document), _Listed(repositories, projects), faults):
        # places of the same rules share what is wanted: there may be ten thousand
        paths = tuple(rule.path for rule in rules)
        if paths not in merged:
            for fault in _contradictions(rules):
                contradictions.setdefault(fault, f"{fault} (both stand for {place(project, slug)})")
            merged[paths] = _together(rules)
        found.append(Wanted(project, slug, **merged[paths]))
    _refuse("document", faults + list(contradictions.values()))
    return found


def _rules(document: Json) -> list[_Rule]:
    return [
        _Rule(path, entry, _items(path, entry.get("branches", ())))
        for part in ("projects", "repositories")
        for number, entry in enumerate(document.get(part, ()))
        for path in [f"$.{part}[{number}]"]
    ]


def _items(path: str, branches: t.Iterable[Json]) -> tuple[Item, ...]:
    return tuple(_item(branch, f"{path}.branches[{number}]", number) for number, branch in enumerate(branches))


def _item(branch: Json, path: str, position: int) -> Item:
    name, end_point = branch.get("name"), branch.get("end_point")
    return Item(
        name and branch_name(name),
        branch.get("type"),
        branch.get("text"),
        branch.get("state", "present"),
        branch.get("start_point"),
        end_point and commit_id(end_point, "end_point"),
        path,
        position,
    )


def _places(rules: t.Iterable[_Rule], listed: _Listed, faults: list[str]) -> list[tuple[_Place, list[_Rule]]]:
    """Each place once, with the rules that stand for it; rules that stand for nothing are put to the faults."""
    places: dict[_Place, tuple[_Place, list[_Rule]]] = {}
    for rule in rules:
        found = rule.places(listed)
        for project, slug in found:
            same = (project.lower(), slug and slug.lower())
            places.setdefault(same, ((project, slug), []))[1].append(rule)
        if not found and not rule.entry.get("optional", False):
            faults.append(
                f"{rule.path}: {rule} stands for nothing that is there and visible; say optional: true if it may"
            )
    return list(places.values())


def _contradictions(rules: t.Sequence[_Rule]) -> list[str]:
    """What rules for one place declare more than once, or against each other, each with both places."""
    first: dict[t.Any, str] = {}
    faults = []
    for rule in rules:
        for what, path, words in _declared(rule):
            other = first.setdefault(what, rule.at(path))
            if other != rule.at(path):
                faults.append(f"{rule.at(path)}: {words} is declared already at {other}")
    items = [(item, rule.at(item.path)) for rule in rules for item in rule.items]
    absent = {item.name: path for item, path in items if item.state == "absent"}
    default, where = None, ""
    for rule in rules:
        if "default_branch" in rule.entry:
            default, where = branch_name(rule.entry["default_branch"]), rule.at(f"{rule.path}.default_branch")
            if default in absent:
                faults.append(
                    f"{where}: branch {default} is the default branch and is declared absent at {absent[default]}"
                )
    return faults + _overlaps(items, default, where)


def _declared(rule: _Rule) -> t.Iterator[tuple[t.Any, str, str]]:
    """All that may be declared once for a place: what it is, its path, and what people call it."""
    for setting in ("branch_model", "default_branch"):
        if setting in rule.entry:
            yield setting, f"{rule.path}.{setting}", setting
    for item in rule.items:
        yield _same_branch(item), item.path, f"branch {item}"
    for number, restriction in enumerate(rule.entry.get("restrictions", {}).get("rules", ())):
        one = _restriction.rule(restriction)
        yield one.key, f"{rule.path}.restrictions.rules[{number}]", f"restriction {one}"


def _same_branch(item: Item) -> tuple[str, ...]:
    """What two declarations of one branch have in common; that two texts make one name only the model knows."""
    return ("branch", item.name) if item.name else ("branch", str(item.type).upper(), str(item.text))


def _together(rules: t.Sequence[_Rule]) -> dict[str, t.Any]:
    """What rules that do not contradict each other want of one place, as the arguments of ``Wanted``."""
    said: dict[str, t.Any] = {}
    for rule in rules:
        said.update({key: rule.entry[key] for key in ("branch_model", "default_branch") if key in rule.entry})
    if "default_branch" in said:
        said["default_branch"] = branch_name(said["default_branch"])
    restrictions = [rule.entry["restrictions"] for rule in rules if "restrictions" in rule.entry]
    if restrictions:
        said["restrictions"] = {
            # who asks for exactly these asks for it with what other rules add
            "exact": any(each.get("exact", False) for each in restrictions),
            "rules": [one for each in restrictions for one in each["rules"]],
        }
    return {**said, "branches": tuple(item for rule in rules for item in rule.items)}


# -- the flat list ---------------------------------------------------------------------------------------------------


def grouped(branches: t.Iterable[View]) -> list[Wanted]:
    """The same of a flat list of branches with ``project_key`` and ``repository``: each repository once, in order.

    Options that are None count as not given; ``position`` is an item's place in the list. Raises an InputError with
    all faults.
    """
    given = [{key: value for key, value in branch.items() if value is not None} for branch in branches]
    document = {"branches": given}
    faults = [_placed(document, fault) for fault in _LIST.faults(document)]
    places: dict[_Place, tuple[_Place, list[Item]]] = {}
    first: dict[t.Any, str] = {}
    for number, branch in enumerate(() if faults else given):
        project, slug = branch["project_key"], branch["repository"]
        same = (project.lower(), slug.lower())
        item = _item(branch, f"$.branches[{number}]", number)
        other = first.setdefault((same, _same_branch(item)), item.path)
        if other != item.path:
            faults.append(f"{item.path} of {place(project, slug)}: branch {item} is declared already at {other}")
        places.setdefault(same, ((project, slug), []))[1].append(item)
    for where, items in places.values():
        faults += _overlaps([(item, f"{item.path} of {place(*where)}") for item in items], None, "")
    _refuse("list of branches", faults)
    return [Wanted(project, slug, branches=tuple(items)) for (project, slug), items in places.values()]
