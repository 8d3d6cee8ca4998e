# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""One request over one session: credentials, TLS, proxies, time-outs, redirects."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import ssl
import time
import typing as t
import urllib.parse

from ._answer import Answer
from ._errors import ContractError, InputError, UnreachableError
from ._redirect import STATUSES as REDIRECTS
from ._redirect import Redirect
from ._schema import Json, missing_library

if t.TYPE_CHECKING:
    import requests

# the XSRF check wants no-check and the JSON content type, without a body and on DELETE too (documented)
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "X-Atlassian-Token": "no-check",
}
_MOST_REDIRECTS = 5
_LOOPBACK = re.compile(r"(localhost|127(\.[0-9]+){3}|::1)\Z")
# raised by urllib3 before anything was sent
_NOT_SENT = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
# OpenSSL's reasons where the other side does not use TLS: the first seen with 3.0, the others assumed of other versions
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


@dataclasses.dataclass(frozen=True)
class Connection:
    """Where and how to reach a server.

    ``urls`` are base addresses of the same cluster. ``authorization`` is the value of that header, or None for
    anonymous. ``verify`` is True, False or the path of the authorities. ``timeout`` is in seconds, for the connection
    and for each piece of the answer. Raises InputError for an address that cannot be used.
    """

    urls: tuple[str, ...]
    authorization: str | None = dataclasses.field(default=None, repr=False)
    verify: bool | str = True
    certificate: tuple[str, str] | str | None = None
    proxy: str | None = dataclasses.field(default=None, repr=False)
    timeout: float = 30
    allow_http: bool = False

    def __post_init__(self) -> None:
        for url in self.urls:
            parts = _base_address(url)
            if parts.username is not None or parts.password is not None:
                raise InputError("url carries credentials", "use the options username and password, or token")
            unprotected = parts.scheme == "http" and not _LOOPBACK.match(str(parts.hostname)) and not self.allow_http
            if unprotected and self.authorization is not None:
                raise InputError(
                    f"url {url!r} is plain HTTP, the credentials would travel unprotected",
                    "use https, or set allow_http where the network itself protects them",
                )


def _base_address(url: str) -> urllib.parse.SplitResult:
    """The parts of a base address. Raises InputError, without showing what may carry a secret."""
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment:
        raise InputError(
            "url is not a base address", "write it as https://host or https://host:port/context, without a query"
        )
    return parts


def basic(username: str, password: str) -> str:
    """The Authorization header's value for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def bearer(token: str) -> str:
    """The Authorization header's value for an access token or an OAuth 2 token."""
    return f"Bearer {token}"


class Transport:
    """One session with the addresses of one cluster. Not for several threads at once."""

    def __init__(self, connection: Connection, clock: t.Callable[[], float] = time.monotonic) -> None:
        """Raises MissingLibraryError when requests is not installed. Sends nothing yet."""
        try:
            import requests  # noqa: PLC0415 - costs a tenth of a second: only when it is needed
            import urllib3  # noqa: PLC0415 - comes with requests
        except ImportError as error:
            raise missing_library("requests") from error
        if connection.verify is False:
            # that is what the user asked for: said once in the documentation, not on every run
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._failures = (requests.RequestException, urllib3.exceptions.HTTPError)
        self._too_slow: type[Exception] = requests.Timeout
        self._certificate_failure: type[Exception] = requests.exceptions.SSLError
        self._connection = connection
        self._clock = clock
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        self._session.auth = self._authorize  # an auth object, even an empty one, keeps ~/.netrc out
        self._new_request = requests.Request
        self._ways: dict[str, t.Mapping[str, t.Any]] = {}

    @property
    def secrets(self) -> set[str]:
        """What must not be shown anywhere: the credentials as they travel."""
        return {(self._connection.authorization or "").split(" ", 1)[-1]} - {""}

    def close(self) -> None:
        """End every connection."""
        self._session.close()

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._connection.authorization is not None:
            request.headers["Authorization"] = self._connection.authorization
        return request

    def send(
        self,
        *,
        method: str,
        base: str,
        path: str,
        query: t.Mapping[str, str],
        body: Json | None,
        limit: float,
        follow: bool,
    ) -> Answer:
        """Send once and return the complete answer, within ``limit`` seconds.

        With ``follow`` a GET follows redirects on the same server. Raises UnreachableError, in doubt unless nothing was
        sent, MovedError for the former name of a project or repository, and ContractError for any other redirect that
        is not followed.
        """
        url, deadline = base + path, self._clock() + limit
        data = None if body is None else json.dumps(body)
        for _hop in range(_MOST_REDIRECTS + 1):
            try:
                request = self._new_request(method, url, params=query, data=data)
                answer = self._exchange(self._session.prepare_request(request), self._way(base), deadline)
            except self._failures as error:
                raise self._unreachable(method, base, path, error) from None
            except ValueError:
                # requests reads a Location even where it is not told to follow
                raise ContractError(f"{method} {path} was redirected to no address", method=method, path=path) from None
            if answer.status not in REDIRECTS:
                return dataclasses.replace(answer, path=path, base=base)
            redirect = Redirect(path, url, answer)
            if method != "GET" or not follow or not redirect.stays:
                raise redirect.error()
            url, query = redirect.target, {}
        raise ContractError(f"{method} {path} was redirected without end", method=method, path=path)

    def _way(self, base: str) -> t.Mapping[str, t.Any]:
        """Proxies, authorities and certificate for an address: the environment is asked once, that takes its time."""
        if base not in self._ways:
            how = self._connection
            proxies = {"http": how.proxy, "https": how.proxy} if how.proxy else {}
            # given with each request: on the session, the environment would win over them
            self._ways[base] = self._session.merge_environment_settings(
                base, proxies, True, how.verify, how.certificate
            )
        return self._ways[base]

    def _exchange(self, request: requests.PreparedRequest, way: t.Mapping[str, t.Any], deadline: float) -> Answer:
        how = self._connection
        with self._session.send(request, timeout=how.timeout, allow_redirects=False, **way) as response:
            pieces = []
            for piece in _pieces(response):
                pieces.append(piece)
                if self._clock() > deadline:
                    # the time-out of the library starts anew with each piece
                    raise self._too_slow("the answer came too slowly")
        scheme = (how.authorization or "").split(" ", 1)[0]
        method, url = str(request.method), str(request.url)
        return Answer(method, url, response.status_code, response.headers, b"".join(pieces), scheme)

    def _unreachable(self, method: str, base: str, path: str, error: Exception) -> UnreachableError:
        inner = _innermost(error)
        # urllib3 begins with the connection's representation, which says nothing new
        reason = re.sub(r"^(<[^>]*>|\w+\([^)]*\)): ", "", str(inner)) or type(inner).__name__
        # a connection that ends within TLS is like any other that ends
        refused = isinstance(error, self._certificate_failure) and not isinstance(inner, _ENDED)
        return UnreachableError(
            f"{method} {path} got no answer from {base}: {reason}",
            _tls_hint(inner) if refused else None,
            method=method,
            path=path,
            retryable=not refused,
            in_doubt=not refused and not any(name in _NOT_SENT for name in _names(error)),
        )


def _tls_hint(error: BaseException) -> str:
    """What to check where TLS does not come about."""
    if getattr(error, "reason", None) in _NO_TLS:
        return "check the scheme and the port of url, the server does not use TLS there"
    return "check the certificate of the server and ca_path, client_cert and client_key"


def _pieces(response: requests.Response) -> t.Iterator[bytes]:
    """The body as it arrives."""
    read1 = getattr(response.raw, "read1", None)
    if read1 is None:
        # urllib3 1.x reads until a piece is full: small ones, so that a slow answer is noticed
        yield from response.iter_content(128)
        return
    while True:
        piece = read1(65536, decode_content=True)
        if not piece:
            return
        yield piece


def _chain(error: BaseException) -> t.Iterator[BaseException]:
    """The error and what it wraps, outermost first."""
    while True:
        yield error
        deeper = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(deeper, BaseException):
            return
        error = deeper


def _innermost(error: BaseException) -> BaseException:
    return list(_chain(error))[-1]


def _names(error: BaseException) -> list[str]:
    return [type(part).__name__ for part in _chain(error)]
