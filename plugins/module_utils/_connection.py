# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""From the connection options of a module, or the environment, to a client."""

from __future__ import annotations

import os
import pathlib
import re
import typing as t

from ._argspec import ENVIRONMENT
from ._client import Client, Connection, basic, bearer
from ._errors import InputError

Params = t.Mapping[str, t.Any]


def connect(params: Params, *, read_only: bool) -> Client:
    """A client for the options of ``_argspec.CONNECTION``. Raises InputError; sends nothing."""
    if not params["url"]:
        raise InputError("url is not set", f"give the option url or the environment variable {ENVIRONMENT['url']}")
    verify: bool | str = params["validate_certs"]
    if verify and params["ca_path"]:
        verify = params["ca_path"]
        if not pathlib.Path(params["ca_path"]).exists():
            raise InputError(f"ca_path {params['ca_path']!r} does not exist", "give a file or directory with the CA")
    if params["timeout"] <= 0:
        raise InputError("timeout is not positive", "give a number of seconds above 0")
    return Client(
        Connection(params["url"], _authorization(params, os.environ), verify, params["timeout"]), read_only=read_only
    )


def secrets_in(url: str | None) -> set[str]:
    """What a URL carries of credentials, by mistake: it is refused, and must not be logged either."""
    found = re.match(r"[^/?#]*//([^/?#]+)@", url or "")
    return {part for part in (found[1], *found[1].split(":", 1)) if part} if found else set()


def _authorization(params: Params, environment: t.Mapping[str, str]) -> str | None:
    """The Authorization header's value, or None for anonymous.

    The environment fills gaps only: where an option names one way to authenticate, the environment's value for
    the other way is left aside. Raises InputError where both ways come from the same place, or half of one is missing.
    """
    given = {name: params[name] for name in ("token", "username", "password")}
    explicit = {name for name, value in given.items() if value and value != environment.get(ENVIRONMENT[name])}
    if given["token"] and (given["username"] or given["password"]):
        if "token" in explicit and not explicit & {"username", "password"}:
            given.update(username=None, password=None)
        elif explicit and "token" not in explicit:
            given["token"] = None
        else:
            raise InputError("token is given beside username and password", "give one way to authenticate")
    if given["token"]:
        return bearer(given["token"])
    if bool(given["username"]) != bool(given["password"]):
        raise InputError("only one of username and password is given", "give both, or a token")
    return basic(given["username"], given["password"]) if given["username"] else None
