# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of HTML as a browser would take it: well-formed, by itself, and what it shows."""

from __future__ import annotations

import html.parser
from pathlib import Path

VOID = {"meta", "br", "hr", "img", "link", "input"}
# what a page can only do with others, or by itself
LEADING_AWAY = {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base", "audio", "video", "svg"}
PLACES = {"src", "href", "srcset", "action", "data", "background", "poster"}


class Page(html.parser.HTMLParser):
    """Reads a page. Fails on a tag that is not closed where it should be, and on whatever leads out of the page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.described: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in LEADING_AWAY, tag
        for name, value in attrs:
            assert name not in PLACES and not name.startswith("on"), (tag, name)
            assert value is not None, (tag, name)
            if name == "aria-label":
                self.described.append(value)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            assert "url(" not in data and "@import" not in data
        elif data.strip():
            self.texts.append(data.strip())
