# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import subprocess

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _refs
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError
from hypothesis import example, given
from hypothesis import strategies as st

# what git's rules are about, so that generated names break and keep them about equally often
_PIECES = st.sampled_from(
    ["a", "B", "9", "-", "_", ".", "..", "/", "//", "@", "@{", "{", "}", ".lock", "lock", "HEAD", "~", "^", ":", "?",
     "*", "[", "]", "\\", " ", "\t", "\x7f", "\x01", "é", "漢", "refs/heads/", "refs/tags/", "feature", "'", '"', "%"]
)  # fmt: skip
# NUL and lone surrogates cannot be arguments of a process
_CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=("Cs",))
NAMES = st.one_of(
    st.lists(_PIECES, max_size=6).map("".join),
    st.text(_CHARACTERS, max_size=12),
    st.from_regex(r"[a-z]{1,3}(/[a-z.]{1,4}){0,2}", fullmatch=True),
)


@functools.cache
def git_accepts(name):
    """What git itself says of a branch of this name; outside of any repository, as @{-1} means a branch in one."""
    done = subprocess.run(
        ["git", "check-ref-format", "--branch", name], cwd="/", capture_output=True, check=False, timeout=20
    )
    return done.returncode == 0 and done.stdout == name.encode() + b"\n"


def accepted(rule, value):
    try:
        rule(value)
    except InputError:
        return False
    return True


@given(NAMES)
@example("")
@example("HEAD")
@example("heads/HEAD")
@example("-a")
@example("a/-b")
@example("a.lock/b")
@example("a.lockb")
@example("a/.b")
@example("a.")
@example("a./b")
@example("@{-1}")
@example("a@b")
@example("@/a")
def test_branch_name_agrees_with_git(name):
    wanted = name.removeprefix("refs/heads/")
    if wanted == "@":
        # git takes it for HEAD in most places: refused by a rule of the collection
        assert not accepted(_refs.branch_name, name)
    elif wanted.startswith("refs/heads/"):
        # the server would take another name for it
        assert not accepted(_refs.branch_name, name)
    else:
        assert accepted(_refs.branch_name, name) == git_accepts(wanted)


@given(NAMES.filter(lambda name: accepted(_refs.branch_name, name)))
def test_branch_name_is_the_name_without_its_namespace(name):
    short = _refs.branch_name(name)
    assert name in (short, "refs/heads/" + short)
    assert _refs.branch_name("refs/heads/" + short) == short


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b"])
def test_branch_name_refuses_what_is_no_text(name):
    assert not accepted(_refs.branch_name, name)


@pytest.mark.parametrize(
    ("name", "accepts"),
    [
        ("n" * 250, True), ("n" * 251, False), ("é" * 125, True), ("é" * 126, False), (f"a/{'n' * 251}/b", False),
        ("/".join(["n" * 199] * 5), True), ("/".join(["n" * 200] * 5), False),
    ],
)  # fmt: skip
def test_branch_name_counts_bytes(name, accepts):
    assert accepted(_refs.branch_name, name) == accepts


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "it is empty"),
        ("refs/heads/", "it is empty"),
        ("a b", "it contains ' '"),
        ("a..b", "it contains '..'"),
        ("a.", "it ends with '.'"),
        ("/a", "it begins or ends with '/', or contains '//'"),
        ("a/.b", "a part of it begins with '.' or ends with '.lock'"),
        ("-a", "it begins with '-'"),
        ("HEAD", "it is reserved by git"),
        ("@", "it is reserved by git"),
    ],
)
def test_branch_name_says_which_rule_is_broken(name, rule):
    with pytest.raises(InputError) as caught:
        _refs.branch_name(name, "an_option")
    assert caught.value.cause == f"an_option {name!r} is not a valid branch name: {rule}"


@pytest.mark.parametrize("value", ["main", "refs/tags/v1", "v1.0", "HEAD", "1a2b3c4", "a/b"])
def test_revision_returns_what_it_accepts(value):
    assert _refs.revision(value) == value


@pytest.mark.parametrize("value", ["", "-x", "a..b", "main~1", "main^", "a b", "../x", "a//b"])
def test_revision_refuses(value):
    with pytest.raises(InputError, match=r"start_point .* is neither a ref nor a commit"):
        _refs.revision(value)


@pytest.mark.parametrize("value", ["PLAT", "plat", "P", "A-1", "A_B", "~jane", "~jane.doe@example.com"])
def test_project_key_returns_what_it_accepts(value):
    assert _refs.project_key(value) == value


@pytest.mark.parametrize(
    "value", ["", "~", "1A", "A/B", "A%2FB", "A B", "A\n", ".", "..", "~a..b", "~../x", "A?x=1", "A#b", "Ä"]
)
def test_project_key_refuses(value):
    with pytest.raises(InputError, match="is not a project key"):
        _refs.project_key(value)


@pytest.mark.parametrize("value", ["api", "API.v2", "a-b_c", "9lives", "_x"])
def test_repository_slug_returns_what_it_accepts(value):
    assert _refs.repository_slug(value) == value


@pytest.mark.parametrize("value", ["", ".", "..", "-a", "a/b", "a..b", "a%2Fb", "a b", "a\n", "a?b", "a#b", "é"])
def test_repository_slug_refuses(value):
    with pytest.raises(InputError, match="is not a repository slug"):
        _refs.repository_slug(value)


@given(st.text(max_size=8))
def test_what_becomes_a_path_segment_needs_no_encoding(value):
    for rule in (_refs.project_key, _refs.repository_slug):
        if accepted(rule, value):
            assert not set(value) & set("/\\?#%& \t\r\n\x00")
            assert value not in ("", ".", "..")


@given(st.tuples(*[st.integers(min_value=0, max_value=10**6)] * 3))
def test_version_reads_what_a_release_number_says(numbers):
    assert _refs.version(".".join(map(str, numbers))) == numbers


@pytest.mark.parametrize("value", ["", "9", "9.4", "9.4.21.1", "9.4.21-rc1", "v9.4.21", "9.4.x", "9.4.21\n", " 9.4.21"])
def test_version_refuses(value):
    with pytest.raises(InputError, match="is not a release number"):
        _refs.version(value)


@pytest.mark.parametrize("digits", [40, 64])
def test_commit_id_is_full_and_lower_case(digits):
    assert _refs.commit_id("AB" * (digits // 2), "end_point") == "ab" * (digits // 2)


@pytest.mark.parametrize("value", ["", "ab12", "a" * 39, "a" * 41, "g" * 40, "a" * 40 + "\n"])
def test_commit_id_refuses(value):
    with pytest.raises(InputError, match=r"end_point .* is not a full commit id"):
        _refs.commit_id(value, "end_point")


@pytest.mark.parametrize("value", ["README.md", "docs/guide.md", "a b/.hidden/ü", "..a", "-", "*", "a\nb"])
def test_file_path_returns_what_it_accepts(value):
    assert _refs.file_path(value, "path") == _refs.file_path(f"{value}/", "path") == value


@pytest.mark.parametrize("value", ["", "/", "/docs", "docs//guide.md", ".", "docs/..", "../x", "./x", "docs//"])
def test_file_path_refuses_what_another_path_would_be_made_of(value):
    with pytest.raises(InputError, match="is not a path in a repository"):
        _refs.file_path(value, "path")


@pytest.mark.parametrize("value", ["a\x00b", "\udcff"])
def test_file_path_refuses_what_cannot_travel(value):
    with pytest.raises(InputError, match="contains what is no character"):
        _refs.file_path(value, "path")
