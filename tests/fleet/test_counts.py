# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles count in their messages: one thing in the singular, several in the plural."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
import yaml

from .found import ROOT


def rendered(template: str, **variables: Any) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.tests["changed"] = lambda _result: True
    return " ".join(environment.from_string(template).render(**variables).split())


@pytest.mark.parametrize(
    ("number", "counts"),
    [
        (0, "0 commits, 0 issues, 0 authors, 0 breaking changes"),
        (1, "1 commit, 1 issue, 1 author, 1 breaking change"),
        (2, "2 commits, 2 issues, 2 authors, 2 breaking changes"),
    ],
)
def test_the_line_of_release_notes(number: int, counts: str) -> None:
    variables = yaml.safe_load((ROOT / "roles/release_notes/vars/main.yml").read_text(encoding="utf-8"))
    notes = {name: ["x"] * number for name in ("issues", "authors", "breaking_changes")}
    line = rendered(
        variables["__release_notes_lines"],
        __release_notes_told={"title": "api 2.0", "commit_count": number, "files": {}, **notes},
        __release_notes_written={"results": []},
        ansible_check_mode=False,
    )
    assert line == f"['api 2.0: {counts}']"


@pytest.mark.parametrize(("number", "words"), [(1, "1 branch is stale and"), (2, "2 branches are stale and")])
def test_the_refusal_of_branch_cleanup(number: int, words: str) -> None:
    tasks = yaml.safe_load((ROOT / "roles/branch_cleanup/tasks/main.yml").read_text(encoding="utf-8"))
    (refusal,) = (
        each["ansible.builtin.assert"]["fail_msg"]
        for each in tasks
        if "branch_cleanup_most" in str(each.get("ansible.builtin.assert"))
    )
    assert words in rendered(refusal, __branch_cleanup_stale=["x"] * number, __branch_cleanup_most=0)
