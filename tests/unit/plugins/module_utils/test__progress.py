# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.bitbucket.datacenter.plugins.module_utils._progress import FILE, Progress


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_line_waits_for_its_interval_unless_it_must_not(tmp_path):
    clock = Clock()
    progress = Progress(str(tmp_path), 5, clock)
    for now, line, at_once in [
        (100, "too early", False),
        (101, "news", True),
        (105.9, "too early", False),
        (106, "in time", False),
        (107, "more news", True),
        (107, "even more", True),
    ]:
        clock.now = now
        progress.say(line, at_once=at_once)
    assert (tmp_path / FILE).read_text(encoding="utf-8") == "news\nin time\nmore news\neven more\n"


def test_nobody_is_told_where_there_is_no_place_for_it(tmp_path):
    Progress(None, 0).say("line", at_once=True)
    Progress(str(tmp_path / "missing"), 0).say("line", at_once=True)
    assert list(tmp_path.iterdir()) == []
