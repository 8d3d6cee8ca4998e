# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The branch model and its configuration; the default branch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.api import Api
from conformance.sandbox import Repository

claim = pytest.mark.claim
TYPES = {"BUGFIX", "FEATURE", "HOTFIX", "RELEASE"}
OWN = {
    "development": {"refId": None, "useDefault": True},
    "types": [
        {"id": "BUGFIX", "enabled": False, "prefix": "bugfix/"},
        {"id": "FEATURE", "enabled": True, "prefix": "feat/"},
        {"id": "HOTFIX", "enabled": True, "prefix": "hotfix/"},
        {"id": "RELEASE", "enabled": True, "prefix": "release/"},
    ],
}


def prefixes(model: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {kind["id"]: kind["prefix"] for kind in model["types"]}


@claim("branchmodel is {development, production?, types}", evidence="doc")
@claim("The types are among BUGFIX, FEATURE, HOTFIX, RELEASE", evidence="doc")
def test_model(api: Api, repository: Repository) -> None:
    model = api.get(f"{repository.utils}/branchmodel", schema="branch_model").json
    assert set(prefixes(model)) <= TYPES


@claim("Only enabled types are listed", evidence="doc")
@claim("PUT of the configuration answers 200, its scope is REPOSITORY then", evidence="seen")
@claim("A repository's configuration with scope PROJECT is inherited; DELETE, 204, returns to that", evidence="seen")
def test_own_configuration(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    path, schema = f"{repository.utils}/branchmodel/configuration", "branch_model_configuration"
    inherited = api.get(path, schema=schema).json
    assert inherited["scope"]["type"] == "PROJECT"
    changed = api.put(path, OWN, status=200, schema=schema).json
    assert changed["scope"]["type"] == "REPOSITORY"
    assert api.get(path, schema=schema).json == changed
    model = api.get(f"{repository.utils}/branchmodel", schema="branch_model").json
    assert prefixes(model) == {"FEATURE": "feat/", "HOTFIX": "hotfix/", "RELEASE": "release/"}
    api.delete(path, status=204)
    assert api.get(path, schema=schema).json == inherited


@claim("development and production name branches; production may be absent", evidence="doc")
def test_roles(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    path = f"{repository.utils}/branchmodel/configuration"
    api.put(path, OWN, status=200)
    model = api.get(f"{repository.utils}/branchmodel", schema="branch_model").json
    assert model["development"]["id"] == f"refs/heads/{repository.base}"
    assert "production" not in model
    roles = {
        "development": {"refId": f"refs/heads/{repository.topic}", "useDefault": False},
        "production": {"refId": None, "useDefault": True},
    }
    api.put(path, {**OWN, **roles}, status=200)
    model = api.get(f"{repository.utils}/branchmodel", schema="branch_model").json
    assert model["development"]["id"] == f"refs/heads/{repository.topic}"
    assert model["production"]["id"] == f"refs/heads/{repository.base}"


@claim("A project has a configuration of its own: GET and PUT answer 200", evidence="seen")
def test_project_configuration(api: Api, repository: Repository) -> None:
    path = f"/rest/branch-utils/latest/projects/{repository.key}/branchmodel/configuration"
    schema = "branch_model_configuration"
    answer = api.get(path, status=(200, 401))
    if answer.status == 401:
        pytest.skip("the user does not administer the project")
    answer.check(schema)
    before = answer.json
    assert before["scope"]["type"] == "PROJECT"
    body = {name: before[name] for name in ("development", "production", "types") if name in before}
    after = api.put(path, body, status=200, schema=schema).json
    assert prefixes(after) == prefixes(before)


@claim("The branch model of an empty repository is refused with 409", evidence="doc")
def test_model_of_empty(api: Api, new_repository: Callable[..., Repository]) -> None:
    api.get(f"{new_repository(empty=True).utils}/branchmodel", status=409)


@claim("The branch model of a missing repository is 404, anonymous gets 401", evidence="doc")
def test_model_refused(api: Api, anonymous: Api, repository: Repository) -> None:
    answer = api.get(f"/rest/branch-utils/latest/projects/{repository.key}/repos/no-such/branchmodel", status=404)
    assert answer.exception == "NoSuchRepositoryException"
    anonymous.get(f"{repository.utils}/branchmodel", status=401)


@claim("Who does not administer the repository may not change its configuration: 401", evidence="doc")
def test_configuration_refused(reader: Api, repository: Repository) -> None:
    reader.put(f"{repository.utils}/branchmodel/configuration", OWN, status=401)


@claim("The default branch is read at default-branch and at branches/default", evidence="doc")
def test_default_branch(api: Api, repository: Repository) -> None:
    shown = api.get(f"{repository.rest}/default-branch", schema="minimal_ref").json
    assert api.get(f"{repository.rest}/branches/default", schema="branch").json["id"] == shown["id"]


@claim("PUT default-branch answers 204", evidence="doc")
@claim("PUT default-branch answers 204 for a branch that does not exist, too", evidence="seen 7.x, seen 10.4")
def test_change_default(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository()
    api.put(f"{repository.rest}/default-branch", {"id": f"refs/heads/{repository.topic}"}, status=204)
    assert api.get(f"{repository.rest}/default-branch").json["id"] == f"refs/heads/{repository.topic}"
    listed = api.values(f"{repository.rest}/branches", "branch_page")
    assert [branch["displayId"] for branch in listed if branch["isDefault"]] == [repository.topic]
    api.put(f"{repository.rest}/default-branch", {"id": "refs/heads/nowhere"}, status=204)


@claim("default-branch names the branch that is set, whether it exists or not", evidence="doc")
def test_default_that_does_not_exist(api: Api, new_repository: Callable[..., Repository]) -> None:
    repository = new_repository(empty=True)
    assert api.get(f"{repository.rest}/default-branch", schema="minimal_ref").json["id"].startswith("refs/heads/")
    api.put(f"{repository.rest}/default-branch", {"id": "refs/heads/nowhere"}, status=204)
    assert api.get(f"{repository.rest}/default-branch", schema="minimal_ref").json["id"] == "refs/heads/nowhere"


@claim("branches/default is 204 for an empty repository", evidence="doc, seen")
@claim("branches/default is 404 where the branch that is set does not exist", evidence="seen")
def test_default_of_empty(api: Api, new_repository: Callable[..., Repository]) -> None:
    api.get(f"{new_repository(empty=True).rest}/branches/default", status=204)
    repository = new_repository()
    api.put(f"{repository.rest}/default-branch", {"id": "refs/heads/nowhere"}, status=204)
    answer = api.get(f"{repository.rest}/branches/default", status=404, refusal="refused")
    assert answer.exception in (None, "NoDefaultBranchException")


@claim("A project whose branch model was switched off: 404", evidence="doc")
@pytest.mark.needs("settings")
def test_no_model(api: Api) -> None:
    api.get("/rest/branch-utils/latest/projects/SANDBOX/repos/no-model/branchmodel", status=404).check("errors")
