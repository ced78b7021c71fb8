"""Ends of partitions of which nothing is fetched: asked for, but seldom, since the loop stands still meanwhile."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connector.batch import Partition
from connector.kafka.ends import Bounds, Ends

FETCHED, STOPPED = Partition("t", 0), Partition("t", 1)
NEVER_FETCHED = (-1001, -1001)


class Broker:
    """Its partitions end at 30; it takes `seconds` for each answer, as behind a fetch that waits for records."""

    def __init__(self) -> None:
        self.now = 100.0
        self.seconds = 0.3
        self.asked: list[int] = []
        self.silent = False

    def get_watermark_offsets(self, place: TopicPartition, *, timeout: float, cached: bool) -> Bounds:
        if cached:
            return (0, 20) if place.partition == FETCHED.number else NEVER_FETCHED
        self.now += min(timeout, self.seconds)
        if self.silent or timeout < self.seconds:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        self.asked.append(place.partition)
        return (10, 30)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def ends(broker: Broker) -> Ends:
    return Ends(broker, lambda: broker.now)  # type: ignore[arg-type]  # what is used of a consumer


def test_the_broker_is_asked_about_what_no_fetch_tells(ends: Ends):
    assert ends.of([FETCHED, STOPPED], {STOPPED}) == {FETCHED: (0, 20), STOPPED: (10, 30)}


def test_without_asking_nothing_is_known_of_it(ends: Ends, broker: Broker):
    assert ends.of([FETCHED, STOPPED], set()) == {FETCHED: (0, 20)}
    assert broker.asked == []


def test_it_is_asked_once_in_five_seconds_and_remembered_in_between(ends: Ends, broker: Broker):
    for _ in range(10):
        broker.now += 1
        assert ends.of([STOPPED], {STOPPED}) == {STOPPED: (10, 30)}
    assert len(broker.asked) == 2


def test_what_was_known_stays_known_while_no_broker_answers(ends: Ends, broker: Broker):
    ends.of([STOPPED], {STOPPED})
    broker.now += 10
    broker.silent = True
    assert ends.of([STOPPED], {STOPPED}) == {STOPPED: (10, 30)}


def test_of_many_each_has_its_turn_and_no_round_takes_longer_than_a_second(ends: Ends, broker: Broker):
    many = {Partition("t", number) for number in range(1, 9)}
    for _ in range(3):
        before = broker.now
        ends.of(sorted(many), many)
        assert broker.now - before <= 1.01
        broker.now += 10
    assert set(broker.asked[:8]) == set(range(1, 9))


def test_what_is_fetched_again_is_told_by_fetches_again(ends: Ends):
    assert ends.of([FETCHED], {FETCHED}) == {FETCHED: (10, 30)}
    assert ends.of([FETCHED], set()) == {FETCHED: (0, 20)}
