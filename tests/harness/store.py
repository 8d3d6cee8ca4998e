# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of artifacts with the habits of real ones: addresses signed for GET only, and a slow first byte."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The query of every address. Without it a request is refused.
SIGNATURE = "X-Signature=canary-s1gnature-4711"


class Store:
    """Serves the files of a directory; ``asked`` are the methods so far, ``sent`` the bytes of bodies."""

    def __init__(self, directory: Path, seconds_to_first_byte: float) -> None:
        self.directory = directory
        self.seconds = seconds_to_first_byte
        self.asked: list[str] = []
        self.sent = 0
        self.url = ""

    def address(self, name: str) -> str:
        """The signed address of a file."""
        return f"{self.url}/{name}?{SIGNATURE}"


def _handler(store: Store) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._refuse("HEAD")

        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            if parts.query != SIGNATURE:
                self._refuse("GET")
                return
            store.asked.append("GET")
            time.sleep(store.seconds)
            data = (store.directory / parts.path.lstrip("/")).read_bytes()
            # whoever wants one byte goes when it has come
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                for start in range(0, len(data), 65536):
                    self.wfile.write(data[start : start + 65536])
                    store.sent += len(data[start : start + 65536])

        def _refuse(self, method: str) -> None:
            """As such stores refuse: with what was signed in the body."""
            store.asked.append(method)
            body = f"<Error><Code>SignatureDoesNotMatch</Code><Resource>{self.path}</Resource></Error>".encode()
            self.send_response(403)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if method == "GET":
                self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing is printed."""

    return Handler


@contextlib.contextmanager
def serving(directory: Path, seconds_to_first_byte: float = 0) -> Iterator[Store]:
    """A store on a free port of loopback, which ignores Range as some do."""
    store = Store(directory, seconds_to_first_byte)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(store)) as server:
        store.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()
