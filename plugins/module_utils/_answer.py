# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What an answer of the server means: data that fits its schema, or an error of the right type."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ._errors import (
    AuthenticationError,
    BitbucketError,
    CaptchaError,
    ConflictError,
    ContractError,
    NotFoundError,
    NotSupportedError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnlicensedError,
    ValidationError,
)
from ._schema import Schema

_BY_STATUS: dict[int, type[BitbucketError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitedError,
}
# the server's own name for a refusal, without its package, says more than its status
_BY_EXCEPTION: dict[str, type[BitbucketError]] = {
    # 401 also means "known, but not permitted" (documented, seen on 10.4)
    "AuthorisationException": PermissionDeniedError,
    # 401 for an account without a licence (seen); the package is not known
    "NoAccessAuthenticationException": UnlicensedError,
    # 400 on 10.4 (seen), where 409 would be expected
    "DuplicateRefException": ConflictError,
}
_CREDENTIALS_HINTS = {
    "Bearer": "check that the token is complete, not expired and not revoked, or create a new one",
    "": "set username and password, or token",
}
#: The account that a response was made for, in each that was made for one (seen 10.4.1).
ACCOUNT_HEADER = "X-AUSERNAME"
# who serves a REST module, for a server that does not have it
_PROVIDERS = {
    "branch-utils": "the bundled plugin Branch Utilities",
    "branch-permissions": "the bundled plugin Branch Permissions",
    "jira": "the bundled plugin Jira Integration",
    "mirroring": "a Data Center licence with smart mirroring",
    "zdu": "a Data Center licence and a version with rolling upgrades",
}
# a gateway may have passed the request on before it failed
_GATEWAY = (502, 503, 504)
# what only a system administrator may call; access tokens cannot be one (documented)
_ADMINISTRATION = ("/rest/zdu/", "/admin/", "/rest/mirroring/")


@dataclasses.dataclass(frozen=True)
class Answer:
    """A complete answer: ``headers`` are looked up in any case.

    ``scheme`` is how the request was authenticated: Basic, Bearer, or "" for not at all. ``base`` is the address that
    answered.
    """

    method: str
    path: str
    status: int
    headers: t.Mapping[str, str]
    body: bytes
    scheme: str = ""
    base: str = ""

    @property
    def bearer(self) -> bool:
        """Whether the request was sent with a token."""
        return self.scheme == "Bearer"

    @property
    def line(self) -> str:
        """What was asked for, and the status that came back."""
        return f"{self.method} {self.path} answered {self.status}"

    @property
    def is_bitbucket(self) -> bool:
        """Whether Bitbucket's REST API made it: no content, JSON, or a refusal with ``errors``."""
        if self.status == 204:
            return True
        if self.status >= 400:
            return self._errors() is not None
        try:
            json.loads(self.body)
        except (ValueError, RecursionError):
            return False
        return True

    @property
    def administers(self) -> bool:
        """Whether only an administrator may make this request, and never an anonymous caller.

        Documented; assumed for reading the nodes of a mirror farm.
        """
        return any(part in self.path for part in _ADMINISTRATION)

    @property
    def credentials_hint(self) -> str:
        """The next step where the credentials are not accepted."""
        return _CREDENTIALS_HINTS.get(self.scheme, AuthenticationError.next_step)

    @property
    def about(self) -> dict[str, t.Any]:
        """The facts that each error of this answer carries."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "request_id": self.headers.get("X-AREQUESTID"),
        }

    @property
    def kind(self) -> str:
        """The media type in words."""
        media = self.headers.get("Content-Type", "").split(";")[0].strip()
        return "an HTML page" if media == "text/html" else (media or "an unnamed content type")

    def data(self, schema: Schema) -> t.Any:
        """The body as JSON that fits the schema; None for 204 if the schema is optional. Raises the response's error.

        An answer that cannot be understood leaves a write in doubt: the server has probably acted.
        """
        self.check()
        line = self.line
        if self.status == 204:
            if schema.optional:
                return None
            raise ContractError(f"{line} without content instead of JSON", in_doubt=True, **self.about)
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            if "json" in self.kind:
                raise ContractError(
                    f"{line} with broken JSON", "run again", retryable=True, in_doubt=True, **self.about
                ) from None
            raise ContractError(f"{line} with {self.kind} instead of JSON", in_doubt=True, **self.about) from None
        faults = schema.faults(data)
        if faults:
            raise ContractError(
                f"{line} with JSON of another shape than documented ({faults[0]})",
                "check that url is a supported version of Bitbucket Data Center",
                in_doubt=True,
                **self.about,
            )
        return data

    def nothing(self) -> None:
        """Raise the error that the answer stands for, unless it is a bare 204."""
        self.check()
        if self.status != 204:
            raise ContractError(
                f"{self.line} with {self.kind} instead of 204 without content",
                in_doubt=True,
                **self.about,
            )

    def check(self) -> None:
        """Raise the error that a status of 400 or higher stands for."""
        if self.status >= 400:
            raise self._refusal()

    def check_gateway(self) -> None:
        """Raise the error of an answer that says that another address might do better."""
        if self.status in _GATEWAY:
            raise self._refusal()

    def _refusal(self) -> BitbucketError:
        """By the server's own name for it, else by the status."""
        errors = self._errors()
        messages = [message for error in errors or () for message in _messages(error)]
        names = [str(error["exceptionName"]) for error in errors or () if error.get("exceptionName")]
        kind = _BY_STATUS.get(self.status, ServerError if self.status >= 500 else ContractError)
        for name in names:
            kind = _BY_EXCEPTION.get(name.rpartition(".")[2], kind)
        next_step = None
        if self.status == 404 and errors is None:
            # an unrouted path answers without errors[] (seen on 10.x): not the same as a missing entity
            kind, next_step = NotSupportedError, self._provider()
        elif self.headers.get("X-Authentication-Denied-Reason", "").startswith("CAPTCHA"):
            kind = CaptchaError
        elif self.bearer and self.administers and self._knows_account(kind):
            next_step = "use username and password, or an OAuth 2 token: access tokens cannot administer"
        elif kind is AuthenticationError:
            next_step = self.credentials_hint
        elif self.status == 400 and errors is None and self.base.startswith("http:"):
            # what servers and proxies answer at a port that is for TLS
            next_step = "check the scheme and the port of url, the server may want https there"
        said = ": " + " ".join(messages) if messages else f" with {self.kind} that is no answer of Bitbucket's REST API"
        return kind(
            f"{self.line}{said}",
            next_step,
            messages=messages,
            exception_names=names,
            retryable=True if self.status in _GATEWAY else None,
            in_doubt=self.status >= 500,
            retry_after=_seconds(self.headers.get("Retry-After")),
            facts=_facts(errors or ()),
            **self.about,
        )

    def _errors(self) -> list[t.Any] | None:
        """Bitbucket's ``errors`` (documented), or None where the body is none of Bitbucket's."""
        try:
            errors = json.loads(self.body)["errors"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        usable = isinstance(errors, list) and all(isinstance(error, dict) for error in errors)
        return errors if usable else None

    def _provider(self) -> str | None:
        """The next step where a whole REST module is missing, or None where it is not known whose it is."""
        parts = self.path.split("/rest/", 1)[-1].split("/")
        owner = _PROVIDERS.get(parts[0])
        return owner and f"check that url is the base address with its context path: the resource needs {owner}"

    def _knows_account(self, kind: type[BitbucketError]) -> bool:
        """Whether a refusal of this kind was made for an account, and not for a token that is not accepted."""
        return kind is PermissionDeniedError or (kind is AuthenticationError and ACCOUNT_HEADER in self.headers)


def _messages(error: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What an entry of ``errors`` says, and what Jira says in it of an issue and its fields (seen in other clients)."""
    if error.get("message"):
        yield _one_line(error["message"])
    jira = error.get("elementErrors")
    if isinstance(jira, dict):
        general, fields = jira.get("errorMessages"), jira.get("errors")
        yield from map(_one_line, general if isinstance(general, list) else ())
        yield from (
            _one_line(f"{name}: {fault}") for name, fault in (fields if isinstance(fields, dict) else {}).items()
        )


def _one_line(text: t.Any) -> str:
    """The text without line breaks: it becomes part of a sentence. The one about a licence has one (seen)."""
    return " ".join(str(text).split())


def _facts(errors: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """The address where somebody logs in to an application that stands behind the server (seen in other clients)."""
    # the one is what other clients read, the other would go with the rest of the API
    told = (error.get(name) for error in errors for name in ("authenticationUri", "authenticationUrl"))
    return next(({"authentication_url": url} for url in told if isinstance(url, str) and url), {})


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; Bitbucket sends whole seconds (seen), another form counts as not sent."""
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None
