# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: may change at any time.
"""What a redirect means, and which redirects are followed.

Bitbucket redirects requests for the former name of a project or repository with 307, reads included (seen 10.4; the
read, also of a repository in another project: seen 5.13). A new repository with the old name ends that. Writes are
never sent to another address than the one that was asked for.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ._answer import Answer
from ._errors import BitbucketError, ContractError, MovedError

STATUSES = (301, 302, 303, 307, 308)
_NAMES = re.compile(r"/rest/[^?#]*?/projects/(?P<project>[^/?#]+)(?:/repos/(?P<repository>[^/?#]+))?")


class Redirect:
    """One redirect of a request for ``path``, the part of ``url`` after its base address.

    Raises ValueError where it leads to something that is not an address.
    """

    def __init__(self, path: str, url: str, answer: Answer) -> None:
        self._path, self._answer = path, answer
        self.target = urllib.parse.urljoin(url, answer.headers.get("Location", ""))
        self._from, self._to = urllib.parse.urlsplit(url), urllib.parse.urlsplit(self.target)

    @property
    def stays(self) -> bool:
        """Whether it leads to a REST resource of the same server, so that credentials may be sent there."""
        return self._same_server and "/rest/" in self._to.path

    def error(self) -> BitbucketError:
        """The error of a redirect that is not followed, with the new name or the address to use."""
        here, there = _names(self._from.path), _names(self._to.path)
        if here and there and here != there:
            return self._moved(here, there)
        next_step = self._next_step()
        return ContractError(f"{self._line} to {self._shown(self._to.path)}", next_step, **self._about)

    @property
    def _line(self) -> str:
        return f"{self._answer.method} {self._path} was redirected ({self._answer.status})"

    @property
    def _about(self) -> dict[str, t.Any]:
        return {**self._answer.about, "path": self._path}

    @property
    def _same_server(self) -> bool:
        return (self._from.scheme, self._from.netloc) == (self._to.scheme, self._to.netloc)

    def _moved(self, here: tuple[str, ...], there: tuple[str, ...]) -> BitbucketError:
        kind = "repository" if len(here) > 1 else "project"
        options = dict(zip(("project_key", "repository"), there))
        return MovedError(
            f"{self._line} to {self._shown(self._to.path)}: {kind} {'/'.join(here)} is now {'/'.join(there)}",
            "set " + " and ".join(f"{name} to {value}" for name, value in options.items()),
            **self._about,
        )

    def _next_step(self) -> str:
        asked = urllib.parse.unquote(self._path)
        arrived = urllib.parse.unquote(self._to.path)
        if arrived.endswith(asked):
            return f"set url to {self._shown(arrived[: -len(asked)])} if that is the right server"
        return (
            "this is not Bitbucket's REST API but probably the login page of single sign-on or of a proxy: set url to"
            " an address where the REST API is served without that login, and authenticate with a token"
        )

    def _shown(self, path: str) -> str:
        """An address of the target's server, without what may carry a secret: user information and query."""
        host = self._to.netloc.rpartition("@")[2]
        return f"{self._to.scheme}://{host}{path}"


def _names(path: str) -> tuple[str, ...]:
    """Key of the project, and slug of the repository where there is one, in the path of a REST resource; else empty."""
    found = _NAMES.search(path)
    return tuple(urllib.parse.unquote(name) for name in found.groups() if name) if found else ()
