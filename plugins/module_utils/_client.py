# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""The one way to the server: calls, tries, paging, and writes whose answer was lost."""

from __future__ import annotations

import random
import time
import typing as t
import urllib.parse

from ._answer import Answer
from ._errors import (
    AuthenticationError,
    BitbucketError,
    ConflictError,
    ContractError,
    RateLimitedError,
    ReadOnlyError,
    UnlicensedError,
    ValidationError,
)
from ._identity import PROOF, Identity
from ._retry import NEVER, Gate, Retry
from ._schema import Json, Schema
from ._transport import Connection, Transport

Query = t.Mapping[str, t.Union[str, int, bool]]
T = t.TypeVar("T")


def quote(segment: str | int) -> str:
    """One percent-encoded path segment."""
    return urllib.parse.quote(str(segment), safe="~")


class Client:
    """One session with one cluster. Not for several threads at once."""

    def __init__(
        self,
        connection: Connection,
        *,
        read_only: bool = True,
        follow_redirects: bool = False,
        retry: Retry | None = None,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
        gate: Gate | None = None,
        identity: Identity | None = None,
    ) -> None:
        """Raises MissingLibraryError when requests is not installed. Sends nothing yet.

        ``follow_redirects`` is for those who never write: where writes would not reach a renamed repository, reads
        must not either, or check mode would promise what the run cannot do.
        """
        self.read_only = read_only
        self._follow = follow_redirects
        self._connection = connection
        self._transport = Transport(connection, clock)
        self._gate = gate or Gate()
        self._identity = identity or Identity(connection.authorization)
        self._addresses = [url.rstrip("/") for url in connection.urls]
        self._retry = retry or Retry()
        self._limit = self._retry.total + connection.timeout
        self._clock = clock
        self._sleep = sleep

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._transport.close()

    @property
    def address(self) -> str:
        """Where the server is, without scheme, credentials and default port: of several addresses, the first one's."""
        parts = urllib.parse.urlsplit(self._addresses[0])
        host = parts.hostname or ""
        port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
        return f"[{host}]{port}{parts.path}" if ":" in host else f"{host}{port}{parts.path}"

    @property
    def secrets(self) -> set[str]:
        """What must not be shown anywhere."""
        return self._transport.secrets

    @property
    def account(self) -> str | None:
        """The account that a response has named, or the configured user; None where neither is known."""
        return self._identity.account

    def another(self) -> Client:
        """A client of the same kind with a session of its own, for another thread.

        Both heed the same rate limit and check for the same account.
        """
        return Client(
            self._connection,
            read_only=self.read_only,
            follow_redirects=self._follow,
            retry=self._retry,
            clock=self._clock,
            sleep=self._sleep,
            gate=self._gate,
            identity=self._identity,
        )

    # -- calls ---------------------------------------------------------------------------------------------------

    def get(self, path: str, schema: Schema, query: Query | None = None, *, once: bool = False) -> t.Any:
        """The JSON answer, checked; None for 204 where the schema is optional. Any BitbucketError.

        ``once`` is for those who come again by themselves: each address is tried once.
        """
        return self._call("GET", path, schema, query=query, retry=NEVER if once else None)

    def post(self, path: str, schema: Schema | None, body: Json | None = None, query: Query | None = None) -> t.Any:
        """The same for a POST, which is sent once, unless it surely has not reached the server.

        Without a schema the answer must be a bare 204.
        """
        return self._call("POST", path, schema, query=query, body=body)

    def put(self, path: str, schema: Schema | None, body: Json | None = None) -> t.Any:
        """The same for a PUT; without a schema the answer must be a bare 204."""
        return self._call("PUT", path, schema, body=body)

    def delete(
        self, path: str, body: Json | None = None, query: Query | None = None, *, changes_nothing: bool = False
    ) -> None:
        """DELETE, sent once. ``changes_nothing`` marks a server's own dry run: a read in all but name."""
        self._call("DELETE", path, None, query=query, body=body, reads=changes_nothing)

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

    def settle(self, send: t.Callable[[], T], done: t.Callable[[], T | None], *, resend: bool) -> T:
        """Send a write; when its answer is lost, let the server's state decide whether it was carried out.

        So it does when the server calls the request invalid: webhooks were stored and answered with 400 (seen).
        ``done`` reads back: the result where the write has taken effect, else None. Then, with ``resend``, it is
        sent once more: for writes that the server refuses as a conflict, should the first still be under way.
        Raises what ``send`` raises.
        """
        try:
            return send()
        except BitbucketError as error:
            # a write has been seen to be carried out and refused with 400
            if not error.in_doubt and not isinstance(error, ValidationError):
                raise
            found = self._read_back(error, done)
            if found is None and not (resend and error.in_doubt):
                raise
        if found is not None:
            return found
        try:
            return send()
        except BitbucketError as error:
            found = self._read_back(error, done) if error.in_doubt or isinstance(error, ConflictError) else None
            if found is None:
                raise
            return found

    def settle_unread(self, send: t.Callable[[], T], doubt: str) -> T:
        """The same for a write that nothing can be read back of, and that does no harm twice: it is sent once more.

        ``doubt`` is what nobody knows when that answer is lost, too: ``whether it was carried out``, for the error.
        """
        try:
            return self.settle(send, lambda: None, resend=True)
        except BitbucketError as error:
            if error.in_doubt:
                error.cause = f"{error.cause.rstrip('. ')}, and {doubt} cannot be read from the server"
            raise

    @staticmethod
    def _read_back(error: BitbucketError, done: t.Callable[[], T | None]) -> T | None:
        try:
            return done()
        except BitbucketError as second:
            error.next_step = f"whether it was carried out could not be read back ({second.cause}): run again"
            raise error from None

    # -- tries ---------------------------------------------------------------------------------------------------

    def _call(
        self,
        method: str,
        path: str,
        schema: Schema | None,
        *,
        query: Query | None = None,
        body: Json | None = None,
        reads: bool = False,
        retry: Retry | None = None,
    ) -> t.Any:
        """One call with all its tries, within the limits of the retry policy."""
        retry = retry or self._retry
        reads = reads or method == "GET"
        if self.read_only and not reads:
            raise ReadOnlyError(f"{method} {path} was refused before it was sent", method=method, path=path)
        parameters = {key: _parameter(value) for key, value in (query or {}).items()}
        begin = self._clock()
        retries = {False: 0, True: 0}
        while True:
            held_back = self._gate.remaining(self._clock())
            if held_back:
                self._sleep(held_back)
            try:
                answer = self._try_addresses(method, path, parameters, body, reads)
                return self._understood(answer, schema, reads)
            except BitbucketError as error:
                again = _may_repeat(error, reads)
                jitter = random.random()  # noqa: S311 - spreads clients, protects nothing
                now = self._clock()
                limited = isinstance(error, RateLimitedError)
                pause = (
                    retry.pause(retries[limited], now - begin, error.retry_after, jitter, limited=limited)
                    if again
                    else None
                )
                if pause is None:
                    raise
            if limited:
                self._gate.close(now + pause)
            else:
                self._sleep(pause)
            retries[limited] += 1

    def _understood(self, answer: Answer, schema: Schema | None, reads: bool) -> t.Any:
        """What the answer holds, once it is sure that it was made for the configured account. Any BitbucketError.

        What Bitbucket did not make, and its own failures, keep their errors: nothing rests on their content.
        """
        try:
            if schema is None:
                answer.nothing()
            result = None if schema is None else answer.data(schema)
        except BitbucketError as error:
            says_nothing = isinstance(error, (RateLimitedError, UnlicensedError)) or not answer.is_bitbucket
            if 400 <= answer.status < 500 and not says_nothing:
                # a refused log-in is never repeated: that ends in a CAPTCHA (documented)
                self._check_account(answer, reads, may_ask=not isinstance(error, AuthenticationError))
            raise
        self._check_account(answer, reads)
        return result

    def _check_account(self, answer: Answer, reads: bool, *, may_ask: bool = True) -> None:
        """Raise AnonymousError for an answer that was not made for the account; with one more request at most."""

        def prove() -> Answer:
            # tried once: where it fails, the call that it belongs to is made again
            proof = self._send("GET", answer.base, PROOF, {"limit": "1"}, None)
            if proof.status == 429 or proof.status >= 500:
                proof.check()
            return proof

        try:
            self._identity.check(answer, prove if may_ask else None)
        except BitbucketError as error:
            # the server has probably acted on a write whose answer cannot be used
            error.in_doubt = not reads and answer.status < 400
            raise

    def _try_addresses(
        self, method: str, path: str, query: t.Mapping[str, str], body: Json | None, reads: bool
    ) -> Answer:
        """The first answer of one of the addresses; a write goes to the next only if it surely was not received."""
        *others, last = self._addresses
        for address in others:
            try:
                answer = self._send(method, address, path, query, body)
                answer.check_gateway()
            except BitbucketError as error:  # noqa: PERF203 - beside a request this costs nothing
                if not _may_repeat(error, reads):
                    raise
            else:
                self._prefer(address)
                return answer
        answer = self._send(method, last, path, query, body)
        self._prefer(last)
        return answer

    def _send(self, method: str, base: str, path: str, query: t.Mapping[str, str], body: Json | None) -> Answer:
        """One request to one address."""
        return self._transport.send(
            method=method, base=base, path=path, query=query, body=body, limit=self._limit, follow=self._follow
        )

    def _prefer(self, address: str) -> None:
        """Let the next call begin with this address: it answered last."""
        self._addresses.remove(address)
        self._addresses.insert(0, address)


def _may_repeat(error: BitbucketError, reads: bool) -> bool:
    """Whether a call may be made again: a write only where the server surely has not acted."""
    return error.retryable and (reads or not error.in_doubt)


def _parameter(value: str | int | bool) -> str:
    """A query parameter as the server reads it: booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
