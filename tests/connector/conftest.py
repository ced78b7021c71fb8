"""What the connector's tests share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.kafka import Broker
from tests.connector.fault_server import FaultServer, serving
from tests.connector.processes import Route


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A stand-in for Kinesis that misbehaves on demand."""
    with FaultServer() as running:
        yield running


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[FaultServer]:
    """The same over TLS."""
    with FaultServer(tls=serving(certificate)) as running:
        yield running


@pytest.fixture
def route(broker: Broker, server: FaultServer, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Route]:
    """A topic of the test's own on the real broker, with its processes ended afterwards."""
    name = f"{request.node.name[:60].replace('[', '-').rstrip(']')}-{uuid.uuid4().hex[:8]}"
    new = Route(broker.bootstrap, server, tmp_path, name)
    new.create_topic()
    yield new
    new.end_all()
