"""A real broker that denies by default, with a listener for each way to log in, for all tests of this folder."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from kafka.admin import UserScramCredentialUpsertion

from cli.kafka import AdminClient
from sandbox.kafka import STOP_GRACE_SECONDS, Broker
from sandbox.process import free_port
from tests.connector.certificates import Authority

OPERATOR, PASSWORD = "operator", "correct horse"
LISTENERS = {"PASSWORDS": "SASL_SSL", "CERTIFICATES": "SSL"}
# The plain listener is the broker's own, and ANONYMOUS its administrator; all others have what ACLs allow.
_PROPERTIES = """
listeners=BROKER://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}},{listeners}
advertised.listeners=BROKER://127.0.0.1:{{port}},{listeners}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,{protocols}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.certificates.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{operator}
"""
_LOGIN = "listener.name.passwords.{mechanism}.sasl.jaas.config={module} required{options};\n"
_SECURITY = "org.apache.kafka.common.security"
_MODULES = {
    "plain": (f"{_SECURITY}.plain.PlainLoginModule", f' user_{OPERATOR}="{PASSWORD}"'),
    "scram-sha-256": (f"{_SECURITY}.scram.ScramLoginModule", ""),
    "scram-sha-512": (f"{_SECURITY}.scram.ScramLoginModule", ""),
    "oauthbearer": (f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule", ""),
}


@dataclass
class Guarded:
    """The broker, its ports by the names of ``LISTENERS``, and the authority that signed its certificate."""

    broker: Broker
    ports: dict[str, int]
    authority: Authority

    def at(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def admin(self) -> AdminClient:
        """As whom nothing is denied."""
        return AdminClient(bootstrap_servers=[self.broker.bootstrap])


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The broker; OPERATOR is its administrator by every mechanism."""
    directory: Path = tmp_path_factory.mktemp("guarded")
    authority = Authority(directory / "tls")
    certificate, key = authority.issue("broker")
    keystore = directory / "tls" / "keystore.pem"
    keystore.write_bytes(key.read_bytes() + certificate.read_bytes())
    ports = {name: free_port() for name in LISTENERS}
    properties = _PROPERTIES.format(
        listeners=",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items()),
        protocols=",".join(f"{name}:{protocol}" for name, protocol in LISTENERS.items()),
        keystore=keystore,
        truststore=authority.file,
        operator=OPERATOR,
    )
    for mechanism, (module, options) in _MODULES.items():
        properties += _LOGIN.format(mechanism=mechanism, module=module, options=options)
    broker = Broker.prepare(directory / "kafka", properties)
    record = broker.start(owner=directory)
    try:
        running = Guarded(broker, ports, authority)
        admin = running.admin()
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):  # a request may hold a user only once
            admin.alter_user_scram_credentials([UserScramCredentialUpsertion(OPERATOR, mechanism, PASSWORD)])
        admin.close()
        yield running
    finally:
        record.stop(STOP_GRACE_SECONDS)


@dataclass
class Vault:
    """Secrets and parameters of one test, under names that no other test has."""

    aws: boto3.Session
    prefix: str

    def user(self, name: str, password: str, label: str = "user") -> str:
        return self.keep(label, {"username": name, "password": password})

    def certificate(self, guarded: Guarded, name: str, password: str | None = None) -> str:
        """The certificate of a client, from the authority that the broker trusts."""
        certificate, key = guarded.authority.issue(name, password)
        entries = {"certificate": certificate.read_text(), "key": key.read_text()}
        return self.keep("certificate", entries | ({"key_password": password} if password else {}))

    def authority(self, guarded: Guarded) -> str:
        name = f"/{self.prefix}/ca"
        self.aws.client("ssm").put_parameter(
            Name=name, Type="String", Value=guarded.authority.file.read_text(), Overwrite=True
        )
        return f"ssm:{name}"

    def keep(self, label: str, entries: dict[str, Any]) -> str:
        name = f"{self.prefix}/{label}"
        self.aws.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(entries))
        return f"secret:{name}"


@pytest.fixture
def vault(aws: boto3.Session, topic: str) -> Vault:
    return Vault(aws, topic)


@pytest.fixture
def scram(guarded: Guarded, vault: Vault) -> dict[str, Any]:
    """The ``kafka:`` section of the broker where clients log in with SCRAM, and the CLI as its administrator."""
    return {
        "kind": "external",
        "bootstrap": guarded.at("PASSWORDS"),
        "ca": vault.authority(guarded),
        "auth": "scram-sha-512",
        "secret": vault.user(f"{vault.prefix[-20:]}-mover", "hunter2", "mover"),
        "admin_secret": vault.user(OPERATOR, PASSWORD, "operator"),
    }


def unsecured_token(subject: str, seconds: float = 3600) -> str:
    """A token without a signature, which the broker takes in a test."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + seconds})
    written = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join(written) + "."
