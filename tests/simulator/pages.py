# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML that stands where JSON was expected: start-up, proxy errors, pages for people."""

from __future__ import annotations

from html import escape

from aiohttp import web


def html_page(status: int, title: str, text: str) -> web.Response:
    return web.Response(
        status=status,
        content_type="text/html",
        text=f"<!DOCTYPE html>\n<html><head><title>{escape(title)}</title></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>\n",
    )
