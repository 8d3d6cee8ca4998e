# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The one way to the server: a session with credentials, TLS, time-outs, paging, and every refusal as an error."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import typing as t
import urllib.parse

from ._errors import (
    AuthenticationError,
    BitbucketError,
    ConflictError,
    ContractError,
    InputError,
    NotFoundError,
    NotSupportedError,
    PermissionDeniedError,
    RateLimitedError,
    ReadOnlyError,
    ServerError,
    UnreachableError,
    ValidationError,
)
from ._schema import Json, Schema, missing_library

if t.TYPE_CHECKING:
    import requests

Query = t.Mapping[str, t.Union[str, int, bool]]

# the XSRF check wants no-check and the JSON content type, without a body and on DELETE too (documented)
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "X-Atlassian-Token": "no-check",
}
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5

_BY_STATUS: dict[int, type[BitbucketError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    415: ContractError,
    429: RateLimitedError,
}
# the server's own name for a refusal says more than its status
_BY_EXCEPTION: dict[str, type[BitbucketError]] = {
    # 401 also means "known, but not permitted" (documented, seen on 10.4)
    "com.atlassian.bitbucket.AuthorisationException": PermissionDeniedError,
    # 400 on 10.4 (seen), where 409 would be expected
    "com.atlassian.bitbucket.repository.DuplicateRefException": ConflictError,
}
_GATEWAY = (502, 503, 504)


@dataclasses.dataclass(frozen=True)
class Connection:
    """Where and how to reach a server. ``authorization`` is the value of that header, or None for anonymous."""

    url: str
    authorization: str | None = dataclasses.field(default=None, repr=False)
    verify: bool | str = True
    timeout: float = 30

    def __post_init__(self) -> None:
        try:
            parts = urllib.parse.urlsplit(self.url)
            valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            valid = False
        if not valid or parts.query or parts.fragment:
            raise InputError(
                "url is not a base address", "write it as https://host or https://host:port/context, without a query"
            )
        if parts.username is not None or parts.password is not None:
            raise InputError("url carries credentials", "use the options username and password, or token")


def basic(username: str, password: str) -> str:
    """The Authorization header's value for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def bearer(token: str) -> str:
    """The Authorization header's value for an access token or an OAuth 2 token."""
    return f"Bearer {token}"


def quote(segment: str | int) -> str:
    """One percent-encoded path segment."""
    return urllib.parse.quote(str(segment), safe="~")


class Client:
    """One session with one server. Not for several threads at once."""

    def __init__(self, connection: Connection, *, read_only: bool = True) -> None:
        """Raises MissingLibraryError when requests is not installed. Sends nothing yet."""
        try:
            import requests  # noqa: PLC0415 - costs a tenth of a second: only when it is needed
        except ImportError as error:
            raise missing_library("requests") from error
        self._failures: type[Exception] = requests.RequestException
        self._connection = connection
        self._base = connection.url.rstrip("/")
        self.read_only = read_only
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        self._session.auth = self._authorize  # an auth object, even an empty one, keeps ~/.netrc out

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._session.close()

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._connection.authorization is not None:
            request.headers["Authorization"] = self._connection.authorization
        return request

    # -- requests ------------------------------------------------------------------------------------------------

    def get(self, path: str, schema: Schema, query: Query | None = None) -> t.Any:
        """The JSON answer, checked; None for 204. Any BitbucketError."""
        return self._json(self._request("GET", path, query), schema)

    def post(self, path: str, schema: Schema, body: Json | None = None) -> t.Any:
        """The same for a POST, which is sent once."""
        return self._json(self._request("POST", path, body=body), schema)

    def delete(self, path: str, body: Json | None = None, *, changes_nothing: bool = False) -> None:
        """DELETE. ``changes_nothing`` marks a server's own dry run, which is allowed in a read-only session."""
        self._request("DELETE", path, body=body, writes=not changes_nothing)

    def items(self, path: str, schema: Schema, query: Query | None = None, *, limit: int = 1000) -> t.Iterator[t.Any]:
        """Every item of a paged resource, page by page as they are needed. ``schema`` is that of a page.

        Follows nextPageStart only (documented); a page that leads back is a ContractError, never an endless loop.
        """
        start = 0
        while True:
            page = self.get(path, schema, {**(query or {}), "start": start, "limit": limit})
            yield from page["values"]
            if page["isLastPage"]:
                return
            following = page.get("nextPageStart")
            if following is None or following <= start:
                raise ContractError(
                    f"GET {path} says that more pages follow after {start}, but not where", method="GET", path=path
                )
            start = following

    def _request(
        self, method: str, path: str, query: Query | None = None, body: Json | None = None, writes: bool | None = None
    ) -> requests.Response:
        if self.read_only and (method != "GET" if writes is None else writes):
            raise ReadOnlyError(f"{method} {path} was refused before it was sent", method=method, path=path)
        url = self._base + path
        params = {key: _parameter(value) for key, value in (query or {}).items()}
        for _hop in range(_MOST_REDIRECTS + 1):
            try:
                answer = self._session.request(
                    method,
                    url,
                    params=params,
                    data=None if body is None else json.dumps(body),
                    timeout=self._connection.timeout,
                    # with each request: REQUESTS_CA_BUNDLE would override what the session says
                    verify=self._connection.verify,
                    allow_redirects=False,
                )
            except self._failures as error:
                raise UnreachableError(
                    f"{method} {path} got no answer from {self._base}: {_reason(error)}", method=method, path=path
                ) from None
            except ValueError:
                # requests reads a Location even where it is not told to follow
                raise ContractError(f"{method} {path} was redirected to no address", method=method, path=path) from None
            if answer.status_code not in _REDIRECTS:
                break
            url, params = self._follow(method, path, url, answer), {}
        else:
            raise ContractError(f"{method} {path} was redirected without end", method=method, path=path)
        if answer.status_code >= 400:
            raise _refusal(method, path, answer)
        return answer

    def _follow(self, method: str, path: str, url: str, answer: requests.Response) -> str:
        """Where a redirect leads: only a GET, and only on the same server, so that credentials never travel."""
        target = urllib.parse.urljoin(url, answer.headers.get("Location", ""))
        if method != "GET" or _origin(target) != _origin(url) or "/rest/" not in urllib.parse.urlsplit(target).path:
            where = urllib.parse.urlsplit(target)
            raise ContractError(
                f"{method} {path} was redirected ({answer.status_code}) to {where.scheme}://{where.netloc}{where.path}",
                "give the address that it leads to if it is right: a project or repository may have been moved",
                method=method,
                path=path,
                status=answer.status_code,
            )
        return target

    def _json(self, answer: requests.Response, schema: Schema) -> t.Any:
        """The body as JSON that fits the schema; None for 204. Raises ContractError with the path in the answer."""
        if answer.status_code == 204:
            return None
        method, path = str(answer.request.method), urllib.parse.urlsplit(str(answer.request.url)).path
        about: dict[str, t.Any] = {"method": method, "path": path, "status": answer.status_code}
        try:
            data = answer.json()
        except ValueError:
            raise ContractError(
                f"{method} {path} answered {answer.status_code} with {_kind(answer)} instead of JSON", **about
            ) from None
        faults = schema.faults(data)
        if faults:
            raise ContractError(
                f"{method} {path} answered {answer.status_code} with JSON of another shape than documented "
                f"({faults[0]})",
                "check that url is a supported version of Bitbucket Data Center",
                **about,
            )
        return data


def _parameter(value: str | int | bool) -> str:
    """A query parameter as the server reads it: booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def _kind(answer: requests.Response) -> str:
    """The media type of an answer in words."""
    media = answer.headers.get("Content-Type", "").split(";")[0].strip()
    return "an HTML page" if media == "text/html" else (media or "an unnamed content type")


def _reason(error: Exception) -> str:
    """The innermost cause of a failed request, without the library's wrapping."""
    inner: BaseException = error
    while True:
        deeper = getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
        if not isinstance(deeper, BaseException):
            break
        inner = deeper
    # urllib3 begins with the connection's representation, which says nothing new
    text = str(inner)
    return re.sub(r"^(<[^>]*>|\w+\([^)]*\)): ", "", text) or type(inner).__name__


def _refusal(method: str, path: str, answer: requests.Response) -> BitbucketError:
    """The error for an answer of status 400 or higher: by the server's exception name, else by the status."""
    status = answer.status_code
    messages, names, routed = _error_body(answer)
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ContractError)
    if status == 404 and not routed:
        # an unrouted path answers without errors[] (seen on 10.x): not the same as a missing entity
        kind = NotSupportedError
    for name in names:
        kind = _BY_EXCEPTION.get(name, kind)
    said = ": " + " ".join(messages) if messages else f" with {_kind(answer)} that is no answer of Bitbucket's REST API"
    return kind(
        f"{method} {path} answered {status}{said}",
        method=method,
        path=path,
        status=status,
        messages=messages,
        exception_names=names,
        request_id=answer.headers.get("X-AREQUESTID"),
        retryable=True if status in _GATEWAY else None,
    )


def _error_body(answer: requests.Response) -> tuple[list[str], list[str], bool]:
    """Messages, exception names, and whether the body is one of Bitbucket's ``{"errors": [...]}`` (documented)."""
    try:
        data = answer.json()
        errors = data["errors"]
        messages = [str(error["message"]).strip() for error in errors if error.get("message")]
        names = [str(error["exceptionName"]) for error in errors if error.get("exceptionName")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], [], False
    return messages, names, True
