"""A real broker that wants TLS, certificates, passwords or tokens, each at a port of its own."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from confluent_kafka.cimpl import NewTopic

from sandbox.kafka import STOP_GRACE_SECONDS, Broker
from sandbox.process import free_port
from tests.connector.certificates import Authority

USER, PASSWORD = "mover", "correct horse"
REAUTHENTICATION_SECONDS = 3

LISTENERS = {
    "TLS": "SSL",
    "MTLS": "SSL",
    "SASLTLS": "SASL_SSL",
    "SASLPLAIN": "SASL_PLAINTEXT",
    "SHORT": "SASL_PLAINTEXT",
}
"""Names and protocols; at SHORT a client has to log in again every few seconds."""

_PROPERTIES = """
listeners=BROKER://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}},{listeners}
advertised.listeners=BROKER://127.0.0.1:{{port}},{listeners}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,{protocols}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.mtls.ssl.client.auth=required
listener.name.short.oauthbearer.connections.max.reauth.ms={reauthentication}
"""
_LOGIN = "listener.name.{listener}.{mechanism}.sasl.jaas.config={module} required{options};\n"
_SECURITY = "org.apache.kafka.common.security"
_MODULES = {
    "plain": (f"{_SECURITY}.plain.PlainLoginModule", f' user_{USER}="{PASSWORD}"'),
    "scram-sha-256": (f"{_SECURITY}.scram.ScramLoginModule", ""),
    "scram-sha-512": (f"{_SECURITY}.scram.ScramLoginModule", ""),
    "oauthbearer": (f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule", ""),
}


@dataclass
class SecuredBroker:
    """Its ports by the names of `LISTENERS`, the authority that signed its certificate, and a topic of one record."""

    broker: Broker
    ports: Mapping[str, int]
    authority: Authority
    topic: str = "guarded"

    def at(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def set_password(self, user: str, password: str) -> None:
        """Give a user a SCRAM password."""
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        # A request may hold a user only once.
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            info = ScramCredentialInfo(mechanism, 4096)
            alteration = UserScramCredentialUpsertion(user, info, password.encode())
            admin.alter_user_scram_credentials([alteration])[user].result(10)


def unsecured_token(subject: str, seconds: float = 3600, **claims: Any) -> str:
    """Write a token without a signature, which the broker takes in a test."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + seconds, **claims})
    written = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join(written) + "."


@contextmanager
def secured_broker(directory: Path) -> Iterator[SecuredBroker]:
    """Start one; its topic holds one record."""
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
        reauthentication=REAUTHENTICATION_SECONDS * 1000,
    )
    for listener in ("sasltls", "saslplain", "short"):
        for mechanism, (module, options) in _MODULES.items():
            properties += _LOGIN.format(listener=listener, mechanism=mechanism, module=module, options=options)
    broker = Broker.prepare(directory / "kafka", properties)
    record = broker.start(owner=directory)
    try:
        secured = SecuredBroker(broker, ports, authority)
        secured.set_password(USER, PASSWORD)
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        admin.create_topics([NewTopic(secured.topic, 1, 1)])[secured.topic].result(10)
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        producer.produce(secured.topic, b"value", key=b"key")
        assert producer.flush(10) == 0
        yield secured
    finally:
        record.stop(STOP_GRACE_SECONDS)
