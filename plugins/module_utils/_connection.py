# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""From the connection options of a module, or the environment, to a client."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import typing as t

from ._argspec import ENVIRONMENT
from ._client import Client
from ._errors import InputError
from ._retry import Retry
from ._transport import Connection, basic, bearer

Params = t.Mapping[str, t.Any]

# the ways to authenticate, each with the options that belong to it
_WAYS = {"token": ("token",), "token_file": ("token_file",), "basic": ("username", "password")}


def connect(params: Params, *, read_only: bool, follow_redirects: bool = False, retry: Retry | None = None) -> Client:
    """A client for the options of ``_argspec.CONNECTION``. Raises InputError; sends nothing.

    ``follow_redirects`` is for what never writes, not even outside check mode.
    ``retry`` is how often and how long it tries by default, which the option ``patience`` prolongs or shortens.
    """
    urls = tuple(url.strip() for url in params["url"] or () if url.strip())
    if not urls:
        raise InputError("url is not set", f"give the option url or the environment variable {ENVIRONMENT['url']}")
    if params["timeout"] <= 0:
        raise InputError("timeout is not positive", "give a number of seconds above 0")
    patience = params["patience"]
    if patience is not None:
        if patience < 0:
            raise InputError("patience is negative", "give a number of seconds")
        retry = dataclasses.replace(retry or Retry(), patience=patience)
    return Client(
        Connection(
            urls=urls,
            authorization=_authorization(params, os.environ),
            verify=params["validate_certs"] and (_existing(params, "ca_path") or True),
            certificate=_certificate(params),
            proxy=params["proxy"],
            timeout=params["timeout"],
            allow_http=params["allow_http"],
        ),
        read_only=read_only,
        follow_redirects=follow_redirects,
        retry=retry,
    )


def secrets_in(url: str) -> set[str]:
    """What a URL carries of credentials, by mistake: it is refused, and must not be logged either."""
    found = re.match(r"[^/?#]*//([^/?#]+)@", url)
    return {part for part in (found[1], *found[1].split(":", 1)) if part} if found else set()


def _existing(params: Params, option: str) -> str | None:
    """The path that an option names, None where it is not given. Raises InputError where nothing is there."""
    path: str | None = params[option]
    _refuse_relative(path, option)
    if path and not pathlib.Path(path).exists():
        raise InputError(f"{option} {path!r} does not exist", "give the path of an existing file")
    return path or None


def _refuse_relative(path: str | None, option: str) -> None:
    """Raise InputError: a module runs in the directory of the playbook here, and in a home directory elsewhere."""
    if path and not pathlib.PurePath(path).is_absolute():
        raise InputError(f"{option} {path!r} is a relative path", "give an absolute path")


def _certificate(params: Params) -> tuple[str, str] | str | None:
    """The client's certificate with its key, or alone where one file holds both."""
    certificate, key = _existing(params, "client_cert"), _existing(params, "client_key")
    if certificate is None and key is not None:
        raise InputError("client_key is given without client_cert", "give both")
    return (certificate, key) if certificate and key else certificate


def _authorization(params: Params, environment: t.Mapping[str, str]) -> str | None:
    """The Authorization header's value, or None for anonymous.

    The environment fills gaps only: where an option names a way to authenticate, what the environment says of
    another way is left aside. Raises InputError where two ways are equally meant, or half of one is missing.
    """

    def given(option: str) -> bool:
        return bool(params[option]) and params[option] != environment.get(ENVIRONMENT[option])

    named = [way for way, options in _WAYS.items() if any(params[option] for option in options)]
    meant = [way for way in named if any(given(option) for option in _WAYS[way])] or named
    if len(meant) > 1:
        raise InputError(
            f"{' and '.join(_WAYS[way][0] for way in meant)} are given together", "give one way to authenticate"
        )
    if not meant:
        return None
    if meant[0] == "token":
        return bearer(params["token"])
    if meant[0] == "token_file":
        return bearer(_read_token(params["token_file"]))
    if not params["username"] or not params["password"]:
        raise InputError("only one of username and password is given", "give both, or a token")
    return basic(params["username"], params["password"])


def _read_token(path: str) -> str:
    """The token in a file, without the line's end. Raises InputError."""
    _refuse_relative(path, "token_file")
    try:
        token = pathlib.Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"token_file {path!r} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}",
            "give a file with the token alone",
        ) from None
    if not token or token.split() != [token]:
        raise InputError(f"token_file {path!r} does not hold one token", "give a file with the token alone")
    return token
