# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What can go wrong, as one tree of exceptions; each says its cause and the next step in one sentence."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ._outcome import Outcome


class BitbucketError(Exception):
    """Base of every error that a user can meet; anything else that is raised is a bug of this collection.

    ``cause`` and ``next_step`` are clauses without a full stop. ``retryable`` tells whether a later try may succeed,
    ``retry_after`` after how many seconds at the earliest, if the server says so. ``in_doubt`` tells whether a write
    may have been carried out all the same. ``facts`` are extra return values for machines. ``partly`` is what was
    changed before it failed, where several writes belong together.
    """

    type = "error"
    next_step = "see the message above"
    retryable = False

    def __init__(
        self,
        cause: str,
        next_step: str | None = None,
        *,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        messages: t.Sequence[str] = (),
        exception_names: t.Sequence[str] = (),
        request_id: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        in_doubt: bool = False,
        facts: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.method = method
        self.path = path
        self.status = status
        self.messages = list(messages)
        self.exception_names = list(exception_names)
        self.request_id = request_id
        self.retry_after = retry_after
        self.in_doubt = in_doubt
        self.facts = dict(facts or {})
        self.partly: Outcome | None = None
        if next_step is not None:
            self.next_step = next_step
        if retryable is not None:
            self.retryable = retryable

    def __str__(self) -> str:
        """One sentence: the cause, then what to do next."""
        return f"{self.cause.rstrip('. ')}; {self.next_step}."

    def to_dict(self) -> dict[str, t.Any]:
        """The same for machines: the return value ``error`` of a failed module."""
        return {
            "type": self.type,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "messages": self.messages,
            "exception_names": self.exception_names,
            "request_id": self.request_id,
            "retryable": self.retryable,
        }


class InputError(BitbucketError):
    """The user's input breaks a rule; found before any request was made."""

    type = "input"
    next_step = "correct the value"


class MissingLibraryError(BitbucketError):
    """A Python library that the collection needs is not installed where the module runs."""

    type = "missing_library"


class AuthenticationError(BitbucketError):
    """The server does not accept the credentials."""

    type = "authentication"
    next_step = "check username and password"


class CaptchaError(AuthenticationError):
    """The server accepts no login of the account until a CAPTCHA is solved."""

    next_step = "log in once in the browser to solve the CAPTCHA, every further try makes it last longer"


class AnonymousError(AuthenticationError):
    """The response was not made for the configured account: its content must not be used."""


class PermissionDeniedError(BitbucketError):
    """The server knows who is asking, and refuses."""

    type = "permission"
    next_step = "use an account that has the permission, or have it granted"


class UnlicensedError(PermissionDeniedError):
    """The account has no licence: the credentials are right, so other ones of the same account change nothing."""

    next_step = "grant the account the global permission Bitbucket User, or use a licensed account"


class NotFoundError(BitbucketError):
    """The server has no such project, repository, branch, commit or node."""

    type = "not_found"
    next_step = "check the names that were given"


class MovedError(BitbucketError):
    """The project or repository has another name by now: the server redirects, and writes are not redirected."""

    type = "moved"
    next_step = "use the present name"


class NotSupportedError(BitbucketError):
    """The server does not have this REST resource: another version, a missing plugin, or a wrong base address."""

    type = "not_supported"
    next_step = "check that url is the base address of Bitbucket Data Center with its context path, and its version"


class ConflictError(BitbucketError):
    """The request contradicts the present state of the server."""

    type = "conflict"
    next_step = "look at the present state and run again"


class ValidationError(BitbucketError):
    """The server calls the request invalid."""

    type = "validation"
    next_step = "correct the value that the server names"


class RateLimitedError(BitbucketError):
    """The server's rate limit was reached."""

    type = "rate_limited"
    next_step = "run again later, or have the account exempted from rate limiting"
    retryable = True


class ServerError(BitbucketError):
    """The server, or a proxy before it, failed."""

    type = "server"
    next_step = "look at the server's log and run again"


class UnreachableError(BitbucketError):
    """No answer came back: whether the server acted on the request is unknown."""

    type = "unreachable"
    next_step = "check url, the network and that the server is running"
    retryable = True


class ContractError(BitbucketError):
    """The answer does not have the shape that the vendor's reference promises."""

    type = "contract"
    next_step = "check that url is the base address of Bitbucket Data Center, not a proxy or a login page"


class ReadOnlyError(BitbucketError):
    """A write was tried in check mode or by a module that only reads: a bug of this collection, caught in time."""

    type = "read_only"
    next_step = "report this as a bug of the collection, nothing was changed"


class WaitError(BitbucketError):
    """A wait ended without its goal: the time ran out, or a state came that cannot recover."""

    type = "wait"


class BlockedError(BitbucketError):
    """A rolling upgrade must not go on as things stand."""

    type = "blocked"


class LockedError(BitbucketError):
    """Another run holds the lock, or has taken it over."""

    type = "locked"
    next_step = "wait until that run has ended"
    retryable = True


class GateError(BitbucketError):
    """A release does not hold what its gate asks for."""

    type = "gate"
    next_step = "see to what breaks the gate, or allow it"
