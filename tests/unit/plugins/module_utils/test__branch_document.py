# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fnmatch
import itertools
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _argspec, _branch_document
from ansible_collections.bitbucket.datacenter.plugins.module_utils._branch_document import Item, Listings, Wanted
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from ansible_collections.bitbucket.datacenter.plugins.modules import branch_model, branch_restriction
from ansible_collections.bitbucket.datacenter.plugins.modules import branches as branches_module
from hypothesis import given, settings
from hypothesis import strategies as st

SHA = "8d51122def5632836d1cb1026e879069e10a1e13"


def rule(project_key="PLAT", repository="api", **more):
    return {"project_key": project_key, "repository": repository, **(more or {"branches": []})}


def of(*rules, projects=()):
    return {**({"projects": list(projects)} if projects else {}), "repositories": list(rules)}


def branches(*declared):
    return of(rule(branches=list(declared)))


def listed(*places, archived=()):
    return [
        {"project_key": place.split("/")[0], "slug": place.split("/")[1], "archived": place in archived}
        for place in places
    ]


def faults_of(act, *arguments):
    with pytest.raises(InputError) as caught:
        act(*arguments)
    assert "\n" not in str(caught.value)
    return caught.value.facts["faults"]


def places(found):
    return [f"{each.project_key}/{each.repository}" for each in found]


# -- the schema ------------------------------------------------------------------------------------------------------

RULES = "$.repositories[0]"
BRANCH = f"{RULES}.branches[0]"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (None, "$: there is nothing here, but a mapping of keys to values is needed"),
        ([], "$: [] is not a mapping of keys to values"),
        ({"repositories": {}}, "$.repositories: {} is not a list"),
        ({"repository": []}, "$: unknown key 'repository' (did you mean repositories?)"),
        ({"x": []}, "$: unknown key 'x' (known are projects, repositories)"),
        (of({"repository": "r", "branches": []}), f"{RULES}: 'project_key' is missing"),
        (of({"project_key": "P", "repository": "r"}), f"{RULES}: nothing is declared here; give"),
        (of(rule("1A")), f"{RULES}.project_key: project_key '1A' is not a project key"),
        (of(rule("A B*")), f"{RULES}.project_key: project_key 'A B*' is neither a project key nor a glob"),
        (of(rule(repository="../x")), f"{RULES}.repository: repository '../x' is not a repository slug"),
        (of(rule(repository="a/*")), f"{RULES}.repository: repository 'a/*' is neither a repository slug nor a glob"),
        (of(rule(exclude=["a b"], branches=[])), f"{RULES}.exclude[0]: exclude 'a b' is neither"),
        (of(rule(exclude=["A B/x"], branches=[])), f"{RULES}.exclude[0]: exclude 'A B' is neither a project key"),
        (of(rule(optional="no", branches=[])), f"{RULES}.optional: 'no' is not true or false"),
        (of(rule(branches=None)), f"{RULES}.branches: there is nothing here, but a list is needed"),
        (of(rule(default_branch="a b")), f"{RULES}.default_branch: name 'a b' is not a valid branch name"),
        (branches({"name": "a b"}), f"{BRANCH}.name: name 'a b' is not a valid branch name"),
        (branches({"name": "a", "start_point": "x..y"}), f"{BRANCH}.start_point: start_point 'x..y' is neither"),
        (branches({"name": "a", "state": "gone"}), f"{BRANCH}.state: 'gone' is none of present, absent"),
        (branches({"name": "a", "startpoint": "x"}), f"{BRANCH}: unknown key 'startpoint' (did you mean start_point?)"),
        (branches({"name": 9.4}), f"{BRANCH}.name: 9.4 is not a text for YAML: put it in quotes"),
        (branches({"name": "a", "start_point": ["x"]}), f"{BRANCH}.start_point: ['x'] is not a text"),
        (branches({}), f"{BRANCH}: a branch takes either name, or type and text"),
        (branches({"type": "FEATURE"}), f"{BRANCH}: a branch takes either name, or type and text"),
        (branches({"type": "FEATURE", "text": ""}), f"{BRANCH}.text: this is empty"),
        (
            branches({"type": "FEATRUE", "text": "x"}),
            f"{BRANCH}.type: branch type 'FEATRUE' is none of BUGFIX, FEATURE",
        ),
        (branches({"name": "a", "text": "b"}), f"{BRANCH}: a branch takes either name, or type and text"),
        (branches({"name": "a", "end_point": SHA}), f"{BRANCH}: end_point is for branches with state absent"),
        (
            branches({"name": "a", "state": "absent", "end_point": "8d51122"}),
            f"{BRANCH}.end_point: end_point '8d51122' is not a full commit id",
        ),
        (of(rule(branch_model={})), f"{RULES}.branch_model: Nothing is said of the branch model"),
        (of(rule(branch_model={"prodution": {}})), f"{RULES}.branch_model: unknown key 'prodution' (did you mean"),
        (
            of(rule(branch_model={"state": "inherited", "types": []})),
            f"{RULES}.branch_model: types is given although",
        ),
        (
            of(rule(branch_model={"types": [{"id": "FEATURE"}, {"id": "FEATURE"}]})),
            f"{RULES}.branch_model: Branch type FEATURE is given twice",
        ),
        (
            of(rule(branch_model={"types": [{"id": "Feature"}]})),
            f"{RULES}.branch_model.types[0].id: 'Feature' is none of BUGFIX",
        ),
        (of(rule(restrictions={"exact": True})), f"{RULES}.restrictions: 'rules' is missing"),
        (
            of(rule(restrictions={"rules": [{"type": "read-only", "matcher": {"type": "BRANCH"}}]})),
            f"{RULES}.restrictions.rules[0]: Matcher BRANCH has no id",
        ),
        (
            of(projects=[{"project_key": "PLAT", "branch_model": {"state": "inherited"}}]),
            "$.projects[0].branch_model.state: 'inherited' is none of present",
        ),
        (
            of(projects=[{"project_key": "PLAT", "default_branch": "main", "restrictions": {"rules": []}}]),
            "$.projects[0]: unknown key 'default_branch' (known are",
        ),
    ],
)
def test_a_fault_is_named_with_its_path(document, fault):
    (found,) = faults_of(_branch_document.check, document)
    path, of, place, words = re.fullmatch(r"([^: ]+)( of (.+?))?: (.*)", found).groups()
    assert f"{path}: {words}".startswith(fault)
    # people are told which rule it is
    if path.startswith("$.repositories["):
        rule = document["repositories"][0]
        assert place == "/".join(rule[key] for key in ("project_key", "repository") if key in rule)
    assert of is None or place


def test_all_faults_are_named_at_once_in_the_order_of_the_document():
    document = of(
        rule("1A", branches=[{"name": "a b"}, {"name": "fine"}, {"state": "gone"}]),
        rule(restrictions={"rules": [{"type": "x", "matcher": {"type": "ANY_REF"}}]}),
        *[rule() for _number in range(9)],
        rule("A", "b", branchs=[]),
    )
    with pytest.raises(InputError) as caught:
        _branch_document.check(document)
    paths = [re.split(" of |: ", fault)[0] for fault in caught.value.facts["faults"]]
    assert paths == [
        f"{RULES}.branches[0].name",
        f"{RULES}.branches[2]",
        f"{RULES}.branches[2].state",
        f"{RULES}.project_key",
        "$.repositories[1].restrictions.rules[0].type",
        "$.repositories[11]",
    ]
    assert str(caught.value).startswith("The document is not valid: $.repositories[0].branches[0].name of 1A/api: ")
    assert str(caught.value).endswith("; correct the document, nothing was changed.")


def test_a_message_stays_readable_and_the_facts_are_complete():
    document = branches(*[{"name": f"a b{number}"} for number in range(100)])
    with pytest.raises(InputError, match="; and 97 more, all are listed in faults; correct the document") as caught:
        _branch_document.check(document)
    assert len(str(caught.value)) < 500
    assert len(faults_of(_branch_document.check, document)) == 100


# -- what it wants ---------------------------------------------------------------------------------------------------


def test_all_that_is_declared_of_a_place_comes_together():
    model = {"types": [{"id": "FEATURE", "prefix": "feat/"}]}
    restriction = {"type": "no-deletes", "matcher": {"type": "BRANCH", "id": "main"}}
    document = of(
        rule(
            branch_model=model,
            default_branch="refs/heads/main",
            restrictions={"rules": [restriction]},
            branches=[
                {"name": "refs/heads/release/9.4", "start_point": "main"},
                {"type": "feature", "text": "ABC-1 Login page", "start_point": "main"},
                {"name": "release/8.9", "state": "absent", "end_point": SHA.upper()},
            ],
        ),
        projects=[{"project_key": "~jane", "branch_model": model}],
    )
    _branch_document.check(document)
    assert _branch_document.wanted(document) == [
        Wanted("~jane", None, branch_model=model),
        Wanted(
            "PLAT",
            "api",
            model,
            "main",
            (
                Item("release/9.4", start_point="main", path=f"{RULES}.branches[0]"),
                Item(
                    type="feature",
                    text="ABC-1 Login page",
                    start_point="main",
                    path=f"{RULES}.branches[1]",
                    position=1,
                ),
                Item("release/8.9", state="absent", end_point=SHA, path=f"{RULES}.branches[2]", position=2),
            ),
            {"exact": False, "rules": [restriction]},
        ),
    ]


def test_nothing_may_be_declared():
    for document in ({}, {"repositories": []}, {"projects": []}):
        _branch_document.check(document)
        assert _branch_document.wanted(document) == []
        assert _branch_document.listings(document) == Listings(False, False, ())


REPOSITORIES = listed(
    "WEB/shop",
    "PLAT/api",
    "PLAT/Service-B",
    "PLAT/service-a",
    "PLAT/legacy-x",
    "~jane/dots",
    archived=["PLAT/legacy-x"],
)


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([rule("PLAT", "*")], ["PLAT/Service-B", "PLAT/api", "PLAT/service-a"]),
        ([rule("plat", "SERVICE-?")], ["PLAT/Service-B", "PLAT/service-a"]),
        ([rule("*", "*")], ["PLAT/Service-B", "PLAT/api", "PLAT/service-a", "WEB/shop"]),
        ([rule("*", "api")], ["PLAT/api"]),
        ([rule("~*", "*")], ["~jane/dots"]),
        ([rule("~jane", "*")], ["~jane/dots"]),
        ([rule("*", "*", exclude=["*-b", "a*"], branches=[])], ["PLAT/service-a", "WEB/shop"]),
        ([rule("*", "*", exclude=["plat/*"], branches=[])], ["WEB/shop"]),
        ([rule("*", "*", exclude=["W*/*", "plat/api"], branches=[])], ["PLAT/Service-B", "PLAT/service-a"]),
        # who is named is meant, archived or not, listed or not
        ([rule("PLAT", "legacy-x")], ["PLAT/legacy-x"]),
        ([rule("plat", "LEGACY-X"), rule("NEW", "one")], ["PLAT/legacy-x", "NEW/one"]),
        (
            [rule("WEB", "shop"), rule("PLAT", "*"), rule("*", "s*")],
            ["WEB/shop", "PLAT/Service-B", "PLAT/api", "PLAT/service-a"],
        ),
        ([rule("PLAT", "nope-*", optional=True, branches=[])], []),
    ],
)
def test_globs_stand_for_what_is_listed(rules, found):
    _branch_document.check(of(*rules))
    assert places(_branch_document.wanted(of(*rules), REPOSITORIES)) == found


def test_globs_over_projects():
    one = {"project_key": "p*", "exclude": ["*x"], "restrictions": {"rules": []}}
    document = of(projects=[one])
    _branch_document.check(document)
    assert _branch_document.listings(document) == Listings(True, False, ())
    keys = [{"project_key": key} for key in ("WEB", "PLAX", "PLAT", "~paul")]
    assert [each.project_key for each in _branch_document.wanted(document, (), keys)] == ["PLAT"]


@pytest.mark.parametrize(
    ("rules", "listings"),
    [
        ([rule("PLAT", "api")], (False, False, ())),
        ([rule("PLAT", "a*"), rule("WEB", "[ab]"), rule("PLAT", "?")], (False, False, ("PLAT", "WEB"))),
        ([rule("*", "api"), rule("~jane", "*")], (False, True, ("~jane",))),
    ],
)
def test_only_what_globs_need_is_listed(rules, listings):
    assert _branch_document.listings(of(*rules)) == listings


def test_a_glob_that_stands_for_nothing_is_a_fault():
    document = of(
        rule("PLAT", "servce-*"), rule("PLAT", "*"), rule("*", "legacy-*"), rule(exclude=["api"], branches=[])
    )
    faults = faults_of(_branch_document.wanted, document, REPOSITORIES)
    assert [fault.split(" stands ")[0] for fault in faults] == [
        "$.repositories[0]: PLAT/servce-*",
        "$.repositories[2]: */legacy-*",
        "$.repositories[3]: PLAT/api",
    ]


def test_rules_for_one_repository_add_up():
    def restriction(name):
        return {"type": "read-only", "matcher": {"type": "BRANCH", "id": name}}

    document = of(
        rule("PLAT", "*", branches=[{"name": "a"}], restrictions={"exact": True, "rules": [restriction("a")]}),
        rule("PLAT", "api", branches=[{"name": "b"}], default_branch="b", restrictions={"rules": [restriction("b")]}),
        rule("plat", "API", branches=[{"name": "c"}]),
    )
    _branch_document.check(document)
    service, api, other = _branch_document.wanted(document, REPOSITORIES)
    assert places([service, api, other]) == ["PLAT/Service-B", "PLAT/api", "PLAT/service-a"]
    assert [item.name for item in api.branches] == ["a", "b", "c"]
    assert api.default_branch == "b"
    assert api.restrictions == {"exact": True, "rules": [restriction("a"), restriction("b")]}
    assert service.restrictions == {"exact": True, "rules": [restriction("a")]}
    # shared, not copied
    assert service.branches is other.branches
    assert service.restrictions is other.restrictions


TWICE = {"rules": [{"type": "read-only", "matcher": {"type": "BRANCH", "id": "main"}}]}
ONE, TWO = "$.repositories[0]", "$.repositories[1]"


def place(path, names):
    """A place in a document as a fault names it."""
    number = int(path.removeprefix("$.repositories[")[0])
    return f"{path} of {names[number]}"


@pytest.mark.parametrize(
    ("one", "two", "fault"),
    [
        (
            {"default_branch": "main"},
            {"default_branch": "main"},
            (f"{TWO}.default_branch", "default_branch is declared already at", f"{ONE}.default_branch"),
        ),
        (
            {"branch_model": {"state": "inherited"}},
            {"branch_model": {"types": [{"id": "BUGFIX"}]}},
            (f"{TWO}.branch_model", "branch_model is declared already at", f"{ONE}.branch_model"),
        ),
        (
            {"branches": [{"name": "a"}]},
            {"branches": [{"name": "b"}, {"name": "refs/heads/a", "state": "absent"}]},
            (f"{TWO}.branches[1]", "branch a is declared already at", f"{ONE}.branches[0]"),
        ),
        (
            {"branches": [{"type": "FEATURE", "text": "a"}]},
            {"branches": [{"type": "feature", "text": "a"}]},
            (f"{TWO}.branches[0]", "branch feature 'a' is declared already at", f"{ONE}.branches[0]"),
        ),
        (
            {"default_branch": "a"},
            {"branches": [{"name": "a", "state": "absent"}]},
            (
                f"{ONE}.default_branch",
                "branch a is the default branch and is declared absent at",
                f"{TWO}.branches[0]",
            ),
        ),
        (
            {"branches": [{"name": "rel"}]},
            {"branches": [{"name": "rel/1/x"}]},
            (
                f"{TWO}.branches[0]",
                "branch rel/1/x cannot exist beside branch rel, which is declared at",
                f"{ONE}.branches[0]",
            ),
        ),
        (
            {"branches": [{"name": "refs/heads/rel/1"}, {"name": "other"}]},
            {"branches": [{"name": "other2"}, {"name": "rel"}]},
            (
                f"{ONE}.branches[0]",
                "branch rel/1 cannot exist beside branch rel, which is declared at",
                f"{TWO}.branches[1]",
            ),
        ),
        (
            {"branches": [{"name": "rel/1"}]},
            {"default_branch": "rel"},
            (
                f"{ONE}.branches[0]",
                "branch rel/1 cannot exist beside branch rel, which is declared at",
                f"{TWO}.default_branch",
            ),
        ),
        (
            {"restrictions": TWICE},
            {"restrictions": TWICE},
            (
                f"{TWO}.restrictions.rules[0]",
                "restriction read-only for BRANCH refs/heads/main is declared already at",
                f"{ONE}.restrictions.rules[0]",
            ),
        ),
    ],
)
def test_a_contradiction_names_both_places(one, two, fault):
    path, words, other = fault
    named = of(rule("PLAT", "api", **one), rule("plat", "API", **two))
    (found,) = faults_of(_branch_document.check, named)
    names = ("PLAT/api", "plat/API")
    assert found == f"{place(path, names)}: {words} {place(other, names)}"
    # what only the listing shows
    globbed = of(rule("PLAT", "a*", **one), rule("PLAT", "*", **two))
    _branch_document.check(globbed)
    (found,) = faults_of(_branch_document.wanted, globbed, listed("PLAT/api", "PLAT/abc"))
    names = ("PLAT/a*", "PLAT/*")
    assert found == f"{place(path, names)}: {words} {place(other, names)} (both stand for PLAT/abc)"


@pytest.mark.parametrize(
    "declared",
    [
        [{"name": "rel", "state": "absent"}, {"name": "rel/1"}],
        [{"name": "rel", "state": "absent"}, {"name": "rel/1", "state": "absent"}],
        [{"name": "rel"}, {"name": "rel-1"}, {"name": "rel1/x"}],
        [{"name": "a/b/c"}, {"name": "a/b/d"}, {"name": "a/x"}],
        # these have no name before the branch model is known
        [{"type": "FEATURE", "text": "x"}, {"name": "feature"}],
    ],
)
def test_branches_that_can_exist_beside_each_other_are_no_fault(declared):
    _branch_document.check(branches(*declared))
    _branch_document.grouped([flat(**each) for each in declared])


def test_overlaps_in_other_repositories_are_no_fault():
    rules = rule("PLAT", "api", branches=[{"name": "a"}]), rule("PLAT", "b", branches=[{"name": "a/b"}])
    _branch_document.check(of(*rules))
    _branch_document.grouped([flat(name="a"), flat("PLAT", "b", name="a/b")])


def test_a_contradiction_within_a_rule_is_found_before_anything_is_listed():
    document = of(rule("PLAT", "*", default_branch="a", branches=[{"name": "a", "state": "absent"}, {"name": "a"}]))
    assert len(faults_of(_branch_document.check, document)) == 2


# -- the flat list ---------------------------------------------------------------------------------------------------


def flat(project_key="PLAT", repository="api", **more):
    return {"project_key": project_key, "repository": repository, "type": None, "state": "present", **more}


def test_a_flat_list_is_grouped_by_repository():
    found = _branch_document.grouped(
        [flat(name="a"), flat("WEB", "shop", name="a", text=None), flat("plat", "API", name="b", state="absent")]
    )
    assert found == [
        Wanted(
            "PLAT",
            "api",
            branches=(
                Item("a", path="$.branches[0]", position=0),
                Item("b", state="absent", path="$.branches[2]", position=2),
            ),
        ),
        Wanted("WEB", "shop", branches=(Item("a", path="$.branches[1]", position=1),)),
    ]


def test_faults_of_a_flat_list_are_named_at_once():
    faults = faults_of(
        _branch_document.grouped, [flat(name="a b"), flat(name="a"), flat("*", "x*", name="a"), {"name": "a"}]
    )
    assert [fault.split(":")[0] for fault in faults] == [
        "$.branches[0].name of PLAT/api",
        "$.branches[2].project_key of */x*",
        "$.branches[2].repository of */x*",
        "$.branches[3]",
        "$.branches[3]",
    ]
    (fault,) = faults_of(_branch_document.grouped, [flat(name="a"), flat("WEB", name="a"), flat("plat", name="a")])
    assert fault == "$.branches[2] of plat/api: branch a is declared already at $.branches[0]"
    (fault,) = faults_of(_branch_document.grouped, [flat(name="a/b"), flat("WEB", name="a/c"), flat("plat", name="a")])
    assert fault == (
        "$.branches[0] of PLAT/api: branch a/b cannot exist beside branch a, "
        "which is declared at $.branches[2] of PLAT/api"
    )


# -- what people read ------------------------------------------------------------------------------------------------


def test_the_documents_of_the_readme_are_valid():
    readme = Path(__file__).parents[4] / "roles" / "branch_provisioning" / "README.md"
    blocks = re.findall(r"```yaml\n(.*?)```", readme.read_text(encoding="utf-8"), flags=re.DOTALL)
    documents = [text for text in blocks if "branch_provisioning_document:" in text]
    assert len(documents) == 2
    for text in documents:
        _branch_document.check(yaml.safe_load(text)["branch_provisioning_document"])


# -- any document ----------------------------------------------------------------------------------------------------

KEYS = ("projects", "repositories", "project_key", "repository", "branches", "name", "type", "text", "branch_model")
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["A", "*", "FEATURE"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, "rules", "x"]), inner, max_size=5)
    ),
)


def at(document, path):
    """What is at a path of a fault."""
    for key, number in re.findall(r"\.(\w+)|\[(\d+)\]", path.removeprefix("$")):
        document = document[key] if key else document[int(number)]
    return document


@given(JUNK)
def test_no_document_is_too_strange(document):
    try:
        _branch_document.check(document)
    except InputError as error:
        for fault in error.facts["faults"]:
            at(document, re.split(" of |: ", fault)[0])
    else:
        _branch_document.listings(document)


NAMES = st.sampled_from(["a", "b", "c/d", "main", "release/9.4"])
GLOBS = st.sampled_from(["a", "b", "A", "ab", "a*", "*", "?b", "[ab]", "nope"])
GOOD = st.fixed_dictionaries(
    {
        "project_key": st.sampled_from(["P", "Q", "p", "*", "P*"]),
        "repository": GLOBS,
        "optional": st.just(True),
        "exclude": st.lists(GLOBS, max_size=1),
        "branches": st.lists(
            st.fixed_dictionaries({"name": NAMES}, optional={"state": st.sampled_from(["present", "absent"])}),
            max_size=3,
            unique_by=lambda branch: branch["name"],
        ),
    },
    optional={"default_branch": NAMES, "restrictions": st.just({"rules": []})},
)
ESTATE = listed("P/a", "P/b", "P/ab", "PQ/a", "Q/b", "~P/a", archived=["P/ab"])


def stands_for(entry, place):
    """Whether an entry of the document stands for a place; a second telling of the rules."""

    def like(name, glob):
        return fnmatch.fnmatch(name.lower(), glob.lower())

    key, slug = place["project_key"], place["slug"]
    glob = any(sign in entry["project_key"] + entry["repository"] for sign in "*?[")
    return (
        like(key, entry["project_key"])
        and like(slug, entry["repository"])
        and not (glob and place["archived"])
        and not key.startswith("~")
        and not any(like(slug, each) for each in entry["exclude"])
    )


@settings(max_examples=settings.default.max_examples * 3 // 2)
@given(st.lists(GOOD, max_size=4))
def test_nothing_is_lost_and_nothing_invented(rules):
    document = of(*rules)
    declared = {
        (place["project_key"], place["slug"]): [
            (f"$.repositories[{number}].branches[{index}]", branch)
            for number, entry in enumerate(rules)
            if stands_for(entry, place)
            for index, branch in enumerate(entry["branches"])
        ]
        for place in ESTATE
        if any(stands_for(entry, place) for entry in rules)
    }
    try:
        _branch_document.check(document)
        found = _branch_document.wanted(document, ESTATE)
    except InputError as error:
        for fault in error.facts["faults"]:
            # both ends of a contradiction are there, and say what they are blamed for
            for path in re.findall(r"\$[\w.\[\]]+\w\]?", fault):
                at(document, path)
        return
    # a plain rule stands for its place even where nobody listed it
    known = [each for each in found if (each.project_key, each.repository) in declared]
    assert {(each.project_key, each.repository) for each in known} == set(declared)
    for each in known:
        wanted = [(item.path, item.name, item.state) for item in each.branches]
        assert wanted == [
            (path, branch["name"], branch.get("state", "present"))
            for path, branch in declared[each.project_key, each.repository]
        ]
        assert len({name for _path, name, _state in wanted}) == len(wanted)
    for each in found:
        if each not in known:
            plain = [
                entry
                for entry in rules
                if (entry["project_key"].lower(), entry["repository"].lower())
                == (each.project_key.lower(), each.repository.lower())
                and not any(fnmatch.fnmatch(each.repository.lower(), glob.lower()) for glob in entry["exclude"])
            ]
            assert [item.name for item in each.branches] == [
                branch["name"] for entry in plain for branch in entry["branches"]
            ]


@given(
    st.lists(
        st.builds(flat, st.sampled_from(["P", "p", "Q"]), st.sampled_from(["a", "A", "b"]), name=NAMES), max_size=8
    )
)
def test_a_flat_list_keeps_every_item_once(given_list):
    same = [(item["project_key"].lower(), item["repository"].lower(), item["name"]) for item in given_list]
    if len(set(same)) < len(same):
        assert len(faults_of(_branch_document.grouped, given_list)) == len(same) - len(set(same))
        return
    found = _branch_document.grouped(given_list)
    items = list(itertools.chain.from_iterable(each.branches for each in found))
    assert sorted(item.position for item in items) == list(range(len(given_list)))
    for each in found:
        for item in each.branches:
            given_item = given_list[item.position]
            assert item.name == given_item["name"]
            assert each.project_key.lower() == given_item["project_key"].lower()


# -- the same words as the modules -----------------------------------------------------------------------------------

_KINDS = {"str": "string", "bool": "boolean", "int": "integer", "dict": "object", "list": "array"}


def spelled(option):
    """What both a module's option and a schema say: kinds, choices, what is required, and the same of parts."""
    if "choices" in option:
        return sorted(option["choices"])
    if option.get("elements") == "dict":
        return [spelled({"type": "dict", "options": option["options"]})]
    if option["type"] == "list":
        return [_KINDS[option["elements"]]]
    if option["type"] == "dict":
        return {(name, bool(part.get("required"))): spelled(part) for name, part in option["options"].items()}
    return _KINDS[option["type"]]


def declared(schema):
    """The same of a schema."""
    if "enum" in schema:
        return sorted(schema["enum"])
    if schema["type"] == "array":
        return [declared(schema["items"])]
    if schema["type"] == "object":
        return {(name, name in schema["required"]): declared(part) for name, part in schema["properties"].items()}
    return schema["type"]


def test_a_branch_model_is_declared_by_the_options_of_its_module():
    options = {name: option for name, option in branch_model.SPEC.items() if name not in _argspec.PLACE}
    rules = _branch_document._DOCUMENT.document["properties"]["repositories"]["items"]["properties"]
    assert declared(rules["branch_model"]) == spelled({"type": "dict", "options": options})


def test_a_restriction_is_declared_by_the_options_of_its_module():
    besides = {*_argspec.PLACE, "state", "exact"}
    options = {name: option for name, option in branch_restriction.SPEC.items() if name not in besides}
    rules = _branch_document._DOCUMENT.document["properties"]["repositories"]["items"]["properties"]
    assert declared(rules["restrictions"]["properties"]["rules"]["items"]) == spelled(
        {"type": "dict", "options": options}
    )


def test_a_branch_is_declared_by_the_options_of_the_bulk_module():
    options = branches_module.SPEC["branches"]["options"]
    one = _branch_document._LIST.document["properties"]["branches"]["items"]
    assert declared(one) == spelled({"type": "dict", "options": options})
