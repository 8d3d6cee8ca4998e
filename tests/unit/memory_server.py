# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server in memory, behind requests' own adapter: everything above the socket is the real thing."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import typing as t
import urllib.parse

import requests
import urllib3
from ansible_collections.bitbucket.datacenter.plugins.module_utils._client import Client
from ansible_collections.bitbucket.datacenter.plugins.module_utils._retry import NEVER
from ansible_collections.bitbucket.datacenter.plugins.module_utils._transport import Connection

URL = "https://bitbucket.example.com/context"
#: Who is named to a request with credentials.
ACCOUNT = "jane"


@dataclasses.dataclass(frozen=True)
class Received:
    """One request as the server sees it, and what requests was told about how to reach it."""

    method: str
    url: str
    headers: t.Mapping[str, str]
    body: t.Any
    timeout: t.Any
    verify: t.Any
    proxies: t.Any
    cert: t.Any

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query, keep_blank_values=True))


class Answer:
    """An answer: JSON unless the body is text already.

    To a request with credentials it names their account, unless ``X_AUSERNAME`` names another one, or "" for none.
    """

    def __init__(self, status: int = 200, body: t.Any = None, **headers: str) -> None:
        self.status = status
        text = isinstance(body, str)
        self.body = b"" if body is None else (body if text else json.dumps(body)).encode()
        self.headers = {"Content-Type": "text/html" if text else "application/json"}
        self.headers.update({name.replace("_", "-"): value for name, value in headers.items()})


class MemoryServer(requests.adapters.HTTPAdapter):
    """Answers with what ``handler`` makes of a request: an Answer, or an exception that it raises."""

    def __init__(self, handler: t.Callable[[Received], Answer]) -> None:
        super().__init__()
        self._handler = handler
        self.received: list[Received] = []

    def send(self, request, stream=False, **options):
        body = json.loads(request.body) if request.body else None
        told = {name: options[name] for name in ("timeout", "verify", "proxies", "cert")}
        received = Received(request.method, request.url, request.headers, body, **told)
        self.received.append(received)
        answer = self._handler(received)
        headers = {**({"X-AUSERNAME": ACCOUNT} if "Authorization" in request.headers else {}), **answer.headers}
        headers = {name: value for name, value in headers.items() if name != "X-AUSERNAME" or value}
        return self.build_response(
            request,
            urllib3.HTTPResponse(
                body=io.BytesIO(answer.body), headers=headers, status=answer.status, preload_content=False
            ),
        )


@contextlib.contextmanager
def serving(handler, *, read_only=False, follow_redirects=False, retry=NEVER, clock=None, **connection):
    """A client and the server behind it; ``handler`` may be an Answer that is always given. Tries once by default."""
    server = MemoryServer((lambda _request: handler) if isinstance(handler, Answer) else handler)
    clock = clock or Clock()
    with Client(
        Connection(**{"urls": (URL,), **connection}),
        read_only=read_only,
        follow_redirects=follow_redirects,
        retry=retry,
        clock=clock,
        sleep=clock.sleep,
    ) as client:
        client._transport._session.mount("https://", server)
        client._transport._session.mount("http://", server)
        yield client, server


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def refusal(status: int, message: str, name: str | None = None) -> Answer:
    """An answer as Bitbucket refuses; ``name`` without com.atlassian.bitbucket."""
    full = None if name is None else f"com.atlassian.bitbucket.{name}"
    return Answer(status, {"errors": [{"context": None, "message": message, "exceptionName": full}]})
