# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every unit test: no network, no credentials of the machine, bounded property tests."""

from __future__ import annotations

import os
import pathlib
import socket
import sys

import pytest
from hypothesis import settings

# ansible-test hands TMPDIR to nobody: what tests write stays with the rest of its output all the same
_OUTPUT = pathlib.Path(__file__).parents[1] / "output"
_OUTPUT.mkdir(exist_ok=True)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_OUTPUT))

# derandomize: the gate gives the same answer for the same code; the long profile is the one that explores. The code
# decides the same on every Python, so one of them, which the other tests need anyway, tries the many examples.
_EXAMPLES = 200 if sys.version_info[:2] == (3, 11) else 20
settings.register_profile("default", max_examples=_EXAMPLES, deadline=None, database=None, derandomize=True)
settings.register_profile("long", max_examples=2000, deadline=None, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Any attempt to reach a host fails the test, also where the code under test would swallow an exception."""

    def refuse(*args, **_kwargs):
        # pytest's failure is no Exception, so no "except Exception" of the code under test can hide it
        pytest.fail(f"a unit test reached out to the network: {args[-2:]}")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, refuse)
        for name in ("getaddrinfo", "gethostbyname", "create_connection"):
            patch.setattr(socket, name, refuse)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_environment():
    """The machine's own BITBUCKET_* variables, proxies and trusted authorities are not part of any test."""
    ours = ("BITBUCKET_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(ours) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield
