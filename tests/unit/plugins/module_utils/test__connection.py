# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import sys

import pytest
from ansible_collections.bitbucket.datacenter.plugins.module_utils import _connection
from ansible_collections.bitbucket.datacenter.plugins.module_utils._errors import InputError, MissingLibraryError
from ansible_collections.bitbucket.datacenter.plugins.module_utils._transport import basic, bearer

PARAMS = {
    "url": ["https://bitbucket.example.com"],
    "username": None,
    "password": None,
    "token": None,
    "token_file": None,
    "ca_path": None,
    "client_cert": None,
    "client_key": None,
    "validate_certs": True,
    "allow_http": False,
    "proxy": None,
    "timeout": 30.0,
    "patience": None,
}


def authorization(options, environment):
    """What the options and the environment together come to, as a module sees them: options win, gaps are filled."""
    filled = {
        name: options.get(name) or environment.get(f"BITBUCKET_{name.upper()}")
        for name in ("username", "password", "token", "token_file")
    }
    return _connection._authorization({**PARAMS, **filled}, environment)


USER = {"username": "jane", "password": "pw"}
TOKEN = {"token": "tk"}
USER_ENV = {"BITBUCKET_USERNAME": "env", "BITBUCKET_PASSWORD": "envpw"}
TOKEN_ENV = {"BITBUCKET_TOKEN": "envtk"}


@pytest.mark.parametrize(
    ("options", "environment", "wanted"),
    [
        ({}, {}, None),
        (USER, {}, basic("jane", "pw")),
        (TOKEN, {}, bearer("tk")),
        ({}, USER_ENV, basic("env", "envpw")),
        ({}, TOKEN_ENV, bearer("envtk")),
        (USER, TOKEN_ENV, basic("jane", "pw")),
        (TOKEN, USER_ENV, bearer("tk")),
        (USER, USER_ENV, basic("jane", "pw")),
        (TOKEN, TOKEN_ENV, bearer("tk")),
        ({"username": "jane"}, USER_ENV, basic("jane", "envpw")),
        ({"password": "pw"}, {**USER_ENV, **TOKEN_ENV}, basic("env", "pw")),
        (TOKEN, {"BITBUCKET_USERNAME": "env"}, bearer("tk")),
    ],
)
def test_options_win_over_the_environment(options, environment, wanted):
    assert authorization(options, environment) == wanted


@pytest.mark.parametrize(
    ("options", "environment", "cause"),
    [
        ({**USER, **TOKEN}, {}, "token and username are given together"),
        ({"username": "jane", **TOKEN}, {}, "token and username are given together"),
        ({}, {**USER_ENV, **TOKEN_ENV}, "token and username are given together"),
        ({"username": "jane"}, {}, "only one of username and password is given"),
        ({"password": "pw"}, {}, "only one of username and password is given"),
        ({"username": "jane"}, TOKEN_ENV, "only one of username and password is given"),
        ({}, {"BITBUCKET_USERNAME": "env"}, "only one of username and password is given"),
    ],
)
def test_two_ways_or_half_a_way_are_refused_without_a_secret(options, environment, cause):
    with pytest.raises(InputError) as caught:
        authorization(options, environment)
    assert caught.value.cause == cause
    for secret in ("pw", "tk", "envpw", "envtk"):
        assert secret not in str(caught.value).split()


def test_credentials_are_never_a_mixture_of_both_ways():
    values = ({}, {"username": "jane"}, {"password": "pw"}, USER, TOKEN, {**USER, **TOKEN})
    environments = ({}, USER_ENV, TOKEN_ENV, {**USER_ENV, **TOKEN_ENV})
    for options, environment in itertools.product(values, environments):
        try:
            made = authorization(options, environment)
        except InputError:
            continue
        known = {basic(name, word) for name in ("jane", "env") for word in ("pw", "envpw")}
        assert made in {None, bearer("tk"), bearer("envtk")} | known
        if "token" in options and "username" not in options:
            assert made == bearer("tk")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"url": None}, "url is not set"),
        ({"url": []}, "url is not set"),
        ({"url": ["", " "]}, "url is not set"),
        ({"url": ["https://a.example.com", "bitbucket"]}, "url is not a base address"),
        (
            {"url": ["http://bitbucket.example.com"], "token": "tk"},
            "url 'http://bitbucket.example.com' is plain HTTP, the credentials would travel unprotected",
        ),
        ({"timeout": 0}, "timeout is not positive"),
        ({"timeout": -1}, "timeout is not positive"),
        ({"patience": -1}, "patience is negative"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path '/nowhere/ca.pem' does not exist"),
        ({"client_cert": "/nowhere/c.pem"}, "client_cert '/nowhere/c.pem' does not exist"),
        ({"client_key": "/dev/null"}, "client_key is given without client_cert"),
        ({"token_file": "/nowhere/token"}, "token_file '/nowhere/token' cannot be read: No such file or directory"),
        ({"token_file": "/dev/null"}, "token_file '/dev/null' does not hold one token"),
    ],
)
def test_a_connection_that_cannot_be_is_refused(change, cause):
    with pytest.raises(InputError) as caught:
        _connection.connect({**PARAMS, **change}, read_only=True)
    assert caught.value.cause == cause


def test_what_is_missing_is_named_with_its_variable():
    with pytest.raises(InputError, match="give the option url or the environment variable BITBUCKET_URL"):
        _connection.connect({**PARAMS, "url": None}, read_only=True)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_client_writes_only_if_it_may(read_only):
    with _connection.connect(PARAMS, read_only=read_only) as client:
        assert client.read_only is read_only


@pytest.mark.parametrize(
    ("validate", "given", "wanted"), [(True, False, True), (False, True, False), (False, False, False)]
)
def test_verification_is_switched_off_only_by_validate_certs(validate, given, wanted, tmp_path):
    params = {**PARAMS, "validate_certs": validate, "ca_path": str(tmp_path) if given else None}
    with _connection.connect(params, read_only=True) as client:
        assert client._transport._connection.verify is wanted


def test_ca_path_names_the_trusted_authorities(tmp_path):
    with _connection.connect({**PARAMS, "ca_path": str(tmp_path)}, read_only=True) as client:
        assert client._transport._connection.verify == str(tmp_path)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(MissingLibraryError, match="The Python library requests is missing in"):
        _connection.connect(PARAMS, read_only=True)


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("", set()),
        ("https://bitbucket.example.com/x@y", set()),
        ("https://bitbucket.example.com?who=a@b", set()),
        ("https://jane:pw@host", {"jane:pw", "jane", "pw"}),
        ("https://jane:p@ss:word@host/x", {"jane:p@ss:word", "jane", "p@ss:word"}),
        ("https://tk@host", {"tk"}),
        ("https://:pw@host", {":pw", "pw"}),
    ],
)
def test_what_a_url_carries_by_mistake_is_known_so_that_it_can_be_hidden(url, secrets):
    assert _connection.secrets_in(url) == secrets


@pytest.mark.parametrize("content", ["tk", "tk\n", "  tk \r\n\n"])
def test_a_token_comes_from_a_file(content, tmp_path):
    path = tmp_path / "token"
    path.write_text(content, encoding="ascii")
    assert authorization({"token_file": str(path)}, TOKEN_ENV) == bearer("tk")


@pytest.mark.parametrize("content", ["", "two words", "a\nb", "t\u00f6ken"])
def test_a_file_without_one_token_is_refused_without_showing_it(content, tmp_path):
    path = tmp_path / "token"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        authorization({"token_file": str(path)}, {})
    assert not content or content not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://127.0.0.1:7990", {}),
        ("http://localhost:7990/context", {}),
        ("http://[::1]:7990", {}),
        ("http://bitbucket.example.com", {"allow_http": True}),
        ("https://bitbucket.example.com", {}),
    ],
)
def test_credentials_travel_protected_or_by_leave(url, options):
    with _connection.connect({**PARAMS, "url": [url], "token": "tk", **options}, read_only=True) as client:
        assert client.read_only


def test_without_credentials_plain_http_needs_no_leave():
    with _connection.connect({**PARAMS, "url": ["http://bitbucket.example.com"]}, read_only=True) as client:
        assert client.read_only
