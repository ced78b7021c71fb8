"""A whole route with records that cannot be delivered: the rest flows on, and no offset is committed too early."""

from __future__ import annotations

import json
import signal
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.cimpl import NewTopic

from tests.connector.faulty_aws import FINE, REGION, Fault, FaultyAws
from tests.connector.processes import Route, until


@pytest.fixture(autouse=True)
def _json(route: Route) -> None:
    """Speak what the stand-in of the route's sink speaks."""
    route.sink = {"wire": "json"}


@pytest.fixture
def aws() -> Iterator[FaultyAws]:
    with FaultyAws() as running:
        yield running


def bucket_of(aws: FaultyAws) -> str:
    name = f"rejected-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def offsets_in(aws: FaultyAws, bucket: str) -> list[tuple[int, int]]:
    client = aws.client("s3")
    found = []
    for item in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        for line in client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().splitlines():
            letter = json.loads(line)
            found.append((letter["partition"], letter["offset"]))
    return found


def produce_tombstones(route: Route, count: int) -> list[tuple[int, int]]:
    """Produce records without a value; return their places."""
    places: list[tuple[int, int]] = []
    for number in range(count):
        route.producer.produce(
            route.topic,
            key=b"t%d" % number,
            headers=[("n", b"%d" % number)],
            on_delivery=lambda _, message: places.append((message.partition() or 0, message.offset() or 0)),
        )
    assert route.producer.flush(30) == 0
    return sorted(places)


def test_what_cannot_be_delivered_goes_to_the_topic_and_the_rest_flows_on(route: Route):
    rejected = f"{route.topic}-rejected"
    route.admin.create_topics([NewTopic(rejected, 1, 1)])[rejected].result(10)
    route.options = {"dead_letters": {"topic": rejected}}
    values = route.produce(300)
    tombstones = produce_tombstones(route, 20)
    values += route.produce(300, first=300)
    process = route.start()
    until(lambda: route.committed() == 620)
    assert set(route.arrived()) == set(values)
    assert process.end() == 0
    consumer = Consumer({"bootstrap.servers": route.bootstrap, "group.id": "reader"})
    consumer.assign([TopicPartition(rejected, 0, 0)])
    found: list[Message] = []
    while len(found) < 20:
        found += consumer.consume(20, 10)
    consumer.close()
    headers: list[dict[str, Any]] = [dict(message.headers() or []) for message in found]
    places = [
        (int(each["streamops.dead-letter.partition"]), int(each["streamops.dead-letter.offset"])) for each in headers
    ]
    assert sorted(places) == tombstones
    assert {each["streamops.dead-letter.reason"] for each in headers} == {b"TombstoneRejected"}
    assert {each["n"] for each in headers} == {b"%d" % number for number in range(20)}
    lines = process.said("record put aside as a dead letter")
    assert sum(1 + line.get("repeats_kept_back", 0) for line in lines) == 20


def test_no_commit_passes_a_dead_letter_before_its_target_has_it(route: Route, aws: FaultyAws):
    # Peers: vector #24543.
    hold = threading.Event()
    aws.plan = lambda _: Fault(hold=hold)
    bucket = bucket_of(aws)
    route.options = {"dead_letters": {"bucket": bucket}}
    route.environment = {"AWS_ENDPOINT_URL_S3": aws.url}
    before = route.produce(10, partition=0)
    (tombstone,) = produce_tombstones(route, 1)
    after = route.produce(10, first=10, partition=tombstone[0])
    try:
        process = route.start()
        until(lambda: set(route.arrived()) >= {*before, *after} and aws.happened["held"])
        waiting = 10 if tombstone[0] != 0 else 0
        until(lambda: route.committed() == waiting + tombstone[1])
        process.end(signal.SIGKILL)
        assert route.committed() == waiting + tombstone[1]
    finally:
        hold.set()
    aws.plan = lambda _: FINE
    route.start()
    until(lambda: route.committed() == 21)
    assert set(offsets_in(aws, bucket)) == {tombstone}


def test_a_target_of_dead_letters_that_refuses_turns_readiness_red_and_nothing_is_lost(route: Route, aws: FaultyAws):
    refuses = True
    aws.plan = lambda _: Fault("AccessDenied") if refuses else FINE
    bucket = bucket_of(aws)
    route.options = {"dead_letters": {"bucket": bucket}}
    route.environment = {"AWS_ENDPOINT_URL_S3": aws.url}
    process = route.start()
    until(lambda: process.get("/readyz")[0] == 200)
    (tombstone,) = produce_tombstones(route, 1)
    until(lambda: process.get("/readyz")[0] == 503)
    assert "AccessDenied" in process.get("/readyz")[1]
    refuses = False
    until(lambda: process.get("/readyz")[0] == 200)
    assert offsets_in(aws, bucket) == [tombstone]
    until(lambda: route.committed() == 1)
    assert process.end() == 0


def test_a_dead_letter_that_fits_nowhere_stops_the_route(route: Route):
    rejected = f"{route.topic}-rejected"
    route.admin.create_topics([NewTopic(rejected, 1, 1, config={"max.message.bytes": "100"})])[rejected].result(10)
    route.options = {"dead_letters": {"topic": rejected}, "stop_timeout": "2s"}
    ((partition, offset),) = produce_tombstones(route, 1)
    process = route.start()
    assert process.popen.wait(30) == 1
    assert f"{route.topic}:{partition} offset {offset}" in process.log()[-1]["text"]
    assert f"the dead-letter topic '{rejected}' refuses it as too large" in process.log()[-1]["text"]
    assert route.committed() == offset
