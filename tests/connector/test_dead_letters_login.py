"""Dead letters in a topic of a cluster that wants a login."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from connector.backoff import Backoff
from connector.config import Security
from connector.dead_letters.cluster import Cluster
from connector.dead_letters.topic import TopicDeadLetters
from connector.errors import NotAuthenticated
from connector.kafka.security import security_settings
from tests.connector.letters import letter, serve, settle
from tests.connector.secured_broker import PASSWORD, USER, SecuredBroker, secured_broker

WRONG = "wrong-battery-staple"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture
def dead_letters(secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[TopicDeadLetters]:
    monkeypatch.setenv("KAFKA_USERNAME", USER)
    monkeypatch.setenv("KAFKA_PASSWORD", WRONG)
    security = TypeAdapter[Security](Security).validate_python(
        {
            "protocol": "sasl-plaintext",
            "mechanism": "scram-sha-256",
            "username": {"env": "KAFKA_USERNAME"},
            "password": {"env": "KAFKA_PASSWORD"},
        }
    )
    where = {"bootstrap.servers": secured.at("SASLPLAIN")}
    cluster = Cluster(lambda: {**where, **security_settings(security)}, security)
    made = TopicDeadLetters(secured.topic, "route", cluster, Backoff(0.05, 0.2))
    yield made
    made.close(0)


def test_a_login_that_is_refused_is_named_and_the_right_one_taken_up(
    dead_letters: TopicDeadLetters, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    with pytest.raises(NotAuthenticated, match="refuses SASL SCRAM-SHA-256") as refused:
        dead_letters.probe()
    dead_letters.send(letter(1))
    assert serve(dead_letters, lambda: dead_letters.failing) == []
    assert "refuses SASL SCRAM-SHA-256" in str(dead_letters.failing)
    monkeypatch.setenv("KAFKA_PASSWORD", "")
    serve(dead_letters, lambda: "KAFKA_PASSWORD is not set" in str(dead_letters.failing))
    monkeypatch.setenv("KAFKA_PASSWORD", PASSWORD)
    assert settle(dead_letters, 1) == [1]
    assert dead_letters.failing is None
    assert "guarded has 1 partition" in dead_letters.probe().found
    assert not [text for text in (caplog.text, str(refused.value)) if WRONG in text or PASSWORD in text]
