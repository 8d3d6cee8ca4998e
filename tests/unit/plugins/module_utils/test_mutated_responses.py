# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a server changes in a response: a result, or an error of type ``contract``, never another exception.

Each reader below runs against the recorded responses (``recorded.json``, made by ``tests/harness/record.py``). Each
response that it reads is then changed at every path: a key or item is missing, is null, is of another type, or is one
more than expected.
"""

from __future__ import annotations

import copy
import importlib
import json
import pathlib
import sys
import types

import pytest
from ansible_collections.bitbucket.datacenter.plugins import module_utils, modules
from ansible_collections.bitbucket.datacenter.plugins.module_utils import (
    _branch_model,
    _cluster,
    _jira,
    _mesh,
    _mirror,
    _pull_request,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._account import Accounts
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch import Branches
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import (
    BitbucketError,
    ConflictError,
    ContractError,
    NotFoundError,
    ValidationError,
)
from ansible_collections.bitbucket.datacenter.plugins.module_utils._project import Projects, Repositories
from ansible_collections.bitbucket.datacenter.plugins.module_utils._pull_request_comment import Comment, Reply
from ansible_collections.bitbucket.datacenter.plugins.module_utils._repository import Repository
from ansible_collections.bitbucket.datacenter.plugins.module_utils._restriction import Restrictions, rule
from ansible_collections.bitbucket.datacenter.plugins.module_utils._schema import Schema
from ansible_collections.bitbucket.datacenter.plugins.module_utils._tag import Tags
from ansible_collections.bitbucket.datacenter.tests.unit.memory_server import Answer, serving

RECORDED = json.loads((pathlib.Path(__file__).parents[2] / "recorded.json").read_text(encoding="utf-8"))
OLD, NEW = sorted(RECORDED, key=lambda release: [int(part) for part in release.split(".")])
API = "/rest/api/latest/projects/PLAT/repos/api"
# one Python tries them all, the others every tenth: they run the same code
STEP = 1 if sys.version_info[:2] == (3, 11) else 10
# reads four responses each time, all of which are read by others as well
COSTLY = {"stale_branch_info 0": 5}
LEAST = 5000 // STEP

PLACE = {"project_key": "PLAT", "repository": "api"}
REPOSITORY = Repository("PLAT", "api")
TIP = next(
    each["latestCommit"]
    for each in RECORDED[NEW][f"GET {API}/branches"]["body"]["values"]
    if each["displayId"] == "develop"
)
COMMIT = next(path for path in RECORDED[NEW] if path.startswith(f"GET {API}/commits/")).rpartition("/")[2]
COMMENT, MARK = (
    int(next(path for path in RECORDED[NEW] if path.startswith(f"{method} {API}/pull-requests/1/comments/"))[-1])
    for method in ("GET", "PUT")
)
# shapes that no simulated server sends: of the vendor's own examples, and of servers before some keys
SHAPES = {
    "links without an address": [("links",), {"self": [None], "clone": [None]}],
    "links that are a list": [("links",), []],
    "no links": [("links",), None],
    "links without lists": [("links",), {"self": None, "clone": {}}],
    "links of texts": [("links",), {"self": ["a", 1, True, {}], "clone": [{"href": None}, {"href": 7, "name": None}]}],
    "names that are no texts": [("links",), {"self": [{"href": "u", "name": []}], "clone": [{"href": "u", "name": 1}]}],
}


# -- readers ---------------------------------------------------------------------------------------------------------


def module(reader, /, **given):
    """A reader that runs a module as Ansible would, with the defaults of its options."""
    run = importlib.import_module(f"{modules.__name__}.{reader}")
    params = {option: each.get("default") for option, each in run.SPEC.items()}
    said = {"warn": lambda _text: None, "no_log_values": set()}
    return lambda client: run.run(
        types.SimpleNamespace(params={**params, **given}, check_mode=False, tmpdir="", **said), client
    )


def comment(client):
    return Comment(client, REPOSITORY, 1, COMMENT)


RULE = {
    "type": "no-deletes",
    "matcher": {"type": "PATTERN", "id": "release/*"},
    "users": ["developer"],
    "groups": ["developers"],
    "access_keys": [7],
}
STALE = {"older_than_days": 0, "kept": True, "concurrency": 1}
NODES = {"node1": "192.0.2.1", "node2": "192.0.2.2"}

INFO_MODULES = {
    "branch_info": [module("branch_info", **PLACE), module("branch_info", **PLACE, details=True)],
    "branch_model_info": [
        module("branch_model_info", **PLACE, configuration=True),
        module("branch_model_info", project_key="PLAT"),
    ],
    "branch_restriction_info": [
        module("branch_restriction_info", **PLACE),
        module("branch_restriction_info", project_key="PLAT"),
    ],
    "cluster_info": [module("cluster_info"), module("cluster_info", node=["192.0.2.1", "node1"])],
    "commit_info": [module("commit_info", **PLACE, until=TIP, limit=1), module("commit_info", **PLACE, commit=COMMIT)],
    "default_branch_info": [module("default_branch_info", **PLACE)],
    "jira_entity_link_info": [module("jira_entity_link_info", project_key="PLAT")],
    "jira_issue_commit_info": [module("jira_issue_commit_info", issue_key="PLAT-7")],
    "mesh_node_info": [module("mesh_node_info"), module("mesh_node_info", name="mesh1")],
    "project_info": [module("project_info", name="*"), module("project_info", project_key="PLAT", name="p*")],
    "pull_request_issue_info": [module("pull_request_issue_info", **PLACE, pull_request_id=1)],
    "repository_info": [
        module("repository_info", name="*", state="AVAILABLE"),
        module("repository_info", project_key="PLAT", archived="all"),
        module("repository_info", **PLACE, name="a*"),
    ],
    "stale_branch_info": [module("stale_branch_info", repositories=[PLACE], **STALE)],
    "tag_info": [module("tag_info", **PLACE, glob="v*"), module("tag_info", **PLACE, name="v1.1.0")],
}
READERS = {
    **{f"{name} {number}": each for name, all_of in INFO_MODULES.items() for number, each in enumerate(all_of)},
    "personal projects": lambda client: list(Projects(client).personal()),
    "repositories of a project": lambda client: Repositories(client).of("PLAT"),
    "creating a branch": lambda client: Branches(client, REPOSITORY).create("feature/new", COMMIT),
    "creating a tag": lambda client: Tags(client, REPOSITORY).create("v1.1.0", COMMIT, "Second release"),
    "saving a restriction": lambda client: Restrictions(client, REPOSITORY).save(rule(RULE)),
    "configuring a branch model": lambda client: _branch_model.Configuration(client, REPOSITORY).save(
        _branch_model.Configuration(client, REPOSITORY).read()
    ),
    "branches in review": lambda client: sorted(_pull_request.in_review(client, REPOSITORY)),
    "a pull request": lambda client: _pull_request.require(client, REPOSITORY, 1),
    "replies": lambda client: comment(client).replies(),
    "replying": lambda client: comment(client).reply("Jira issue: being created"),
    "editing a reply": lambda client: comment(client).edit(Reply(MARK, 0, ""), "Jira issue: PLAT-91"),
    "creating an issue": lambda client: _jira.create_issue(client, "id", COMMENT, {"project": {"key": "PLAT"}}),
    "users and groups": lambda client: Accounts(client).refuse_missing(["developer", "admin"], ["developers"]),
    "starting an upgrade": lambda client: _cluster.Watch(client).act("start"),
    "changing a Mesh node": lambda client: _mesh.change(
        client, {"id": "1", "name": "mesh1", "state": "AVAILABLE", "offline": False}, "DRAINING", ("DRAINING",)
    ),
    "the versions of a mirror farm": _mirror.lowest_version,
    "switching a mirror farm": lambda client: _mirror.switch(client, "start"),
}
# what is missing from a list may be a finding of its own
FINDINGS = {
    "users and groups": ValidationError,  # the user or group is not listed
    "commit_info 0": NotFoundError,  # no commit is listed
    "changing a Mesh node": ConflictError,  # another node is not AVAILABLE
}
# a write whose response is useless is resolved by reading, which finds it done
SETTLED = ("creating a branch", "creating a tag", "saving a restriction", "editing a reply", "starting an upgrade")


# -- the server ------------------------------------------------------------------------------------------------------


def key_of(request):
    details = "?details" if request.query.get("details") else ""
    return f"{request.method} {request.path.removeprefix('/context')}{details}"


class Recorded:
    """Answers with the recorded responses of a release. ``instead`` are other bodies. Remembers what it answered."""

    def __init__(self, release, instead=None):
        self._exchanges = RECORDED[release]
        self._instead = instead or {}
        self.asked = {}

    def __call__(self, request):
        key = key_of(request)
        if key not in self._exchanges:
            assert key.startswith("GET /rest/api/latest/users/"), key
            return Answer(404, {"errors": [{"message": "No such user."}]})
        self.asked[key] = None
        body = self._instead.get(key, self._exchanges[key]["body"])
        # as text: a body that is null is one as well
        return Answer(self._exchanges[key]["status"], json.dumps(body), Content_Type="application/json")


def read(name, release, instead=None):
    """The result of a reader, and the keys of the responses that it read."""
    server = Recorded(release, instead)
    with serving(server) as (client, _memory):
        return READERS[name](client), list(server.asked)


# -- changes ---------------------------------------------------------------------------------------------------------

OTHERS = (None, True, 7, 1.5, "text", "", [], [None], {})


def kind(value):
    """The type of JSON, null aside."""
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def paths(value, above=()):
    """Every path in a body, the body itself first."""
    yield above
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in pairs:
        yield from paths(each, (*above, step))


def shape(body):
    """The paths of a body with the types there."""
    return [(path, kind(at(body, path))) for path in paths(body)]


def at(body, path):
    for step in path:
        body = body[step]
    return body


def changed(body, path, value):
    """A copy of the body with another value at the path."""
    if not path:
        return copy.deepcopy(value)
    result = copy.deepcopy(body)
    at(result, path[:-1])[path[-1]] = copy.deepcopy(value)
    return result


def mutations(body):
    """``(what, body, whether only a key was added)`` for each change at each path.

    Of the items of a list that are alike, one is changed.
    """
    alike = {}
    for path in paths(body):
        here = at(body, path)
        if alike.setdefault((tuple("*" if isinstance(step, int) else step for step in path), kind(here)), path) != path:
            continue
        if path:
            less = copy.deepcopy(body)
            del at(less, path[:-1])[path[-1]]
            yield f"{path} is missing", less, False
        for other in OTHERS:
            if kind(other) != kind(here) or other in ("", "text", 1.5):
                yield f"{path} is {other!r}", changed(body, path, other), False
        if isinstance(here, dict):
            yield f"{path} has a key more", changed(body, path, {**here, "unknown_key": {"a": [None]}}), True


# their keys are data: names of links, and reasons to keep a branch
MAPPINGS = ("clone_urls", "kept")


def fits(result, original):
    """Whether a result has the keys and types of another one, apart from nulls and the lengths of lists."""
    if original is None or result is None:
        return True
    if isinstance(original, dict):
        if not isinstance(result, dict) or set(result) != set(original):
            return False
        return all(key in MAPPINGS or fits(each, original[key]) for key, each in result.items())
    if isinstance(original, (list, tuple)):
        return isinstance(result, (list, tuple)) and (not original or all(fits(each, original[0]) for each in result))
    return kind(result) == kind(original)


def comparable(result):
    """The result without what differs from run to run."""
    return json.loads(json.dumps(result, default=vars, sort_keys=True))


# -- tests -----------------------------------------------------------------------------------------------------------


REFUSED = object()


def changes(name):
    """``(release, result, key, what, body, whether only a key was added)``: all that a reader is run with."""
    step = STEP * COSTLY.get(name, 1)
    for release in (NEW, OLD):
        result, asked = read(name, release)
        for key in asked:
            body = RECORDED[release][key]["body"]
            if release == NEW or shape(body) != shape(RECORDED[NEW][key]["body"]):
                for what, other, only_more in list(mutations(body))[::step]:
                    yield release, comparable(result), key, what, other, only_more


def run_with(name, release, key, what, body):
    """The result, or REFUSED for an error of the right type. Everything else fails with the change."""
    try:
        result, _asked = read(name, release, {key: body})
    except ContractError as error:
        assert "\n" not in str(error), what
        return REFUSED
    except FINDINGS.get(name, ()):
        return REFUSED
    except Exception as error:
        raise AssertionError(f"{release} {key} {what}") from error
    return comparable(result)


@pytest.mark.parametrize("name", READERS)
def test_a_changed_response_gives_a_result_or_a_contract_error(name):
    refused = 0
    for release, original, key, what, body, only_more in changes(name):
        result = run_with(name, release, key, what, body)
        refused += result is REFUSED
        assert result is REFUSED or fits(result, original), (release, key, what, result)
        assert result == original or not only_more, (release, key, what, result)
    assert refused or name in SETTLED, "nothing was refused, so that nothing was checked"


def test_enough_is_tried():
    assert sum(1 for name in READERS for _change in changes(name)) >= LEAST


@pytest.mark.parametrize("release", [OLD, NEW])
@pytest.mark.parametrize("shape", SHAPES)
def test_links_of_any_shape_are_no_reason_to_refuse_a_thing(shape, release):
    for name in ("project_info 0", "project_info 1", *(f"repository_info {number}" for number in range(3))):
        original, asked = read(name, release)
        bodies = {key: linked(RECORDED[release][key]["body"], SHAPES[shape][1]) for key in asked}
        result, _asked = read(name, release, bodies)
        (listing,) = (each for each in result.values() if isinstance(each, list))
        (expected,) = (each for each in original.values() if isinstance(each, list))
        without = {"url", "clone_urls"}
        assert [{key: each[key] for key in each if key not in without} for each in listing] == [
            {key: each[key] for key in each if key not in without} for each in expected
        ]
        assert all(each["url"] is None or each["url"] == "u" for each in listing)


def linked(body, links):
    """The body with other links everywhere."""
    if isinstance(body, dict):
        return {key: links if key == "links" else linked(each, links) for key, each in body.items()}
    return [linked(each, links) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "answer",
    [
        Answer(204),
        Answer(200, "", Content_Type="application/json"),
        Answer(200, "[" * 100_000, Content_Type="application/json"),
        Answer(200, '{"values": [', Content_Type="application/json"),
        Answer(200, "NaN", Content_Type="application/json"),
    ],
    ids=["204", "empty", "deep", "cut", "NaN"],
)
def test_no_body_or_no_usable_one_is_a_contract_error(name, answer):
    with serving(answer) as (client, _memory):
        try:
            result = READERS[name](client)
        except ContractError as error:
            assert str(error).count("\n") == 0
        else:
            # what may be absent answers 204
            assert answer.status == 204 and name in NOTHING, result


# an empty repository has no default branch, a project may have no link
NOTHING = ("default_branch_info 0",)


REFUSALS = [
    {"errors": [{"context": None, "message": "No.\nNever.", "exceptionName": "com.atlassian.bitbucket.Some"}]},
    {"errors": [{"message": "No.", "exceptionName": None, "elementErrors": {"errorMessages": ["a"], "errors": {}}}]},
    {"errors": [{"message": "No.", "authenticationUri": "https://jira.example.com"}]},
]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
@pytest.mark.parametrize("body", REFUSALS)
def test_a_changed_refusal_is_still_an_error_of_one_line(body, status):
    for what, changed_body, _more in mutations(body):
        answer = Answer(status, json.dumps(changed_body), Content_Type="application/json")
        for name in ("repository_info 2", "creating an issue", "creating a branch", "commit_info 0"):
            with serving(answer) as (client, _memory):
                try:
                    READERS[name](client)
                except BitbucketError as error:
                    assert "\n" not in str(error), what
                except Exception as error:
                    raise AssertionError(what) from error
                else:
                    assert name == "repository_info 2" and status == 404, what


def schemas():
    directory = pathlib.Path(module_utils.__path__[0])
    for name in sorted(path.stem for path in directory.glob("_*.py") if path.stem != "__init__"):
        for variable, value in vars(importlib.import_module(f"{module_utils.__name__}.{name}")).items():
            if isinstance(value, Schema):
                yield f"{name}.{variable}", value


# of what people write, which has its own tests
AUTHORED = {"_branch_document._DOCUMENT", "_branch_document._LIST"}


def test_no_schema_is_without_a_reader(monkeypatch):
    used = set()
    faults = Schema.faults

    def noticed(schema, instance):
        used.add(id(schema))
        return faults(schema, instance)

    monkeypatch.setattr(Schema, "faults", noticed)
    for name in READERS:
        read(name, NEW)
    assert {name for name, schema in schemas() if id(schema) not in used} == AUTHORED


def test_no_info_module_is_without_a_reader():
    there = {path.stem for path in pathlib.Path(modules.__path__[0]).glob("*_info.py")}
    assert there == set(INFO_MODULES)
