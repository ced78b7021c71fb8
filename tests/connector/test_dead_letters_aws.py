"""Dead letters in a stream and in a bucket, on the stand-in with faults."""

from __future__ import annotations

import json
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from connector.aws.explained import sentence
from connector.backoff import Backoff
from connector.batch import Partition
from connector.config import load_config
from connector.dead_letters import DeadLetters, Letter, Probed, open_dead_letters
from connector.dead_letters.bucket import BucketCarrier
from connector.dead_letters.envelope import seal
from connector.dead_letters.queued import Load, QueuedDeadLetters
from connector.errors import ConnectorError, Undeliverable
from connector.formats.envelope import open_envelope
from tests.connector.faulty_aws import FINE, REGION, Fault, FaultyAws
from tests.connector.letters import FLIGHTS, incompressible, letter, offsets, serve, settle
from tests.connector.processes import until

REJECTED = {
    "route": "flights-to-stream",
    "reason": "RecordTooLarge",
    "message": "the record is too large",
    "at": "2026-02-01T10:15:02.045Z",
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyAws]:
    """The stand-in, and nothing else of AWS in the environment."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with FaultyAws() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


def opened(target: dict[str, str], **options: str) -> DeadLetters:
    config = {
        "route": "flights-to-stream",
        "source": {"kind": "kafka", "bootstrap": "localhost:9092", "topic": "flights", "group": "g"},
        "sink": {
            "kind": "kinesis",
            "stream": "flights",
            "region": REGION,
            "retry": {"first": "10ms", "longest": "50ms"},
        },
        "dead_letters": target,
        **options,
    }
    made = open_dead_letters(load_config(json.dumps(config), "test"), dict)
    assert made is not None
    return made


class Stream:
    """A stream as the place, and what it holds."""

    def __init__(self, aws: FaultyAws) -> None:
        self.name = f"rejected-{uuid.uuid4().hex[:8]}"
        self.client = aws.client("kinesis")
        self.client.create_stream(StreamName=self.name, ShardCount=2)
        self.client.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})
        self.target = {"stream": self.name}

    def lines(self) -> list[bytes]:
        found = []
        for shard in self.client.list_shards(StreamName=self.name)["Shards"]:
            where = {"StreamName": self.name, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = self.client.get_shard_iterator(**where)["ShardIterator"]
            while records := (answer := self.client.get_records(ShardIterator=iterator))["Records"]:
                found += [record["Data"] for record in records]
                iterator = answer["NextShardIterator"]
        return found


class Bucket:
    """A bucket as the place, and what it holds."""

    def __init__(self, aws: FaultyAws) -> None:
        self.name = f"rejected-{uuid.uuid4().hex[:8]}"
        self.client = aws.client("s3")
        self.client.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.target = {"bucket": self.name, "prefix": "aside/"}

    def names(self) -> list[str]:
        return [item["Key"] for item in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def lines(self) -> list[bytes]:
        bodies = [self.client.get_object(Bucket=self.name, Key=key)["Body"].read() for key in self.names()]
        assert all(body.endswith(b"\n") for body in bodies)
        return [line for body in bodies for line in body.splitlines()]


Place = Stream | Bucket


@pytest.fixture(params=[Stream, Bucket], ids=["stream", "bucket"])
def place(request: pytest.FixtureRequest, aws: FaultyAws) -> Place:
    made: Place = request.param(aws)
    return made


@pytest.fixture
def dead_letters(place: Place) -> Iterator[DeadLetters]:
    made = opened(place.target)
    yield made
    made.close(0)


def held(place: Place) -> list[int]:
    """Return the offsets of all letters that the place holds, each once."""
    return sorted({json.loads(line)["offset"] for line in place.lines()})


def hurry(dead_letters: DeadLetters, count: int) -> list[int]:
    dead_letters.flush()
    return sorted(settle(dead_letters, count))


def test_a_letter_is_an_envelope_that_tells_why(place: Place, dead_letters: DeadLetters):
    own = [("trace", b"a1"), ("trace", b"\xff\x00"), ("none", None)]
    dead_letters.send(letter(17, b"\x00\xff\n", None, headers=own))
    dead_letters.send(letter(18, None, b"k", timestamp=(0, -1)))
    assert hurry(dead_letters, 2) == [17, 18]
    first, second = sorted(place.lines(), key=lambda line: json.loads(line)["offset"])
    record = open_envelope(first)
    assert (record.partition, record.offset, record.key, record.value) == (FLIGHTS, 17, None, b"\x00\xff\n")
    assert (record.headers, record.timestamp) == (own, (1, 1_769_854_502_123))
    assert open_envelope(second).value is None
    assert json.loads(first)["rejected"] == json.loads(second)["rejected"] == REJECTED


def test_many_letters_arrive_in_few_calls(aws: FaultyAws, place: Place, dead_letters: DeadLetters):
    for offset in range(1200):
        dead_letters.send(letter(offset))
    assert hurry(dead_letters, 1200) == list(range(1200))
    assert dead_letters.pending == dead_letters.pending_bytes == 0
    assert held(place) == list(range(1200))
    assert aws.count < 20


def acknowledges_what_the_service_has(aws: FaultyAws, dead_letters: DeadLetters) -> None:
    hold = threading.Event()
    aws.plan = lambda _: Fault(hold=hold)
    try:
        for offset in range(5):
            dead_letters.send(letter(offset))
        dead_letters.flush()
        assert serve(dead_letters, lambda: aws.happened["held"]) == []
        assert dead_letters.pending == 5
    finally:
        hold.set()
    assert sorted(settle(dead_letters, 5)) == list(range(5))


def test_nothing_is_acknowledged_before_the_service_has_it(aws: FaultyAws, dead_letters: DeadLetters):
    acknowledges_what_the_service_has(aws, dead_letters)


def test_a_hasty_acknowledgement_is_seen(aws: FaultyAws, dead_letters: DeadLetters, monkeypatch: pytest.MonkeyPatch):
    send = QueuedDeadLetters.send

    def hasty(self: QueuedDeadLetters, letter: Letter) -> None:
        send(self, letter)
        self._taken.append(letter)

    monkeypatch.setattr(QueuedDeadLetters, "send", hasty)
    with pytest.raises(AssertionError):
        acknowledges_what_the_service_has(aws, dead_letters)


def test_a_service_that_refuses_is_asked_again_until_it_takes(aws: FaultyAws, place: Place, dead_letters: DeadLetters):
    refuses = True
    aws.plan = lambda _: Fault("AccessDenied") if refuses else FINE
    for offset in range(5):
        dead_letters.send(letter(offset))
    dead_letters.flush()
    assert serve(dead_letters, lambda: dead_letters.failing and aws.happened["AccessDenied"] > 2) == []
    assert "AccessDenied" in str(dead_letters.failing)
    assert (dead_letters.fatal, place.lines()) == (None, [])
    refuses = False
    assert hurry(dead_letters, 5) == list(range(5))
    assert dead_letters.failing is None
    assert held(place) == list(range(5))


def test_an_answer_that_is_lost_loses_nothing(aws: FaultyAws, place: Place, dead_letters: DeadLetters):
    aws.plan = lambda number: Fault("InternalError", after=True) if number == 0 else FINE
    dead_letters.send(letter(1))
    assert hurry(dead_letters, 1) == [1]
    assert aws.happened["InternalError"] == 1
    assert held(place) == [1]
    # An object is written again under its name; a stream holds the record twice.
    assert len(place.lines()) == (1 if isinstance(place, Bucket) else 2)


def test_letters_of_partitions_given_up_are_forgotten(aws: FaultyAws, place: Place, dead_letters: DeadLetters):
    hold, other = threading.Event(), Partition("flights", 4)
    aws.plan = lambda _: Fault(hold=hold)
    try:
        dead_letters.send(letter(0))
        dead_letters.flush()
        until(lambda: aws.happened["held"])
        for offset in range(1, 4):
            dead_letters.send(letter(offset))
            dead_letters.send(letter(offset, partition=other))
        dead_letters.abandon([FLIGHTS])
        assert dead_letters.pending == 3
    finally:
        hold.set()
    dead_letters.flush()
    settled: list[tuple[Partition, int]] = []
    while dead_letters.pending:
        settled += dead_letters.settled()
    assert sorted(settled) == [(other, offset) for offset in range(1, 4)]
    assert dead_letters.pending_bytes == 0
    assert len(place.lines()) == 4  # the one that was under way, and three that were not given up


def test_closing_drains_and_tells_what_is_left(aws: FaultyAws, place: Place, dead_letters: DeadLetters):
    dead_letters.send(letter(1))
    assert dead_letters.close(30) == 0
    assert offsets(dead_letters.settled()) == [1]
    hold = threading.Event()
    aws.plan = lambda _: Fault(hold=hold)
    late = opened(place.target)
    try:
        late.send(letter(2))
        late.send(letter(3))
        assert late.close(0.2) == 2
        assert late.settled() == []
    finally:
        hold.set()


def test_nothing_pending_is_closed_at_once(dead_letters: DeadLetters):
    assert dead_letters.close(30) == 0
    assert dead_letters.failing is None


def test_only_refused_records_are_sent_again(aws: FaultyAws):
    place = Stream(aws)
    dead_letters = opened(place.target)
    aws.plan = lambda number: Fault(throttled=lambda index: index % 3 == number) if number < 3 else FINE
    for offset in range(30):
        dead_letters.send(letter(offset))
    assert sorted(settle(dead_letters, 30)) == list(range(30))
    assert aws.happened["throttled"] > 10
    assert len(place.lines()) == 30
    dead_letters.close(0)


def test_a_letter_the_stream_can_never_take_stops_the_route_and_its_neighbours_arrive(aws: FaultyAws):
    place = Stream(aws)
    dead_letters = opened(place.target)
    for offset in range(9):
        dead_letters.send(incompressible(offset, 900_000) if offset == 4 else letter(offset))
    assert sorted(settle(dead_letters, 8)) == [0, 1, 2, 3, 5, 6, 7, 8]
    serve(dead_letters, lambda: dead_letters.fatal)
    assert isinstance(dead_letters.fatal, Undeliverable)
    assert (dead_letters.fatal.partition, dead_letters.fatal.offset) == (FLIGHTS, 4)
    assert f"the record is too large; and the dead-letter stream '{place.name}' refuses" in str(dead_letters.fatal)
    assert "use a dead-letter topic or bucket" in str(dead_letters.fatal)
    assert dead_letters.close(10) == 1


def test_objects_are_never_written_over(aws: FaultyAws):
    place = Bucket(aws)
    first, second = opened(place.target), opened(place.target)
    for offset, dead_letters in enumerate((first, second, first, second)):
        dead_letters.send(letter(offset))
        hurry(dead_letters, 1)
        assert len(place.names()) == offset + 1
    day_and_time = r"\d{4}/\d\d/\d\d/\d{6}\.\d{6}"
    name = re.compile(rf"aside/flights-to-stream/{day_and_time}-[A-Za-z0-9._-]+-{os.getpid()}-[0-9a-f]{{32}}\.jsonl")
    assert all(name.fullmatch(key) for key in place.names())
    first.close(0)
    second.close(0)


class Shelf:
    """A client of S3 that keeps bodies."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def put_object(self, **call: Any) -> None:
        self.bodies.append(call["Body"])


def shelved(count: int, size: int, **options: int) -> tuple[list[int], list[int]]:
    """Send letters of so many bytes faster than their time is over; return how many each full object has, and bytes."""
    shelf = Shelf()
    carrier = BucketCarrier(shelf, "b", "p/", "r", partial(seal, route="r"), **options)
    dead_letters = QueuedDeadLetters(carrier, Backoff(0.01, 0.01), clock=lambda: 0.0)
    for offset in range(count):
        dead_letters.send(letter(offset, b"v" * (size - len("key" + "the record is too large"))))
    dead_letters.flush()
    settle(dead_letters, count)
    dead_letters.close(10)
    *full, _ = [len(body.splitlines()) for body in shelf.bodies]
    return full, [len(body) for body in shelf.bodies]


def test_an_object_is_full_when_its_letters_take_four_mebibytes_of_memory():
    full, sizes = shelved(10_000, 338)
    assert max(full) == (4 << 20) // (338 + 640) == 4_288
    assert max(sizes) > 1_900_000


def test_with_little_memory_an_object_waits_for_less():
    full, _ = shelved(2_000, 338, room=1 << 20)
    assert max(full) == (1 << 20) // (338 + 640)
    made = opened({"bucket": "rejected"}, memory="8MiB")
    assert isinstance(made, QueuedDeadLetters)
    assert made._carrier.load.bytes == 1 << 20


def test_letters_wait_for_company_and_not_for_ever(aws: FaultyAws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connector.dead_letters.bucket._OBJECT", Load(1 << 20, 0.3))
    place = Bucket(aws)
    dead_letters = opened(place.target)
    for offset in range(10):
        dead_letters.send(letter(offset))
    assert sorted(settle(dead_letters, 10)) == list(range(10))
    assert len(place.names()) == 1
    for offset in range(100):
        dead_letters.send(letter(offset))
    settle(dead_letters, 100)
    dead_letters.close(0)


def test_a_place_is_described_without_writing_to_it(place: Place, dead_letters: DeadLetters, aws: FaultyAws):
    assert place.name in dead_letters.probe().found
    assert (place.lines(), aws.count) == ([], 0)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ({"stream": "nowhere"}, r"dead-letter stream 'nowhere' in eu-west-1: does not exist"),
        ({"bucket": "nowhere"}, r"dead-letter bucket 'nowhere': does not exist; create it or correct dead_letters\.b"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_a_place_that_is_not_there_is_named(target: dict[str, str], error):
    with pytest.raises(ConnectorError, match=error):
        opened(target).probe()


def test_a_stream_in_another_region_is_reached_by_its_arn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    made = opened({"stream": "arn:aws:kinesis:us-east-2:111122223333:stream/rejected"})
    assert isinstance(made, QueuedDeadLetters)
    client: Any = made._carrier._client  # type: ignore[attr-defined]  # the carrier of a stream
    assert client.meta.region_name == "us-east-2"


def test_an_error_of_our_own_is_no_silence():
    class Broken:
        load = Load(1, 0.0)

        def parcel(self, _: object) -> Any:
            raise ZeroDivisionError("ours")

        probe: Callable[[], Probed]

    dead_letters = QueuedDeadLetters(Broken(), Backoff(0.01, 0.01))
    dead_letters.send(letter(1))
    serve(dead_letters, lambda: dead_letters.fatal)
    assert "an error of the connector itself, ZeroDivisionError: ours" in str(dead_letters.fatal)
    assert dead_letters.pending == 1


def test_of_what_a_service_says_one_line_is_shown():
    message = "The signature does not match.\n\nThe Canonical String is\n'x-amz-security-token:planted'"
    error = ClientError({"Error": {"Code": "InvalidSignatureException", "Message": message}}, "PutRecords")
    said = "An error occurred (InvalidSignatureException) when calling the PutRecords operation: "
    assert sentence(error) == f"{said}The signature does not match"
