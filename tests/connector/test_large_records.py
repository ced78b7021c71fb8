"""Records larger than the usual megabyte: as large as the stream takes them, in the memory that there is."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer
from confluent_kafka.cimpl import NewTopic

from tests.connector.processes import Route, until

MEBIBYTE = 1 << 20
KEY = b"k"


@pytest.fixture
def large(route: Route) -> Route:
    """A topic that holds records of 10 MiB and a little more."""
    route.topic = f"{route.name}-large"
    topic = NewTopic(route.topic, route.partitions, 1, config={"max.message.bytes": str(11 * MEBIBYTE)})
    route.admin.create_topics([topic])[route.topic].result(10)
    route.producer = Producer({"bootstrap.servers": route.bootstrap, "message.max.bytes": 11 * MEBIBYTE})
    return route


def produce(route: Route, *sizes: int) -> None:
    """Write a record of each size, keys included, one after the other."""
    written: list[int] = []
    for size in sizes:
        route.producer.produce(
            route.topic,
            bytes(size - len(KEY)),
            key=KEY,
            partition=0,
            on_delivery=lambda error, message: written.append(-1 if error else message.offset() or 0),
        )
        assert route.producer.flush(30) == 0
    assert written == list(range(len(sizes)))


def test_records_up_to_the_streams_own_limit_pass_without_a_setting(large: Route):
    # Peers: fluent-bit #11524.
    large.server.record_limit = 10 * 1024
    produce(large, 2 * MEBIBYTE, 10 * MEBIBYTE, 10, 3 * MEBIBYTE)
    process = large.start()
    until(lambda: large.committed() == 4)
    assert [len(data) + 1 for data in large.arrived()] == [2 * MEBIBYTE, 10 * MEBIBYTE, 10, 3 * MEBIBYTE]
    assert process.said("stream")[0]["record_limit"] == "10MiB"


def test_what_is_above_the_streams_own_limit_stops_the_route_at_the_record(large: Route):
    produce(large, 10, 2 * MEBIBYTE)
    process = large.start()
    assert process.popen.wait(30) == 1
    text = process.log()[-1]["text"]
    assert "the record has 2097152 bytes (2097151 of data, 1 of its key), the limit is 1048576 (1MiB)" in text
    assert "Raise the stream's maximum record size (up to 10 MiB)" in text
    assert large.committed() == 1


def test_check_tells_the_limit_and_whether_the_memory_is_enough(route: Route):
    route.server.record_limit = 10 * 1024
    assert "ok      stream: flights is ACTIVE and takes records up to 10MiB\n" in route.check().stdout
    route.options = {"memory": "64MiB"}
    done = route.check()
    assert done.returncode == 1
    assert "FAILED  stream: stream 'flights': records up to 10MiB need memory of 80MiB" in done.stdout
    assert route.start().popen.wait(30) == 1
    route.sink = {"limits": {"record": "8MiB"}}
    assert "takes records up to 10MiB, records up to 8MiB are sent\n" in route.check().stdout
