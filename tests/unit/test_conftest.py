# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard of the unit tests itself."""

from __future__ import annotations

import socket

import pytest
import requests


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda: requests.get("http://127.0.0.1:9/", timeout=1),
        lambda: requests.get("http://bitbucket.example.com/", timeout=1),
        lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("127.0.0.1", 9)),
    ],
)
def test_reaching_out_fails(reach_out):
    with pytest.raises(pytest.fail.Exception, match="reached out to the network"):
        reach_out()
