# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import string

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils._text import counted, markdown, one_line
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("  two\twords\r\n\u2028 ", "two words"),
        ("bell\a and \x1b[31mred", "bell\ufffd and \ufffd[31mred"),
        ("a \u202e txt", "a \ufffd txt"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("👩\u200d🚀 größer 日本語 עברית", "👩\u200d🚀 größer 日本語 עברית"),
    ],
)
def test_a_text_fits_on_a_line(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize(("limit", "line"), [(5, "a b c"), (4, "a b…"), (3, "a…"), (2, "a…"), (1, "…")])
def test_a_line_is_cut(limit, line):
    assert one_line("a b  c", limit) == line


@given(st.text(), st.integers(1, 20))
def test_a_line_is_one_that_can_be_written(text, limit):
    line = one_line(text)
    assert "\n" not in line and line == line.strip() == line.encode().decode()
    assert one_line(line) == line
    assert len(one_line(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text, even with (brackets); and 100 %", "plain text, even with (brackets); and 100 %"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
        ("see https://example.com and www.example.com", r"see https\://example.com and www\.example.com"),
        ("{{ x }} {% raw %}", r"\{\{ x \}\} \{\% raw \%\}".replace(r"\%\}", r"%\}")),
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("12. no list", r"12\. no list"),
        ("1) no list", r"1\) no list"),
        ("=== no line", r"\=\== no line"),
        ("a ==b== c", r"a \==b\== c"),
        ("a - b + c = 3.", "a - b + c = 3."),
        ("`code` *strong* _weak_ ~gone~ ^up^ &amp; \\ | ! $x$ @all", None),
    ],
)
def test_markup_is_text(text, escaped):
    if escaped is None:
        escaped = re.sub(r"([`*_~^&\\|!$@])", r"\\\1", text)
    assert markdown(text) == escaped


def read(escaped):
    """What CommonMark makes of backslashes: the text, and which of its characters stand without one."""
    shown, bare, place = "", "", 0
    while place < len(escaped):
        if escaped[place] == "\\" and escaped[place + 1 : place + 2] in (*string.punctuation,):
            shown, place = shown + escaped[place + 1], place + 2
        else:
            shown, bare, place = shown + escaped[place], bare + escaped[place], place + 1
    return shown, bare


@given(st.text(st.sampled_from(string.punctuation + "w1 a\n\tü")))
@example("\\")
@example("Wow!")
def test_a_text_is_shown_as_it_is(text):
    shown, bare = read(markdown(text))
    assert shown == re.sub(r"\s", " ", text)
    assert not set(bare) & set("\\`*_{}[]<>&~|#@!$^")
    assert "://" not in markdown(text) and "www." not in markdown(text)
    assert not re.match(r"\s*(?:[-+=:]|\d+[.)])", markdown(text))


def test_one_thing_is_not_several():
    assert [counted(number, "task") for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
