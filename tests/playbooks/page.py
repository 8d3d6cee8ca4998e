# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of HTML as a browser would take it: well-formed, by itself but for links, and what it shows."""

from __future__ import annotations

import html.parser
from pathlib import Path

VOID = {"meta", "br", "hr", "img", "link", "input"}
# what a page can only do with others, or by itself
LEADING_AWAY = {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base", "audio", "video", "svg"}
PLACES = {"src", "href", "srcset", "action", "data", "background", "poster"}


class Page(html.parser.HTMLParser):
    """Reads a page. Fails on a tag that is not closed where it should be, and on whatever leads out of the page.

    ``linked`` is what the addresses of its links may begin with.
    """

    def __init__(self, path: Path, linked: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._linked = linked
        self.links: list[str] = []
        self.texts: list[str] = []
        self.described: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in LEADING_AWAY or (tag == "a" and self._linked), tag
        for name, value in attrs:
            if tag == "a" and name == "href" and value and value.startswith(self._linked):
                self.links.append(value)
                continue
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
