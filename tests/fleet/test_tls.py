# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS with an authority of one's own: who is trusted, and who is not."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from harness.simulator import running

from .conftest import WORK
from .modules import Fleet, Result


@dataclasses.dataclass(frozen=True)
class Certificates:
    """PEM files: of the authority, of another one, of servers and of a client."""

    authority: Path
    stranger: Path
    server: Path
    other_host: Path
    client_cert: Path
    client_key: Path


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    directory = WORK / "tls"
    directory.mkdir(parents=True, exist_ok=True)
    made = Certificates(*(directory / f"{field.name}.pem" for field in dataclasses.fields(Certificates)))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.authority)
    trustme.CA().cert_pem.write_to_path(made.stranger)
    for path, name in ((made.server, "127.0.0.1"), (made.other_host, "elsewhere.example.com")):
        authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(path)
    client = authority.issue_cert("automation@example.com")
    client.private_key_pem.write_to_path(made.client_key)
    client.cert_chain_pems[0].write_to_path(made.client_cert)
    return made


@contextlib.contextmanager
def serving(collections: Path, name: str, *options: str) -> Iterator[Fleet]:
    # two nodes cost no more than one, and the modules ask for a cluster
    with running(WORK / name, "--nodes", "2", "--start-up-seconds", "0", *options) as simulator:
        yield Fleet(simulator, collections)


@pytest.fixture(scope="module")
def trusted(collections: Path, certificates: Certificates) -> Iterator[Fleet]:
    with serving(collections, "simulator-tls", "--tls-certificate", str(certificates.server)) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def demanding(collections: Path, certificates: Certificates) -> Iterator[Fleet]:
    client_ca = ("--tls-client-ca", str(certificates.authority))
    with serving(
        collections, "simulator-tls-client", "--tls-certificate", str(certificates.server), *client_ca
    ) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def misnamed(collections: Path, certificates: Certificates) -> Iterator[Fleet]:
    with serving(collections, "simulator-tls-name", "--tls-certificate", str(certificates.other_host)) as fleet:
        yield fleet


def refused(result: Result) -> None:
    """What every failure of TLS looks like: one sentence that names the certificate, and no second try."""
    assert result["failed"] is True
    assert result["error"]["type"] == "unreachable"
    assert result["error"]["retryable"] is False
    assert "check the certificate of the server and ca_path, client_cert and client_key." in result["msg"]


def test_the_authority_that_was_named_is_trusted(trusted: Fleet, certificates: Certificates) -> None:
    result = trusted.run("cluster_info", {"ca_path": str(certificates.authority)})
    assert result["cluster"]["state"] == "STABLE"


def test_it_is_trusted_by_environment_too(trusted: Fleet, certificates: Certificates) -> None:
    result = trusted.run("cluster_info", {}, BITBUCKET_CA_PATH=str(certificates.authority))
    assert result["cluster"]["state"] == "STABLE"


def test_no_other_variable_overrides_it(trusted: Fleet, certificates: Certificates) -> None:
    options = {"ca_path": str(certificates.authority)}
    result = trusted.run("cluster_info", options, REQUESTS_CA_BUNDLE=str(certificates.stranger))
    assert result["cluster"]["state"] == "STABLE"


def test_verification_can_be_switched_off(trusted: Fleet) -> None:
    assert trusted.run("cluster_info", {"validate_certs": False})["cluster"]["state"] == "STABLE"


def test_nobody_is_trusted_unasked(trusted: Fleet) -> None:
    refused(trusted.run("cluster_info", {}))


def test_another_authority_is_not_enough(trusted: Fleet, certificates: Certificates) -> None:
    refused(trusted.run("cluster_info", {"ca_path": str(certificates.stranger)}))


def test_the_certificate_must_be_the_host_s_own(misnamed: Fleet, certificates: Certificates) -> None:
    result = misnamed.run("cluster_info", {"ca_path": str(certificates.authority)})
    refused(result)
    assert "127.0.0.1" in result["msg"]


def test_no_tls_at_the_port_is_no_matter_of_certificates(fleet: Fleet) -> None:
    result = fleet.run("cluster_info", {"url": fleet.simulator.url.replace("http:", "https:")})
    assert result["failed"] is True
    assert (result["error"]["type"], result["error"]["retryable"]) == ("unreachable", False)
    assert result["msg"].endswith("; check the scheme and the port of url, the server does not use TLS there.")


def test_a_client_shows_its_certificate(demanding: Fleet, certificates: Certificates) -> None:
    options = {
        "ca_path": str(certificates.authority),
        "client_cert": str(certificates.client_cert),
        "client_key": str(certificates.client_key),
    }
    assert demanding.run("cluster_info", options)["cluster"]["state"] == "STABLE"


def test_without_one_the_server_refuses(demanding: Fleet, certificates: Certificates) -> None:
    result = demanding.run("cluster_info", {"ca_path": str(certificates.authority)})
    assert result["failed"] is True
    assert result["error"]["type"] == "unreachable"
