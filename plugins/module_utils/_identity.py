# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""Whether a response was made for the configured account, and not for an anonymous caller.

Bitbucket serves a request whose token it does not accept as anonymous instead of refusing it (seen 10.4.1): listings
are then shorter, and private things do not exist. Each authenticated response names its account in ``X-AUSERNAME``
(seen 10.4.1, with the tokens of repositories on 9.4).
"""

from __future__ import annotations

import base64
import threading
import typing as t
import urllib.parse

from ._answer import ACCOUNT_HEADER, Answer
from ._errors import AnonymousError, AuthenticationError

#: Only for authenticated users, 401 for others (documented), also where public access is on (seen). That the tokens of
#: projects and repositories get 200 here is assumed.
PROOF = "/rest/api/latest/profile/recent/repos"
_LET_IT_PASS = f"configure the proxy in front of Bitbucket to pass the response header {ACCOUNT_HEADER}"
_REPLACED = "check that no proxy caches responses or replaces credentials"


class Identity:
    """The account of one task, shared by all its clients and threads.

    ``authorization`` is the value of that request header, or None for anonymous use, which is never checked.
    """

    def __init__(self, authorization: str | None) -> None:
        self._configured = authorization is not None
        self._username = _username(authorization or "")
        # what is known of it: the account of the responses, the addresses that name it, and whether it was proven
        self._account: str | None = None
        self._naming: set[str] = set()
        self._proven = False
        self._lock = threading.Lock()

    @property
    def account(self) -> str | None:
        """The account that a response has named, or the one of the log-in; None where neither is known."""
        return self._account or self._username

    def check(self, answer: Answer, prove: t.Callable[[], Answer] | None) -> None:
        """Raise AnonymousError unless the response was made for the account.

        ``prove`` requests PROOF and returns any response of it. It is called at most once for all clients that share
        this object, and only where the header is missing at an address that has not sent it before: a proxy may remove
        it. Raises what ``prove`` raises. Without ``prove`` such a response passes.
        """
        if not self._configured:
            return
        with self._lock:
            account = _account(answer)
            if account is not None:
                self._compare(answer, account)
                self._naming.add(answer.base)
            elif answer.status < 300 and answer.administers:
                # proves itself; whether mirrors name the account and have PROOF is not known
                pass
            elif answer.base in self._naming:
                raise _not_accepted(answer)
            elif not self._proven and prove is not None:
                self._judge(answer, prove())
                self._proven = True

    def _compare(self, answer: Answer, account: str) -> None:
        expected = self._account or self._username
        if expected is not None and expected.casefold() != account.casefold():
            raise AnonymousError(
                f"{answer.line} for the account {account!r}, not for {expected!r}",
                _REPLACED if self._username is None else f"set username to the name of the account, or {_REPLACED}",
                **answer.about,
            )
        self._account = expected or account

    @staticmethod
    def _judge(answer: Answer, proof: Answer) -> None:
        """Raise AnonymousError unless the proof shows that only the header was removed."""
        if proof.status == 401 or _account(proof) is not None:
            raise _not_accepted(answer)
        if proof.status != 200 or not proof.is_bitbucket:
            raise AnonymousError(
                f"{answer.line} without the header {ACCOUNT_HEADER}, and GET {PROOF}, which would confirm the account,"
                f" returned {proof.status}",
                _LET_IT_PASS,
                **answer.about,
            )


def _not_accepted(answer: Answer) -> AuthenticationError:
    what = "token" if answer.bearer else "username and password"
    return AnonymousError(
        f"{answer.line} to an anonymous caller: Bitbucket did not accept the {what}",
        answer.credentials_hint,
        **answer.about,
    )


def _username(authorization: str) -> str | None:
    """The account that a login names, or None where its name may be another one.

    None for a token. assumed: people also log in with an e-mail address or the name of a domain; the user name that
    goes with the token of a project or repository matches any account (documented).
    """
    scheme, _space, value = authorization.partition(" ")
    if scheme != "Basic":
        return None
    name = base64.b64decode(value).decode("utf-8").partition(":")[0]
    return None if "@" in name or "\\" in name or name.casefold() == "x-token-auth" else name


def _account(answer: Answer) -> str | None:
    """The account that the response names, or None.

    URL-encoded (seen); that a space is sent as ``+`` is assumed. Another product of the vendor names anonymous callers
    ``anonymous``, so Bitbucket is likely to as well.
    """
    account = urllib.parse.unquote_plus(answer.headers.get(ACCOUNT_HEADER) or "").strip()
    return None if account.casefold() in ("", "anonymous") else account
