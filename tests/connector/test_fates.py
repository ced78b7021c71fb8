"""What cannot be delivered is put aside or stops the route, and is never passed before somebody has it."""

from __future__ import annotations

import pytest

from connector.backoff import Backoff
from connector.batch import Partition, records
from connector.circuit import Circuit
from connector.dispatcher import Dispatcher
from connector.errors import ConnectorError, Undeliverable
from connector.fates import Fates
from connector.feed import CallLimits, Lane
from connector.keyed_feed import KeyedFeed
from connector.mapping import Mapped
from connector.metrics import Metrics
from connector.outcome import Answer, CallFailure
from connector.rejection import Refusal, Rejected
from tests.connector.in_memory import HeldLetters

PLACE = Partition("t", 3)
TOO_LARGE = Refusal("RecordTooLarge", "the record is too large", "Make it smaller.")
REFUSED_CONTENT = CallFailure("InvalidArgumentException", "not this one", refuses_content=True)


def rejected(offset: int) -> Rejected:
    return Rejected(offset, TOO_LARGE, b"key", b"value", [("h", b"1")], (1, 1_769_854_502_123))


def mapped(sent: list[int], dropped: list[int], refused: list[int]) -> Mapped:
    going = records([b"%d" % offset for offset in sent], [b"x"] * len(sent), sent)
    return Mapped(going, dropped, [rejected(offset) for offset in refused])


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("r")


@pytest.fixture
def letters() -> HeldLetters:
    return HeldLetters()


@pytest.fixture
def lane() -> Lane:
    return Lane(PLACE)


@pytest.fixture
def dispatcher(metrics: Metrics) -> Dispatcher:
    limits = CallLimits(100, 1 << 20)
    return Dispatcher(limits, KeyedFeed(limits, Backoff(1, 1), 0.0, ordered=True), Circuit(), metrics)


def refuse(dispatcher: Dispatcher, lane: Lane, data: list[bytes]) -> None:
    """Let the target refuse what is bad of records of one key each, from offset 5 on, and see that it takes others."""
    dispatcher.offer(lane, records([each[:1] for each in data], data, range(5, 5 + len(data))), 0)
    dispatcher.offer(Lane(Partition("t", 9)), records([b"other"], [b"other"], [0]), 0)
    now = 0.0
    while dispatcher.in_flight == 0 and (due := dispatcher.wake_at()) is not None:
        now = max(now, due)
        call = dispatcher.next_call(now)
        if call is not None:
            bad = any(b"bad" in each for part in call.parts for each in part.data)
            dispatcher.settle(call, REFUSED_CONTENT if bad else Answer(), now)


def refuse_one_of_two(dispatcher: Dispatcher, lane: Lane) -> None:
    """Let the target refuse the record at 5, which another of its key follows."""
    refuse(dispatcher, lane, [b"a bad", b"a good"])


def test_a_batch_without_rejections_passes_as_it_is(metrics: Metrics, letters: HeldLetters):
    batch = mapped([1, 2], [3], [])
    assert Fates(letters, metrics).judged(PLACE, batch) is batch


def test_without_letters_the_first_rejected_record_stops_the_route_and_nothing_after_it_is_sent(metrics: Metrics):
    fates = Fates(None, metrics)
    judged = fates.judged(PLACE, mapped([1, 3, 6], [2, 5], [4, 7]))
    assert (judged.records.offsets, judged.dropped, judged.rejected) == ([1, 3], [2], [])
    assert isinstance(fates.fatal, Undeliverable)
    assert str(fates.fatal) == (
        "t:3 offset 4: the record is too large; stopping, nothing from it on is committed. Make it smaller."
    )


def test_without_letters_a_record_that_the_target_refuses_stops_the_route_and_all_after_it(
    metrics: Metrics, dispatcher: Dispatcher, lane: Lane
):
    fates = Fates(None, metrics)
    refuse_one_of_two(dispatcher, lane)
    fates.turn(dispatcher, {PLACE: lane})
    assert lane.barrier == lane.watermark.position == 5
    assert "t:3 offset 5: the target refuses the record (InvalidArgumentException: not this one)" in str(fates.fatal)
    assert dispatcher.next_call(100) is None


def test_the_barrier_is_the_first_of_several_refused_records(metrics: Metrics, dispatcher: Dispatcher, lane: Lane):
    refuse(dispatcher, lane, [b"a", b"b bad", b"c bad", b"d"])
    dispatcher.refused.sort(key=lambda each: -each[0].offset)
    fates = Fates(None, metrics)
    fates.turn(dispatcher, {PLACE: lane})
    assert lane.barrier == 6


def test_dead_letters_are_counted_from_0_on_so_that_an_increase_shows_the_first(metrics: Metrics, letters: HeldLetters):
    def counted() -> dict[tuple[str, ...], float]:
        return metrics.snapshot()["dead_letters"]

    Fates(None, metrics)
    assert counted() == {}
    fates = Fates(letters, metrics)
    before = counted()
    assert set(before.values()) == {0}
    fates.judged(PLACE, mapped([], [], [4]))
    assert counted() == {**before, ("RecordTooLarge",): 1}
    assert ("RecordRefused",) in before


def test_a_rejected_record_is_put_aside_with_all_that_a_letter_holds(metrics: Metrics, letters: HeldLetters):
    fates = Fates(letters, metrics)
    batch = mapped([1], [], [4])
    assert fates.judged(PLACE, batch) is batch
    (letter,) = letters.letters
    assert (letter.partition, letter.offset, letter.key, letter.value) == (PLACE, 4, b"key", b"value")
    assert (letter.headers, letter.timestamp) == ([("h", b"1")], (1, 1_769_854_502_123))
    assert (letter.reason, letter.message) == ("RecordTooLarge", "the record is too large")
    assert fates.pending == 1
    assert fates.pending_bytes == letter.size
    assert fates.fatal is None
    labels = {"route": "r", "reason": "RecordTooLarge"}
    assert metrics.registry.get_sample_value("streamops_connector_dead_letters_total", labels) == 1


def test_the_watermark_passes_a_rejected_record_when_its_letter_is_acknowledged(
    metrics: Metrics, letters: HeldLetters, dispatcher: Dispatcher, lane: Lane
):
    fates = Fates(letters, metrics)
    judged = fates.judged(PLACE, mapped([1, 3], [], [2]))
    dispatcher.offer(lane, judged.records, 0, judged.dropped, [2])
    call = dispatcher.next_call(0)
    assert call is not None
    dispatcher.settle(call, Answer(), 0)
    fates.turn(dispatcher, {PLACE: lane})
    assert lane.watermark.position == 2
    letters.acknowledging = True
    fates.turn(dispatcher, {PLACE: lane})
    assert lane.watermark.position == 4


def test_a_record_that_the_target_refuses_is_put_aside_as_it_was_sent_and_the_line_goes_on(
    metrics: Metrics, letters: HeldLetters, dispatcher: Dispatcher, lane: Lane
):
    fates = Fates(letters, metrics)
    refuse_one_of_two(dispatcher, lane)
    assert dispatcher.next_call(100) is None
    fates.turn(dispatcher, {PLACE: lane})
    (letter,) = letters.letters
    assert (letter.offset, letter.key, letter.value, letter.reason) == (5, b"a", b"a bad", "RecordRefused")
    assert "InvalidArgumentException: not this one" in letter.message
    following = dispatcher.next_call(100)
    assert following is not None
    assert [part.data for part in following.parts] == [[b"a good"]]
    dispatcher.settle(following, Answer(), 100)
    assert lane.watermark.position == 5
    assert lane.barrier is None
    letters.acknowledging = True
    fates.turn(dispatcher, {PLACE: lane})
    assert lane.watermark.position == 7


def test_letters_of_a_partition_that_went_are_forgotten(metrics: Metrics, letters: HeldLetters, dispatcher: Dispatcher):
    fates = Fates(letters, metrics)
    fates.judged(PLACE, mapped([], [], [2]))
    fates.abandon([PLACE])
    assert fates.pending == 0
    letters.acknowledging = True
    fates.turn(dispatcher, {PLACE: Lane(PLACE)})


def test_an_acknowledgement_for_a_partition_that_is_gone_moves_nothing(
    metrics: Metrics, letters: HeldLetters, dispatcher: Dispatcher
):
    fates = Fates(letters, metrics)
    fates.judged(PLACE, mapped([], [], [2]))
    letters.acknowledging = True
    fates.turn(dispatcher, {})
    assert fates.pending == 0


def test_a_letter_that_its_target_never_takes_stops_the_route(
    metrics: Metrics, letters: HeldLetters, dispatcher: Dispatcher
):
    fates = Fates(letters, metrics)
    fates.judged(PLACE, mapped([], [], [2]))
    letters.fatal = ConnectorError("too large even there")
    fates.turn(dispatcher, {})
    assert fates.fatal is letters.fatal


def test_the_target_of_letters_is_kept_going_also_when_none_is_pending(
    metrics: Metrics, letters: HeldLetters, dispatcher: Dispatcher
):
    fates = Fates(letters, metrics)
    for _ in range(3):
        fates.turn(dispatcher, {})
    assert letters.turns == 3


def test_haste_and_the_end_are_passed_on_to_the_target(metrics: Metrics, letters: HeldLetters):
    fates = Fates(letters, metrics)
    fates.flush()
    fates.close()
    assert letters.flushed
    assert letters.closed
    without = Fates(None, metrics)
    without.flush()
    without.abandon([PLACE])
    without.close()
    assert (without.pending, without.pending_bytes, without.failing) == (0, 0, None)
