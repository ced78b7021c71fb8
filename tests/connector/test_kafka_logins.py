"""Every way to reach a broker that it and the client know, tried on a real one; and what a refusal says."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from confluent_kafka import KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connector.config import KafkaSource
from connector.errors import ConnectorError, NotAuthenticated
from connector.kafka.client import Client
from connector.kafka.msk_iam import MskIamTokens
from connector.kafka.security import security_settings
from tests.connector.certificates import Authority
from tests.connector.processes import until
from tests.connector.secured_broker import (
    PASSWORD,
    REAUTHENTICATION_SECONDS,
    USER,
    SecuredBroker,
    secured_broker,
    unsecured_token,
)

LOGIN = {"username": {"env": "KAFKA_USERNAME"}, "password": {"env": "KAFKA_PASSWORD"}}
MECHANISMS = ("plain", "scram-sha-256", "scram-sha-512")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_USERNAME", USER)
    monkeypatch.setenv("KAFKA_PASSWORD", PASSWORD)


class Identities:
    """An identity provider that gives tokens for the right id and secret."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.secret = "s3cret"
        self.lifetime = 3600.0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                provider.asked.append({**form, "authorization": [self.headers.get("Authorization", "")]})
                allowed = provider.secret in str(form) or provider.basic in self.headers.get("Authorization", "")
                answer = {"access_token": unsecured_token("client-7", provider.lifetime), "token_type": "Bearer"}
                body = json.dumps(answer if allowed else {"error": "invalid_client"}).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    @property
    def basic(self) -> str:
        return base64.b64encode(f"client-7:{self.secret}".encode()).decode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def identities(monkeypatch: pytest.MonkeyPatch) -> Iterator[Identities]:
    monkeypatch.setenv("CLIENT_ID", "client-7")
    monkeypatch.setenv("CLIENT_SECRET", "s3cret")
    provider = Identities()
    yield provider
    provider.close()


def source(secured: SecuredBroker, listener: str, security: dict[str, Any]) -> KafkaSource:
    where = {"bootstrap": secured.at(listener), "topic": secured.topic, "group": "g"}
    return KafkaSource.model_validate({"kind": "kafka", **where, "security": security})


def reads(secured: SecuredBroker, listener: str, security: dict[str, Any]) -> bool:
    """Tell whether a client reads the record behind the login."""
    config = source(secured, listener, security)
    client = Client(config, config.bootstrap)
    try:
        assert client.partitions(secured.topic) == 1
        client.consumer.assign([TopicPartition(secured.topic, 0, 0)])
        messages = client.consumer.consume(1, 20)
        return [message.value() for message in messages] == [b"value"]
    finally:
        client.consumer.close()


def refusal(secured: SecuredBroker, listener: str, security: dict[str, Any]) -> ConnectorError:
    config = source(secured, listener, security)
    client = Client(config, config.bootstrap)
    try:
        with pytest.raises(ConnectorError) as caught:
            client.partitions(secured.topic)
        return caught.value
    finally:
        client.consumer.close()


def tls(secured: SecuredBroker, **more: Any) -> dict[str, Any]:
    return {"protocol": "tls", "ca": str(secured.authority.file), **more}


def test_tls_that_verifies_the_broker(secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch):
    assert reads(secured, "TLS", tls(secured))
    monkeypatch.setenv("KAFKA_CA", secured.authority.file.read_text())
    assert reads(secured, "TLS", tls(secured, ca={"env": "KAFKA_CA"}))
    assert reads(secured, "TLS", tls(secured, ca={"file": str(secured.authority.file)}))


def test_a_certificate_of_ours_from_files_or_variables(secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch):
    certificate, key = secured.authority.issue("client", "hunter2")
    monkeypatch.setenv("KEY_PASSWORD", "hunter2")
    password = {"key_password": {"env": "KEY_PASSWORD"}}
    assert reads(secured, "MTLS", tls(secured, certificate=str(certificate), key=str(key), **password))
    monkeypatch.setenv("CERTIFICATE", certificate.read_text())
    monkeypatch.setenv("KEY", key.read_text())
    named = {"certificate": {"env": "CERTIFICATE"}, "key": {"env": "KEY"}}
    assert reads(secured, "MTLS", tls(secured, **named, **password))


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize(("listener", "protocol"), [("SASLTLS", "sasl-tls"), ("SASLPLAIN", "sasl-plaintext")])
def test_a_password(secured: SecuredBroker, listener, protocol, mechanism):
    trust = {"ca": str(secured.authority.file)} if protocol == "sasl-tls" else {}
    assert reads(secured, listener, {"protocol": protocol, "mechanism": mechanism, **LOGIN, **trust})


def oauth(identities: Identities, **more: Any) -> dict[str, Any]:
    secrets = {"client_id": {"env": "CLIENT_ID"}, "client_secret": {"env": "CLIENT_SECRET"}}
    where = {"protocol": "sasl-plaintext", "mechanism": "oauthbearer", "token_endpoint": identities.url}
    return {**where, **secrets, **more}


def test_a_token_of_an_identity_provider(secured: SecuredBroker, identities: Identities):
    assert reads(secured, "SASLPLAIN", oauth(identities, scope="read write"))
    assert identities.asked[0]["scope"] == ["read write"]
    assert identities.asked[0]["grant_type"] == ["client_credentials"]


def test_a_token_that_expires_is_fetched_again_while_nobody_polls(secured: SecuredBroker, identities: Identities):
    identities.lifetime = 5.0
    config = source(secured, "SASLPLAIN", oauth(identities))
    client = Client(config, config.bootstrap)
    try:
        until(lambda: len(identities.asked) >= 3)
    finally:
        client.consumer.close()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_refused_with_the_mechanism_and_the_way_out(
    secured: SecuredBroker, mechanism, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("KAFKA_PASSWORD", "hunter2")
    error = refusal(secured, "SASLPLAIN", {"protocol": "sasl-plaintext", "mechanism": mechanism, **LOGIN})
    assert isinstance(error, NotAuthenticated)
    assert f"refuses SASL {mechanism.upper()} (" in str(error)
    assert "correct what source.security.username and password name" in str(error)
    assert "hunter2" not in str(error) + caplog.text


def test_a_wrong_secret_of_the_client_names_the_provider_s_keys(secured: SecuredBroker, identities: Identities):
    identities.secret = "another"
    error = refusal(secured, "SASLPLAIN", oauth(identities))
    assert isinstance(error, NotAuthenticated)
    assert "refuses SASL OAUTHBEARER" in str(error)
    assert "source.security.token_endpoint, client_id, client_secret" in str(error)


def test_a_missing_certificate_and_one_of_a_stranger_are_refused(secured: SecuredBroker, tmp_path: Path):
    error = refusal(secured, "MTLS", tls(secured))
    assert isinstance(error, NotAuthenticated)
    assert "refuses TLS without a certificate" in str(error)
    assert "set source.security.certificate and key" in str(error)
    certificate, key = Authority(tmp_path, "stranger").issue("stranger-client")
    error = refusal(secured, "MTLS", tls(secured, certificate=str(certificate), key=str(key)))
    assert isinstance(error, NotAuthenticated)
    assert "let the brokers trust its authority" in str(error)


def test_a_broker_of_another_authority_is_not_trusted(secured: SecuredBroker, tmp_path: Path):
    error = refusal(secured, "TLS", tls(secured, ca=str(Authority(tmp_path, "other").file)))
    assert "TLS fails (SSL handshake failed: SSL routines::certificate verify failed" in str(error)
    assert "check source.security.ca" in str(error)


def test_a_refusal_is_logged_once_and_librdkafka_does_not_flood(
    secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("connector.kafka.diagnosis._refusals._last", {})
    monkeypatch.setenv("KAFKA_PASSWORD", "hunter2")
    config = source(secured, "SASLPLAIN", {"protocol": "sasl-plaintext", "mechanism": "plain", **LOGIN})
    client = Client(config, config.bootstrap)
    reported = listened(client)
    try:

        def poll() -> bool:
            client.consumer.poll(0.2)
            return len(reported) >= 4

        until(poll)
    finally:
        client.consumer.close()
    assert len([record for record in caplog.records if "refuses the login" in record.message]) == 1
    assert len([record for record in caplog.records if record.name == "connector.librdkafka"]) <= 3


def test_a_password_that_changes_in_its_file_is_taken_up(secured: SecuredBroker, tmp_path: Path):
    file = tmp_path / "password"
    file.write_text("old\n")
    secured.set_password("rotated", "new")
    (tmp_path / "user").write_text("rotated")
    secrets = {"username": {"file": str(tmp_path / "user")}, "password": {"file": str(file)}}
    config = source(secured, "SASLPLAIN", {"protocol": "sasl-plaintext", "mechanism": "scram-sha-512", **secrets})
    client = Client(config, config.bootstrap)
    try:
        file.write_text("new\n")
        assert client.partitions(secured.topic) == 1
    finally:
        client.consumer.close()


class StubIdentity:
    """Gives credentials whose key tells which rotation they are of."""

    region = "eu-west-1"

    def __init__(self, rotations: list[str]) -> None:
        self.rotations = rotations
        self.asked = 0

    def tokens(self) -> MskIamTokens:
        return MskIamTokens(self, self.region)  # type: ignore[arg-type]  # no AWS

    def credentials(self) -> str:
        self.asked += 1
        return self.rotations[min(self.asked, len(self.rotations)) - 1]


def iam(secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch, principals: list[str]) -> tuple[StubIdentity, Client]:
    """Log in by the callback of MSK IAM, with tokens that a broker elsewhere takes as well."""
    identity = StubIdentity(principals)
    monkeypatch.setattr("connector.kafka.msk_iam.token", lambda principal, _: unsecured_token(principal))
    monkeypatch.setattr("connector.kafka.msk_iam.LIFETIME", 4)
    monkeypatch.setattr("connector.kafka.security._msk_iam", lambda _: identity.tokens())
    config = source(secured, "SHORT", {"protocol": "sasl-tls", "mechanism": "aws-msk-iam"})
    plain = {**security_settings(config.security), "security.protocol": "sasl_plaintext"}
    monkeypatch.setattr("connector.kafka.client.security_settings", lambda _: plain)
    return identity, Client(config, config.bootstrap)


def listened(client: Client) -> list[str]:
    """Return a list that fills with what librdkafka reports."""
    reported: list[str] = []
    hear = client._diagnosis.hear

    def note(error: KafkaError) -> None:
        reported.append(error.str())
        hear(error)

    client._diagnosis.hear = note  # type: ignore[method-assign]
    return reported


def heard(client: Client, seconds: float) -> str:
    """Work through several logins again on open connections; return what librdkafka reported."""
    reported = listened(client)
    client.consumer.assign([TopicPartition("guarded", 0, 0)])
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        client.consumer.consume(10, 0.2)
    return "\n".join(reported)


CHANGED = "Cannot change principals during re-authentication"


def test_tokens_of_an_aws_identity_are_renewed_while_idle_and_stay_the_same_principal(
    secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch
):
    # Peers: confluent-kafka-python #1485, #1739, #1960.
    identity, client = iam(secured, monkeypatch, ["IAM.role/task"])
    try:
        assert client.partitions(secured.topic) == 1
        until(lambda: identity.asked >= 3)
        assert CHANGED not in heard(client, 3 * REAUTHENTICATION_SECONDS)
        assert client.partitions(secured.topic) == 1
    finally:
        client.consumer.close()


def test_a_principal_that_changes_is_refused_on_an_open_connection(
    secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch
):
    # Peers: aws-msk-iam-auth #143.
    _, client = iam(secured, monkeypatch, ["IAM.role/session-1", "IAM.role/session-2"])
    try:
        assert client.partitions(secured.topic) == 1
        assert CHANGED in heard(client, 3 * REAUTHENTICATION_SECONDS)
    finally:
        client.consumer.close()


def test_producers_and_admin_clients_log_in_with_the_same_settings(secured: SecuredBroker):
    login = {"protocol": "sasl-plaintext", "mechanism": "scram-sha-512", **LOGIN}
    settings = {
        "bootstrap.servers": secured.at("SASLPLAIN"),
        **security_settings(source(secured, "SASLPLAIN", login).security),
    }
    assert secured.topic in AdminClient(settings).list_topics(timeout=10).topics
    assert secured.topic in Producer(settings).list_topics(timeout=10).topics
