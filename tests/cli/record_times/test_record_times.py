"""When the records of a real topic were written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from cli.cluster import Cluster
from cli.record_times import leaders_of, read_times
from sandbox.waiting import wait_until

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cluster(broker):
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        yield Cluster(admin)


@pytest.fixture
def topic_of(cluster, topic: str):
    def create(partitions: int, **config: str) -> str:
        cluster.admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": config}})
        cluster.wait_until_ready([topic])
        return topic

    return create


def at(minutes: int) -> int:
    return int((START + timedelta(minutes=minutes)).timestamp() * 1000)


def write(broker, topic: str, partition: int, minutes: list[int], size: int = 10) -> None:
    """One record a batch."""
    with KafkaProducer(
        bootstrap_servers=broker.bootstrap, max_request_size=2 << 20, compression_type="gzip"
    ) as producer:
        for minute in minutes:
            value = bytes(range(256)) * (size // 256 + 1)
            producer.send(topic, value[:size], partition=partition, timestamp_ms=at(minute)).get(10)


def transactional(broker, name: str) -> Producer:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": name})
    producer.init_transactions(10)
    return producer


def wait_for_marker(cluster: Cluster, topic: str, at: int) -> None:
    """Brokers write the marker that ends a transaction shortly after they have answered its producer."""
    wait_until(lambda: cluster.end_offsets([(topic, 0)]) == {(topic, 0): at + 1}, timeout_seconds=20)


def test_each_partition_is_asked_at_its_own_offset(broker, cluster, topic_of):
    topic = topic_of(3)
    write(broker, topic, 0, [0, 1, 2])
    write(broker, topic, 1, [5, 6])
    times = read_times(cluster, {(topic, 0): 1, (topic, 1): 0, (topic, 2): 0})
    assert times == {
        (topic, 0): START + timedelta(minutes=1),
        (topic, 1): START + timedelta(minutes=5),
        (topic, 2): None,
    }


def test_at_the_end_there_is_no_record(broker, cluster, topic_of):
    topic = topic_of(1)
    write(broker, topic, 0, [0, 1])
    assert read_times(cluster, {(topic, 0): 2}) == {(topic, 0): None}


def test_an_offset_that_the_partition_does_not_hold_is_unknown(broker, cluster, topic_of):
    topic = topic_of(2)
    write(broker, topic, 0, [0, 1, 2])
    cluster.admin.delete_records({TopicPartition(topic, 0): 2})
    assert read_times(cluster, {(topic, 0): 0, (topic, 1): 44}) == {}
    assert read_times(cluster, {(topic, 0): 2}) == {(topic, 0): START + timedelta(minutes=2)}


def test_a_topic_that_is_not_there_is_unknown(cluster, topic):
    assert read_times(cluster, {(topic, 0): 0}) == {}


def test_batches_larger_than_what_is_asked_for_first_are_found_too(broker, cluster, topic_of):
    topic = topic_of(4, **{"max.message.bytes": str(2 << 20), "compression.type": "uncompressed"})
    for partition in range(4):
        write(broker, topic, partition, [partition], size=1_500_000)
    times = read_times(cluster, {(topic, partition): 0 for partition in range(4)})
    assert times == {(topic, partition): START + timedelta(minutes=partition) for partition in range(4)}


def test_where_only_markers_of_transactions_are_left_there_is_no_record(broker, cluster, topic_of):
    topic = topic_of(1)
    producer = transactional(broker, topic)
    producer.begin_transaction()
    producer.produce(topic, b"committed", partition=0, timestamp=at(1))
    producer.commit_transaction(10)
    wait_for_marker(cluster, topic, at=1)
    assert read_times(cluster, {(topic, 0): 1}) == {(topic, 0): None}
    assert read_times(cluster, {(topic, 0): 0}) == {(topic, 0): START + timedelta(minutes=1)}


def test_what_was_aborted_is_none_and_what_comes_after_it_is(broker, cluster, topic_of):
    topic = topic_of(1)
    producer = transactional(broker, topic)
    producer.begin_transaction()
    producer.produce(topic, b"aborted", partition=0, timestamp=at(1))
    producer.flush(10)
    producer.abort_transaction(10)
    wait_for_marker(cluster, topic, at=1)
    assert read_times(cluster, {(topic, 0): 0}) == {(topic, 0): None}
    write(broker, topic, 0, [2])
    assert read_times(cluster, {(topic, 0): 0}) == {(topic, 0): START + timedelta(minutes=2)}


def test_records_of_an_open_transaction_wait_to_be_read(broker, cluster, topic_of):
    topic = topic_of(1)
    write(broker, topic, 0, [0])
    producer = transactional(broker, topic)
    producer.begin_transaction()
    producer.produce(topic, b"open", partition=0, timestamp=at(3))
    producer.flush(10)
    assert read_times(cluster, {(topic, 0): 1}) == {(topic, 0): START + timedelta(minutes=3)}
    producer.abort_transaction(10)


def test_with_no_time_left_nothing_is_known(broker, cluster, topic_of):
    topic = topic_of(1)
    write(broker, topic, 0, [0])
    assert read_times(cluster, {(topic, 0): 0}, seconds=0) == {}
    assert leaders_of(cluster, [(topic, 0)]) == {(topic, 0): 1}
