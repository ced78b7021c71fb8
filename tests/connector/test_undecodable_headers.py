"""Headers whose names are no UTF-8: the record has a fate like every other, and the rest flows on."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition, cimpl
from confluent_kafka.cimpl import NewTopic

from connector.batch import Columns
from connector.formats.envelope import open_envelope
from connector.kafka.messages import batches
from tests.connector.member import Topic
from tests.connector.processes import Route, until

BAD_NAME = b"na\xff\xfeme"

_PRODUCER = 0
# Tags of rd_kafka_producev's arguments (rd_kafka_vtype_t).
_END, _TOPIC, _PARTITION, _VALUE, _KEY, _FLAGS, _HEADERS = 0, 1, 3, 4, 5, 7, 10
_COPY = 2


class RawProducer:
    """Writes any bytes as names of headers: librdkafka itself, which confluent_kafka has loaded."""

    def __init__(self, bootstrap: str) -> None:
        library = ctypes.CDLL(cimpl.__file__)
        pointer, text, size, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int

        def function(name: str, result: Any, *arguments: Any) -> Any:
            found = getattr(library, name)
            found.restype, found.argtypes = result, arguments
            return found

        self._headers = function("rd_kafka_headers_new", pointer, size)
        self._add = function("rd_kafka_header_add", number, pointer, text, ctypes.c_ssize_t, text, ctypes.c_ssize_t)
        # Naming the one argument that is always there tells ctypes that the others are variable.
        self._send = function("rd_kafka_producev", number, pointer)
        self._flush = function("rd_kafka_flush", number, pointer, number)
        self._destroy = function("rd_kafka_destroy", None, pointer)
        settings = function("rd_kafka_conf_new", pointer)()
        setting = function("rd_kafka_conf_set", number, pointer, text, text, text, size)
        assert not setting(settings, b"bootstrap.servers", bootstrap.encode(), None, 0)
        self._client = function("rd_kafka_new", pointer, number, pointer, text, size)(_PRODUCER, settings, None, 0)
        assert self._client

    def produce(self, topic: str, key: bytes, value: bytes, names: list[bytes]) -> None:
        """Write one record into partition 0, with a header of each name."""
        headers = self._headers(len(names))
        for name in names:
            assert not self._add(headers, name, len(name), b"v", 1)
        tag, size = ctypes.c_int, ctypes.c_size_t
        assert not self._send(
            self._client,
            tag(_TOPIC), ctypes.c_char_p(topic.encode()),
            tag(_PARTITION), ctypes.c_int32(0),
            tag(_KEY), ctypes.c_char_p(key), size(len(key)),
            tag(_VALUE), ctypes.c_char_p(value), size(len(value)),
            tag(_FLAGS), ctypes.c_int(_COPY),
            tag(_HEADERS), ctypes.c_void_p(headers),
            tag(_END),
        )  # fmt: skip
        assert not self._flush(self._client, 30_000)

    def close(self) -> None:
        self._destroy(self._client)


@pytest.fixture
def raw(broker: Any) -> Iterator[RawProducer]:
    producer = RawProducer(broker.bootstrap)
    yield producer
    producer.close()


def consume(bootstrap: str, topic: str, count: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[Message] = []
    while len(found) < count:
        found += consumer.consume(count, 10)
    consumer.close()
    return found


@pytest.fixture
def odd(broker: Any, raw: RawProducer) -> list[Message]:
    """Five records of which the second and the last have names that are no UTF-8."""
    topic = Topic(broker.bootstrap, partitions=1)
    for number, names in enumerate([[b"a"], [b"a", BAD_NAME], [], ["ö".encode(), b"a"], [BAD_NAME, b"a", BAD_NAME]]):
        raw.produce(topic.name, b"k%d" % number, b"v%d" % number, names)
    return consume(broker.bootstrap, topic.name, 5)


def test_records_beside_one_whose_headers_cannot_be_decoded_keep_theirs(odd: list[Message]):
    (batch,) = batches(odd, Columns(headers=True))
    assert batch.headers == [[("a", b"v")], None, None, [("ö", b"v"), ("a", b"v")], None]
    assert batch.undecodable == [1, 4]
    assert (batch.keys[1], batch.values[1]) == (b"k1", b"v1")


def test_the_client_library_itself_fails_at_them(odd: list[Message]):
    with pytest.raises(SystemError, match="returned a result with an exception set"):
        list(map(Message.headers, odd))


def test_where_headers_are_not_wanted_none_is_looked_at(odd: list[Message]):
    (batch,) = batches(odd, Columns())
    assert (batch.headers, batch.undecodable) == (None, ())


def test_what_fails_for_another_reason_is_no_record_at_fault(odd: list[Message], monkeypatch: pytest.MonkeyPatch):
    def fail(_: Message) -> None:
        raise SystemError("of another kind")

    monkeypatch.setattr("connector.kafka.messages._headers", fail)
    with pytest.raises(SystemError, match="of another kind"):
        batches(odd, Columns(headers=True))


def rejecting(route: Route, **options: object) -> str:
    rejected = f"{route.topic}-rejected"
    route.admin.create_topics([NewTopic(rejected, 1, 1)])[rejected].result(10)
    route.options = {"dead_letters": {"topic": rejected}, **options}
    return rejected


def test_such_a_record_becomes_a_dead_letter_and_the_rest_flows_on(route: Route, raw: RawProducer):
    rejected = rejecting(route, format="envelope")
    before = route.produce(20, partition=0)
    raw.produce(route.topic, b"key", b"value", [b"a", BAD_NAME])
    after = route.produce(20, first=20, partition=0)
    process = route.start()
    until(lambda: route.committed() == 41)
    assert {open_envelope(data).value for data in route.arrived()} == {*before, *after}
    assert process.end() == 0
    (letter,) = consume(route.bootstrap, rejected, 1)
    assert (letter.key(), letter.value()) == (b"key", b"value")
    headers: dict[str, Any] = dict(letter.headers() or [])
    assert headers["streamops.dead-letter.reason"] == b"HeadersUndecodable"
    assert headers["streamops.dead-letter.offset"] == b"20"
    assert "a" not in headers


def test_without_dead_letters_it_stops_the_route_and_is_named(route: Route, raw: RawProducer):
    route.options = {"format": "envelope"}
    before = route.produce(20, partition=0)
    raw.produce(route.topic, b"key", b"value", [BAD_NAME])
    route.produce(20, first=20, partition=0)
    process = route.start()
    assert process.popen.wait(30) == 1
    assert {open_envelope(data).value for data in route.arrived()} == set(before)
    assert route.committed() == 20
    last = process.log()[-1]["text"]
    assert f"{route.topic}:0 offset 20: the name of a header is not UTF-8" in last
    assert "Traceback" not in process.log_file.read_text()


def test_it_is_delivered_where_its_headers_are_not_needed(route: Route, raw: RawProducer):
    # They are read because a dead letter keeps them, and that alone is no reason to put the record aside.
    rejecting(route)
    raw.produce(route.topic, b"key", b"value", [BAD_NAME])
    process = route.start()
    until(lambda: route.committed() == 1)
    assert route.arrived() == [b"value"]
    assert json.loads(process.get("/readyz")[1])["ok"]
    assert process.end() == 0
