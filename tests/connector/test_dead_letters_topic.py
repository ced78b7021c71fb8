"""Dead letters in a topic, on a broker that can be stopped, held up and told to refuse."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.cimpl import NewTopic

from connector.backoff import Backoff
from connector.batch import Headers, Partition
from connector.config import Plaintext
from connector.dead_letters import Letter
from connector.dead_letters.cluster import Cluster as SourceCluster
from connector.dead_letters.topic import TopicDeadLetters
from connector.errors import ConnectorError, Undeliverable
from sandbox.kafka import STOP_GRACE_SECONDS, Broker
from sandbox.process import ProcessRecord
from tests.connector.letters import FLIGHTS, incompressible, letter, offsets, serve, settle
from tests.connector.processes import until

AUTHORIZER = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
PROMPT = {"topic.metadata.propagation.max.ms": 500}
"""librdkafka waits half a minute for a topic that is not there; the tests do not."""


@dataclass
class Cluster:
    """A broker of this module's own, since it is stopped, held up and told to refuse."""

    broker: Broker
    record: ProcessRecord
    owner: Path

    @property
    def settings(self) -> dict[str, object]:
        return {"bootstrap.servers": self.broker.bootstrap}

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})

    def topic(self, **config: str) -> str:
        name = f"rejected-{uuid.uuid4().hex[:8]}"
        self.create(name, **config)
        return name

    def create(self, name: str, **config: str) -> None:
        settings = {key.replace("_", "."): value for key, value in config.items()}
        self.admin.create_topics([NewTopic(name, 1, 1, config=settings)])[name].result(10)

    def stop(self) -> None:
        self.record.stop(STOP_GRACE_SECONDS)

    def start(self) -> None:
        self.record = self.broker.start(owner=self.owner)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Let the broker's process do nothing; connections to it stay open."""
        os.kill(self.record.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.record.pid, signal.SIGCONT)

    @contextmanager
    def refusing(self, topic: str) -> Iterator[None]:
        """Deny writing to a topic."""
        place = ResourceType.TOPIC, topic, ResourcePatternType.LITERAL
        bindings = [
            AclBinding(*place, "User:ANONYMOUS", "*", AclOperation.WRITE, AclPermissionType.DENY),
            AclBinding(*place, "User:ANONYMOUS", "*", AclOperation.ALL, AclPermissionType.ALLOW),
        ]
        for future in self.admin.create_acls(bindings).values():
            future.result(10)
        try:
            yield
        finally:
            rule = AclBindingFilter(*place, "User:ANONYMOUS", "*", AclOperation.ANY, AclPermissionType.ANY)
            self.admin.delete_acls([rule])[rule].result(10)

    def read(self, topic: str, count: int) -> list[Message]:
        """Read the first records of a topic, and be sure that there are no more."""
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": "reader"})
        consumer.assign([TopicPartition(topic, 0, 0)])
        found: list[Message] = []
        try:
            while len(found) < count:
                found.extend(consumer.consume(count, 10))
            found.extend(consumer.consume(1, 0.3))
        finally:
            consumer.close()
        return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("dead-letters")
    broker = Broker.prepare(directory / "kafka")
    properties = broker.directory / "server.properties"
    properties.write_text(properties.read_text() + AUTHORIZER)
    running = Cluster(broker, broker.start(owner=directory), directory)
    yield running
    running.stop()


def reached(**settings: object) -> SourceCluster:
    return SourceCluster(lambda: settings, Plaintext(protocol="plaintext"))


Opening = Callable[..., TopicDeadLetters]


@pytest.fixture
def opened(cluster: Cluster) -> Iterator[Opening]:
    """Open a topic for dead letters; it is closed afterwards."""
    all_opened: list[TopicDeadLetters] = []

    def new(topic: str, kind: type[TopicDeadLetters] = TopicDeadLetters, **options: object) -> TopicDeadLetters:
        made = kind(topic, "flights-to-stream", reached(**cluster.settings, **PROMPT), Backoff(0.05, 0.2), **options)  # type: ignore[arg-type]
        all_opened.append(made)
        return made

    yield new
    for each in all_opened:
        each.close(0)


def headers_of(message: Message) -> Headers:
    return message.headers() or []  # type: ignore[return-value]  # a list of names and bytes when it is read


def text_headers(message: Message) -> dict[str, str]:
    """Read the headers of our own, the last of each name."""
    prefix = "streamops.dead-letter."
    return {
        name.removeprefix(prefix): (value or b"").decode()
        for name, value in headers_of(message)
        if name.startswith(prefix)
    }


def test_a_letter_arrives_byte_for_byte_and_its_headers_tell_why(cluster: Cluster, opened: Opening):
    topic = cluster.topic()
    dead_letters = opened(topic)
    own = [("trace", b"a1"), ("trace", b"\xff\x00"), ("none", None), ("empty", b"")]
    dead_letters.send(letter(17, b"\x00\xff\n", b"\xfe", headers=own))
    assert settle(dead_letters, 1) == [17]
    (message,) = cluster.read(topic, 1)
    assert (message.key(), message.value()) == (b"\xfe", b"\x00\xff\n")
    assert headers_of(message)[:4] == own
    assert text_headers(message) == {
        "route": "flights-to-stream",
        "topic": "flights",
        "partition": "3",
        "offset": "17",
        "timestamp": "1769854502123",
        "timestamp-type": "CreateTime",
        "reason": "RecordTooLarge",
        "message": "the record is too large",
        "rejected-at": "2026-02-01T10:15:02.045Z",
    }


@pytest.mark.parametrize(("key", "value"), [(None, b"v"), (b"k", None), (None, None), (b"", b""), (b"k", b"")])
def test_null_and_empty_are_kept_apart(cluster: Cluster, opened: Opening, key, value):
    topic = cluster.topic()
    dead_letters = opened(topic)
    dead_letters.send(letter(1, value, key, timestamp=(0, -1)))
    settle(dead_letters, 1)
    (message,) = cluster.read(topic, 1)
    assert (message.key(), message.value()) == (key, value)
    assert "timestamp" not in text_headers(message)


def test_an_old_record_is_new_to_the_retention_of_the_topic(cluster: Cluster, opened: Opening):
    topic = cluster.topic()
    dead_letters = opened(topic)
    dead_letters.send(letter(1, timestamp=(2, 1000)))
    settle(dead_letters, 1)
    (message,) = cluster.read(topic, 1)
    assert message.timestamp()[1] > 1_700_000_000_000
    assert text_headers(message)["timestamp"] == "1000"
    assert text_headers(message)["timestamp-type"] == "LogAppendTime"


def test_a_letter_that_is_rejected_again_tells_of_both_times(cluster: Cluster, opened: Opening):
    topic = cluster.topic()
    dead_letters = opened(topic)
    dead_letters.send(letter(5, headers=[("streamops.dead-letter.offset", b"4")]))
    settle(dead_letters, 1)
    (message,) = cluster.read(topic, 1)
    assert headers_of(message)[0] == ("streamops.dead-letter.offset", b"4")
    assert text_headers(message)["offset"] == "5"


class Hasty(TopicDeadLetters):
    """Takes what was sent for acknowledged: the negative control."""

    def send(self, letter: Letter) -> None:
        super().send(letter)
        self._ledger.leave(letter)
        self._settled.append((letter.partition, letter.offset))


def acknowledges_what_the_broker_has(cluster: Cluster, dead_letters: TopicDeadLetters) -> None:
    dead_letters.send(letter(1))
    settle(dead_letters, 1)  # connected
    with cluster.held_up():
        for offset in range(2, 12):
            dead_letters.send(letter(offset))
        calls = iter(range(100))
        assert serve(dead_letters, lambda: next(calls) == 99) == []
        assert dead_letters.pending == 10
    assert settle(dead_letters, 10) == list(range(2, 12))
    assert dead_letters.pending == dead_letters.pending_bytes == 0


def test_nothing_is_acknowledged_before_the_broker_has_it(cluster: Cluster, opened: Opening):
    acknowledges_what_the_broker_has(cluster, opened(cluster.topic()))


def test_a_hasty_acknowledgement_is_seen(cluster: Cluster, opened: Opening):
    with pytest.raises(AssertionError):
        acknowledges_what_the_broker_has(cluster, opened(cluster.topic(), Hasty))


def test_a_broker_that_is_down_is_waited_for_and_nothing_is_lost(cluster: Cluster, opened: Opening):
    topic = cluster.topic()
    dead_letters = opened(topic)
    dead_letters.send(letter(0))
    settle(dead_letters, 1)
    assert dead_letters.failing is None
    cluster.stop()
    try:
        for offset in range(1, 101):
            dead_letters.send(letter(offset, b"%d" % offset))
        assert serve(dead_letters, lambda: dead_letters.failing) == []
        assert "no broker answers" in str(dead_letters.failing)
        assert dead_letters.pending == 100
        assert dead_letters.pending_bytes > 0
    finally:
        cluster.start()
    assert sorted(settle(dead_letters, 100, 60)) == list(range(1, 101))
    assert dead_letters.failing is None
    assert {message.value() for message in cluster.read(topic, 101)} == {
        b"value",
        *(b"%d" % offset for offset in range(1, 101)),
    }


def test_a_topic_that_refuses_is_asked_again_until_it_takes(cluster: Cluster, opened: Opening):
    topic = cluster.topic()
    dead_letters = opened(topic)
    with cluster.refusing(topic):
        with pytest.raises(ConnectorError, match="may not write to it; allow WRITE"):
            dead_letters.probe()
        for offset in range(5):
            dead_letters.send(letter(offset))
        assert serve(dead_letters, lambda: dead_letters.failing) == []
        assert "Topic authorization failed" in str(dead_letters.failing)
        assert dead_letters.fatal is None
    assert sorted(settle(dead_letters, 5)) == list(range(5))
    assert dead_letters.failing is None


def test_a_topic_that_is_made_later_gets_what_waited_for_it(cluster: Cluster, opened: Opening):
    topic = f"later-{uuid.uuid4().hex[:8]}"
    dead_letters = opened(topic)
    with pytest.raises(ConnectorError, match=r"does not exist; create it or correct dead_letters\.topic"):
        dead_letters.probe()
    dead_letters.send(letter(7))
    assert serve(dead_letters, lambda: dead_letters.failing) == []
    assert "Unknown topic" in str(dead_letters.failing)
    cluster.create(topic)
    assert settle(dead_letters, 1) == [7]


def test_a_letter_too_large_for_the_topic_stops_the_route_and_its_neighbours_arrive(cluster: Cluster, opened: Opening):
    topic = cluster.topic(max_message_bytes="50000")
    dead_letters = opened(topic)
    for offset in range(10):
        dead_letters.send(incompressible(offset, 60_000) if offset == 4 else letter(offset))
    assert sorted(settle(dead_letters, 9)) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    serve(dead_letters, lambda: dead_letters.fatal)
    assert isinstance(dead_letters.fatal, Undeliverable)
    assert (dead_letters.fatal.partition, dead_letters.fatal.offset) == (FLIGHTS, 4)
    assert f"flights:3 offset 4: the record is too large; and the dead-letter topic '{topic}'" in str(
        dead_letters.fatal
    )
    assert "Raise max.message.bytes" in str(dead_letters.fatal)
    assert dead_letters.close(10) == 1


def test_letters_that_fit_only_alone_are_sent_alone(cluster: Cluster, opened: Opening):
    topic = cluster.topic(max_message_bytes="20000")
    dead_letters = opened(topic)
    for offset in range(8):
        dead_letters.send(incompressible(offset, 15_000))
    assert sorted(settle(dead_letters, 8)) == list(range(8))
    assert dead_letters.fatal is None
    assert len(cluster.read(topic, 8)) == 8


def test_a_compressible_letter_may_be_larger_than_the_topic_allows(cluster: Cluster, opened: Opening):
    topic = cluster.topic(max_message_bytes="20000")
    dead_letters = opened(topic)
    dead_letters.send(letter(1, b"\0" * 3_000_000))
    assert settle(dead_letters, 1) == [1]
    (message,) = cluster.read(topic, 1)
    assert message.value() == b"\0" * 3_000_000


def test_a_producer_that_cannot_go_on_is_replaced_and_nothing_is_lost(cluster: Cluster, opened: Opening):
    topic = cluster.topic()
    dead_letters = opened(topic)
    dead_letters.send(letter(0))
    settle(dead_letters, 1)
    first = dead_letters._producer
    with cluster.held_up():
        for offset in range(1, 6):
            dead_letters.send(letter(offset))
        # Kafka has no way to make a producer lose track of its sequence numbers on demand.
        dead_letters._on_error(KafkaError(KafkaError._FATAL, "lost track", fatal=True))
        assert dead_letters.failing is None  # it may pass within moments
        assert serve(dead_letters, lambda: dead_letters._producer is not first) == []
    assert sorted(set(settle(dead_letters, 5))) == list(range(1, 6))
    assert dead_letters.pending == dead_letters.pending_bytes == 0


def test_letters_of_partitions_given_up_are_forgotten(cluster: Cluster, opened: Opening):
    dead_letters = opened(cluster.topic())
    other = Partition("flights", 4)
    with cluster.held_up():
        for offset in range(3):
            dead_letters.send(letter(offset))
            dead_letters.send(letter(offset, partition=other))
        dead_letters.abandon([FLIGHTS])
        assert dead_letters.pending == 3
    settled: list[tuple[Partition, int]] = []
    while dead_letters.pending:
        settled += dead_letters.settled()
    assert sorted(settled) == [(other, offset) for offset in range(3)]
    until(lambda: dead_letters.settled() or not dead_letters.pending_bytes)


def test_what_waits_for_room_in_the_client_is_sent_later(cluster: Cluster):
    topic = cluster.topic()
    dead_letters = TopicDeadLetters(
        topic, "route", reached(**cluster.settings, **{"queue.buffering.max.messages": 10}), Backoff(0.05, 0.2)
    )
    for offset in range(100):
        dead_letters.send(letter(offset))
    assert len(dead_letters._waiting) >= 90
    assert sorted(settle(dead_letters, 100)) == list(range(100))
    assert dead_letters.close(0) == 0


def test_closing_drains_and_tells_what_is_left(cluster: Cluster, opened: Opening, caplog: pytest.LogCaptureFixture):
    dead_letters = opened(cluster.topic())
    dead_letters.send(letter(1))
    assert dead_letters.close(30) == 0
    assert offsets(dead_letters.settled()) == [1]
    held = opened(cluster.topic())
    with cluster.held_up():
        held.send(letter(1))
        held.send(letter(2))
        assert held.close(0.2) == 2
    serve(held, lambda: not len(held._producer))
    assert held.pending == 2
    assert "sent again" not in caplog.text


def test_a_probe_describes_the_topic(cluster: Cluster, opened: Opening):
    roomy, source = cluster.topic(max_message_bytes=str(2 << 20)), cluster.topic(max_message_bytes=str(1 << 20))
    found, hazard = opened(roomy, source_topic=source).probe()
    assert (found, hazard) == (f"{roomy} has 1 partition and takes batches up to 2MiB", None)
    found, hazard = opened(source, source_topic=roomy).probe()
    assert found == f"{source} has 1 partition and takes batches up to 1MiB"
    assert str(hazard).endswith(f"raise max.message.bytes of {source} to 2105344, or the route stops at such a record")


def test_a_compacted_topic_is_refused_since_it_loses_letters(cluster: Cluster, opened: Opening):
    with pytest.raises(ConnectorError, match=r"is compacted.*set cleanup\.policy to delete"):
        opened(cluster.topic(cleanup_policy="compact")).probe()


def test_brokers_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connector.kafka.admin._PATIENCE", 1.0)
    nowhere = reached(**{"bootstrap.servers": "127.0.0.1:1"})
    dead_letters = TopicDeadLetters("rejected", "route", nowhere, Backoff(0.05, 0.2))
    with pytest.raises(ConnectorError, match=r"at 127\.0\.0\.1:1: no broker answers .*check source\.bootstrap"):
        dead_letters.probe()
    dead_letters.close(0)


def test_settings_that_the_client_refuses_are_one_clear_error():
    pigeons = reached(**{"bootstrap.servers": "127.0.0.1:1", "security.protocol": "carrier-pigeon"})
    with pytest.raises(ConnectorError, match=r"dead_letters\.topic: the Kafka client refuses"):
        TopicDeadLetters("rejected", "route", pigeons, Backoff(0.05, 0.2))
