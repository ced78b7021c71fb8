"""Dead letters in a topic through faults that no broker shows on demand, in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st

from connector.backoff import Backoff
from connector.batch import Partition
from connector.config import Plaintext
from connector.dead_letters import Letter
from connector.dead_letters import topic as topic_module
from connector.dead_letters.cluster import Cluster
from connector.dead_letters.topic import TopicDeadLetters
from tests.connector.letters import letter

REFUSAL = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
LOST_TRACK = KafkaError(KafkaError._FATAL, "lost track", fatal=True)
CLUSTER = Cluster(lambda: {"bootstrap.servers": "kafka-1:9092"}, Plaintext(protocol="plaintext"))
LARGE = b"large"
ROOM = 4

Report = Callable[[KafkaError | None, None], None]


class FaultyProducer:
    """Holds what it is given until the test says what becomes of it; one batch at a time."""

    latest: FaultyProducer

    def __init__(self, settings: dict[str, Any], **_: object) -> None:
        self.queue: list[tuple[bytes | None, Report]] = []
        self.on_error = settings["error_cb"]
        self.broken = False
        FaultyProducer.latest = self

    def produce(self, _: str, value: bytes | None, __: bytes | None, *, headers: object, on_delivery: Report) -> None:
        assert headers
        if self.broken:
            raise KafkaException(LOST_TRACK)
        if len(self.queue) >= ROOM:
            raise BufferError
        self.queue.append((value, on_delivery))

    def poll(self, _: float) -> None:
        pass

    def purge(self, *, blocking: bool) -> None:
        assert not blocking

    def answer(self, fate: str) -> None:
        """Decide on all that is held."""
        batch, self.queue = self.queue, []
        error = REFUSAL if fate == "refuse" else LOST_TRACK if self.broken else None
        if fate == "take" and any(value == LARGE for value, _ in batch):
            error = TOO_LARGE
        for _, report in batch:
            report(error, None)

    def lose_track(self) -> None:
        self.broken = True
        self.on_error(LOST_TRACK)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module", autouse=True)
def _producer() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topic_module, "Producer", FaultyProducer)
        yield


sends = st.tuples(st.just("send"), st.integers(0, 1), st.sampled_from([b"small", b"small", b"small", LARGE]))
others = st.sampled_from([("take",), ("refuse",), ("lose track",), ("abandon", 0), ("abandon", 1)])
steps = st.lists(st.one_of(sends, sends, others), max_size=60)


class Run:
    """Dead letters through a list of steps, with what must be true of them noted beside."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.dead_letters = TopicDeadLetters("rejected", "route", CLUSTER, Backoff(0.1, 1.0), clock=self.clock)
        self.settled: list[tuple[Partition, int]] = []
        self.sent: dict[tuple[Partition, int], Letter] = {}
        self.abandoned: set[tuple[Partition, int]] = set()

    def step(self, step: tuple[Any, ...]) -> None:
        self.clock.now += 2.0
        self.drain()
        match step:
            case ("send", number, value):
                new = letter(len(self.sent), value, partition=Partition("flights", number))
                self.sent[new.partition, new.offset] = new
                self.dead_letters.send(new)
            case ("abandon", number):
                given_up = {place for place in self.sent if place[0].number == number}
                self.abandoned |= given_up - set(self.settled)
                self.dead_letters.abandon([Partition("flights", number)])
            case ("lose track",):
                FaultyProducer.latest.lose_track()
            case (fate,):
                FaultyProducer.latest.answer(fate)
        self.drain()

    def drain(self) -> None:
        self.settled += self.dead_letters.settled()

    def finish(self) -> None:
        for _ in range(4 * len(self.sent) + 4):
            self.step(("take",))


@given(steps)
def test_whatever_happens_each_letter_is_settled_once_or_known_to_be_too_large(taken: list[tuple[Any, ...]]):
    run = Run()
    for step in taken:
        run.step(step)
    run.finish()
    wanted = {place for place in run.sent if place not in run.abandoned}
    large = {place for place in wanted if run.sent[place].value == LARGE}
    assert len(run.settled) == len(set(run.settled))
    assert set(run.settled) == wanted - large
    assert run.dead_letters.pending == len(large)
    if large:
        assert run.dead_letters.fatal is not None
    elif not any(sent.value == LARGE for sent in run.sent.values()):
        assert run.dead_letters.fatal is None
        assert run.dead_letters.pending_bytes == 0


def test_a_refused_letter_that_is_not_sent_again_is_missed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(TopicDeadLetters, "_refused", lambda self, *_: self._waiting.clear())
    run = Run()
    for step in (("send", 0, b"small"), ("refuse",)):
        run.step(step)
    run.finish()
    assert run.settled == []


def test_refusals_are_followed_by_growing_waits(monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def wait(_: Backoff, attempt: int) -> float:
        asked.append(attempt)
        return 1.0

    monkeypatch.setattr(Backoff, "wait", wait)
    run = Run()
    for number in range(3):
        run.step(("send", number % 2, b"small"))
    for _ in range(3):
        run.step(("refuse",))
    assert asked == [0, 1, 2]  # once for each round, not for each letter
    run.finish()
    run.step(("send", 0, b"small"))
    run.step(("refuse",))
    assert asked == [0, 1, 2, 0]


def test_silence_of_the_target_is_told_and_ends_with_an_acknowledgement():
    run = Run()
    run.step(("send", 0, b"small"))
    run.clock.now += 10
    assert run.dead_letters.failing is None
    run.clock.now += 10
    assert run.dead_letters.failing == "topic 'rejected': no acknowledgement for 20 s"
    run.step(("take",))
    assert run.dead_letters.failing is None
    run.clock.now += 1000
    run.step(("send", 0, b"small"))
    assert run.dead_letters.failing is None


def test_what_went_wrong_before_there_was_anything_to_send_is_no_failure():
    run = Run()
    FaultyProducer.latest.on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    run.clock.now += 1000
    assert run.dead_letters.failing is None
    run.step(("send", 0, b"small"))
    assert run.dead_letters.failing is None
    run.clock.now += 3
    assert "no broker answers (1/1 brokers are down)" in str(run.dead_letters.failing)
