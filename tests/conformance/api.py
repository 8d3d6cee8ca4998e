# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw HTTP: one request, one answer, checked against the JSON Schemas of the vendor's reference."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import requests
import yaml

from conformance.target import HERE, Account

SECONDS = 60
JSON = "application/json"
HEADERS = {"Accept": JSON, "Content-Type": JSON, "X-Atlassian-Token": "no-check"}


@functools.cache
def validator(definition: str) -> jsonschema.Draft202012Validator:
    """Of one kind of answer, by its name below $defs of schemas.yml."""
    schema = yaml.safe_load((HERE / "schemas.yml").read_text(encoding="utf-8"))
    if definition not in schema["$defs"]:
        raise KeyError(f"schemas.yml has no {definition}")
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{definition}"})


class NoPassword(requests.auth.AuthBase):
    """Nothing that requests would find elsewhere, such as in ~/.netrc, gets into the request."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Answer:
    """What came back. Bodies of refusals in JSON have been checked already."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.text
        self.media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.said = f"{response.request.method} {response.request.url} answered {self.status}: {self.text[:1000]}"
        self.json: Any = response.json() if self.media_type == JSON and self.text else None

    @property
    def exception(self) -> str | None:
        """The exception of the first error without its package, None when none is named."""
        name = self.json["errors"][0].get("exceptionName") if self.json and "errors" in self.json else None
        return None if name is None else str(name).rpartition(".")[2]

    @property
    def message(self) -> str:
        """Of the first error."""
        return str(self.json["errors"][0]["message"])

    def check(self, definition: str) -> None:
        """The body keeps the schema; AssertionError with every fault and its path."""
        faults = [f"{fault.json_path}: {fault.message}" for fault in validator(definition).iter_errors(self.json)]
        assert not faults, f"not a {definition}: {faults}\n{self.said}"


class Api:
    """One caller of the REST API."""

    def __init__(self, url: str, auth: requests.auth.AuthBase | Account | None) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = True  # proxies and certificates of the user's
        if isinstance(auth, Account):
            self._session.auth = requests.auth.HTTPBasicAuth(auth.name.encode(), auth.password.encode())
        else:
            self._session.auth = auth or NoPassword()

    def call(
        self,
        method: str,
        path: str,
        *,
        status: int | tuple[int, ...] | None = None,
        schema: str | None = None,
        refusal: str = "errors",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Answer:
        """One request, nothing followed, nothing tried twice; ``headers`` replace all of HEADERS.

        The body is checked against ``schema``, that of a refusal in JSON against ``refusal``.
        """
        response = self._session.request(
            method,
            self.url + path,
            headers=HEADERS if headers is None else headers,
            allow_redirects=False,
            timeout=SECONDS,
            **more,
        )
        answer = Answer(response)
        if status is not None:
            assert answer.status in ((status,) if isinstance(status, int) else status), answer.said
        if answer.status >= 400 and answer.json is not None:
            answer.check(refusal)
        elif schema is not None:
            answer.check(schema)
        return answer

    def get(self, path: str, *, status: int | tuple[int, ...] | None = 200, **more: Any) -> Answer:
        return self.call("GET", path, status=status, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("POST", path, json=body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("PUT", path, json=body, **more)

    def delete(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("DELETE", path, json=body, **more)

    def values(self, path: str, schema: str, /, **params: Any) -> list[Any]:
        """All values of a paged resource; every page is checked against the schema."""
        found: list[Any] = []
        start = 0
        while True:
            page = self.get(path, schema=schema, params={**params, "start": start, "limit": 100}).json
            found += page["values"]
            if page["isLastPage"]:
                return found
            start = page["nextPageStart"]
